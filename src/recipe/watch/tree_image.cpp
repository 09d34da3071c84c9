#include "recipe/watch/tree_image.hpp"

#include <kazoo/path.hpp>

#include <limits>
#include <utility>

namespace kazoo::recipe {

namespace {

/// Whether they are of one node: none of that name was deleted in between. (Transaction ids alone do not tell if the
/// servers have lost their disks.)
bool same_life(const node_stat& a, const node_stat& b) noexcept {
    return a.created == b.created && a.ctime == b.ctime && a.owner == b.owner;
}

bool same_data(const node_stat& a, const node_stat& b) noexcept {
    return a.modified == b.modified && a.mtime == b.mtime && a.data_version == b.data_version &&
           a.data_length == b.data_length;
}

} // namespace

tree_image::tree_image(std::string top, tree_filter filter, bool with_data, tree_teller& teller)
    : filter_(std::move(filter)), with_data_(with_data), teller_(teller), nodes_(std::move(top)) {
    wants(nodes_.root(), want::read);
}

// -- what is to be asked ----------------------------------------------------------------------------------------------

std::optional<tree_question> tree_image::next_question() {
    if (work_.empty()) return std::nullopt;
    cached_entry& e = work_.front();
    std::string path = nodes_.path_of(e); // first: nothing has changed if there is no memory for it
    if (e.asked != round_ && (e.wants & want::itself) == 0) e.wants |= want::look;
    if (e.wants == want::nothing) e.wants = want::read; // asked again
    const bool known = e.told && e.unreadable == errc{};
    std::uint8_t what = want::list;
    if ((e.wants & want::describe) != 0)
        what = want::describe;
    else if ((e.wants & want::read) != 0 || ((e.wants & want::look) != 0 && !known))
        what = with_data_ ? want::read : want::describe;
    else if ((e.wants & want::look) != 0)
        what = want::look;
    if (what == want::list) {
        e.wants &= static_cast<std::uint8_t>(~want::list);
    } else {
        e.wants &= want::list;
        e.asserting = std::exchange(e.doubted, false) || e.asked != round_;
        e.asked = round_;
    }
    e.leave();
    e.busy = true;
    return tree_question{&e, what, std::move(path)};
}

void tree_image::wants(cached_entry& e, std::uint8_t what) noexcept {
    const bool asks = e.wants != want::nothing || e.busy || e.held;
    e.wants |= what;
    if (!asks) work_.push_back(e);
}

/// Nothing is under way about it, and it is in no list.
void tree_image::settle(cached_entry& e) noexcept {
    release_children(e);
    if (e.wants != want::nothing || e.asked != round_) return work_.push_back(e);
    mark_done(e);
    (e.unreadable != errc{} || !e.told ? waiting_ : rest_).push_back(e);
}

/// Nobody must hear of a child before its parent, nor of one that belongs to the next node of the parent's name while
/// the old one is still held.
bool tree_image::must_wait(const cached_entry& e, const node_stat& s) const noexcept {
    if (e.parent == nullptr || (e.told && same_life(e.stat, s))) return false;
    const cached_entry& p = *e.parent;
    return !p.told || p.asked != round_ || p.doubted || p.asserting;
}

/// It is asked again when its parent is certain, which is on its way to be.
void tree_image::hold(cached_entry& e) noexcept {
    read_again(e);
    e.held = true;
    ++e.parent->held_children;
}

void tree_image::release_children(cached_entry& e) noexcept {
    if (e.held_children == 0 || !e.told || e.asked != round_ || e.doubted || e.asserting) return;
    e.held_children = 0;
    for (cached_entry* c = e.first_child; c != nullptr; c = c->next) {
        if (!c->held) continue;
        c->held = false;
        work_.push_back(*c);
    }
}

void tree_image::add(cached_entry& parent, std::string_view name, bool in_round) {
    cached_entry& e = nodes_.add(parent, name);
    if (in_round)
        ++open_;
    else
        e.done = round_;
    wants(e, want::read);
}

// -- what has happened ------------------------------------------------------------------------------------------------

void tree_image::touch(event_type type, std::string_view path) {
    if (filter_.leaves_out_any(nodes_.relative(path))) return;
    const auto [deepest, missing] = nodes_.find(path);
    if (missing == 0) {
        if (type != event_type::data_changed) deepest->doubted = true;
        return wants(*deepest, type == event_type::deleted ? want::look : want::read);
    }
    if (type == event_type::deleted || nodes_.depth_of(*deepest) + missing > filter_.max_depth()) return;
    if (missing == 1) return add(*deepest, path::basename(path), false);
    // It will be met, unless servers told nothing of a node on the way because we may not read that.
    if (deepest->listed) wants(*deepest, want::list);
}

void tree_image::begin_round() noexcept {
    ++round_;
    open_ = nodes_.count();
    work_.append(rest_);
    work_.append(waiting_);
}

// -- answers ----------------------------------------------------------------------------------------------------------

/// Null: the node is gone, and nobody wants the answer.
cached_entry* tree_image::answered(const tree_question& q) noexcept {
    q.about->busy = q.about->asserting = false;
    if (!q.about->gone) return q.about;
    delete q.about;
    return nullptr;
}

void tree_image::prevented(const tree_question& q) noexcept {
    const bool doubted = q.about->asserting;
    cached_entry* const e = answered(q);
    if (e == nullptr) return;
    e->doubted |= doubted;
    e->wants |= q.what == want::describe && e->unreadable == errc{} ? want::read : q.what;
    work_.push_back(*e);
}

void tree_image::take(const tree_question& q, node n) {
    cached_entry* const e = answered(q);
    if (e == nullptr) return;
    if (must_wait(*e, n.stat)) return hold(*e);
    apply(*e, n.stat, &n.data);
    settle(*e);
}

void tree_image::take(const tree_question& q, const node_stat& s) {
    cached_entry* const e = answered(q);
    if (e == nullptr) return;
    if (must_wait(*e, s)) return hold(*e);
    if (q.what == want::describe || !with_data_)
        apply(*e, s, nullptr);
    else if (!e->told || !same_life(e->stat, s) || !same_data(e->stat, s))
        read_again(*e);
    else {
        e->stat = s;
        plan_list(*e);
    }
    settle(*e);
}

void tree_image::read_again(cached_entry& e) noexcept {
    e.doubted = true;
    e.wants |= want::read;
}

/// `data`: null if it is not known.
void tree_image::apply(cached_entry& e, const node_stat& s, bytes* data) {
    const bool all_is_known = data != nullptr || !with_data_;
    const bool readable_again = all_is_known && !e.unlisted && std::exchange(e.unreadable, errc{}) != errc{};
    const bool described = std::exchange(e.undescribed, false);
    if (e.told && !described && !same_life(e.stat, s)) {
        if (e.first_child != nullptr) e.wants |= want::list; // some may belong to the new one already
        remove_below(e);
        teller_.tell(tree_change::node_removed, e);
        e.told = false;
        --told_;
        e.listed = false;
    }
    const bool changed = !e.told || described || !same_data(e.stat, s);
    e.stat = s;
    if (data != nullptr)
        e.data = std::move(*data);
    else if (changed)
        e.data = bytes();
    if (!e.told)
        tell_added(e);
    else if (changed || readable_again)
        teller_.tell(tree_change::node_updated, e);
    plan_list(e);
}

void tree_image::tell_added(cached_entry& e) {
    e.told = true;
    ++told_;
    teller_.tell(tree_change::node_added, e);
}

/// Children that come and go are told by events; only what was missed needs a list.
void tree_image::plan_list(cached_entry& e) {
    if (filter_.max_depth() != std::numeric_limits<std::size_t>::max() && nodes_.depth_of(e) >= filter_.max_depth())
        return;
    const bool same = e.stat.children_modified == e.listed_at && e.stat.child_version == e.listed_version;
    if (e.listed && (e.done == round_ || same)) return;
    if (e.listed || e.stat.num_children > 0)
        e.wants |= want::list;
    else
        take_list(e, e.stat);
}

void tree_image::take_list(cached_entry& e, const node_stat& s) {
    e.list_is_of(s);
    if (!std::exchange(e.unlisted, false)) return;
    e.unreadable = errc{};
    teller_.tell(tree_change::node_updated, e);
}

void tree_image::take(const tree_question& q, const child_list& l) {
    cached_entry* const e = answered(q);
    if (e == nullptr) return;
    const std::string prefix = filter_.leaves_out_some() ? std::string(nodes_.relative(q.path)) : std::string();
    const bool in_round = e->done != round_;
    for (const std::string_view name : l.names) {
        if (filter_.leaves_out_some() && filter_.leaves_out(prefix.empty() ? name : path::join(prefix, name))) continue;
        if (nodes_.child(*e, name) == nullptr) add(*e, name, in_round);
        nodes_.child(*e, name)->in_names = true;
    }
    // A name that is missing may only be newer than the list: the node itself is asked.
    for (cached_entry* c = e->first_child; c != nullptr; c = c->next)
        if (!std::exchange(c->in_names, false)) wants(*c, want::look);
    take_list(*e, l.stat);
    settle(*e);
}

void tree_image::take_missing(const tree_question& q) {
    cached_entry* const e = answered(q);
    if (e == nullptr) return;
    if (q.what == want::list) read_again(*e);
    if ((e->wants & want::itself) != 0) return settle(*e); // something has happened since it was asked
    remove_below(*e);
    if (e != &nodes_.root()) return drop(*e);
    if (std::exchange(e->told, false)) {
        --told_;
        teller_.tell(tree_change::node_removed, *e);
    }
    e->data = bytes();
    e->listed = false;
    e->unreadable = errc{};
    e->unlisted = false;
    e->wants = want::nothing;
    settle(*e);
}

void tree_image::take_error(const tree_question& q, errc code) {
    cached_entry* const e = answered(q);
    if (e == nullptr) return;
    if (q.what == want::list && e->unreadable == errc{}) e->unlisted = true;
    if (std::exchange(e->unreadable, code) != code) teller_.tell_fault(*e, code);
    if (q.what == want::read) { // the other one needs none before 3.8.4 and 3.9.2
        e->doubted = true;
        e->wants |= want::describe;
    } else if (q.what != want::list && code == errc::no_auth && !e->told) { // it is there (ZOOKEEPER-2590)
        if (must_wait(*e, e->stat)) return hold(*e);
        e->undescribed = true;
        tell_added(*e);
    }
    settle(*e);
}

// -- the end of nodes -------------------------------------------------------------------------------------------------

/// The deepest first; not by recursion, since trees may be deep.
void tree_image::remove_below(cached_entry& top) noexcept {
    for (cached_entry* e = &top;;) {
        while (e->first_child != nullptr) e = e->first_child;
        if (e == &top) return;
        cached_entry* const parent = e->parent;
        drop(*e);
        e = parent;
    }
}

void tree_image::drop(cached_entry& e) noexcept {
    if (e.told) {
        --told_;
        teller_.tell(tree_change::node_removed, e);
    }
    if (e.done != round_) --open_;
    if (e.held) --e.parent->held_children;
    nodes_.take_out(e);
    if (e.busy)
        e.gone = true;
    else
        delete &e;
}

void tree_image::clear() noexcept {
    cached_entry& root = nodes_.root();
    for (cached_entry* e = &root;;) {
        while (e->first_child != nullptr) e = e->first_child;
        if (e == &root) break;
        cached_entry* const parent = e->parent;
        e->told = false;
        drop(*e);
        e = parent;
    }
    root.told = false;
    root.data = bytes();
    told_ = 0;
}

// -- readers ----------------------------------------------------------------------------------------------------------

const cached_entry* tree_image::find(std::string_view path) noexcept {
    const auto [deepest, missing] = nodes_.find(path);
    return missing == 0 && deepest->told ? deepest : nullptr;
}

} // namespace kazoo::recipe
