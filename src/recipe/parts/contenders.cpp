#include "recipe/parts/contenders.hpp"

#include "recipe/parts/entry_names.hpp"
#include "recipe/parts/lock_queue.hpp"

#include <kazoo/path.hpp>

#include <ostream>
#include <utility>

namespace kazoo {

namespace recipe {

task<std::vector<contender>> read_contenders(handle zk, std::string folder, std::vector<std::string> names) {
    std::vector<future<std::optional<node>>> reads;
    for (const std::string& name : names) reads.push_back(zk.async_get_if_exists(path::join(folder, name)));
    std::vector<contender> found;
    for (std::size_t i = 0; i < reads.size(); ++i) {
        const std::string where = path::join(folder, names[i]);
        auto read = co_await as_result(std::move(reads[i]));
        if (read.error() == errc::no_auth) {
            const auto stat = co_await as_result(zk.async_exists(where)); // needs none before 3.8.4 and 3.9.2
            if (!stat && stat.error() != errc::no_auth) stat.rethrow();
            if (!stat) found.push_back({{}, where, session_id::none, zxid::none, true});
            if (stat && *stat) found.push_back({{}, where, (*stat)->owner, (*stat)->created, true});
        } else if (!read) {
            read.rethrow();
        } else if (auto n = *std::move(read)) { // else it left meanwhile
            found.push_back({std::move(n->data).str(), where, n->stat.owner, n->stat.created});
        }
    }
    co_return found;
}

namespace {

task<std::vector<contender>> read_queue(handle zk, std::string folder, std::vector<std::string> marks,
                                        std::vector<std::string> shared) {
    auto children = co_await as_result(zk.async_get_children(folder));
    if (children.error() == errc::no_node) co_return std::vector<contender>();
    if (!children) children.rethrow();
    const lock_queue queue(*std::move(children), marks);
    std::vector<std::string> names(queue.names().begin(), queue.names().end());
    auto found = co_await read_contenders(zk, folder, std::move(names));
    for (contender& c : found) c.shared = sequence_of(path::basename(c.path), shared).has_value();
    co_return found;
}

task<std::optional<contender>> read_first(handle zk, std::string folder, std::vector<std::string> marks,
                                          std::vector<std::string> shared) {
    auto children = co_await as_result(zk.async_get_children(folder));
    if (children.error() == errc::no_node) co_return std::nullopt;
    if (!children) children.rethrow();
    const lock_queue queue(*std::move(children), marks);
    for (const std::string_view name : queue.names()) {
        std::vector<std::string> one{std::string(name)};
        auto found = co_await read_contenders(zk, folder, std::move(one));
        if (found.empty()) continue;
        found.front().shared = sequence_of(name, shared).has_value();
        co_return std::move(found.front());
    }
    co_return std::nullopt;
}

} // namespace

future<std::optional<contender>> first_contender_of(core& c, std::string root, std::string folder,
                                                    std::vector<std::string> marks, std::vector<std::string> shared) {
    const task_options options{.name = "first contender", .path = folder, .only_reads = true};
    const auto read = [zk = handle(c, std::move(root)), folder, marks = std::move(marks), shared = std::move(shared)] {
        return read_first(zk, folder, marks, shared);
    };
    return spawn(c, options, repeat(read));
}

future<std::vector<contender>> contenders_of(core& c, std::string root, std::string folder,
                                             std::vector<std::string> marks, std::vector<std::string> shared) {
    const task_options options{.name = "contenders", .path = folder, .only_reads = true};
    const auto read = [zk = handle(c, std::move(root)), folder, marks = std::move(marks), shared = std::move(shared)] {
        return read_queue(zk, folder, marks, shared);
    };
    return spawn(c, options, repeat(read));
}

} // namespace recipe

std::ostream& operator<<(std::ostream& out, const contender& c) {
    out << c.path << " of session " << to_string(c.owner);
    if (c.shared) out << ", shared";
    if (c.hidden) return out << ", hidden";
    return c.identifier.empty() ? out : out << ", " << c.identifier;
}

} // namespace kazoo
