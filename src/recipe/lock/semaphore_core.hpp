#pragma once
// What a kazoo::semaphore, its permits and its tasks share.
#include "recipe/parts/contention.hpp"
#include "recipe/parts/holding.hpp"
#include "recipe/parts/recipe_object.hpp"

#include <kazoo/recipe/semaphore.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kazoo::recipe {

class semaphore_core final : public recipe_object {
  public:
    semaphore_core(const client&, std::string_view path, std::size_t permits, semaphore_options);

    // -- any thread; a task keeps the session alive, as the permit will
    future<permit> acquire(client);
    future<std::optional<permit>> acquire(client, std::stop_token);
    future<std::optional<permit>> acquire_within(client, duration, std::stop_token);
    future<std::optional<permit>> try_acquire(client);
    future<void> resize(std::size_t permits);
    future<std::vector<contender>> holders();

  private:
    using wait = contention::wait;
    /// What became of one place at the head of the line.
    enum class verdict {
        made,
        none_left,
        look_again, ///< the number has changed meanwhile
        start_over
    };
    class attempt;

    // -- the coroutines stand in semaphore.cpp
    static task<std::optional<permit>> acquire(std::shared_ptr<semaphore_core>, client, wait patience);
    task<void> agree();
    task<verdict> take(attempt&, wait patience);
    task<verdict> make(attempt&, version number);
    static task<void> change_number(std::shared_ptr<semaphore_core>, std::string number);

    task_options waiting_to_acquire(time_point deadline = never, std::stop_token = {}) const;
    std::size_t limit_in(const kazoo::node&) const;

    const std::size_t permits_; ///< as the user gave it
    const semaphore_options options_;
    const std::unique_ptr<certainty_claim> claim_;
    contention admission_;  ///< kazoo's lock beside the path: whoever is first there may take a permit
    acquisition_line line_; ///< on the loop
    bool agreed_ = false;   ///< on the loop: the servers had the same number, so theirs counts from then on
};

} // namespace kazoo::recipe
