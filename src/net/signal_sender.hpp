#pragma once
// Stop requests on their way to the signal thread. A loss must be told even if there is no memory left.
#include "net/worker.hpp"

#include <array>
#include <memory>
#include <new>
#include <stop_token>
#include <utility>

namespace kazoo::net {

/// Thread-safe.
class signal_sender {
  public:
    signal_sender() KAZOO_NO_THREAD_SAFETY_ANALYSIS {
        for (auto& s : spare_) s = std::make_unique<signal>();
    }
    signal_sender(const signal_sender&) = delete;
    signal_sender& operator=(const signal_sender&) = delete;

    void send(worker& to, std::stop_source source) noexcept KAZOO_EXCLUDES(mutex_) {
        std::unique_ptr<signal> s = make();
        if (!s) return static_cast<void>(source.request_stop()); // on this thread, rather than never
        s->source = std::move(source);
        if (to.post(*s)) static_cast<void>(s.release());
    }

  private:
    struct signal final : detail::job {
        signal() noexcept : job{&run_once, nullptr} {}
        static void run_once(job* j) noexcept {
            const std::unique_ptr<signal> self(static_cast<signal*>(j));
            self->source.request_stop();
        }
        std::stop_source source{std::nostopstate};
    };

    std::unique_ptr<signal> make() noexcept KAZOO_EXCLUDES(mutex_) {
        std::unique_ptr<signal> made(new (std::nothrow) signal);
        const util::lock_guard lock(mutex_);
        for (auto& s : spare_) {
            if (made && !s) s.reset(new (std::nothrow) signal); // make up for what was used
            if (!made && s) return std::move(s);
        }
        return made;
    }

    util::mutex mutex_;
    std::array<std::unique_ptr<signal>, 16> spare_ KAZOO_GUARDED_BY(mutex_);
};

} // namespace kazoo::net
