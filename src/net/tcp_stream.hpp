#pragma once
#include "net/loop_core.hpp"

#include <memory>

namespace kazoo::net {

/// By TCP, or to a Unix-domain socket.
class tcp_stream final : public detail::byte_stream {
  public:
    tcp_stream(std::shared_ptr<loop_core>, const util::endpoint&, detail::byte_stream_events&);
    tcp_stream(const tcp_stream&) = delete;
    tcp_stream& operator=(const tcp_stream&) = delete;
    ~tcp_stream() override;

    detail::io_result read_some(std::span<char> into) noexcept override;
    detail::io_result write_some(std::string_view from) noexcept override;
    void want_read() noexcept override;
    void want_write() noexcept override;
    bool input_waits() const noexcept override;

  private:
    struct connection;
    std::shared_ptr<loop_core> core_;
    std::shared_ptr<connection> connection_; ///< with the handlers under way, which may outlive this
};

} // namespace kazoo::net
