#pragma once
// What a kazoo::election, its leaderships and its tasks share.
#include "recipe/parts/acquisition_line.hpp"
#include "recipe/parts/contention.hpp"
#include "recipe/parts/recipe_object.hpp"

#include <kazoo/recipe/election.hpp>

#include <optional>
#include <vector>

namespace kazoo::recipe {

class election_core final : public recipe_object {
  public:
    election_core(const client&, std::string_view path, election_options);

    // -- any thread; a task keeps the session alive, as the leadership will
    future<leadership> stand(client);
    future<std::optional<leadership>> stand(client, std::stop_token);
    future<std::optional<leadership>> stand_within(client, duration, std::stop_token);
    future<std::vector<contender>> contenders();
    future<std::optional<contender>> leader();

  private:
    using wait = contention::wait;
    static task<std::optional<leadership>> stand(std::shared_ptr<election_core>, client, wait patience);

    contention contention_;
    acquisition_line line_; ///< on the loop
};

} // namespace kazoo::recipe
