#pragma once
// User code in a simulation: a coroutine that runs on its own and resumes where callbacks run.
#include "testing/sim/sim_machine.hpp"
#include "testing/sim/sim_world.hpp"

#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <string>

namespace kazoo::testkit {

/// Starts at once; its frame goes with its end. (g++ 12 destroys some temporaries of a co_await expression twice: bind
/// them to variables first.)
struct actor {
    struct promise_type {
        actor get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
};

/// Counts somebody from here to the end of the block.
template <class Number> class counted_here {
  public:
    explicit counted_here(Number& n) noexcept : number_(n) { ++number_; }
    ~counted_here() { --number_; }
    counted_here(const counted_here&) = delete;
    counted_here& operator=(const counted_here&) = delete;

  private:
    Number& number_;
};

/// co_await pause(machine, 10ms): on the machine's callback thread again.
class pause_for {
  public:
    pause_for(sim_machine& m, duration d) noexcept : machine_(m), duration_(d) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) const {
        machine_.world().after(duration_, [m = machine_.shared_from_this(), h] { m->execute([h] { h.resume(); }); });
    }
    void await_resume() const noexcept {}

  private:
    sim_machine& machine_;
    duration duration_;
};

} // namespace kazoo::testkit
