// Removing a node and all below it, over lost connections and while others add to it.
#include "client/blocking.hpp"
#include "client/chroot.hpp"
#include "client/composed/ask_each.hpp"
#include "client/composed/ensure_path.hpp"
#include "client/composed/progress.hpp"
#include "client/composed/subtree.hpp"
#include "future/ready.hpp"
#include "task/root_task.hpp"

#include <kazoo/client.hpp>
#include <kazoo/path.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace kazoo {

namespace detail {

namespace {

struct removal {
    handle zk;
    std::string top;
    version expected;
    ref<progress_teller> teller;
    tree_progress told{};
    bool removed_some = false; ///< or may have
    /// The top when it was last seen, once a removal of it may have been applied.
    zxid perhaps_removed = zxid::none;
};

/// How the tree looks: the top first, each node ahead of what is below it. Empty: it is gone.
struct listed_tree {
    std::vector<std::string> paths;
    zxid top_created = zxid::none;
};

task<listed_tree> list_tree(std::shared_ptr<removal> r) {
    auto synced = r->zk.async_sync(r->top); // what we or others have just done is seen
    auto reading = r->zk.async_get_children_with_stat(r->top);
    co_await std::move(synced);
    auto top = co_await as_result(std::move(reading));
    listed_tree tree;
    if (!top && top.error() == errc::no_node) co_return tree;
    if (!top) top.rethrow();
    tree.top_created = top->stat.created;
    if (r->perhaps_removed != zxid::none && r->perhaps_removed != tree.top_created)
        co_return listed_tree(); // ours is gone: this is the next one of that name
    if (r->expected != version::any && top->stat.data_version != r->expected)
        throw_error(make_error_code(errc::bad_version), outcome::not_applied, "remove_tree", r->top);

    const auto found = [r](std::size_t known) {
        r->told.found = std::max(r->told.found, r->told.done + known);
        r->teller->tell(r->told);
    };
    tree.paths = co_await list_below(r->zk, r->top, std::move(top->names), found);
    co_return tree;
}

/// Whether another look at the tree may help.
bool comes_right(std::error_code e) noexcept { return e == errc::not_empty || repetition::may_help(e); }

/// The deepest first. Requests behind a failed one are still tried: the error is the first that looking again cannot
/// mend, if there is one.
task<void> remove_listed(std::shared_ptr<removal> r, listed_tree tree) {
    request_window<bool> under_way;
    std::optional<result<bool>> failed;
    std::size_t to_ask = tree.paths.size(), to_answer = to_ask;
    while (to_answer > 0) {
        for (; to_ask > 0 && under_way.size() < usual_window; --to_ask)
            under_way.push(
                r->zk.async_remove_if_exists(tree.paths[to_ask - 1], to_ask == 1 ? r->expected : version::any));
        auto removed = co_await as_result(under_way.pop());
        const bool is_top = --to_answer == 0;
        if (removed ? *removed : removed.outcome() == outcome::unknown) r->removed_some = true;
        if (removed && *removed) {
            ++r->told.done;
            r->teller->tell(r->told);
        }
        if (!removed && is_top && removed.outcome() == outcome::unknown) r->perhaps_removed = tree.top_created;
        if (!removed && (!failed || (comes_right(failed->error()) && !comes_right(removed.error()))))
            failed = std::move(removed);
    }
    if (failed) failed->rethrow();
}

/// Whether there is nothing left.
task<bool> remove_once(std::shared_ptr<removal> r) {
    auto tree = co_await list_tree(r);
    if (tree.paths.empty()) co_return true;
    const auto done = co_await as_result(remove_listed(r, std::move(tree)));
    if (!done && done.error() != errc::not_empty) done.rethrow();
    co_return static_cast<bool>(done);
}

task<std::size_t> remove_tree(std::shared_ptr<removal> r) {
    const task_scope& scope = co_await this_scope{};
    util::backoff pauses(std::chrono::milliseconds(10), std::chrono::milliseconds(2'000));
    for (repetition passes;;) {
        const auto pass = co_await as_result(remove_once(r));
        if (pass && *pass) co_return r->told.done;
        if (pass) { // others go on adding to it
            (void)co_await as_result(pause(scope.host(), pauses.next()));
            scope.require_time();
            continue;
        }
        // Nodes are not bound to the session: the next one goes on.
        if (pass.error() == errc::session_expired && !r->zk.is_pinned()) continue;
        if (!co_await passes.again(pass.error())) rethrow_half_done(pass, r->removed_some);
    }
}

task<std::size_t> refuse(errc e, std::string why) {
    throw_error(make_error_code(e), outcome::not_applied, "remove_tree", {}, why);
    co_return 0;
}

future<std::size_t> start_remove_tree(const node_operations& h, std::string_view given, version expected,
                                      ref<progress_teller> teller) {
    core& owner = client_access::core_of(h);
    const auto at = chroot(h.root()).absolute(given.empty() ? "/" : given);
    std::string top = path::normalize(given);
    // A chroot is the root too: whoever was given a part of the tree does not mean to end it (C35).
    const std::string_view defect = !at.defect().empty() ? at.defect()
                                    : top == "/"         ? "the root cannot be removed"
                                                         : std::string_view();
    if (!defect.empty()) return spawn(owner, {"remove_tree", given}, refuse(errc::invalid_path, std::string(defect)));
    auto what = std::make_shared<removal>(removal{handle(h), std::move(top), expected, std::move(teller)});
    return spawn(owner, {"remove_tree", given}, remove_tree(std::move(what)));
}

} // namespace

} // namespace detail

future<std::size_t> node_operations::async_remove_tree(std::string_view path, version expected,
                                                       std::function<void(tree_progress)> progress) const {
    const detail::ref<detail::progress_teller> teller(new detail::progress_teller(core(), std::move(progress)));
    return detail::behind(teller, detail::start_remove_tree(*this, path, expected, teller));
}
std::size_t client::remove_tree(std::string_view path, version expected, std::function<void(tree_progress)> progress,
                                const std::stop_token& stop) const {
    const detail::ref<detail::progress_teller> teller(new detail::progress_teller(core(), std::move(progress)));
    const detail::progress_scope until_return(teller);
    return detail::blocking(*this, stop, [&] { return detail::start_remove_tree(*this, path, expected, teller); });
}

} // namespace kazoo
