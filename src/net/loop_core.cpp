#include "net/loop_core.hpp"

#include "net/exit_wait.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace kazoo::net {
namespace {

thread_local const loop_core* current = nullptr;

} // namespace

template <class T> struct loop_core::wake_memory {
    using value_type = T;
    loop_core* core;

    explicit wake_memory(loop_core& c) noexcept : core(&c) {}
    template <class U> wake_memory(const wake_memory<U>& o) noexcept : core(o.core) {}
    T* allocate(std::size_t n) noexcept {
        static_assert(sizeof(T) <= sizeof(wake_memory_));
        static_cast<void>(n); // one operation
        return static_cast<T*>(static_cast<void*>(core->wake_memory_.data()));
    }
    void deallocate(T*, std::size_t) noexcept {}
    template <class U> bool operator==(const wake_memory<U>& o) const noexcept { return core == o.core; }
};

loop_core::loop_core(lookup_function lookup) : lookup_(lookup) { wait_for_loops_at_exit(); }

// -- jobs -------------------------------------------------------------------------------------------------------------

time_point loop_core::now() noexcept {
    return time_point(std::chrono::duration_cast<duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

bool loop_core::on_loop_thread() noexcept { return current != nullptr; }
bool loop_core::is_current() const noexcept { return current == this; }

bool loop_core::try_post(detail::job& j) noexcept {
    if (forked()) return false;
    bool was_awake;
    {
        const util::lock_guard lock(mutex_);
        if (stopping_) return false;
        posted_.push(j);
        if (!thread_.started())
            thread_.start("kazoo-loop", [self = shared_from_this()]() mutable {
                const running_loop counted;
                self->run();
                self.reset(); // before it stops to count
            });
        was_awake = std::exchange(awake_, true);
    }
    if (!was_awake) wake();
    return true;
}

void loop_core::wake() {
    kazoo_asio::post(io_, kazoo_asio::bind_allocator(wake_memory<void*>(*this), [this] { run_posted(); }));
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
    constexpr std::chrono::hours longest{24}; // far from the end of any clock; it then just rings for nothing
    armed_ = std::min(timers_.next(), saturating_add(now(), longest));
    alarm_.expires_at(std::chrono::steady_clock::time_point(armed_.time_since_epoch()));
    alarm_.async_wait([this](std::error_code cancelled) {
        if (!cancelled) run_timers();
    });
}

void loop_core::run_timers() noexcept {
    armed_ = never;
    const time_point due = now();
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

/// A lookup on its way. The callback stays behind in the core: it must not die on the lookup's thread.
struct loop_core::answer : detail::job {
    std::weak_ptr<loop_core> core;
    std::uint64_t number = 0;
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
};

void loop_core::resolve(const std::string& host, detail::loop::resolved done) {
    auto a = std::make_unique<answer>();
    a->job::run = &answer::run;
    a->core = weak_from_this();
    a->number = ++lookups_;
    a->host = host;
    resolving_.emplace(a->number, std::move(done));
    std::error_code not_numeric;
    kazoo_asio::ip::make_address(host, not_numeric);
    if (!not_numeric) {
        a->addresses.push_back(host);
        answer::send(std::move(a));
        return;
    }
    try {
        // Detached, because nothing can end a getaddrinfo() that hangs.
        std::thread([raw = a.get(), lookup = lookup_] {
            std::unique_ptr<answer> owner(raw);
            owner->error = lookup(owner->host, owner->addresses);
            answer::send(std::move(owner));
        }).detach();
        static_cast<void>(a.release());
    } catch (const std::system_error& no_thread) {
        a->error = no_thread.code();
        answer::send(std::move(a));
    }
}

void loop_core::finish_lookup(answer& a) noexcept {
    const auto found = resolving_.extract(a.number);
    if (found && !stopped_) found.mapped()(a.error, std::move(a.addresses));
}

} // namespace kazoo::net
