#include "net/loop_core.hpp"

#include "net/clock.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace kazoo::net {
namespace {

thread_local const loop_core* current = nullptr;

} // namespace

loop_core::loop_core(lookup_function lookup) : lookup_(lookup) { alarm_.on_ring(*this, &loop_core::run_timers); }

void loop_core::start(std::shared_ptr<ending_loop> until_ended) {
    const util::lock_guard lock(mutex_);
    thread_.start("kazoo-loop", [self = shared_from_this(), until_ended = std::move(until_ended)]() mutable {
        self->run();
        self.reset(); // before this thread counts as ended
        until_ended.reset();
    });
}

// -- jobs -------------------------------------------------------------------------------------------------------------

bool loop_core::on_loop_thread() noexcept { return current != nullptr; }
bool loop_core::is_current() const noexcept { return current == this; }

bool loop_core::try_post(detail::job& j) noexcept {
    if (forked()) return false;
    bool was_awake;
    {
        const util::lock_guard lock(mutex_);
        if (stopping_) return false;
        posted_.push(j);
        was_awake = std::exchange(awake_, true);
    }
    if (!was_awake) wake();
    return true;
}

void loop_core::wake() noexcept {
    kazoo_asio::post(io_, wake_memory_.bind([this] { run_posted(); })); // one at a time, so there is room
}

void loop_core::run_posted() noexcept {
    job_queue batch;
    bool last = false;
    {
        const util::lock_guard lock(mutex_);
        batch = std::move(posted_);
        awake_ = false;
        last = stopped_ = stopping_;
    }
    while (detail::job* j = batch.pop()) j->run(j);
    if (last)
        io_.stop(); // if one of these jobs ended the loop, the ones that were posted before that are still to come
}

void loop_core::run() noexcept {
    current = this;
    const auto work = kazoo_asio::make_work_guard(io_);
    io_.run();
    resolving_.clear(); // here, not on the thread of the last lookup
    current = nullptr;
}

void loop_core::stop() noexcept {
    if (forked()) return;
    if (is_current()) stopped_ = true;
    bool was_awake;
    {
        const util::lock_guard lock(mutex_);
        stopping_ = true;
        if (!thread_.started()) return;
        was_awake = std::exchange(awake_, true);
    }
    if (!was_awake) wake();
    thread_.end();
}

// -- timers -----------------------------------------------------------------------------------------------------------

detail::timer_id loop_core::start_timer(time_point when, detail::job& j) {
    const auto id = timers_.add(when, j);
    if (when < armed_) arm_timer();
    return id;
}

void loop_core::arm_timer() noexcept {
    constexpr std::chrono::hours longest{24}; // keeps away from the end of the clock; an early ring is harmless
    armed_ = std::min(timers_.next(), saturating_add(loop_time(), longest));
    alarm_.set(armed_);
}

void loop_core::run_timers() noexcept {
    armed_ = never;
    const time_point due = loop_time();
    // Timers started meanwhile wait for the next turn, so that they cannot starve the sockets.
    const std::uint64_t bound = timers_.started();
    while (!stopped_) {
        detail::job* j = timers_.pop_due(due, bound);
        if (!j) break;
        j->run(j);
    }
    if (timers_.next() < armed_) arm_timer();
}

// -- names ------------------------------------------------------------------------------------------------------------

/// A look-up that runs. Who waits for it is kept in the core, so that nothing of that is destroyed on its thread.
struct loop_core::answer : detail::job {
    std::weak_ptr<loop_core> core;
    std::string host;
    std::error_code error;
    std::vector<std::string> addresses;

    static void run(job* j) noexcept {
        const std::unique_ptr<answer> self(static_cast<answer*>(j));
        if (const auto living = self->core.lock()) living->finish_lookup(*self);
    }
    static void send(std::unique_ptr<answer> self) noexcept {
        const auto living = self->core.lock();
        if (living && living->try_post(*self)) static_cast<void>(self.release());
    }
    void look_up(lookup_function lookup) noexcept {
        try {
            error = lookup(host, addresses);
        } catch (const std::exception&) { // out of memory
            addresses.clear();
            error = make_error_code(std::errc::not_enough_memory);
        }
    }
};

void loop_core::resolve(const std::string& host, detail::loop::resolved done) {
    if (const auto under_way = resolving_.find(host); under_way != resolving_.end()) {
        under_way->second.push_back(std::move(done));
        return;
    }
    auto a = std::make_unique<answer>();
    a->job::run = &answer::run;
    a->core = weak_from_this();
    a->host = host;
    std::error_code not_numeric;
    kazoo_asio::ip::make_address(host, not_numeric);
    if (!not_numeric) a->addresses.push_back(host);
    std::vector<detail::loop::resolved> waiting;
    waiting.push_back(std::move(done));
    resolving_.emplace(host, std::move(waiting));
    if (!not_numeric) return answer::send(std::move(a));
    try {
        thread looks_up;
        looks_up.start("kazoo-lookup", [raw = a.get(), lookup = lookup_] {
            std::unique_ptr<answer> owner(raw);
            owner->look_up(lookup);
            answer::send(std::move(owner));
        });
        static_cast<void>(a.release());
        looks_up.detach(); // nothing can end a getaddrinfo() that hangs
    } catch (const std::system_error& no_thread) {
        a->error = no_thread.code();
        answer::send(std::move(a));
    } catch (const std::bad_alloc&) {
        a->error = make_error_code(std::errc::not_enough_memory);
        answer::send(std::move(a));
    }
}

void loop_core::finish_lookup(answer& a) noexcept {
    const auto found = resolving_.extract(a.host); // who asks from now on asks anew
    if (!found) return;
    for (const auto& done : found.mapped()) {
        if (stopped_) return;
        std::error_code error = a.error;
        std::vector<std::string> addresses;
        try {
            addresses = a.addresses;
        } catch (const std::bad_alloc&) {
            error = make_error_code(std::errc::not_enough_memory);
        }
        done(error, std::move(addresses));
    }
}

} // namespace kazoo::net
