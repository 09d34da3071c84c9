// A walk through a tree, read ahead in bursts.
#include "client/blocking.hpp"
#include "client/composed/ask_each.hpp"
#include "client/composed/waiting_line.hpp"
#include "client/handle.hpp"
#include "task/root_task.hpp"

#include <kazoo/client.hpp>
#include <kazoo/path.hpp>

#include <utility>
#include <vector>

namespace kazoo {

/// Changed on the loop only, by one call after the other, and only once a call has all it needs: one that is given up
/// leaves it as it was.
class tree_walk::state {
  public:
    state(const node_operations& from, std::string top)
        : user_(detail::client_access::handle_of(from)), zk(from), top_(std::move(top)), calls_(zk.owner(), 1) {}

    static detail::task<std::optional<tree_entry>> next(std::shared_ptr<state> self) {
        detail::waiting_line::place turn(self->calls_);
        if (!turn.inside()) co_await turn.let_in();
        co_return co_await self->step(self);
    }

  private:
    const detail::core_handle user_; ///< keeps the session

  public:
    const detail::handle zk;

  private:
    static constexpr std::size_t burst = 32;

    /// The children of one node on the way down.
    struct level {
        std::string parent;
        child_names names;
        std::size_t next = 0;           ///< the first name that was not read
        std::deque<tree_entry> ahead{}; ///< those that were
    };

    detail::task<std::optional<tree_entry>> step(std::shared_ptr<state> self) {
        detail::task_scope& scope = co_await detail::this_scope{};
        if (!begun_) {
            std::vector<std::string> paths(1, top_);
            auto first = co_await read(self, std::move(paths), 0);
            if (first.empty()) throw_error(make_error_code(errc::no_node), outcome::not_applied, "walk", top_);
            scope.claim_result();
            begun_ = true;
            co_return hand_out(std::move(first.front()));
        }
        if (unlisted_) {
            const std::string parent = *unlisted_;
            const auto list = [&] { return zk.async_get_children(parent); };
            auto names = co_await detail::as_result(detail::repeat(list));
            if (!names && names.error() != errc::no_node) {
                if (gives_up(names.error())) names.rethrow();
                scope.claim_result();
                unlisted_.reset();
                co_return tree_entry{.path = parent, .depth = levels_.size(), .unreadable = names.error()};
            }
            unlisted_.reset();
            if (names) {
                names->sort();
                levels_.push_back({parent, *std::move(names)});
            }
        }
        while (!levels_.empty()) {
            level& deepest = levels_.back();
            if (!deepest.ahead.empty()) {
                scope.claim_result();
                tree_entry found = std::move(deepest.ahead.front());
                deepest.ahead.pop_front();
                co_return hand_out(std::move(found));
            }
            if (deepest.next == deepest.names.size()) {
                levels_.pop_back();
                continue;
            }
            std::vector<std::string> paths;
            for (std::size_t i = deepest.next; i < deepest.names.size() && paths.size() < burst; ++i)
                paths.push_back(path::join(deepest.parent, deepest.names[i]));
            const std::size_t asked = paths.size();
            deepest.ahead = co_await read(self, std::move(paths), levels_.size());
            deepest.next += asked;
        }
        co_return std::nullopt;
    }

    /// Those that are there.
    detail::task<std::deque<tree_entry>> read(std::shared_ptr<state> self, std::vector<std::string> paths,
                                              std::size_t depth) {
        std::deque<tree_entry> found;
        const auto items = std::make_shared<std::deque<std::size_t>>();
        for (std::size_t i = 0; i < paths.size(); ++i) items->push_back(i);
        const auto ask = [&](std::size_t i) { return self->zk.async_get_if_exists(paths[i]); };
        const auto take = [&](std::size_t i, result<std::optional<node>> n) {
            tree_entry entry{paths[i], depth};
            if (!n && gives_up(n.error())) n.rethrow();
            if (n && !*n) return; // it went meanwhile
            if (n) {
                entry.data = std::move((*n)->data);
                entry.stat = (*n)->stat;
            }
            entry.unreadable = n.error();
            found.push_back(std::move(entry));
        };
        co_await detail::ask_each(items, ask, take);
        co_return found;
    }

    /// Not the node's fault.
    static bool gives_up(std::error_code e) noexcept {
        return e != errc::no_auth && e != errc::too_large && e != errc::malformed_reply;
    }

    tree_entry hand_out(tree_entry e) {
        if (e.stat.num_children > 0) unlisted_ = e.path;
        return e;
    }

    const std::string top_;
    detail::waiting_line calls_; ///< one at a time, in the order in which they came
    bool begun_ = false;
    std::optional<std::string> unlisted_; ///< handed out last: its children come next
    std::vector<level> levels_;
};

tree_walk::tree_walk(std::shared_ptr<state> s) noexcept : state_(std::move(s)) {}
tree_walk::tree_walk(tree_walk&&) noexcept = default;
tree_walk& tree_walk::operator=(tree_walk&&) noexcept = default;
tree_walk::~tree_walk() = default;

future<std::optional<tree_entry>> tree_walk::async_next() {
    detail::core& owner = state_->zk.owner();
    return detail::spawn(owner, {.name = "walk", .path = {}, .only_reads = true}, state::next(state_));
}
std::optional<tree_entry> tree_walk::next(const std::stop_token& stop) {
    return detail::blocking(state_->zk.owner(), stop, [this] { return async_next(); });
}

tree_walk node_operations::walk(std::string_view path) const {
    return tree_walk(std::make_shared<tree_walk::state>(*this, path::normalize(path)));
}

} // namespace kazoo
