#pragma once
// One seed: those who join and leave two parties, what is done to them, and whether the members are those who have
// joined when it is quiet.
#include "sim/actor.hpp"
#include "sim/storm/counts.hpp"
#include "sim/storm/frame.hpp"

#include <kazoo/recipe/party.hpp>
#include <kazoo/recipe/shallow_party.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kazoo::testkit {

struct party_things {
    enum what : std::uint8_t {
        joins,
        leaves,
        left_nothing,
        given_up,
        not_in_time,
        cancelled,
        closed,
        rejoined,
        lost_for_good,
        deleted_by_others,
        watched_again,
        replaced,
        read,
        told,
        members_in_the_end,
        not_members_in_the_end,
        count
    };
    static constexpr std::array<std::string_view, count> names{"joins",
                                                               "leaves that removed a node",
                                                               "leaves without a node",
                                                               "joins given up",
                                                               "not joined in time",
                                                               "cancelled by a leave",
                                                               "ended by close or destruction",
                                                               "joined again",
                                                               "lost for good without rejoins",
                                                               "nodes deleted by others",
                                                               "seats watched again behind that",
                                                               "nodes of old sessions replaced",
                                                               "members read",
                                                               "members told",
                                                               "members in the end",
                                                               "objects that are none in the end"};
};
using party_counts = counts<party_things>;

class party_storm final : public storm_frame {
  public:
    explicit party_storm(std::uint64_t seed);
    ~party_storm() override;
    const party_counts& counted() const noexcept { return counts_; }

  private:
    /// One object, who uses it, and what it has heard.
    struct seat {
        storm_client* who = nullptr;
        std::string identifier;
        bool shallow = false, rejoins = true;
        std::unique_ptr<party> deep;
        std::unique_ptr<shallow_party> flat;
        gathering* p = nullptr; ///< one of them
        subscription listening;
        std::optional<party_watch> watching;
        bool wanted = false; ///< a join has come through, and no leave was asked for since
        bool was_joined = false;
        std::vector<std::string> told;

        void end();
    };

    void start() override;
    std::function<void()> on_passing_client(storm_client&) override;
    void on_write(const sim_write&) override;
    void on_turn(const sim_machine&) override;
    void on_forced_end(std::int64_t session) override;
    void on_forget() override { everybody_robbed_ = true; }
    void settle() override;
    void before_close() override;
    void audit() override;

    struct actors;
    friend struct actors;
    /// A member's node at the server.
    struct entry {
        std::string path, identifier;
        std::int64_t owner;
    };
    seat& add_seat(storm_client&);
    void came_through(seat&);
    void heard(seat&, presence_state);
    void delete_one(storm_client&);
    std::vector<entry> entries(bool shallow) const;
    std::vector<std::string> members(bool shallow) const;
    std::vector<std::string> joined(bool shallow) const;
    bool is_at_rest(const seat&) const;
    bool all_agree() const;

    party_counts counts_;
    std::vector<std::unique_ptr<seat>> seats_;
    std::map<std::string, std::int64_t> owners_; ///< of the nodes, at the last write
    std::map<std::string, int> robbers_;         ///< how many removals of its node may still be carried out
    std::set<std::string> robbed_;               ///< whose node was taken away in a way that nobody can know at once
    bool everybody_robbed_ = false;
    bool open_ = true;
};

} // namespace kazoo::testkit
