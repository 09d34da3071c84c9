#pragma once
// What a kazoo::barrier and its tasks share.
#include "recipe/parts/recipe_object.hpp"

#include <kazoo/recipe/barrier.hpp>

#include <memory>
#include <stop_token>
#include <utility>

namespace kazoo::recipe {

class barrier_core final : public recipe_object {
  public:
    barrier_core(const client& c, std::string_view path, barrier_options o)
        : recipe_object(c, "barrier", path), options_(std::move(o)) {}

    // -- any thread
    future<bool> create();
    future<bool> remove();
    future<bool> wait(std::stop_token);
    future<bool> wait_within(duration limit, std::stop_token);

  private:
    enum class patience {
        waits,
        looks_once
    };

    static task<bool> create(std::shared_ptr<barrier_core>);
    static task<bool> remove(std::shared_ptr<barrier_core>);
    static task<bool> wait(std::shared_ptr<barrier_core>, patience);
    task<bool> wait_in(pinned_handle, std::shared_ptr<zxid> first_seen, patience);
    future<bool> wait_until(time_point deadline, std::stop_token, patience);

    const barrier_options options_;
};

} // namespace kazoo::recipe
