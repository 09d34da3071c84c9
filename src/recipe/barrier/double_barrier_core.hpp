#pragma once
// What a kazoo::double_barrier and its tasks share.
#include "recipe/barrier/members.hpp"
#include "recipe/parts/presence.hpp"
#include "recipe/parts/recipe_object.hpp"
#include "util/mutex.hpp"

#include <kazoo/recipe/double_barrier.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace kazoo::recipe {

/// Layout: `<path>/<id>` is a member, ephemeral; `<path>/ready` says that it is open, and stays when its members die.
///
/// **Who has been let in.** A member that was made before the last change of `ready` (czxid < mzxid). To open is to
/// make `ready` in one transaction that checks all members: it is right whenever it is carried out. Who comes to an
/// open barrier in which somebody is inside sets `ready` in one transaction that checks both. So one look at `ready`
/// and the members tells who is inside, and a `ready` that is older than all members is one that was left behind.
///
/// **What a name says.** A check in a transaction knows a node by its name. So a member whose node has gone, with its
/// session or by somebody's hand, begins anew under another name, and not before the old one is gone.
///
/// **When a round is over.** `ready` goes with the node of the last one inside, in one transaction; as it is bound to
/// the version that was read before the members, nobody can have been let in meanwhile. Whoever comes later is of the
/// next round. So a round is known by the czxid of its `ready`, and its members by their czxid.
class double_barrier_core final : public recipe_object {
  public:
    double_barrier_core(const client&, std::string_view path, std::size_t members, double_barrier_options);

    // -- any thread ---------------------------------------------------------------------------------------------------
    future<bool> enter(std::stop_token);
    future<bool> enter_within(duration limit, std::stop_token);
    future<bool> leave(std::stop_token);
    future<bool> leave_within(duration limit, std::stop_token);
    bool inside() const noexcept { return inside_ && member_.joined(); }
    std::stop_token lost() const KAZOO_EXCLUDES(mutex_);

  private:
    void give_up_all() noexcept override { is_outside(); }

    enum class patience {
        waits,
        looks_once
    };
    /// The path's own node. Another one: that path has vanished, or the servers have lost their disks, and begin again
    /// with small zxids.
    struct place {
        zxid created = zxid::none;
        sys_time when{};
        friend bool operator==(const place&, const place&) = default;
    };
    /// The `ready` that has let us in.
    struct opening {
        zxid made = zxid::none;   ///< none: its maker has removed it already, as kazoo's members do
        zxid let_in = zxid::none; ///< members that are older are inside
        place where{};
    };
    /// From the moment at which we entered until we have left.
    struct round {
        opening through;
        pinned_handle in;
        std::string node; ///< ours
        std::shared_ptr<presence::stay> stay;
        std::stop_source lost{};
        bool leaving = false;
    };
    /// What is below the path.
    struct scene {
        std::optional<node_stat> ready{};
        std::vector<std::string> members{}; ///< sorted
        place where{};
        zxid children_modified = zxid::none;
        future<watch_event> ready_changed{}; ///< if it is watched
        bool has(const std::string& member) const { return std::ranges::binary_search(members, member); }
    };
    class leaves_anyway;

    // -- entering
    static task<bool> enter(std::shared_ptr<double_barrier_core>, patience);
    task<std::optional<opening>> opens_for(presence::standing, patience);
    task<scene> look(pinned_handle, bool watching);
    std::vector<std::string> as_many_as_asked_for(const scene&, const std::string& ours) const;
    task<void> lets_in(pinned_handle, std::vector<std::string> those, std::optional<version> ready,
                       std::set<std::string>& unreadable, repetition&);
    task<std::optional<future<watch_event>>> finds_it_open(presence::standing, std::shared_ptr<const scene>, patience,
                                                           std::set<std::string>& unreadable, repetition&);
    task<std::optional<future<watch_event>>> until_it_goes(pinned_handle, std::string member, patience, repetition&);
    task<std::optional<future<watch_event>>> until_others_come(pinned_handle, std::shared_ptr<const scene>, patience,
                                                               repetition&);
    task<bool> clear_away(presence::standing, node_stat left_behind, repetition&);
    bool is_inside() const;
    bool is_still(const presence::standing&) const;
    bool has_entered_with(const presence::standing&) const;
    void entered(opening, const presence::standing&);
    void is_outside() noexcept KAZOO_EXCLUDES(mutex_);
    static task<void> guard(std::shared_ptr<double_barrier_core>, std::shared_ptr<round>);

    // -- leaving
    static task<bool> leave(std::shared_ptr<double_barrier_core>, patience);
    task<bool> all_gone(std::shared_ptr<round>, pinned_handle, patience);
    task<std::optional<scene>> look_at_one_moment(pinned_handle);
    task<bool> closes(std::shared_ptr<round>, pinned_handle, std::optional<version> ready, repetition&);

    std::string path_of(std::string_view child) const;
    future<bool> within(duration limit, std::stop_token, std::string_view name,
                        task<bool> (*)(std::shared_ptr<double_barrier_core>, patience));

    const std::size_t count_;
    const double_barrier_options options_;
    presence member_;
    std::shared_ptr<round> round_; ///< on the loop
    std::atomic<bool> inside_ = false;
    mutable util::mutex mutex_;
    std::optional<std::stop_source> lost_ KAZOO_GUARDED_BY(mutex_); ///< while we are inside
};

} // namespace kazoo::recipe
