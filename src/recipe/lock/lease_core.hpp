#pragma once
// What a kazoo::lease and its tasks share.
#include "recipe/parts/contention.hpp"
#include "recipe/parts/recipe_object.hpp"
#include "recipe/parts/sight.hpp"

#include <kazoo/recipe/lease.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>

namespace kazoo::recipe {

class lease_core final : public recipe_object {
  public:
    enum class rank {
        single,
        one_of_several ///< its holder may have found another place meanwhile
    };
    lease_core(const client&, std::string_view path, std::chrono::seconds duration, lease_options, rank = rank::single);

    // -- any thread; a task keeps the client's session, as the lease will ---------------------------------------------
    future<std::optional<lease>> obtain(client);
    future<bool> renew();
    future<bool> release();
    std::chrono::sys_seconds end() const noexcept {
        return std::chrono::sys_seconds(std::chrono::seconds(end_.load(std::memory_order_relaxed)));
    }
    bool holds() const noexcept { return now() < end(); }
    const lease_options& options() const noexcept { return options_; }

    static lease handed_out(client c, std::shared_ptr<lease_core> core) noexcept {
        return lease(std::move(c), std::move(core));
    }

    // -- for those who want one of several; the coroutines stand in lease.cpp -----------------------------------------
    enum class aim {
        obtain,
        renew,
        release
    };
    enum class verdict {
        done,
        refused,  ///< it is not ours to change
        no_guard, ///< what had to be there until then is gone, and it is not ours
        look_again
    };
    /// `beside`: another node of ours that must still be there, and goes with it; empty: none. Without it the loss of
    /// a session is no reason to end.
    task<verdict> change(aim, std::string beside);
    /// The node that says who holds it.
    std::string record() const;
    /// Both throw errc::bad_arguments if that is no lease.
    bool may(aim, const std::optional<kazoo::node>& record) const;
    bool is_held_by_us(const std::optional<kazoo::node>& record) const;

  private:
    /// What a transaction of ours leaves in the node, if it is applied.
    struct attempt {
        std::string text;
        version of_data;
        bool made(const kazoo::node& n) const { return n.data.view() == text && n.stat.data_version == of_data; }
    };

    static task<std::optional<lease>> obtain(std::shared_ptr<lease_core>, client);
    static task<bool> changed(std::shared_ptr<lease_core>, aim);
    task<verdict> write(lock_node& guard, aim, std::string beside);
    transaction prepared(const lock_node& guard, aim, const std::optional<kazoo::node>& seen, const std::string& beside,
                         const std::string& text) const;
    task<verdict> commit(lock_node& guard, aim, std::optional<kazoo::node> seen, std::string beside);

    /// Leases reckon in whole seconds: the clock's nanoseconds are all used up in the year 2262.
    std::chrono::sys_seconds now() const noexcept {
        return std::chrono::floor<std::chrono::seconds>(owner().loop().wall_clock());
    }
    /// Throws errc::bad_arguments if a record cannot say it.
    std::chrono::sys_seconds end_from_now() const;
    void set_end(std::chrono::sys_seconds t) noexcept {
        end_.store(t.time_since_epoch().count(), std::memory_order_relaxed);
    }

    bool is_our_writing(const kazoo::node& record) const;

    const rank rank_;
    const std::chrono::seconds duration_;
    const lease_options options_;
    contention guard_;                 ///< kazoo's lock on the path: whoever is first there may change the lease
    acquisition_line line_;            ///< on the loop
    sight written_;                    ///< on the loop: what our last change of the node left there; nothing: of none
    std::optional<attempt> attempted_; ///< on the loop: one whose end we have not heard of
    std::atomic<std::int64_t> end_{0}; ///< in seconds since 1970; until then it is ours whatever became of requests
};

/// What an attempt to obtain something does: limited in time, and errors say which node is wrong.
task_options limited(const recipe_object&, std::string_view operation);

} // namespace kazoo::recipe
