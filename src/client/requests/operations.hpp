#pragma once
// Starts single requests. client's members are thin covers of these; the tasks use them too.
#include "client/core.hpp"

#include <kazoo/acl.hpp>
#include <kazoo/future.hpp>
#include <kazoo/types.hpp>
#include <kazoo/watch.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::detail {

constexpr bool is_sequential(create_mode m) noexcept {
    return m == create_mode::persistent_sequential || m == create_mode::ephemeral_sequential;
}
/// Above this many bytes a request is encoded outside the queue's lock.
inline constexpr std::size_t large_request = 16 * 1024;

/// One handle's view of the core. Cheap; for the duration of a call.
struct handle_view {
    core& owner;
    std::string_view root;
    /// Other than 0: the requests belong to the session of this epoch (session_board::epoch), and fail
    /// with session_expired if it is over. Exact on the loop; other threads may be overtaken by the end of the session.
    std::uint64_t epoch = 0;

    bool expired() const noexcept { return epoch != 0 && epoch != owner.board().epoch(); }
};

/// A handle of one session, for coroutines: what is asked through it fails with session_expired once that is over.
/// Keeps the core's memory, not its session.
class pinned_handle {
  public:
    /// The present session, or the next if there is none. On the loop.
    pinned_handle(core& c, std::string root)
        : core_(ref<core>::share(&c)), root_(std::move(root)), epoch_(c.board().epoch()) {}

    operator handle_view() const noexcept { return {*core_, root_, epoch_}; }
    core& owner() const noexcept { return *core_; }
    const std::string& root() const noexcept { return root_; }
    /// Whether the session is not over for us. It need not live at the servers. Any thread. The clock is asked too, so
    /// the answer is right even if nothing has run for long. Precondition: a request was answered.
    bool alive() const noexcept {
        const time_point end = core_->board().lease_end();
        return core_->loop().now() < end && core_->refusing() == errc{} && epoch_ == core_->board().epoch();
    }
    /// Whether the session certainly lives at the servers, and has ever since there were so many doubts
    /// (session_board::doubts). Any thread, as alive().
    bool certain(std::uint64_t doubts) const noexcept {
        const time_point end = core_->board().certain_until();
        return core_->loop().now() < end && core_->refusing() == errc{} && epoch_ == core_->board().epoch() &&
               doubts == core_->board().doubts();
    }
    /// Completes when what is granted in this session is certainly ours, and can be kept.
    future<void> certainty() const { return future<void>(core_->board().wait_certain(*core_, epoch_)); }
    /// Of the session, as negotiated. Precondition: a request was answered.
    duration timeout() const { return core_->board().identity().negotiated_timeout; }
    /// Of the session. Precondition: a request was answered.
    session_id id() const { return core_->board().identity().id; }

  private:
    ref<core> core_;
    std::string root_;
    std::uint64_t epoch_;
};

future<std::string> start_create(handle_view, std::string_view path, data_view, create_mode, acl_view);
future<created_node> start_create_with_stat(handle_view, std::string_view path, data_view, create_mode, acl_view);
future<node> start_get(handle_view, std::string_view path);
future<std::optional<node>> start_get_if_exists(handle_view, std::string_view path);
future<node_stat> start_set(handle_view, std::string_view path, data_view, version);
future<void> start_remove(handle_view, std::string_view path, version);
future<bool> start_remove_if_exists(handle_view, std::string_view path, version);
future<std::optional<node_stat>> start_exists(handle_view, std::string_view path);
future<std::vector<std::string>> start_get_children(handle_view, std::string_view path);
future<child_list> start_get_children_with_stat(handle_view, std::string_view path);
future<acl_list> start_get_acl(handle_view, std::string_view path);
future<node_stat> start_set_acl(handle_view, std::string_view path, acl_view, acl_version);
future<void> start_sync(handle_view, std::string_view path);
future<void> start_add_auth(handle_view, std::string_view scheme, std::string_view credential);

future<watched<node>> start_watch(handle_view, std::string_view path);
future<watched<std::optional<node_stat>>> start_watch_exists(handle_view, std::string_view path);
future<watched<child_list>> start_watch_children(handle_view, std::string_view path);
future<watch_stream> start_add_watch(handle_view, std::string_view path, watch_mode);

} // namespace kazoo::detail
