#pragma once
// What a client has sent on a connection and its server has not got.
#include "proto/framing.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::testkit {

/// Bytes arrive in the order in which they were sent.
class unarrived {
  public:
    void sent(std::string_view bytes) { bytes_ += bytes; }
    void arrived(std::size_t count) {
        arrived_ += count;
        for (std::size_t n = first_frame(); n > 0 && n <= arrived_; n = first_frame()) {
            arrived_ -= n;
            bytes_.erase(0, n);
        }
    }
    /// The whole frames of which at least the end has not arrived.
    std::vector<std::string> take_frames() {
        std::vector<std::string> frames;
        for (std::size_t n = first_frame(); n > 0; n = first_frame()) {
            frames.push_back(bytes_.substr(0, n));
            bytes_.erase(0, n);
        }
        bytes_.clear();
        return frames;
    }

  private:
    /// 0: there is no whole one.
    std::size_t first_frame() const noexcept {
        const proto::frame f = proto::next_frame(bytes_, bytes_.size());
        return f.state == proto::frame::status::complete ? 4 + f.payload.size() : 0;
    }

    std::string bytes_; ///< from the beginning of a frame
    std::size_t arrived_ = 0;
};

} // namespace kazoo::testkit
