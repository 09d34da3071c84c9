#pragma once
// The seam between a client and a simulated world.
#include "loop/loop.hpp"
#include "testing/sim/sim_machine.hpp"

namespace kazoo::testkit {

class sim_loop final : public detail::loop {
  public:
    explicit sim_loop(std::shared_ptr<sim_machine> m) noexcept : machine_(std::move(m)) {}
    ~sim_loop() override { machine_->loop_gone(); }

    time_point now() const noexcept override { return world().now(); }
    std::chrono::system_clock::time_point wall_clock() const noexcept override { return machine_->wall_clock(); }
    void post(detail::job& j) noexcept override { machine_->post(j); }
    void signal(std::stop_source s) noexcept override { machine_->signal(std::move(s)); }
    executor& default_executor() noexcept override { return *machine_; }
    std::uint64_t entropy() noexcept override { return world().random().next(); }
    bool on_loop_thread() const noexcept override { return world().runs(sim_world::context::loop); }
    bool on_signal_thread() const noexcept override { return world().runs(sim_world::context::signal, machine_.get()); }
    bool on_default_executor() const noexcept override {
        return world().runs(sim_world::context::executor, machine_.get());
    }
    bool forked() const noexcept override { return false; }
    bool pump(bool (*done)(void*), void* arg, duration limit) noexcept override {
        // Nothing in a simulation is worth waiting longer for: a wait without a limit that cannot end comes to an end.
        constexpr duration longest = std::chrono::hours(24);
        world().run_until([&] { return done(arg); }, std::min(limit, longest));
        return true;
    }
    detail::timer_id start_timer(time_point when, detail::job& j) noexcept override {
        return machine_->start_timer(when, j);
    }
    bool cancel_timer(detail::timer_id id) noexcept override { return machine_->cancel_timer(id); }
    std::unique_ptr<detail::byte_stream> connect(const util::endpoint& to, std::shared_ptr<const tls_options>,
                                                 detail::byte_stream_events& e) override {
        return machine_->connect(to, e);
    }
    void resolve(const std::string& host, resolved done) override { machine_->resolve(host, std::move(done)); }

  private:
    sim_world& world() const noexcept { return machine_->world(); }
    std::shared_ptr<sim_machine> machine_;
};

} // namespace kazoo::testkit
