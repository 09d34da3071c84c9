#pragma once
// The client's side of a watch: the future of a one-shot, the queue of a stream.
#include "client/chroot.hpp"
#include "client/core.hpp"
#include "session/watcher.hpp"
#include "util/mutex.hpp"

#include <kazoo/detail/shared_state.hpp>
#include <kazoo/types.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <string>
#include <string_view>

namespace kazoo::detail {

/// A watcher that knows its handle's chroot, and whether the session's table points to it.
class client_watcher : public session::watcher {
  public:
    client_watcher(core& c, session::watch_kind k, std::string full_path, chroot_length root) : core_(c), root_(root) {
        kind = k;
        path = std::move(full_path);
    }
    /// On the loop: the session's table points here from now on; it keeps a count.
    void entered_table() noexcept {
        in_table_ = true;
        retain_watcher();
    }
    /// Any thread, any number of times: takes it out of the table.
    void forget_later() noexcept;
    virtual void retain_watcher() noexcept = 0;
    virtual void release_watcher() noexcept = 0;

  protected:
    std::string relative(std::string_view full) const { return std::string(root_.relative(full)); }
    std::string_view own_path() const noexcept { return root_.relative(path); }
    /// On the loop: the table dropped it. True if it was there.
    bool left_table() noexcept { return std::exchange(in_table_, false); }

  private:
    struct step : job {
        client_watcher* watcher = nullptr;
    };

    core& core_;
    const chroot_length root_;
    std::atomic<bool> forgotten_{false};
    step forget_;           ///< in here, because giving up cannot fail
    bool in_table_ = false; ///< on the loop
};

class oneshot_state final : public shared_state<watch_event>, public client_watcher {
  public:
    oneshot_state(core& c, session::watch_kind k, std::string full_path, chroot_length root)
        : shared_state<watch_event>(c), client_watcher(c, k, std::move(full_path), root) {}

    std::string_view operation() const noexcept override { return "watch"; }
    std::string_view path() const noexcept override { return own_path(); }
    std::chrono::nanoseconds default_limit() const noexcept override { return std::chrono::nanoseconds::max(); }
    outcome on_abandoned() noexcept override {
        forget_later();
        return outcome::not_applied;
    }
    void abandon_interest() noexcept override { fail(errc::cancelled); }

    void on_event(event_type, std::string_view, std::int64_t zxid) noexcept override;
    void on_end(errc) noexcept override;
    void retain_watcher() noexcept override { shared_state_base::retain(); }
    void release_watcher() noexcept override { shared_state_base::release(); }
};

class watch_queue final : public client_watcher {
  public:
    watch_queue(core& c, session::watch_kind k, std::string full_path, chroot_length root)
        : client_watcher(c, k, std::move(full_path), root), context_(ref<core>::share(&c)) {}

    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }
    ref<shared_state<watch_event>> next() KAZOO_EXCLUDES(mutex_);
    /// Its holder is gone.
    void end() noexcept KAZOO_EXCLUDES(mutex_);

    void on_event(event_type, std::string_view, std::int64_t zxid) noexcept override KAZOO_EXCLUDES(mutex_);
    void on_end(errc) noexcept override KAZOO_EXCLUDES(mutex_);
    void retain_watcher() noexcept override { retain(); }
    void release_watcher() noexcept override { release(); }

  private:
    friend class next_event_state;
    /// Events nobody fetched. Beyond it they are given up for one gap: a reader that slow must read again anyway.
    static constexpr std::size_t max_queued = 65'536;

    void queue(watch_event) KAZOO_REQUIRES(mutex_);

    ref<core> context_;
    std::atomic<std::uint32_t> references_{1};
    util::mutex mutex_;
    std::deque<watch_event> events_ KAZOO_GUARDED_BY(mutex_);
    ref<shared_state<watch_event>> waiting_ KAZOO_GUARDED_BY(mutex_);
    errc ended_ KAZOO_GUARDED_BY(mutex_){};
};

} // namespace kazoo::detail
