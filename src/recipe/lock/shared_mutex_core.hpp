#pragma once
// What a kazoo::shared_mutex and its tasks share.
#include "recipe/parts/lock_side.hpp"
#include "recipe/parts/recipe_object.hpp"

#include <kazoo/recipe/shared_mutex.hpp>

namespace kazoo::recipe {

class shared_mutex_core final : public recipe_object {
  public:
    shared_mutex_core(const client&, std::string_view path, const shared_mutex_options&);

    lock_side& writing() noexcept { return writing_; }
    lock_side& reading() noexcept { return reading_; }
    future<std::vector<contender>> contenders();

  private:
    void give_up_all() noexcept override {
        writing_.give_up();
        while (reading_.give_up()) {
        }
    }

    acquisition_line line_; ///< on the loop; both stand in it, so they are served in the order of their calls
    lock_side writing_, reading_;
};

} // namespace kazoo::recipe
