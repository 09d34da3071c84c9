#pragma once
// The client's side of a watch: the future of a one-shot, the queue of a stream.
#include "client/chroot.hpp"
#include "client/core.hpp"
#include "session/watcher.hpp"
#include "util/mutex.hpp"

#include <kazoo/detail/shared_state.hpp>
#include <kazoo/types.hpp>
#include <kazoo/watch.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <string>
#include <string_view>

namespace kazoo::detail {

/// A watcher that knows its handle's chroot.
class client_watcher : public session::watcher {
  public:
    client_watcher(core& c, session::watch_kind k, std::string full_path, chroot_length root) : core_(c), root_(root) {
        kind = k;
        path = std::move(full_path);
    }
    /// Nobody holds the watch any more: takes it out of the session's table, if it is there. Any thread, any number of
    /// times; not before the reply to the request that sets it.
    void forget_later() noexcept;

  protected:
    std::string relative(std::string_view full) const { return std::string(root_.relative(full)); }
    std::string_view own_path() const noexcept { return root_.relative(path); }

  private:
    void forget() noexcept;

    core& core_;
    const chroot_length root_;
    std::atomic<bool> forgotten_{false};
    bound_job<&client_watcher::forget> forget_{*this}; ///< a member, because giving a watch up must not need memory
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
    void retain() noexcept override { shared_state_base::retain(); }
    void release() noexcept override { shared_state_base::release(); }
};

class watch_queue final : public ref_counted<watch_queue, client_watcher> {
    friend class ref_counted<watch_queue, client_watcher>; // destroys it

  public:
    watch_queue(core& c, session::watch_kind k, std::string full_path, chroot_length root)
        : ref_counted(c, k, std::move(full_path), root), context_(ref<core>::share(&c)) {}

    core& owner() const noexcept { return *context_; }
    ref<shared_state<watch_event>> next() KAZOO_EXCLUDES(mutex_);
    /// What the user gets of it.
    static watch_stream stream(ref<watch_queue> q) noexcept { return watch_stream(std::move(q)); }
    /// The user's stream is gone.
    void end() noexcept KAZOO_EXCLUDES(mutex_);

    void on_event(event_type, std::string_view, std::int64_t zxid) noexcept override KAZOO_EXCLUDES(mutex_);
    void on_end(errc) noexcept override KAZOO_EXCLUDES(mutex_);

  private:
    friend class next_event_state;
    /// So many events may wait. If nobody fetches them, one gap takes the place of all: such a reader must read again.
    static constexpr std::size_t max_queued = 65'536;

    void queue(watch_event) KAZOO_REQUIRES(mutex_);

    ref<core> context_;
    util::mutex mutex_;
    std::deque<watch_event> events_ KAZOO_GUARDED_BY(mutex_);
    ref<shared_state<watch_event>> waiting_ KAZOO_GUARDED_BY(mutex_);
    errc ended_ KAZOO_GUARDED_BY(mutex_){};
};

} // namespace kazoo::detail
