#pragma once
// Virtual time, one queue of events, the server, and everybody who is connected to it.
#include "server/ensemble.hpp"
#include "server/server.hpp"
#include "testing/sim/sim_trace.hpp"
#include "util/clock.hpp"
#include "util/random.hpp"

#include <kazoo/testkit/simulation.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace kazoo::testkit {

class sim_link;
class sim_machine;

/// A change that the server processed, and where it came from.
struct sim_write {
    const server::processed_write& write;
    const sim_machine* from = nullptr; ///< null: the server's own doing
    std::uint64_t connection = 0;      ///< of that machine, counted from 1
    bool late = false;                 ///< that connection was gone
    const sim_link* link = nullptr;
};

/// Events happen in the order of their time, those of one moment in the order in which they were planned. Nothing here
/// depends on addresses, hashes or the real clock.
class sim_world final : server::observer {
  public:
    /// What is running right now: it decides what may block.
    enum class context : std::uint8_t {
        outside,
        loop,
        executor,
        signal
    };
    class entered {
      public:
        entered(sim_world& w, context c, const void* where) noexcept
            : world_(w), context_(std::exchange(w.context_, c)), where_(std::exchange(w.where_, where)) {}
        ~entered() {
            world_.context_ = context_;
            world_.where_ = where_;
        }
        entered(const entered&) = delete;
        entered& operator=(const entered&) = delete;

      private:
        sim_world& world_;
        context context_;
        const void* where_;
    };
    /// Not zero, which stands for "never yet" in places.
    static constexpr time_point beginning{std::chrono::seconds(1)};
    using event_id = std::pair<time_point, std::uint64_t>;

    explicit sim_world(const simulation_options&);
    ~sim_world();

    // -- time ---------------------------------------------------------------------------------------------------------
    time_point now() const noexcept { return now_; }
    event_id at(time_point when, std::function<void()> f);
    event_id after(duration d, std::function<void()> f) { return at(saturating_add(now_, d), std::move(f)); }
    bool cancel(event_id id) { return events_.erase(id) > 0; }
    /// Runs the next event, unless it is later than `end`; then it is `end`, and false.
    bool step(time_point end);
    template <class Done> bool run_until(Done done, duration limit) {
        const time_point end = saturating_add(now_, limit);
        while (!done())
            if (!step(end)) return done();
        return true;
    }

    util::random_source& random() noexcept { return random_; }
    duration between(duration least, duration most) noexcept {
        return least + duration(static_cast<duration::rep>(
                           random_.below(static_cast<std::uint64_t>((most - least).count()) + 1)));
    }
    bool chance(std::uint64_t one_in) noexcept { return random_.below(one_in) == 0; }
    void trace(std::string_view what, std::uint64_t a = 0, std::uint64_t b = 0, std::string_view text = {}) {
        trace_.add(now_, what, a, b, text);
    }
    sim_trace& traces() noexcept { return trace_; }
    bool runs(context c) const noexcept { return context_ == c; }
    bool runs(context c, const void* where) const noexcept { return context_ == c && where_ == where; }

    // -- machines and links -------------------------------------------------------------------------------------------
    std::shared_ptr<sim_machine> add_machine();
    const std::vector<std::shared_ptr<sim_machine>>& machines() const noexcept { return machines_; }
    duration travel_time(const sim_machine&) noexcept;
    /// False: nobody listens.
    bool accept(const std::shared_ptr<sim_link>&);
    void receive(sim_link&, std::string_view bytes);
    void hang_up(sim_link&);

    // -- the server ---------------------------------------------------------------------------------------------------
    server::server& server() noexcept { return *server_; }
    const server::server& server() const noexcept { return *server_; }
    /// Which server has this address: 0 is the leader.
    std::size_t server_at(const std::string& address) const noexcept;
    /// Requests that a follower got while it was behind.
    std::uint64_t late_reads() const noexcept { return late_reads_; }
    bool server_runs() const noexcept { return server_runs_; }
    void stop_server();
    void start_server();
    void forget_everything();
    bool expire_session(std::int64_t);
    bool take_over_session(std::int64_t);
    void set_read_only(bool on);
    std::vector<std::int64_t> sessions() const;

    // -- the members of an ensemble: sim_members.cpp ------------------------------------------------------------------
    /// Precondition: simulation_options::members is not 0. Then there is no server().
    const server::ensemble& ensemble() const noexcept { return *ensemble_; }
    /// Stops, holds, ... and carries on what follows from it.
    void change_members(const std::function<void(server::ensemble&, server::moment)>& how);

    /// Called for every change that the server processed.
    std::function<void(const sim_write&)> on_write;
    /// Called whenever a machine's loop has done something.
    std::function<void(const sim_machine&)> on_turn;

  private:
    void on_processed(const server::processed_write&) override;
    server::moment moment() const noexcept;
    template <class Function> decltype(auto) with_servers(Function f) const {
        return ensemble_ ? f(*ensemble_) : f(*server_);
    }
    void start_ensemble(server::config);
    void carry_messages();
    void start_new_server();
    void serve();
    void end_connection(sim_link&);
    void plan_late_requests(sim_link&);
    void keep_server_clock();

    simulation_options options_;
    util::random_source random_;
    sim_trace trace_;
    time_point now_ = beginning;
    std::uint64_t last_event_ = 0;
    std::map<event_id, std::function<void()>> events_;
    context context_ = context::outside;
    const void* where_ = nullptr;

    std::vector<std::shared_ptr<sim_machine>> machines_;
    std::map<server::connection_id, std::shared_ptr<sim_link>> links_;
    std::unique_ptr<server::server> server_;
    std::unique_ptr<server::ensemble> ensemble_; ///< instead of it
    std::map<std::pair<server::member_id, server::member_id>, time_point> last_message_;
    bool server_runs_ = true;
    std::uint64_t server_stops_ = 0;
    const sim_link* speaking_ = nullptr;
    bool late_ = false; ///< what speaks is gone
    std::uint64_t late_reads_ = 0;
    std::optional<event_id> server_alarm_;
};

} // namespace kazoo::testkit
