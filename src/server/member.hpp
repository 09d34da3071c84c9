#pragma once
// One server of an ensemble: it follows a leader, leads, or looks for one.
//
// What it models of ZooKeeper: a change is decided when a majority has it on disk. Sessions live at the leader alone; a
// follower keeps a table of those it has heard of, which travels with its answers to the leader's pings, every half
// tick. A follower that hears nothing of its leader goes on answering pings and reads for sync_limit ticks, then drops
// its clients and looks for a leader. So does a leader that hears of no majority; what it would change meanwhile is not
// decided, but it answers pings, reads and, as a plain read, sync. A new leader gives every session its whole timeout.
#include "server/member_clients.hpp"
#include "server/session_tracker.hpp"

#include <deque>
#include <map>
#include <vector>

namespace kazoo::server {

struct member_settings {
    const config& general;
    std::int32_t sync_limit = 5; ///< ticks
    std::size_t members = 3;
};

class member final : quorum_side {
  public:
    enum class role : std::uint8_t {
        down,
        looking,
        following,
        leading
    };

    member(member_id, const member_settings&, observer&, std::vector<sent_message>& post, connection_list& changed);

    member_id id() const noexcept { return id_; }
    role now_is() const noexcept { return role_; }
    std::uint64_t reign() const noexcept { return reign_; }
    time_point looks_since() const noexcept { return looks_since_; }

    // -- facts --------------------------------------------------------------------------------------------------------
    void start(moment now);
    void stop(moment now);
    void on_time(moment now);
    time_point deadline() const noexcept;
    void deliver(member_id from, message, moment now);
    /// The connection with that member broke.
    void lost(member_id, moment now);
    bool expire_session(std::int64_t, moment now);

    // -- an election: first the leader, then those who follow it, then it begins --------------------------------------
    /// Whose log is newer must lead.
    bool has_newer_log(const member& other) const noexcept;
    void lead(std::uint64_t reign, moment now);
    /// Also later: a member that comes back.
    void follow(member& leader, std::uint64_t channel, moment now);
    void begin_reign(moment now);
    /// Leading, and a majority is connected.
    bool has_quorum() const noexcept;

    // -- its clients --------------------------------------------------------------------------------------------------
    member_clients& clients() noexcept { return clients_; }
    const member_clients& clients() const noexcept { return clients_; }
    bool serves() const noexcept { return role_ == role::following || (role_ == role::leading && reigns_); }
    const database& data() const noexcept { return database_; }
    /// As far as this member knows.
    const std::map<std::int64_t, std::int32_t>& sessions() const noexcept { return sessions_; }

  private:
    struct follower_state {
        std::uint64_t channel = 0;
        std::size_t acked = 0;
        std::int64_t heard_until_tick = 0;
    };
    struct waiting_sync {
        std::size_t behind = 0; ///< this position of the log
        member_id who;
        message answer;
    };

    // -- member.cpp
    void look(moment now);
    void send(member_id to, message, std::uint64_t channel);
    void execute(const log_entry&, moment now);
    void commit_up_to(std::size_t position, moment now);

    // -- member_following.cpp
    void take_as_follower(message, moment now);

    // -- member_leading.cpp
    void take_as_leader(member_id from, message, moment now);
    void admit(const member& follower, std::uint64_t channel, moment now);
    void end_session(std::int64_t, moment now);
    void propose(log_entry, session_tracker::owner, moment now);
    void commit_what_has_a_majority(moment now);
    void run_half_tick(moment now);
    void tell_everybody(const message&);
    duration sync_time() const noexcept { return settings_.general.tick * settings_.sync_limit; }

    // -- for its clients: member.cpp
    std::int64_t new_session_id() override { return next_session_++; }
    void touch(std::int64_t session, std::int32_t timeout_ms, moment now) override;
    void submit(log_entry, moment now) override;
    bool ask_sync(connection_id, moment now) override;
    void revalidate(connection_id, std::int64_t session, std::int32_t timeout_ms, moment now) override;

    const member_id id_;
    const member_settings& settings_;
    std::vector<sent_message>& post_;
    role role_ = role::looking;
    time_point looks_since_{};
    std::int64_t next_session_;

    // its disk
    std::uint64_t reign_ = 0; ///< the last one that it was part of
    std::vector<log_pointer> log_;
    std::size_t decided_ = 0; ///< so many of them have been executed
    database database_;
    processor processor_;
    std::map<std::int64_t, std::int32_t> sessions_; ///< and their timeouts

    member_clients clients_;

    // while it follows
    member_id leader_ = 0;
    std::uint64_t channel_ = 0;
    time_point leader_heard_{};
    std::map<std::int64_t, std::int32_t> touches_;

    // while it leads
    bool reigns_ = false;
    std::map<member_id, follower_state> followers_;
    session_tracker tracker_;
    std::deque<waiting_sync> syncs_;
    time_point next_half_tick_{};
    std::int64_t half_ticks_ = 0;
};

} // namespace kazoo::server
