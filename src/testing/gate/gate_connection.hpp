#pragma once
// One forwarded connection of a fault gate: two sockets and a queue of bytes each way.
#include "testing/unique_fd.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <kazoo/testkit/fault_gate.hpp>
#include <limits>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <vector>

namespace kazoo::testkit {

using gate_clock = std::chrono::steady_clock;

/// What a gate does to one direction, and what it has done.
struct gate_rule {
    static constexpr std::uint64_t nothing = std::numeric_limits<std::uint64_t>::max();

    bool paused = false;
    std::uint64_t drop_after = nothing;
    std::string replace; // in the first bytes, by a text of the same length; empty: nothing
    std::string by;
    std::uint64_t forwarded = 0;
    std::uint64_t dropped = 0;
};

/// One direction of one connection.
class gate_stream {
  public:
    gate_stream(gate_rule& rule, const unique_fd& from, const unique_fd& to)
        : rule_(rule), from_(from), to_(to), until_drop_(rule.drop_after) {}

    bool wants_read() const;
    bool wants_write(gate_clock::time_point now) const;
    /// When the bytes that are held back may go on, if there are any.
    std::optional<gate_clock::time_point> due() const;

    /// Both return false when their socket is broken.
    bool read(gate_clock::time_point now, gate_clock::duration delay);
    bool write(gate_clock::time_point now);
    bool finished() const { return shut_; }

    void drop_after(std::uint64_t bytes) { until_drop_ = bytes; }
    bool has_hole() const { return hole_; }

  private:
    struct chunk {
        gate_clock::time_point due;
        std::vector<char> bytes;
        std::size_t sent = 0;
    };

    gate_rule& rule_;
    const unique_fd& from_;
    const unique_fd& to_;
    std::uint64_t until_drop_;
    std::deque<chunk> queue_;
    std::size_t queued_ = 0;
    bool begun_ = false;
    bool ended_ = false; // `from` has sent its last byte
    bool shut_ = false;  // and `to` knows
    bool hole_ = false;
};

class gate_connection {
  public:
    using direction = fault_gate::direction;

    gate_connection(unique_fd client, gate_rule& to_server, gate_rule& to_client);
    gate_connection(const gate_connection&) = delete;
    gate_connection& operator=(const gate_connection&) = delete;

    /// Begins to connect to the server; until then the client gets no answer. False if that fails at once.
    bool connect(const sockaddr_in& server);
    bool connecting() const { return state_ == state::connecting; }
    bool open() const { return state_ == state::open; }
    /// The outcome of a connect that was under way: false if it failed.
    bool connected();

    /// The server refused. Puts off the next attempt; false if the client has waited long enough, counted from the
    /// first.
    bool try_again(gate_clock::time_point now, gate_clock::duration patience);
    /// When to connect again, if the server refused.
    std::optional<gate_clock::time_point> retry() const { return retry_; }

    /// Moves what can be moved. False when the connection is broken or both streams have ended: then `end` it.
    bool advance(gate_clock::time_point now, gate_clock::duration delay);
    void end(fault_gate::ending how);

    const unique_fd& client() const { return client_; }
    const unique_fd& server() const { return server_; }
    gate_stream& stream(direction way) { return way == direction::to_server ? to_server_ : to_client_; }

  private:
    enum class state : unsigned char {
        held,
        connecting,
        open
    };

    unique_fd client_;
    unique_fd server_;
    gate_stream to_server_;
    gate_stream to_client_;
    state state_ = state::held;
    std::optional<gate_clock::time_point> first_refusal_;
    std::optional<gate_clock::time_point> retry_;
};

} // namespace kazoo::testkit
