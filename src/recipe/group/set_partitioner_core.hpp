#pragma once
// What a kazoo::set_partitioner, its partitions and its tasks share.
#include "recipe/group/member_name.hpp"
#include "recipe/group/portion.hpp"
#include "recipe/parts/audience.hpp"
#include "recipe/parts/contention.hpp"
#include "recipe/parts/presence.hpp"
#include "recipe/parts/recipe_object.hpp"
#include "recipe/parts/settling.hpp"
#include "util/mutex.hpp"

#include <kazoo/recipe/set_partitioner.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kazoo::recipe {

class set_partitioner_core final : public recipe_object {
  public:
    set_partitioner_core(const client&, std::string_view path, std::vector<std::string> items, set_partitioner_options);

    // -- any thread; a task keeps the session alive, as the partition will
    future<partition> acquire(client);
    future<std::optional<partition>> acquire(client, std::stop_token);
    future<std::optional<partition>> acquire_within(client, duration, std::stop_token);
    future<bool> leave();
    partition_state state() const noexcept KAZOO_EXCLUDES(mutex_);
    ref<listener> on_state(std::function<void(partition_state)>);
    const std::vector<std::string>& items() const noexcept { return items_; }
    const std::string& identifier() const noexcept { return options_.identifier; }

  private:
    /// Somebody who ends with leave(). On the loop.
    class until_left;
    /// A member as long as it is needed.
    class membership;
    /// One call of acquire().
    struct attempt {
        std::unique_ptr<turn> its_turn;
        client keeps_session;
        std::uint64_t number;
        /// Those who keep us from a share, and may be dead: since when, by their ids.
        std::map<std::string, time_point> in_our_way{};
        std::exception_ptr thrown{}; ///< by the user's function
    };
    /// What the user's function throws stands beside what we throw ourselves, which may have the same code.
    struct answer {
        std::optional<partition> acquired{};
        std::exception_ptr thrown{};
    };
    using share = std::vector<std::string>;
    using candidate = std::shared_ptr<taking>;

    // -- on the loop; the coroutines stand in set_partitioner.cpp
    static task<std::optional<answer>> acquire(std::shared_ptr<set_partitioner_core>, client);
    static task<std::optional<partition>> as_thrown(task<std::optional<answer>>);
    task<std::optional<partition>> allocate(attempt&);
    static task<void> watch_party(std::shared_ptr<set_partitioner_core>, std::shared_ptr<party_news>, sight,
                                  std::uint64_t number, future<void> changed);
    task<bool> take(candidate, std::shared_ptr<party_news>, client);
    task<void> take_some(candidate, std::shared_ptr<party_news>, client);
    contention_rules lock_rules(const std::string& item) const;
    std::optional<partition> hand_out(attempt&, candidate, const party_news&, future<void> watching);

    // -- on the loop; who gets what: set_partitioner_shares.cpp
    task<std::optional<share>> share_of(attempt&, child_list party, std::shared_ptr<party_news>);
    task<void> wait_for_namesakes(attempt&, std::vector<member_name>, std::shared_ptr<party_news>);
    task<void> wait_for_change(attempt&, std::vector<member_name> of, int timeouts, std::string why_not,
                               std::shared_ptr<party_news>);
    task<bool> one_is_there(std::vector<std::string> nodes);
    task<std::optional<member_name>> eldest(std::vector<member_name>);
    task<share> computed_share(attempt&, std::vector<std::string> members);
    [[noreturn]] void refuse(const std::string& why) const;

    static task<bool> leave(std::shared_ptr<set_partitioner_core>);
    task_options acquiring(time_point deadline = never, std::stop_token = {}) const;

    /// Of what was acquired by that number, unless there is something newer.
    void say(std::uint64_t number, partition_state) KAZOO_EXCLUDES(mutex_);
    std::uint64_t begin_allocating() KAZOO_EXCLUDES(mutex_);
    void tell() noexcept;

    const std::vector<std::string> items_; ///< sorted, each once
    const set_partitioner_options options_;
    const std::uint64_t set_;
    const std::unique_ptr<certainty_claim> claim_;
    const std::shared_ptr<settling> party_;
    presence presence_;
    waiting_line turns_;          ///< on the loop: one at a time
    interruptible_list acquires_; ///< on the loop
    known_list known_{};          ///< on the loop: of the party that was told to have changed

    mutable util::mutex mutex_;
    partition_state state_ KAZOO_GUARDED_BY(mutex_) = partition_state::idle;
    std::uint64_t number_ KAZOO_GUARDED_BY(mutex_) = 0; ///< of the newest call that has begun to allocate
    audience<partition_state> audience_;
};

} // namespace kazoo::recipe
