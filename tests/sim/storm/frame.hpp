#pragma once
// What all storms around clients share: a world, the clients in it, what is done to them, and how it ends. What a storm
// adds is its actors, and the book that it judges them by.
#include "faults.hpp"
#include "seeds.hpp"
#include "sim/scene.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kazoo::testkit {

/// One client, alone on its machine.
struct storm_client {
    explicit storm_client(machine m) : where(std::move(m)) {}
    storm_client(const storm_client&) = delete;
    storm_client& operator=(const storm_client&) = delete;
    virtual ~storm_client() = default;
    std::string name() const { return "client " + std::to_string(number); }

    std::size_t number = 0;
    machine where;
    std::shared_ptr<sim_machine> inside;
    std::chrono::milliseconds timeout{0};
    std::optional<client> c; ///< none when it has gone
};

struct storm_shape {
    duration length;
    int faults;                              ///< and more, until enough took effect
    duration first_passing, longest_passing; ///< when a client that passes by comes at the earliest; for how long
};

class storm_frame : public seeded {
  public:
    storm_frame(const simulation_options&, const storm_shape&);

    void run() final;
    std::uint64_t trace_hash() const final { return world_.trace_hash(); }
    std::string last_events() const final { return world_.last_events(); }
    void remember_more() final { inside().traces().keep(20'000); }
    fault_counts faults_counted() const { return faults_.counted(); }

  protected:
    // -- what a storm says, in this order
    virtual std::unique_ptr<storm_client> make_client(machine m) {
        return std::make_unique<storm_client>(std::move(m));
    }
    /// One was added, whoever did it.
    virtual void on_client(storm_client&) {}
    /// Adds clients and sets its actors to work.
    virtual void start() = 0;
    /// One came that will not stay. Returns how it goes.
    virtual std::function<void()> on_passing_client(storm_client&) = 0;
    virtual void on_write(const sim_write&) {}
    virtual void on_turn(const sim_machine&) {}
    /// The server ends this session although its time is not over.
    virtual void on_forced_end(std::int64_t /*session*/) {}
    /// The server has lost its disk.
    virtual void on_forget() {}
    /// The faults are over: waits until it is quiet and looks at what has become of everything.
    virtual void settle() = 0;
    /// The clients go next.
    virtual void before_close() {}
    /// Everybody is gone.
    virtual void audit() {}

    // -- what a storm uses
    storm_client& add_client();
    const std::vector<std::unique_ptr<storm_client>>& clients() const noexcept { return clients_; }
    /// Until it is so; whether it was in time.
    bool comes_true(const std::function<bool()>& is_so, duration limit) { return world_.run_until(is_so, limit); }
    /// Until everybody is connected and it is quiet. Complains of those who are not connected then.
    bool wait_for_quiet(const std::function<bool()>& quiet, duration limit);
    void run_for(duration d) { world_.run_for(d); }
    duration between(duration least, duration most) { return inside().between(least, most); }
    std::uint64_t below(std::uint64_t n) { return inside().random().below(n); }
    sim_world& inside() const { return world_.world(); }
    duration length() const noexcept { return shape_.length; }

    int actors_ = 0; ///< coroutines that have not ended

  private:
    void plan_passing_client();
    void close_all();

    /// Counts beginnings and ends of requests: each has one of both, whatever becomes of it.
    struct tracer final : operation_tracer {
        std::uint64_t begun(const traced_operation&) override { return ++begun_count; }
        void ended(std::uint64_t which, const traced_end&) override { ++ends[which]; }
        std::uint64_t begun_count = 0;
        std::map<std::uint64_t, int> ends;
    };

    const storm_shape shape_;
    const std::shared_ptr<tracer> tracer_ = std::make_shared<tracer>();
    simulation world_;

  protected:
    faults faults_{world_};

  private:
    std::vector<std::unique_ptr<storm_client>> clients_;
};

} // namespace kazoo::testkit
