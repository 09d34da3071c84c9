#include "recipe/watch/tree_cache_core.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <utility>

namespace kazoo::recipe {

namespace {

tree_cache_options checked(tree_cache_options o, std::string_view path) {
    for (const std::string& pattern : o.leave_out)
        if (const auto defect = defect_of_pattern(pattern); !defect.empty())
            throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, "tree_cache", path, defect);
    return o;
}

cached_node node_of(std::string path, const cached_entry& e) {
    return {std::move(path), e.data, e.stat,
            e.unreadable == errc{} ? std::error_code() : make_error_code(e.unreadable)};
}

std::exception_ptr exception_of(std::error_code code, std::string_view recipe, std::string_view path) {
    try {
        throw_error(code, outcome::not_applied, recipe, path);
    } catch (...) {
        return std::current_exception();
    }
}

/// For the loop: the state of the session has changed.
struct state_news final : job {
    explicit state_news(std::function<void()> f) noexcept : job{&run, nullptr}, tell(std::move(f)) {}
    static void run(job* j) noexcept {
        const std::unique_ptr<state_news> self(static_cast<state_news*>(j));
        self->tell();
    }
    const std::function<void()> tell;
};

} // namespace

std::shared_ptr<tree_cache_core> tree_cache_core::make(const client& c, std::string_view path, tree_cache_options o) {
    return std::make_shared<tree_cache_core>(c, path, std::move(o));
}

tree_cache_core::tree_cache_core(const client& c, std::string_view path, tree_cache_options o)
    : recipe_object(c, "tree_cache", path),
      options_(checked(std::move(o), path)),
      work_(owner()),
      changed_(owner()),
      unread_(owner()),
      image_(node(), tree_filter(options_.max_depth, options_.leave_out), options_.with_data, *this) {}

// -- its life ---------------------------------------------------------------------------------------------------------

void tree_cache_core::start(const client& c) {
    const util::lock_guard lock(mutex_);
    if (life_ == life::ended) throw_error(make_error_code(errc::closed), outcome::not_applied, "start", path());
    if (life_ == life::started)
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, "start", path(),
                    "it was started before");
    const auto on_state = [weak = weak_from_this()](session_state) {
        const auto self = std::static_pointer_cast<tree_cache_core>(weak.lock());
        if (!self) return;
        auto news = std::make_unique<state_news>([self] { self->look_at_state(); });
        self->owner().post_to_loop(*news.release());
    };
    states_ = c.on_state(on_state);
    interruptions_ = interruptions_told_ = owner().board().interruptions();
    epoch_told_ = epoch_read_ = owner().board().epoch();
    stale_since_ = now();
    if (const errc refusing = owner().refusing(); refusing != errc{}) { // no task could do a step
        life_ = life::ended;
        why_ended_ = make_error_code(refusing);
        return;
    }
    life_ = life::started;
    spawn(owner(), {.name = recipe(), .path = path()}, live(shared(*this))).detach();
}

void tree_cache_core::close() noexcept {
    if (forked()) return;
    subscription states;
    {
        const util::lock_guard lock(mutex_);
        if (std::exchange(life_, life::ended) == life::ended && why_ended_ == errc::cancelled) return;
        why_ended_ = make_error_code(errc::cancelled);
        image_.clear();
        fresh_ = false;
        stale_since_ = now();
        states = std::move(states_);
    }
    events_.end();
    faults_.end();
    abandon();
}

/// On the loop.
void tree_cache_core::end(std::error_code why) {
    {
        const util::lock_guard lock(mutex_);
        if (life_ == life::ended) return changed_.notify();
        life_ = life::ended;
        why_ended_ = why;
        if (fresh_) stale_since_ = now();
        fresh_ = false;
    }
    if (why != errc::closed && why != errc::cancelled) faults_.tell({{}, why, exception_of(why, recipe(), path())});
    changed_.notify();
}

future<void> tree_cache_core::wait_initialized() {
    task_options o = waiting("wait_initialized");
    o.only_reads = true;
    return spawn(owner(), std::move(o), wait(shared(*this)));
}

// -- reading ----------------------------------------------------------------------------------------------------------

std::string tree_cache_core::within(std::string_view path) const {
    std::string normal = path::normalize(path);
    if (!path::is_within(node(), normal))
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, recipe(), path,
                    "it is not in the tree of " + node());
    return normal;
}

std::optional<cached_node> tree_cache_core::get(std::string_view path) const {
    std::string where = within(path);
    if (forked()) return std::nullopt;
    const util::lock_guard lock(mutex_);
    const cached_entry* const e = image_.find(where);
    if (e == nullptr) return std::nullopt;
    return node_of(std::move(where), *e);
}

std::optional<std::vector<std::string>> tree_cache_core::children(std::string_view path) const {
    const std::string where = within(path);
    if (forked()) return std::nullopt;
    std::vector<std::string> names;
    {
        const util::lock_guard lock(mutex_);
        const cached_entry* const e = image_.find(where);
        if (e == nullptr) return std::nullopt;
        for (const cached_entry* c = e->first_child; c != nullptr; c = c->next)
            if (c->told) names.push_back(c->name);
    }
    std::ranges::sort(names);
    return names;
}

std::size_t tree_cache_core::size() const noexcept {
    if (forked()) return 0;
    const util::lock_guard lock(mutex_);
    return image_.size();
}

tree_state tree_cache_core::state() const noexcept {
    if (forked()) return tree_state::ended;
    const util::lock_guard lock(mutex_);
    if (life_ != life::started) return life_ == life::latent ? tree_state::latent : tree_state::ended;
    if (!ever_initialized_) return tree_state::loading;
    switch (owner().board().state()) {
    case session_state::connected:
    case session_state::connected_read_only: break;
    case session_state::suspended: return tree_state::suspended;
    default: return tree_state::lost;
    }
    return fresh_ && interruptions_ == owner().board().interruptions() ? tree_state::current : tree_state::rereading;
}

std::optional<duration> tree_cache_core::stale() const noexcept {
    if (forked()) return duration::max();
    const util::lock_guard lock(mutex_);
    if (life_ == life::latent) return duration::zero();
    if (!fresh_) return now() - stale_since_;
    if (owner().board().interruptions() == interruptions_) return std::nullopt;
    return now() - owner().board().interrupted_at();
}

// -- listening --------------------------------------------------------------------------------------------------------

ref<listener> tree_cache_core::on_event(std::function<void(const tree_event&)> f) {
    const auto on_throw = [weak = weak_from_this()] {
        if (const auto self = weak.lock()) static_cast<tree_cache_core&>(*self).tell_thrown();
    };
    const ref<tree_listener<tree_event>> l(new tree_listener<tree_event>(owner(), std::move(f), on_throw));
    events_.add(l);
    return l;
}

ref<listener> tree_cache_core::on_fault(std::function<void(const tree_fault&)> f) {
    const auto on_throw = [c = ref<core>::share(&owner())] { c->log_exception("a fault listener"); };
    const ref<tree_listener<tree_fault>> l(new tree_listener<tree_fault>(owner(), std::move(f), on_throw));
    faults_.add(l);
    return l;
}

void tree_cache_core::tell_thrown() {
    if (!faults_.tell({{}, {}, std::current_exception()})) owner().log_exception("a listener of a tree_cache");
}

void tree_cache_core::tell(tree_change what, const cached_entry& e) {
    if (life_ == life::started && events_.any()) events_.tell({what, node_of(image_.path_of(e), e)});
}

void tree_cache_core::tell_fault(const cached_entry& e, errc why) {
    const std::error_code code = make_error_code(why);
    std::string where = image_.path_of(e);
    const auto thrown = exception_of(code, recipe(), where);
    faults_.tell({std::move(where), code, thrown});
}

void tree_cache_core::tell_of_state(tree_change what) {
    const util::lock_guard lock(mutex_); // nothing is told behind close()
    if (life_ == life::started && events_.any()) events_.tell({what, {}});
}

} // namespace kazoo::recipe
