#include "net/exit_wait.hpp"

#include "loop/loop_access.hpp"
#include "net/asio.hpp"
#include "net/fork_generation.hpp"
#include "net/thread.hpp"
#include "util/undying.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <dlfcn.h>
#include <thread>

namespace kazoo::net {
namespace {

/// Threads may count down at any time. There is no lock, as the child of a fork uses this, too.
struct exit_board final : detail::closing_watch {
    std::atomic<int> closing{0}, ending{0};
    std::atomic<bool> exiting{false};
    std::atomic<std::chrono::nanoseconds> patience{std::chrono::seconds(1)};
    std::atomic<std::uint64_t> generation{fork_generation()};

    void begin() noexcept override { ++closing; }
    void end(std::shared_ptr<event_loop>) noexcept override;
    void wait_if_process_ends() noexcept override {
        if (exiting) wait();
    }
    bool mine() const noexcept { return generation == fork_generation(); }
    void wait() noexcept {
        // A callback that calls exit() must not wait for its own thread.
        const auto busy = [&] { return closing > 0 || (ending > 0 && !thread::any_is_current()); };
        using clock = std::chrono::steady_clock;
        const auto begun = clock::now();
        const auto limit = patience.load();
        while (mine() && busy() && clock::now() - begun < limit)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        patience = limit - std::min<std::chrono::nanoseconds>(limit, clock::now() - begun);
    }
    /// In the child of a fork nothing is under way, whatever was in the parent.
    void forget_parent() noexcept {
        const std::uint64_t here = fork_generation();
        if (generation.exchange(here) == here) return;
        closing = ending = 0;
    }
};

/// Runs behind the callbacks that the executor has by now, any of which may be the last that keeps the client: its loop
/// counts as ending by then.
struct closing_end {
    closing_end(exit_board& b, std::shared_ptr<event_loop> l) noexcept : board(b), loop(std::move(l)) {}
    closing_end(const closing_end&) = delete;
    closing_end& operator=(const closing_end&) = delete;
    ~closing_end() {
        loop.reset();
        --board.closing;
    }
    exit_board& board;
    std::shared_ptr<event_loop> loop;
};

void exit_board::end(std::shared_ptr<event_loop> loop) noexcept {
    executor& callbacks = detail::loop_access::loop_of(*loop).default_executor();
    std::shared_ptr<closing_end> last;
    try {
        last = std::make_shared<closing_end>(*this, std::move(loop));
        callbacks.execute([kept = last] {});
    } catch (const std::bad_alloc&) {
        if (!last) --closing;
    }
}

/// Asio's categories are static objects that its code looks at wherever an operation ends. Made ahead of every static
/// object of the program, they are destroyed behind all of them: a client that one of these holds still ends by then.
struct asio_categories {
    asio_categories() noexcept {
        static_cast<void>(kazoo_asio::error::get_system_category());
        static_cast<void>(kazoo_asio::error::get_netdb_category());
        static_cast<void>(kazoo_asio::error::get_addrinfo_category());
        static_cast<void>(kazoo_asio::error::get_misc_category());
    }
};
[[gnu::init_priority(101)]] const asio_categories made_first;

exit_board& board() noexcept {
    static const util::undying<exit_board> one;
    return one.get();
}

void at_exit() {
    board().exiting = true;
    board().wait();
}

void keep_loaded() noexcept {
    Dl_info here{};
    if (::dladdr(reinterpret_cast<void*>(&keep_loaded), &here) != 0)
        ::dlopen(here.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

} // namespace

void prepare_exit() noexcept {
    static const bool once = (keep_loaded(), std::atexit(at_exit) == 0);
    static_cast<void>(once);
    board().forget_parent();
}

detail::closing_watch& closings() noexcept { return board(); }

bool process_ends() noexcept { return board().exiting; }

void ending_loop::begin() noexcept {
    begun_ = true;
    ++board().ending;
}

ending_loop::~ending_loop() {
    if (begun_) --board().ending;
}

} // namespace kazoo::net
