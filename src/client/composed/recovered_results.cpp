#include "client/composed/recovered_results.hpp"

#include "task/repetition.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace kazoo::detail {

namespace {

constexpr std::size_t digits = 10; ///< of a sequential node's number
constexpr std::size_t reads_at_once = 100;

/// Sequential creates of the same folder and name, in order.
using creates_by_prefix = std::map<std::string, std::vector<std::size_t>>; ///< absolute prefix → operations

struct plan {
    std::vector<transaction_result> results;
    creates_by_prefix unnamed;
    std::vector<std::string> named; ///< absolute paths that the other creates made
};

plan plan_of(const taken_transaction& what) {
    plan p;
    for (const std::string& path : what.paths()) p.results.push_back({path, std::nullopt});
    const chroot root(what.from().root());
    for (const planned_node& node : what.creates()) {
        const std::string full = root.absolute(what.paths()[node.index], node.name).str();
        std::string& path = p.results[node.index].path;
        if (node.name == naming::sequential) {
            p.unnamed[full].push_back(node.index);
            path.clear();
        } else {
            path = root.relative(full);
            p.named.push_back(full);
        }
    }
    return p;
}

bool is_number(std::string_view text) {
    return text.size() == digits && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Children whose paths are the prefix and a number, the largest number first: what is asked for is new.
std::vector<std::string> candidates(const child_names& names, const std::string& folder, const std::string& prefix,
                                    const std::vector<std::string>& named) {
    std::vector<std::string> found;
    for (const std::string_view name : names) {
        std::string path = path::join(folder, name);
        const bool fits = path.starts_with(prefix) && is_number(std::string_view(path).substr(prefix.size()));
        if (fits && std::ranges::find(named, path) == named.end()) found.push_back(std::move(path));
    }
    std::ranges::sort(found, std::greater<>());
    return found;
}

/// Reads until there is an answer, in whichever session.
template <class Read, class T = typename std::invoke_result_t<Read&>::value_type>
task<T> read_in_any_session(Read read) {
    for (;;) {
        auto r = co_await as_result(repeat(read));
        if (r) co_return *std::move(r);
        if (r.error() != errc::session_expired) r.rethrow();
    }
}

/// Those of one prefix that this transaction created, in the order of their numbers. All or, if some cannot be told,
/// none.
task<std::vector<std::string>> find_created(handle zk, std::string prefix, std::vector<std::string> named,
                                            std::size_t wanted, zxid id) {
    const std::string folder(path::parent(prefix));
    std::vector<std::string> found;
    const auto list = [&] { return zk.async_get_children(folder); };
    const auto names = co_await as_result(read_in_any_session(list));
    if (!names) co_return found;
    const auto paths = candidates(*names, folder, prefix, named);
    for (std::size_t begin = 0; begin < paths.size() && found.size() < wanted; begin += reads_at_once) {
        const std::size_t end = std::min(begin + reads_at_once, paths.size());
        std::vector<future<std::optional<node_stat>>> reads;
        for (std::size_t i = begin; i < end; ++i) reads.push_back(zk.async_exists(paths[i]));
        for (std::size_t i = begin; i < end; ++i) {
            auto stat = co_await as_result(std::move(reads[i - begin]));
            if (!stat) {
                const auto look = [&] { return zk.async_exists(paths[i]); };
                stat = co_await as_result(read_in_any_session(look));
            }
            if (stat && *stat && (*stat)->created == id) found.push_back(paths[i]);
        }
    }
    std::ranges::reverse(found);
    if (found.size() != wanted) found.clear();
    co_return found;
}

} // namespace

task<std::vector<transaction_result>> recovered_results(std::shared_ptr<const taken_transaction> what, zxid id) {
    plan p = plan_of(*what);
    const chroot root(what->from().root());
    // Through whichever session there is: that it was applied is known.
    const handle zk(what->from().owner(), {});
    for (const auto& [prefix, operations] : p.unnamed) {
        const auto found = co_await find_created(zk, prefix, p.named, operations.size(), id);
        for (std::size_t i = 0; i < found.size(); ++i) p.results[operations[i]].path = root.relative(found[i]);
    }
    co_return std::move(p.results);
}

} // namespace kazoo::detail
