#pragma once
// One TCP connection in a simulated world, from the moment somebody tries to open it.
#include "loop/loop.hpp"
#include "server/server.hpp"
#include "testing/sim/sim_unarrived.hpp"
#include "testing/sim/sim_world.hpp"

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace kazoo::testkit {

class sim_link final : public std::enable_shared_from_this<sim_link> {
  public:
    sim_link(sim_machine& owner, std::uint64_t number, std::size_t server) noexcept
        : owner_(owner), number_(number), server_(server) {}

    sim_machine& owner() const noexcept { return owner_; }
    std::uint64_t number() const noexcept { return number_; }
    /// Which one it leads to: 0 is the leader.
    std::size_t server() const noexcept { return server_; }
    void begin();

    // -- the client's end ---------------------------------------------------------------------------------------------
    bool readable() const noexcept { return !input_.empty() || ended_; }
    bool writable() const noexcept { return !stalled_ && under_way_ < socket_buffer; }
    detail::io_result read_some(std::span<char> into) noexcept;
    detail::io_result write_some(std::string_view from) noexcept;
    void client_closed() noexcept;
    bool client_open() const noexcept { return client_open_; }
    /// Bytes for the client: how many the server has sent, and how many the client has read.
    std::uint64_t sent_to_client() const noexcept { return sent_to_client_; }
    std::uint64_t read_by_client() const noexcept { return read_by_client_; }
    /// Set once: whether the connection could be opened.
    std::optional<std::error_code> opened;

    // -- the server's end ---------------------------------------------------------------------------------------------
    server::connection_id server_side{};
    void server_closed();
    std::vector<std::string> take_unarrived() { return unarrived_.take_frames(); }

    // -- the cable ----------------------------------------------------------------------------------------------------
    void send(flow way, std::string_view bytes);
    /// Both ends learn that the other one is gone; what is under way is lost.
    void reset();
    void cut_behind(flow way, std::uint64_t bytes) { pipe(way).left = bytes; }
    bool cut_planned() const noexcept { return pipes_[0].left || pipes_[1].left; }
    void release(flow way);

  private:
    static constexpr std::size_t socket_buffer = 16 << 10;
    struct pipe_state {
        time_point last_arrival{};
        std::string held; ///< arrived while the direction was silent
        bool held_end = false;
        bool broken = false; ///< what is under way does not arrive
        std::optional<std::uint64_t> left;
    };
    pipe_state& pipe(flow way) noexcept { return pipes_[static_cast<std::size_t>(way)]; }
    void slow_down(pipe_state& first_answer);
    void carry(flow way, std::string bytes, bool end);
    void arrive(flow way, std::string_view bytes, bool end);
    void deliver(flow way, std::string_view bytes, bool end);
    void end_at_client(std::error_code);
    bool is_silent(flow way) const noexcept;

    sim_machine& owner_;
    const std::uint64_t number_;
    const std::size_t server_;
    std::array<pipe_state, 2> pipes_;
    bool client_open_ = true, accepted_ = false;
    std::size_t under_way_ = 0; ///< to the server
    unarrived unarrived_;
    bool stalled_ = false; ///< the socket's buffer is full for a moment
    std::string input_;
    std::uint64_t sent_to_client_ = 0, read_by_client_ = 0;
    bool ended_ = false;
    std::error_code end_;
};

} // namespace kazoo::testkit
