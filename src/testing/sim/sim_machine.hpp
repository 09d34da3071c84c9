#pragma once
// What one simulated loop runs: jobs, timers, streams; the callback and the signal thread beside it; and its faults.
#include "loop/loop.hpp"
#include "testing/sim/sim_link.hpp"
#include "testing/sim/sim_world.hpp"

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace kazoo::testkit {

class sim_stream;

class sim_machine final : public executor, public std::enable_shared_from_this<sim_machine> {
  public:
    sim_machine(sim_world& w, std::uint64_t number) noexcept : world_(w), number_(number) {}

    sim_world& world() const noexcept { return world_; }
    std::uint64_t number() const noexcept { return number_; }
    /// All worlds begin on the same day.
    std::chrono::system_clock::time_point wall_clock() const noexcept {
        constexpr std::chrono::sys_days first_day = std::chrono::year(2020) / 1 / 1;
        const duration since = world_.now() - sim_world::beginning + clock_error;
        return first_day + std::chrono::duration_cast<std::chrono::system_clock::duration>(since);
    }
    std::shared_ptr<event_loop> loop();
    /// Whether its loop is gone and left nothing behind.
    bool is_empty() const noexcept;

    // -- what the loop needs ------------------------------------------------------------------------------------------
    void post(detail::job&);
    detail::timer_id start_timer(time_point when, detail::job&);
    bool cancel_timer(detail::timer_id);
    void signal(std::stop_source);
    void execute(std::function<void()>) override;
    std::unique_ptr<detail::byte_stream> connect(const util::endpoint&, detail::byte_stream_events&);
    void resolve(const std::string& host, detail::loop::resolved);
    void loop_gone() noexcept;
    void forget_stream(std::uint64_t number) noexcept { streams_.erase(number); }
    /// Lets the loop look at its streams and timers soon.
    void wake();

    // -- faults -------------------------------------------------------------------------------------------------------
    void pause(bool on);
    bool paused() const noexcept { return paused_; }
    time_point resumed_at() const noexcept { return resumed_at_; }
    void cut();
    void cut_behind(flow, std::uint64_t bytes);
    void silence(flow, bool on);
    bool refusing = false, hanging = false, lookups_fail = false, late = false;
    std::array<bool, 2> silent{};
    duration slowness{0};
    duration handshake_slowness{0};
    duration clock_error{0};
    std::optional<std::size_t> leads_to;
    /// How often each of them hit something.
    struct {
        std::uint64_t cut_before = 0, cut_after = 0, refused = 0, hung = 0, lookups = 0, late = 0, slow_handshakes = 0;
        std::array<std::uint64_t, 2> held{};
    } faults;

    std::uint64_t connections_tried() const noexcept { return last_link_; }
    /// Where the newest connection was to go.
    const util::endpoint& last_endpoint() const noexcept { return last_endpoint_; }
    std::size_t connections() const noexcept { return streams_.size(); }

  private:
    void turn();
    void run_timers();
    void run_jobs();
    void run_streams();
    void run_callback();
    void run_signal();
    std::vector<std::shared_ptr<sim_link>> living_links();

    sim_world& world_;
    const std::uint64_t number_;
    std::weak_ptr<event_loop> loop_;
    bool loop_exists_ = false;

    std::deque<detail::job*> jobs_;
    std::map<std::pair<time_point, std::uint64_t>, detail::job*> timers_;
    std::map<detail::timer_id, time_point> timer_times_;
    std::uint64_t last_timer_ = 0;
    std::uint64_t last_link_ = 0;
    util::endpoint last_endpoint_;
    std::map<std::uint64_t, sim_stream*> streams_;
    std::vector<std::weak_ptr<sim_link>> links_;
    std::deque<std::function<void()>> callbacks_;
    std::deque<std::stop_source> signals_;

    bool turn_planned_ = false, callback_planned_ = false, signal_planned_ = false;
    bool callback_runs_ = false, signal_runs_ = false;
    bool paused_ = false;
    time_point resumed_at_{};
};

class sim_stream final : public detail::byte_stream {
  public:
    sim_stream(sim_machine& m, std::shared_ptr<sim_link> l, detail::byte_stream_events& e)
        : machine_(m), link_(std::move(l)), events_(e) {}
    ~sim_stream() override {
        machine_.forget_stream(link_->number());
        link_->client_closed();
    }
    detail::io_result read_some(std::span<char> into) noexcept override {
        return reads_ ? detail::io_result{.would_block = true} : link_->read_some(into);
    }
    detail::io_result write_some(std::string_view from) noexcept override {
        const detail::io_result r = link_->write_some(from);
        return r.error && reads_ ? detail::io_result{.would_block = true} : r; // the reader is told
    }
    void want_read() noexcept override { want(reads_); }
    void want_write() noexcept override { want(writes_); }
    bool input_waits() const noexcept override { return link_->readable(); }

    bool has_event() const noexcept {
        if (!open_) return link_->opened.has_value();
        return (reads_ && link_->readable()) || (writes_ && link_->writable());
    }
    /// May destroy the stream.
    void run_event() noexcept {
        if (!open_) {
            open_ = true;
            return events_.on_open(*link_->opened);
        }
        if (reads_ && link_->readable()) {
            reads_ = false;
            return events_.on_readable();
        }
        writes_ = false;
        events_.on_writable();
    }

  private:
    void want(bool& what) noexcept {
        what = true;
        if (has_event()) machine_.wake();
    }

    sim_machine& machine_;
    std::shared_ptr<sim_link> link_;
    detail::byte_stream_events& events_;
    bool open_ = false, reads_ = false, writes_ = false;
};

} // namespace kazoo::testkit
