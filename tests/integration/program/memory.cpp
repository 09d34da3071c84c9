// A program whose memory runs out, at each of its allocations.
#include "modes.hpp"

#include <kazoo/client.hpp>
#include <kazoo/event_loop.hpp>
#include <kazoo/recipe/mutex.hpp>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace {

/// How many allocations of this thread succeed before one fails; negative: all.
thread_local int until_failure = -1;
/// No thread gets so much at once.
std::atomic<std::size_t> too_much{SIZE_MAX};

} // namespace

// ThreadSanitizer brings its own.
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define KAZOO_UNDER_TSAN
#endif
#endif

#ifndef KAZOO_UNDER_TSAN
namespace {

void* allocate(std::size_t size, std::size_t alignment) noexcept {
    if (size >= too_much || (until_failure >= 0 && until_failure-- == 0)) return nullptr;
    if (alignment <= alignof(std::max_align_t)) return std::malloc(size == 0 ? 1 : size);
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

/// Not inlined: g++ takes free() behind a new of its own knowledge for a mistake.
[[gnu::noinline]] void deallocate(void* p) noexcept { std::free(p); }

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
    if (void* const p = allocate(size, alignment)) return p;
    throw std::bad_alloc();
}

} // namespace

// clang-format off
void* operator new(std::size_t n) { return allocate_or_throw(n, 1); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return allocate(n, 1); }
void* operator new(std::size_t n, std::align_val_t a) { return allocate_or_throw(n, static_cast<std::size_t>(a)); }
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept { return allocate(n, static_cast<std::size_t>(a)); }
void* operator new[](std::size_t n) { return allocate_or_throw(n, 1); }
void operator delete[](void* p) noexcept { deallocate(p); }
void operator delete[](void* p, std::size_t) noexcept { deallocate(p); }
void operator delete(void* p) noexcept { deallocate(p); }
void operator delete(void* p, std::size_t) noexcept { deallocate(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { deallocate(p); }
void operator delete(void* p, std::align_val_t) noexcept { deallocate(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { deallocate(p); }
void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept { deallocate(p); }
// clang-format on
#endif

namespace test_program {
namespace {

/// Fails the first allocation of `act`, then the second, until none is left that could fail.
void with_each_failure(const char* what, const std::function<void()>& act) {
    for (int n = 0; n < 10'000; ++n) {
        until_failure = n;
        try {
            act();
        } catch (const std::bad_alloc&) {
        } catch (const std::system_error& e) {
            until_failure = -1;
            std::printf("%s: %s\n", what, e.what());
        }
        const bool none_failed = until_failure >= 0;
        until_failure = -1;
        if (none_failed) return std::printf("%s: %s\n", what, n > 0 ? "each was told" : "none"), void();
    }
    std::printf("%s: no end\n", what);
}

/// The lock is given up whatever fails; each next turn gets it.
void unlock_at_each_failure(kazoo::mutex& lock) {
    for (int n = 0; n < 10'000; ++n) {
        lock.lock();
        until_failure = n;
        bool told = false;
        try {
            lock.async_unlock().detach();
        } catch (const std::bad_alloc&) {
            told = true;
        }
        until_failure = -1;
        if (lock.holds()) std::printf("async unlock: still held\n");
        if (!told) return std::printf("async unlock: %s\n", n > 0 ? "each was told" : "none"), void();
    }
    std::printf("async unlock: no end\n");
}

/// What could not be added leaves the rest as it was.
void add_at_each_failure(const kazoo::client& zk) {
    for (int n = 0; n < 10'000; ++n) {
        auto t = zk.transaction().create("/memory-t", "a long enough value for a string of its own");
        until_failure = n;
        bool told = false;
        try {
            t.create("no slash in front, so it is written anew", std::string(5'000, 'x'), {.make_parents = true});
        } catch (const std::bad_alloc&) {
            told = true;
        }
        until_failure = -1;
        if (!told) return std::printf("transaction: %s\n", n > 0 ? "each was told" : "none"), void();
        if (t.remove("/memory-t").commit().size() != 2) std::printf("transaction: spoilt\n");
    }
    std::printf("transaction: no end\n");
}

} // namespace

/// SERVER
int run_out_of_memory(const words& w) {
    with_each_failure("construction", [&] { const kazoo::client zk(w.at(0)); });
    const kazoo::client zk(w.at(0));
    zk.wait_connected();
    with_each_failure("create", [&] {
        zk.async_create("/memory", "data", {.mode = kazoo::create_mode::ephemeral_sequential}).detach();
    });
    with_each_failure("large", [&] { zk.async_set("/", std::string(100'000, 'x')).detach(); });
    with_each_failure("careful", [&] {
        zk.async_create("/memory/a/b-", "", {.mode = kazoo::create_mode::persistent, .make_parents = true}).detach();
    });
    with_each_failure("limit", [&] { zk.async_get("/").timeout(std::chrono::hours(1)).detach(); });
    with_each_failure("then", [&] { zk.async_get("/").then([](auto) {}).detach(); });
    with_each_failure("watch", [&] { zk.async_watch("/").detach(); });
    with_each_failure("token", [&] { (void)zk.session_token(); });
    with_each_failure("listener", [&] { (void)zk.on_state([](kazoo::session_state) {}); });
    with_each_failure("copies", [&] { const kazoo::client other = zk.chroot("/a/rather/long/path/that/allocates"); });
    with_each_failure("wait", [&] { zk.async_wait_connected().detach(); });
    std::optional<kazoo::future<kazoo::watch_event>> changed = zk.watch("/").changed;
    with_each_failure("giving up", [&] { changed.reset(); });
    std::optional<kazoo::client> dropped(std::in_place, w.at(0));
    with_each_failure("dropping", [&] { dropped.reset(); });
    std::printf("works: %s\n", zk.exists("/") ? "yes" : "no");
    add_at_each_failure(zk);
    kazoo::mutex lock(zk, "/memory/lock");
    unlock_at_each_failure(lock);
    lock.lock();
    until_failure = 0;
    lock.unlock();
    until_failure = -1;
    std::optional<kazoo::mutex> next(std::in_place, zk, "/memory/lock");
    next->lock();
    std::printf("unlock: passed on\n");
    until_failure = 0;
    next.reset();
    until_failure = -1;
    lock.lock();
    std::printf("mutex destroyed: passed on\n");
    lock.unlock();
    with_each_failure("close", [&] { zk.async_close().detach(); });
    zk.close();
    return 0;
}

namespace {

/// Takes work on the loop's thread, and holds that up when it is told to.
class gate_executor final : public kazoo::executor {
  public:
    void execute(std::function<void()> work) override {
        work_ = std::thread(std::move(work));
        work_.join();
        const std::scoped_lock open(gate);
    }
    std::mutex gate;

  private:
    std::thread work_;
};

} // namespace

/// SERVER: requests that wait, and no room to send them.
int run_out_of_room_to_send(const words& w) {
    const auto executor = std::make_shared<gate_executor>();
    kazoo::client_options o;
    o.callback_executor = executor;
    const kazoo::client zk(w.at(0), o);
    zk.create("/large", "", {.mode = kazoo::create_mode::ephemeral});
    std::vector<kazoo::future<kazoo::node_stat>> writes;
    {
        const std::scoped_lock loop_stands(executor->gate);
        std::promise<void> standing;
        zk.watch("/large").changed.then([&](auto) { standing.set_value(); }).detach();
        zk.async_set("/large", "").detach();
        standing.get_future().wait();
        for (int i = 0; i < 4; ++i) writes.push_back(zk.async_set("/large", std::string(200'000, 'x')));
        too_much = 256 << 10;
    }
    const auto closed = [&] { return zk.state() != kazoo::session_state::connected; };
    while (!closed() && !writes.front().ready()) std::this_thread::yield();
    std::printf("connection: %s\n", closed() ? "given up" : "stays");
    too_much = SIZE_MAX;
    for (auto& write : writes) std::move(write).get();
    std::printf("written: %d\n", static_cast<int>(zk.exists("/large")->data_version));
    return 0;
}

/// SERVER: a reply for which there is no room.
int run_out_of_room(const words& w) {
    const auto say = [](const char* what, kazoo::result<kazoo::node> r) {
        std::printf("%s: %s\n", what, r ? "read" : r.error().message().c_str());
    };
    kazoo::client_options o;
    o.log = {kazoo::log_level::debug, [](kazoo::log_level, std::string_view line) {
                 line.remove_prefix(line.find("] ") + 2); // the client's name
                 if (line.find("watch on") != line.npos) std::printf("%s\n", std::string(line).c_str());
             }};
    const kazoo::client zk(w.at(0), o);
    zk.create("/large", std::string(900'000, 'x'), {.mode = kazoo::create_mode::ephemeral});
    too_much = 256 << 10;
    say("on its way", zk.async_get("/large").result());
    too_much = SIZE_MAX;
    zk.wait_connected();
    say("with room", zk.async_get("/large").result());
    too_much = 256 << 10;
    say("in the result", zk.async_get("/large").result());
    too_much = SIZE_MAX;
    say("with room again", zk.async_get("/large").result());
    too_much = 256 << 10;
    const auto watched = zk.async_watch("/large").result();
    too_much = SIZE_MAX;
    std::printf("watched: %s\n", watched ? "read" : watched.error().message().c_str());
    zk.sync("/"); // behind what followed from that
    return 0;
}

/// SERVER: a list of names that has come, and no room for the table of them.
int run_out_of_room_for_names(const words& w) {
    const kazoo::client zk(w.at(0));
    zk.create("/many");
    for (int i = 0; i < 20'000;) {
        auto some = zk.transaction();
        for (const int end = i + 1000; i < end; ++i) some.create("/many/n" + std::to_string(i));
        some.commit();
    }
    const auto say = [](const char* what, kazoo::result<kazoo::child_names> r) {
        std::printf("%s: %s\n", what, r ? std::to_string(r->size()).c_str() : r.error().message().c_str());
    };
    too_much = 400 << 10; // less than the table, more than the reply
    say("names", zk.async_get_children("/many").result());
    std::printf("connection: %s\n", zk.state() == kazoo::session_state::connected ? "stays" : "given up");
    too_much = SIZE_MAX;
    say("names with room", zk.async_get_children("/many").result());
    return 0;
}

} // namespace test_program
