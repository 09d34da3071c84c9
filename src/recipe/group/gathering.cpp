#include <kazoo/recipe/gathering.hpp>
#include <kazoo/recipe/party.hpp>
#include <kazoo/recipe/shallow_party.hpp>

#include "recipe/group/gathering_core.hpp"
#include "recipe/group/member_name.hpp"
#include "recipe/parts/contenders.hpp"
#include "recipe/parts/entry_names.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <utility>

namespace kazoo {

namespace recipe {

namespace {

constexpr std::size_t id_length = 32;

std::string tail_of(const gathering_kind& k, const std::string& identifier) {
    return std::string(k.mark) + (k.named_by_node ? identifier : std::string());
}

presence_rules rules_of(const recipe_object& of, const gathering_kind& k, party_options o) {
    std::string tail = tail_of(k, o.identifier);
    if (k.named_by_node) check_identifier(of, o.identifier);
    return {.folder = of.node(),
            .tail = std::move(tail),
            .data = std::move(o.identifier),
            .acl = std::move(o.acl),
            .comes_back = o.rejoins};
}

bool is_member(const gathering_kind& k, std::string_view name) noexcept {
    if (name.size() < id_length || !is_id(name.substr(0, id_length))) return false;
    const std::string_view tail = name.substr(id_length);
    return k.named_by_node ? tail.starts_with(k.mark) : tail == k.mark;
}

std::vector<std::string> member_names(const gathering_kind& k, const child_names& children) {
    std::vector<std::string> names;
    for (const std::string_view name : children)
        if (is_member(k, name)) names.emplace_back(name);
    return names;
}

/// What these members call themselves, sorted.
task<identifiers> identifiers_of(gathering_kind k, handle zk, std::string folder, std::vector<std::string> names) {
    identifiers all;
    if (k.named_by_node) {
        for (const std::string& name : names) all.push_back(name.substr(id_length + k.mark.size()));
    } else {
        auto found = co_await read_contenders(std::move(zk), std::move(folder), std::move(names));
        for (contender& c : found) all.push_back(std::move(c.identifier));
    }
    std::ranges::sort(all);
    co_return all;
}

/// Nobody where there is no folder.
task<std::vector<std::string>> read_names(gathering_kind k, handle zk, std::string folder) {
    const auto children = co_await as_result(zk.async_get_children(folder));
    if (children.error() == errc::no_node) co_return std::vector<std::string>();
    if (!children) children.rethrow();
    co_return member_names(k, *children);
}

task<identifiers> read_members(gathering_kind k, handle zk, std::string folder) {
    auto names = co_await read_names(k, zk, folder);
    co_return co_await identifiers_of(k, std::move(zk), std::move(folder), std::move(names));
}

task<std::size_t> count_members(gathering_kind k, handle zk, std::string folder) {
    const auto names = co_await read_names(k, std::move(zk), std::move(folder));
    co_return names.size();
}

task<reading<identifiers>> watch_members(gathering_kind k, pinned_handle zk, std::string folder, bool behind_a_loss) {
    auto children = co_await read_or_await<child_list>(zk, folder, behind_a_loss);
    reading<identifiers> now{.value = identifiers(), .seen = children.seen, .changed = std::move(children.changed)};
    if (!children.value) co_return now;
    const auto names = member_names(k, children.value->names);
    const auto read_them = [&] { return identifiers_of(k, zk, folder, names); };
    now.value = co_await repeat(read_them);
    co_return now;
}

} // namespace

gathering_core::gathering_core(const client& c, std::string_view path, party_options o, const gathering_kind& k)
    : recipe_object(c, k.recipe, path),
      kind_(k),
      identifier_(o.identifier),
      presence_(*this, rules_of(*this, k, std::move(o))) {}

future<identifiers> gathering_core::members() {
    const auto read = [k = kind_, zk = handle(owner(), root()), folder = node()] {
        return read_members(k, zk, folder);
    };
    return spawn(owner(), {.name = "members", .path = path(), .only_reads = true}, repeat(read));
}

future<std::size_t> gathering_core::size() {
    const auto read = [k = kind_, zk = handle(owner(), root()), folder = node()] {
        return count_members(k, zk, folder);
    };
    return spawn(owner(), {.name = "size", .path = path(), .only_reads = true}, repeat(read));
}

std::shared_ptr<follower> gathering_core::on_change(const client& c, std::function<void(const identifiers&)> f,
                                                    std::function<void(const error&)> on_error) const {
    auto tell = [f = std::move(f)](const std::optional<identifiers>& who, const std::optional<watch_event>&) {
        f(*who);
        return watch_next::go_on;
    };
    const auto read = [k = kind_](pinned_handle zk, std::string folder, bool behind_a_loss) {
        return watch_members(k, std::move(zk), std::move(folder), behind_a_loss);
    };
    follow_rules rules{.recipe = recipe(), .on_error = std::move(on_error)};
    return follower_of<identifiers>::start(c, path(), std::move(rules), read, std::move(tell));
}

} // namespace recipe

gathering::gathering(client c, std::string_view path, party_options options, const recipe::gathering_kind& kind)
    : client_(std::move(c)), core_(std::make_shared<recipe::gathering_core>(client_, path, std::move(options), kind)) {}
gathering::~gathering() { core_->abandon(); }

void gathering::join(const std::stop_token& stop) { async_join(stop).get(); }
future<void> gathering::async_join(std::stop_token stop) { return core_->membership().join(std::move(stop)); }
bool gathering::join_for(time_limit limit, const std::stop_token& stop) { return async_join_for(limit, stop).get(); }
future<bool> gathering::async_join_for(time_limit limit, std::stop_token stop) {
    return core_->membership().join_within(limit, std::move(stop));
}
bool gathering::leave(const std::stop_token& stop) { return async_leave().stop_on(stop).get(); }
future<bool> gathering::async_leave() { return core_->membership().leave(); }
bool gathering::joined() const noexcept { return core_->membership().joined(); }
presence_state gathering::state() const noexcept { return core_->membership().state(); }
subscription gathering::on_state(std::function<void(presence_state)> f) const {
    return subscription(core_->membership().on_state("a listener of party " + path(), std::move(f)));
}

std::vector<std::string> gathering::members(const std::stop_token& stop) const {
    return async_members().stop_on(stop).get();
}
future<std::vector<std::string>> gathering::async_members() const { return core_->members(); }
std::size_t gathering::size(const std::stop_token& stop) const { return async_size().stop_on(stop).get(); }
future<std::size_t> gathering::async_size() const { return core_->size(); }
party_watch gathering::on_change(std::function<void(const std::vector<std::string>&)> f,
                                 std::function<void(const error&)> on_error) const {
    return {client_, core_->on_change(client_, std::move(f), std::move(on_error))};
}
const std::string& gathering::identifier() const noexcept { return core_->identifier(); }
const std::string& gathering::path() const noexcept { return core_->path(); }

party_watch::party_watch(client c, std::shared_ptr<recipe::follower> f) noexcept
    : watching(std::move(c), std::move(f)) {}

party::party(client c, std::string_view path, party_options options)
    : gathering(std::move(c), path, std::move(options), {.recipe = "party", .mark = "__party__"}) {}

shallow_party::shallow_party(client c, std::string_view path, party_options options)
    : gathering(std::move(c), path, std::move(options),
                {.recipe = "shallow_party", .mark = "-", .named_by_node = true}) {}

} // namespace kazoo
