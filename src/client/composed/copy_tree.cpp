// Copying a node and all below it.
#include "client/blocking.hpp"
#include "client/composed/ask_each.hpp"
#include "client/composed/ensure_path.hpp"
#include "client/composed/progress.hpp"
#include "client/composed/subtree.hpp"
#include "client/requests/create.hpp"
#include "task/root_task.hpp"

#include <kazoo/client.hpp>
#include <kazoo/path.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace kazoo {

namespace detail {

namespace {

constexpr std::size_t nodes_at_once = 128; ///< two reads each

struct copying {
    handle zk;
    std::string from, to;
    ref<progress_teller> teller;
    tree_progress told{};
    bool made_some = false; ///< or may have
};

struct original {
    std::string path;
    std::optional<node> content{}; ///< none: it went meanwhile
    std::vector<acl> entries{};
    bool perhaps_made = false;
};

/// Containers and nodes with a TTL have an owner that is no session.
bool goes_with_a_session(const node_stat& s) noexcept {
    const auto owner = static_cast<std::int64_t>(s.owner);
    const bool ttl = (static_cast<std::uint64_t>(owner) >> 56) == 0xff;
    return owner != 0 && owner != INT64_MIN && !ttl;
}

task<std::vector<original>> read_originals(std::shared_ptr<copying> c, std::vector<std::string> paths) {
    std::vector<original> found;
    for (std::string& p : paths) found.push_back({std::move(p)});
    const auto contents = std::make_shared<std::deque<std::size_t>>();
    for (std::size_t i = 0; i < found.size(); ++i) contents->push_back(i);
    const auto acls_of = std::make_shared<std::deque<std::size_t>>(*contents);
    const auto get = [&](std::size_t i) { return c->zk.async_get_if_exists(found[i].path); };
    const auto take = [&](std::size_t i, result<std::optional<node>> n) { found[i].content = std::move(n).value(); };
    co_await ask_each(contents, get, take);
    const auto get_acl = [&](std::size_t i) { return c->zk.async_get_acl(found[i].path); };
    const auto take_acl = [&](std::size_t i, result<acl_list> a) {
        if (a)
            found[i].entries = std::move(a->entries);
        else if (a.error() == errc::no_node)
            found[i].content.reset();
        else
            a.rethrow();
    };
    co_await ask_each(acls_of, get_acl, take_acl);
    std::erase_if(found, [](const original& o) { return !o.content || goes_with_a_session(o.content->stat); });
    co_return found;
}

/// Parents come ahead of their children, in one connection as in the list.
task<void> make_copies(std::shared_ptr<copying> c, std::vector<original> originals) {
    repetition tries;
    for (std::size_t done = 0; done < originals.size();) {
        request_window<std::string> under_way;
        // The first node alone: what is below it must not land in a tree of somebody else.
        const std::size_t end = c->told.done == 0 ? 1 : originals.size();
        for (std::size_t i = done; i < end; ++i) {
            const original& o = originals[i];
            const bytes& data = o.content->data;
            under_way.push(start_create(c->zk, c->to + o.path.substr(c->from.size()),
                                        data.is_null() ? data_view(null) : data_view(data.str()),
                                        create_mode::persistent, o.entries));
        }
        std::error_code prevented;
        while (!under_way.empty() && !prevented) {
            auto made = co_await as_result(under_way.pop());
            original& o = originals[done];
            bool ours = made.has_value();
            if (!made && made.error() == errc::node_exists && o.perhaps_made) {
                const auto now = co_await as_result(c->zk.async_get_if_exists(c->to + o.path.substr(c->from.size())));
                if (!now && repetition::may_help(now.error())) {
                    prevented = now.error();
                    break;
                }
                ours = now && *now && (*now)->data == o.content->data;
            }
            o.perhaps_made = o.perhaps_made || made.outcome() == outcome::unknown;
            c->made_some = c->made_some || ours || o.perhaps_made;
            if (ours) {
                ++done;
                ++c->told.done;
                c->teller->tell(c->told);
            } else if (repetition::may_help(made.error())) {
                prevented = made.error();
            } else {
                while (!under_way.empty()) {
                    const auto behind = co_await as_result(under_way.pop());
                    c->made_some = c->made_some || behind || behind.outcome() == outcome::unknown;
                }
                made.rethrow();
            }
        }
        if (!prevented) continue;
        // Those behind it: which of them may have been made?
        for (std::size_t i = done + 1; !under_way.empty(); ++i) {
            const auto made = co_await as_result(under_way.pop());
            if (made || made.outcome() == outcome::unknown) originals[i].perhaps_made = true;
        }
        if (!co_await tries.again(prevented)) throw_error(prevented, outcome::unknown, "copy_tree", c->to);
    }
}

task<void> copy_all(std::shared_ptr<copying> c) {
    if (path::is_within(c->from, c->to))
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, "copy_tree", c->to,
                    "the copy would be a part of what is copied");
    const auto there = [c] { return c->zk.async_exists(c->to); };
    if (co_await repeat(there))
        throw_error(make_error_code(errc::node_exists), outcome::not_applied, "copy_tree", c->to);
    const auto list = [c] { return c->zk.async_get_children(c->from); };
    auto top = co_await repeat(list);
    const auto found = [c](std::size_t known) {
        c->told.found = known;
        c->teller->tell(c->told);
    };
    auto paths = co_await list_below(c->zk, c->from, std::move(top), found);
    for (std::size_t begin = 0; begin < paths.size(); begin += nodes_at_once) {
        const std::size_t end = std::min(paths.size(), begin + nodes_at_once);
        std::vector<std::string> some(paths.begin() + static_cast<std::ptrdiff_t>(begin),
                                      paths.begin() + static_cast<std::ptrdiff_t>(end));
        auto originals = co_await read_originals(c, std::move(some));
        co_await make_copies(c, std::move(originals));
    }
}

task<std::size_t> copy_tree(std::shared_ptr<copying> c) {
    const auto done = co_await as_result(copy_all(c));
    if (!done) rethrow_half_done(done, c->made_some);
    co_return c->told.done;
}

future<std::size_t> start_copy_tree(const node_operations& h, std::string_view from, std::string_view to,
                                    ref<progress_teller> teller) {
    auto c =
        std::make_shared<copying>(copying{handle(h), path::normalize(from), path::normalize(to), std::move(teller)});
    return spawn(client_access::core_of(h), {"copy_tree", from}, copy_tree(std::move(c)));
}

} // namespace

} // namespace detail

future<std::size_t> node_operations::async_copy_tree(std::string_view from, std::string_view to,
                                                     std::function<void(tree_progress)> progress) const {
    const detail::ref<detail::progress_teller> teller(new detail::progress_teller(core(), std::move(progress)));
    return detail::behind(teller, detail::start_copy_tree(*this, from, to, teller));
}
std::size_t client::copy_tree(std::string_view from, std::string_view to, std::function<void(tree_progress)> progress,
                              const std::stop_token& stop) const {
    const detail::ref<detail::progress_teller> teller(new detail::progress_teller(core(), std::move(progress)));
    const detail::progress_scope until_return(teller);
    return detail::blocking(*this, stop, [&] { return detail::start_copy_tree(*this, from, to, teller); });
}

} // namespace kazoo
