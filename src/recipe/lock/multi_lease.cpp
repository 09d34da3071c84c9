#include "recipe/lock/lease_core.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace kazoo {

namespace recipe {

namespace {

/// What one call of multi_lease::try_obtain() works with.
class multi_lease_core final : public recipe_object {
  public:
    multi_lease_core(const client& c, std::string_view path, std::size_t places, std::chrono::seconds duration,
                     const lease_options& o)
        : recipe_object(c, "multi_lease", path),
          places_(below(c, *this, places, duration, o)),
          guard_(*this, {.folder = node(),
                         .mark = "__lock__",
                         .excluding = {"__lock__"},
                         .identifier = places_[0]->options().identifier,
                         .acl = o.acl,
                         .lost_when = loss::session_over}),
          line_(owner()) {}

    future<std::optional<lease>> obtain(client c) {
        return spawn(owner(), limited(*this, "obtain"), obtain(shared(*this), std::move(c)));
    }

  private:
    using lease_list = std::vector<std::shared_ptr<lease_core>>;

    static lease_list below(const client& c, const recipe_object& top, std::size_t places,
                            std::chrono::seconds duration, const lease_options& o) {
        if (places == 0)
            throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, top.recipe(), top.path(),
                        "there is one place at least");
        lease_list all;
        for (std::size_t i = 0; i < places; ++i)
            all.push_back(std::make_shared<lease_core>(c, path::join(top.path(), std::to_string(i)), duration, o,
                                                       lease_core::rank::one_of_several));
        return all;
    }

    static task<std::optional<lease>> obtain(std::shared_ptr<multi_lease_core>, client);
    task<lease_list> open_places(handle);

    const lease_list places_;
    contention guard_; ///< a line of our own: nobody with the same identifier may find another place open meanwhile
    acquisition_line line_; ///< on the loop
};

/// Those that we may take; first the one that we had, as nobody is to have two.
task<multi_lease_core::lease_list> multi_lease_core::open_places(handle zk) {
    std::vector<future<std::optional<kazoo::node>>> reads;
    for (const auto& p : places_) reads.push_back(zk.async_get_if_exists(p->record()));
    const auto found = co_await all_of(std::move(reads));
    lease_list own, open;
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (!found[i]) found[i].rethrow();
        if (!places_[i]->may(lease_core::aim::obtain, *found[i])) continue;
        (places_[i]->is_held_by_us(*found[i]) ? own : open).push_back(places_[i]);
    }
    own.insert(own.end(), open.begin(), open.end());
    co_return own;
}

task<std::optional<lease>> multi_lease_core::obtain(std::shared_ptr<multi_lease_core> self, client keeps_session) {
    const handle zk(self->owner(), self->root());
    const auto look = [&] { return self->open_places(zk); };
    lease_list open = co_await repeat(look);
    if (open.empty()) co_return std::nullopt;

    acquisition_line::place here(self->line_);
    for (lock_node_name name = self->guard_.new_name();; name = self->guard_.new_name()) {
        // 1. Come first among those who want one of them.
        const auto guard = co_await self->guard_.come_first(here, name, contention::wait::yes);

        // 2. Take the first that is still to be had, as long as we are first here.
        open = co_await repeat(look);
        auto end = lease_core::verdict::refused;
        for (const auto& place : open) {
            end = co_await place->change(lease_core::aim::obtain, guard->path());
            if (end == lease_core::verdict::done) {
                guard->consumed();
                co_return lease_core::handed_out(std::move(keeps_session), place);
            }
            if (end == lease_core::verdict::no_guard) break;
        }
        if (end == lease_core::verdict::refused) co_return std::nullopt;
    }
}

} // namespace

} // namespace recipe

future<std::optional<lease>> multi_lease::async_try_obtain(const client& c, std::string_view path, std::size_t places,
                                                           std::chrono::seconds duration, lease_options options) {
    return std::make_shared<recipe::multi_lease_core>(c, path, places, duration, options)->obtain(c);
}
std::optional<lease> multi_lease::try_obtain(const client& c, std::string_view path, std::size_t places,
                                             std::chrono::seconds duration, lease_options options,
                                             const std::stop_token& stop) {
    return async_try_obtain(c, path, places, duration, std::move(options)).stop_on(stop).get();
}

} // namespace kazoo
