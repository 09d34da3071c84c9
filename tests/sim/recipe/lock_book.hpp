#pragma once
// What really happened to the locks of a storm, as their server saw it, and the store that the locks protect.
#include "mutex_counts.hpp"
#include "testing/sim/sim_world.hpp"

#include <kazoo/types.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::testkit {

/// One node below a lock's path.
struct lock_entry {
    std::string path, id;
    zxid created{};
    std::int64_t session = 0;
    bool had_to_wait = false;
    bool late = false; ///< created when the connection that asked for it was gone
    bool exists = true;
    bool was_held = false;
    /// Somebody else deleted it, or the server ended its session before its time: its holder cannot know at once.
    bool taken_away = false, deleted_by_others = false;
    enum class reply {
        under_way,
        read,
        lost
    } answer = reply::under_way;
    std::weak_ptr<const sim_link> link;
    std::uint64_t answer_begins = 0; ///< in what the connection carries to the client
};

class lock_book {
  public:
    lock_book(sim_world& w, std::vector<std::string> sites, mutex_counts& counts)
        : world_(w), sites_(std::move(sites)), counts_(counts) {}

    void on_write(const sim_write&);
    void on_forced_end(std::int64_t session);
    void on_forget();
    /// Looks for replies that can never arrive any more.
    void look_for_lost_replies();

    /// Null: there was no such node, or it is forgotten.
    lock_entry* find(std::string_view path);
    /// Whether its holder may believe in it for a while although somebody else can have the lock. Complains if there
    /// never was such a node.
    bool taken_away(std::string_view path);
    /// What was wrong, a line each.
    std::vector<std::string> take_complaints() { return std::exchange(complaints_, {}); }
    /// How many acquisitions of this session have a node at a site.
    std::size_t contending(std::int64_t session, std::string_view site) const;
    const std::vector<std::string>& sites() const noexcept { return sites_; }

  private:
    bool is_site(std::string_view path) const;
    void on_create(const sim_write&);
    void on_remove(const sim_write&);

    sim_world& world_;
    const std::vector<std::string> sites_;
    mutex_counts& counts_;
    std::map<std::string, lock_entry, std::less<>> entries_;
    std::map<std::string, std::string, std::less<>> last_of_; ///< by id: all tries of one acquisition share it
    std::set<std::string, std::less<>> forgotten_;            ///< paths of nodes of a server that lost everything since
    std::set<std::string, std::less<>> strangers_;            ///< paths that were complained about
    std::vector<std::string> unanswered_;
    std::vector<std::string> complaints_;
};

/// Takes writes with fencing tokens; smaller ones than it has seen are refused.
class fenced_store {
  public:
    bool write(zxid token) {
        if (token < largest_) return false;
        largest_ = token;
        return true;
    }

  private:
    zxid largest_{};
};

} // namespace kazoo::testkit
