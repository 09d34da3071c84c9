#include "recipe/parts/recipe_object.hpp"

#include <kazoo/path.hpp>

#include <utility>

namespace kazoo::recipe {

namespace {

std::string checked(const client& c, std::string_view recipe, std::string_view path) {
    const auto p = chroot(c.root()).absolute(path);
    if (!p.defect().empty())
        throw_error(make_error_code(errc::invalid_path), outcome::not_applied, recipe, path, p.defect());
    return std::string(path);
}

} // namespace

recipe_object::recipe_object(const client& c, std::string_view recipe, std::string_view path)
    : core_(ref<core>::share(&client_access::core_of(c))),
      recipe_(recipe),
      root_(c.root()),
      path_(checked(c, recipe, path)),
      node_(path::normalize(path)) {}

void recipe_object::abandon() noexcept {
    if (forked()) return;
    until_ended_ = shared_from_this();
    owner().loop().post(ending_);
    give_up_all(); // behind it: a call of ours that waits for what we have held does not get it any more
}

void recipe_object::end() noexcept {
    const auto self = std::move(until_ended_);
    gone_ = true;
    calls_.interrupt_all(errc::cancelled);
    give_up_all();
}

} // namespace kazoo::recipe
