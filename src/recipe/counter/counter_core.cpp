// How a counter is read and changed: read, compute, set with the version that was read, and again if somebody else
// came first.
#include "recipe/counter/counter_core.hpp"

#include <kazoo/receipts.hpp>

#include <utility>

namespace kazoo::recipe {

namespace {

std::shared_ptr<receipts_core> receipts_beside(const client& c, const recipe_object& of) {
    return std::make_shared<receipts_core>(c, of.node() + "-__receipts__", receipts_options());
}

/// What a step says, as the whole's own words.
template <class T> [[noreturn]] void fail_as(std::string_view operation, const std::string& path, const result<T>& r) {
    try {
        r.rethrow();
    } catch (const error& e) {
        throw_error(e.code(), e.outcome(), operation, path, e.detail());
    }
    std::terminate(); // it has failed
}

} // namespace

template <class Number> std::optional<Number> wish<Number>::of(Number now) const {
    switch (what) {
    case kind::add: return sum(now, operand);
    case kind::subtract: return difference(now, operand);
    case kind::exchange: break;
    }
    return now == expected ? std::optional(operand) : std::nullopt;
}

template <class Number>
counter_core<Number>::counter_core(const client& c, std::string_view recipe, std::string_view path, settings s)
    : recipe_object(c, recipe, path),
      settings_(std::move(s)),
      receipts_(settings_.receipts ? receipts_beside(c, *this) : nullptr) {
    try {
        (void)settings_.format.write(settings_.initial);
    } catch (const bad_number& e) {
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, recipe, path, e.what());
    }
}

/// The object is gone and no task needs them any more.
template <class Number> counter_core<Number>::~counter_core() {
    if (receipts_) receipts_->abandon();
}

/// What a server shows that may lag is no reason to refuse, nor to make a node.
template <class Number> task<changed_number<Number>> counter_core<Number>::change(wish<Number> w) {
    for (bool fresh = false;; fresh = true) {
        auto reading = read(fresh);
        const std::optional<kazoo::node> there = co_await std::move(reading);
        Number before{};
        std::string data;
        try {
            before = number_in(there);
            const auto after = w.of(before);
            if (!after && fresh) co_return changed_number<Number>{false, before};
            if (!after) continue;
            data = settings_.format.write(*after);
        } catch (const bad_number& e) {
            if (!fresh) continue;
            throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, w.operation(), path(), e.what());
        }
        if (!there) {
            if (fresh) co_await make();
            continue;
        }
        auto written = co_await as_result(write(there->stat, data));
        if (!written) fail_as(w.operation(), path(), written);
        if (*written) co_return changed_number<Number>{true, before};
    }
}

/// Nothing: there is no node.
template <class Number> task<std::optional<kazoo::node>> counter_core<Number>::read(bool fresh) {
    const handle zk(owner(), root());
    auto there = co_await as_result(read_for_update(zk, node(), fresh));
    if (there.error() == errc::no_node) co_return std::nullopt;
    if (!there) there.rethrow();
    co_return *std::move(there);
}

/// With the initial number in it, which an empty one has as well: so it does not matter who makes it, nor when. Empty
/// where it may be, as Python makes it; Curator cannot read an empty one.
template <class Number> task<void> counter_core<Number>::make() {
    const handle zk(owner(), root());
    const create_options options{.acl = settings_.nodes_acl, .make_parents = true};
    const std::string first = settings_.made_empty ? std::string() : settings_.format.write(settings_.initial);
    const auto create = [&] { return zk.async_create(node(), first, options); };
    const auto made = co_await as_result(repeat(create));
    if (!made && made.error() != errc::node_exists) made.rethrow();
}

/// False: somebody else came first, so nothing was written, and it is to be computed again.
template <class Number> task<bool> counter_core<Number>::write(node_stat read, std::string data) {
    if (receipts_) {
        auto with_receipt = write_with_receipt(read, std::move(data));
        co_return co_await std::move(with_receipt);
    }
    const handle zk(owner(), root());
    const auto set = co_await as_result(set_once(zk, node(), std::move(data), read));
    if (set.error() == errc::no_node && set.outcome() == outcome::not_applied) co_return false;
    if (!set) set.rethrow();
    co_return set->has_value();
}

template <class Number> task<bool> counter_core<Number>::write_with_receipt(node_stat read, std::string data) {
    const handle zk(owner(), root());
    transaction all = zk.transaction();
    all.set(node(), data, read.data_version);
    auto committing = receipts_->committing(std::move(all));
    const auto done = co_await as_result(std::move(committing));
    if (done) co_return true;
    const bool changed_meanwhile =
        failed_index(done) && (done.error() == errc::bad_version || done.error() == errc::no_node);
    const bool next_session = done.error() == errc::session_expired && done.outcome() == outcome::not_applied;
    if (!changed_meanwhile && !next_session) done.rethrow();
    co_return false;
}

template <class Number> Number counter_core<Number>::number_in(const std::optional<kazoo::node>& n) const {
    if (n && n->data.is_null()) throw bad_number("it has no data");
    return !n || n->data.empty() ? settings_.initial : settings_.format.read(n->data.view());
}

// -- for any thread ---------------------------------------------------------------------------------------------------

template <class Number> task<Number> counter_core<Number>::load(std::shared_ptr<counter_core> self) {
    auto reading = self->read(true);
    auto there = co_await as_result(std::move(reading));
    if (there.error() == errc::not_read_only) { // a server without a quorum knows nothing newer than what it has
        auto reading_what_it_has = self->read(false);
        there = co_await as_result(std::move(reading_what_it_has));
    }
    if (!there) there.rethrow();
    try {
        co_return self->number_in(*there);
    } catch (const bad_number& e) {
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, "load", self->path(), e.what());
    }
}

template <class Number> task<Number> counter_core<Number>::fetch(std::shared_ptr<counter_core> self, wish<Number> w) {
    const auto done = co_await self->change(w);
    co_return done.before;
}

template <class Number>
task<std::optional<Number>> counter_core<Number>::exchange(std::shared_ptr<counter_core> self, wish<Number> w) {
    const auto done = co_await self->change(w);
    co_return done.changed ? std::nullopt : std::optional(done.before);
}

/// The task has the limits itself: it knows what was sent.
template <class Number>
task_options counter_core<Number>::options_of(std::string_view operation, limits l, std::stop_token stop) const {
    task_options o{.name = operation, .path = path()};
    o.stop = std::move(stop);
    o.is_wait = l == limits::of_an_operation;
    if (o.is_wait) o.deadline = operation_deadline();
    return o;
}

template <class Number> future<Number> counter_core<Number>::load(limits l, std::stop_token stop) {
    task_options o = options_of("load", l, std::move(stop));
    o.only_reads = true;
    return spawn(owner(), o, load(shared(*this)));
}
template <class Number> future<Number> counter_core<Number>::fetch(wish<Number> w, limits l, std::stop_token stop) {
    return spawn(owner(), options_of(w.operation(), l, std::move(stop)), fetch(shared(*this), w));
}
template <class Number>
future<std::optional<Number>> counter_core<Number>::exchange(wish<Number> w, limits l, std::stop_token stop) {
    return spawn(owner(), options_of(w.operation(), l, std::move(stop)), exchange(shared(*this), w));
}

template class counter_core<std::int64_t>;
template class counter_core<double>;

} // namespace kazoo::recipe
