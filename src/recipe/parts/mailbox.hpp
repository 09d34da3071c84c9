#pragma once
// The way from the loop to a function of the user's that may be slow: one slot, in which newer takes the place of
// older.
#include "recipe/support.hpp"
#include "util/mutex.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace kazoo::recipe {

/// What waits for the function.
template <class Value> struct news {
    struct reading {
        Value value;
        std::optional<watch_event> cause; ///< nothing: no event led to it
    };
    std::optional<reading> read;
    std::optional<error> failure;
    bool last = false; ///< nothing comes afterwards
};

/// Calls the function with one piece of news at a time, beside the client's other callbacks. What it throws is logged.
template <class Value> class mailbox final : public listener_for<news<Value>>, job {
  public:
    using function = std::function<void(const news<Value>&)>;
    /// `who`: for the log.
    mailbox(core& c, std::string who, function f)
        : listener_for<news<Value>>(std::move(f)),
          job{&deliver, nullptr},
          core_(ref<core>::share(&c)),
          line_(callback_line::of(c)),
          who_(std::move(who)) {}

    void put(Value v, std::optional<watch_event> cause) noexcept {
        std::optional<typename news<Value>::reading> replaced;
        change([&](news<Value>& n) { replaced = std::exchange(n.read, {{std::move(v), std::move(cause)}}); });
    }
    /// Nothing comes afterwards, whatever is put in; what waits is told before.
    void put_end(std::optional<error> why = {}) noexcept {
        change([&](news<Value>& n) {
            n.failure = std::move(why);
            n.last = true;
        });
    }

  private:
    template <class Change> void change(Change c) noexcept KAZOO_EXCLUDES(mutex_) {
        {
            const util::lock_guard lock(mutex_);
            if (waiting_.last) return;
            c(waiting_);
            if (std::exchange(posted_, true)) return;
        }
        this->retain(); // until deliver()
        line_->post(*this);
    }
    news<Value> take() noexcept KAZOO_EXCLUDES(mutex_) {
        const util::lock_guard lock(mutex_);
        posted_ = false;
        return std::exchange(waiting_, {});
    }
    static void deliver(job* j) noexcept {
        const ref<mailbox> self(static_cast<mailbox*>(j)); // adopts change()'s count
        const news<Value> n = self->take();
        const bool closed = self->core_->refusing() == errc::closed;
        try {
            if (!closed) self->call(n);
        } catch (...) {
            self->core_->log_exception(self->who_);
        }
        if (n.last || closed) self->end();
    }

    const ref<core> core_;
    const ref<callback_line> line_;
    const std::string who_;
    util::mutex mutex_;
    news<Value> waiting_ KAZOO_GUARDED_BY(mutex_);
    bool posted_ KAZOO_GUARDED_BY(mutex_) = false;
};

} // namespace kazoo::recipe
