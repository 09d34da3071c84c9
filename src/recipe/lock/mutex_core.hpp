#pragma once
// What a kazoo::mutex and its tasks share.
#include "recipe/parts/lock_side.hpp"
#include "recipe/parts/recipe_object.hpp"

#include <kazoo/recipe/mutex.hpp>

namespace kazoo::recipe {

class mutex_core final : public recipe_object {
  public:
    mutex_core(const client&, std::string_view path, mutex_options);

    lock_side& side() noexcept { return side_; }
    future<std::vector<contender>> contenders();

  private:
    void give_up_all() noexcept override { side_.give_up(); }

    acquisition_line line_; ///< on the loop
    lock_side side_;
};

} // namespace kazoo::recipe
