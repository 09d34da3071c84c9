#pragma once
// One client's connection: what came in and waits, what goes out, who it is.
#include "proto/framing.hpp"
#include "server/watches.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::server {

enum class connection_id : std::uint64_t {
};

class connection;
class follower;
/// Connections whose output or fate changed, for the driver to look at.
using connection_list = std::vector<connection*>;

class connection final : public watcher {
  public:
    enum class phase : std::uint8_t {
        handshake, ///< nothing but a connect request or a four-letter word is understood
        open,
        closing, ///< to be closed when the output has been sent; input is ignored
        dead,    ///< to be closed now
    };

    connection(connection_id, std::string_view address, std::size_t output_limit, connection_list& changed);

    connection_id id() const noexcept { return static_cast<connection_id>(order()); }
    const std::string& address() const noexcept { return address_; }
    phase state() const noexcept { return phase_; }
    bool alive() const noexcept { return phase_ == phase::handshake || phase_ == phase::open; }
    void established() noexcept { phase_ = phase::open; }

    /// Close once everything has been sent.
    void close();
    /// Close now; what was not sent is dropped.
    void abort();

    void notify(change_kind, std::string_view path, const acl_list& acl) override;

    /// Where frames for the client are appended; changed() afterwards.
    std::string& output() noexcept { return output_; }
    void changed();
    std::string_view unsent() const noexcept { return std::string_view(output_).substr(sent_); }
    void sent(std::size_t bytes);
    std::size_t output_limit() const noexcept { return output_limit_; }

    std::string input; ///< an incomplete frame, or frames that wait until the client has read more
    identity_set identities;
    std::int64_t session = 0; ///< 0 before the handshake
    std::int32_t timeout_ms = 0;
    std::int64_t received_frames = 0, sent_frames = 0;
    bool is_changed = false; ///< it is in the list already
    follower* at = nullptr;  ///< the server it is on; null: the leader
    /// Until then nothing that has come is looked at, and nothing leaves.
    std::optional<time_point> held_until;
    bool lets_one_pass = false; ///< the next frame has been held already

  private:
    std::string address_;
    std::size_t output_limit_;
    connection_list& changed_;
    phase phase_ = phase::handshake;
    std::string output_;
    std::size_t sent_ = 0;
};

} // namespace kazoo::server
