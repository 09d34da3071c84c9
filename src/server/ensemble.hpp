#pragma once
// Several servers that keep the same nodes, as one object: facts and time go in, bytes and messages come out. No clock,
// socket or chance of its own: the driver carries the messages between the members, as long as it likes.
//
// Elections are not played: when a majority looks for a leader, has done so for a while and can talk to each other, the
// one with the newest log leads, and the others have its log, in one moment.
#include "server/member.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::server {

struct ensemble_config {
    config general; ///< its session timeouts must be set
    std::size_t members = 3;
    std::int32_t sync_limit = 5; ///< ticks without a word until a leader or a follower gives up
    duration election = std::chrono::milliseconds(300);
};

class ensemble final : observer {
  public:
    /// The observer hears of every change when the first member executes it.
    ensemble(ensemble_config, moment now, observer* = nullptr);
    ensemble(const ensemble&) = delete;
    ensemble& operator=(const ensemble&) = delete;

    // -- facts about clients ------------------------------------------------------------------------------------------
    connection_id open(std::string_view address, moment now, member_id);
    void receive(connection_id, std::string_view bytes, moment now);
    void sent(connection_id, std::size_t count, moment now);
    void closed(connection_id, moment now);
    void on_time(moment now);
    time_point deadline() const noexcept;

    // -- orders -------------------------------------------------------------------------------------------------------
    void take_changed(std::vector<connection_id>& ids);
    std::string_view unsent(connection_id) const noexcept;
    bool finished(connection_id) const noexcept;
    /// Messages to be delivered, in their order for each pair of members.
    std::vector<sent_message> take_messages() { return std::exchange(post_, {}); }
    void deliver(sent_message, moment now);

    // -- what can be done to it ---------------------------------------------------------------------------------------
    /// Messages from one member to the other wait; when it is lifted they arrive.
    void hold(member_id from, member_id to, bool on, moment now);
    /// The connection between two members breaks; those of their messages that are held are lost.
    void lose(member_id, member_id, moment now);
    /// Nothing runs there any more. What has come meanwhile waits.
    void pause(member_id, bool on, moment now);
    /// It goes, with its connections, and keeps its disk.
    void stop(member_id, moment now);
    void start(member_id, moment now);
    /// As if its time was over. False: nobody leads, or the leader knows no such session.
    bool expire_session(std::int64_t, moment now);

    // -- what is known ------------------------------------------------------------------------------------------------
    std::size_t size() const noexcept { return members_.size(); }
    const member& at(member_id m) const { return *members_.at(m); }
    bool paused(member_id m) const { return paused_.at(m); }
    /// The one that leads and has a majority; there may be another one that does not know yet.
    std::optional<member_id> leader() const noexcept;
    /// Whoever has executed most.
    const member& newest() const noexcept;
    std::vector<std::int64_t> sessions() const;
    /// When a majority had decided it.
    std::optional<time_point> end_of(std::int64_t session) const;
    std::int64_t zxid(connection_id) const noexcept;
    std::int64_t session_of(connection_id) const noexcept;

  private:
    using pair = std::pair<member_id, member_id>;
    void on_processed(const processed_write&) override;
    member* of(connection_id) noexcept;
    const member* of(connection_id) const noexcept;
    /// Now, or when the member is not paused any more.
    void when_it_runs(member_id, moment now, std::function<void(member&, moment)>);
    bool can_talk(member_id, member_id) const;
    void elect(moment now);
    bool join_a_leader(member&, moment now);
    void found_a_reign(moment now);

    const ensemble_config config_;
    const member_settings settings_{config_.general, config_.sync_limit, config_.members};
    observer* observer_;
    time_point now_{};
    std::int64_t told_ = 0; ///< the newest transaction that the observer has heard of
    std::map<std::int64_t, time_point> ends_;

    std::vector<sent_message> post_;
    connection_list changed_;
    std::vector<std::unique_ptr<member>> members_;
    std::vector<bool> paused_;
    std::vector<std::vector<std::function<void(member&, moment)>>> waiting_; ///< for paused ones
    std::set<pair> holding_;
    std::map<pair, std::vector<message>> held_;
    std::map<connection_id, member_id> where_;
    std::uint64_t last_connection_ = 0, last_channel_ = 0, last_reign_ = 0;
    time_point next_election_{};
};

} // namespace kazoo::server
