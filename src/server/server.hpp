#pragma once
// A ZooKeeper server as an object: facts and time go in, bytes come out. It behaves as a standalone Apache ZooKeeper
// 3.8.0. No socket, clock, thread, lock or randomness of its own.
//
// The driver tells what happens on its connections, then asks take_changed() which of them want attention:
// unsent() bytes to be written, or finished().
#include "server/config.hpp"
#include "server/connection.hpp"
#include "server/database.hpp"
#include "server/expiry_queue.hpp"
#include "server/faults.hpp"
#include "server/follower.hpp"
#include "server/moment.hpp"
#include "server/processor.hpp"
#include "server/sessions.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kazoo::server {

/// What a session waits for.
struct registered_watch {
    std::string path;
    watch_kind kind{};
    bool of_children = false; ///< of a one-shot: set by a reading of children
    friend auto operator<=>(const registered_watch&, const registered_watch&) = default;
};

struct watch_counts {
    std::size_t data = 0, child = 0;
    friend bool operator==(const watch_counts&, const watch_counts&) = default;
};

/// Whose requests came on a connection: enough to execute more of them when it is gone.
struct origin {
    std::int64_t session = 0;
    duration timeout{0};
    std::string address;
    identity_set identities;
};

class server {
  public:
    /// The observer outlives the server; null if nobody listens.
    server(config, moment now, observer* = nullptr);
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    // -- facts: each lets expire first what is due ------------------------------------------------------------------
    /// `address` is the client's IP, which ACLs can name. `member` 0 is the leader, then come the followers.
    connection_id open(std::string_view address, moment now, std::size_t member = 0);
    /// What the client has shown before it said anything, as a certificate.
    void identify(connection_id, identity);
    void receive(connection_id, std::string_view bytes, moment now);
    /// The first `count` bytes of unsent() are on their way. Input that had to wait may go on.
    void sent(connection_id, std::size_t count, moment now);
    /// The connection is gone, whoever closed it; its id means nothing any more.
    void closed(connection_id, moment now);
    void on_time(moment now);

    // -- late requests ----------------------------------------------------------------------------------------------
    /// Session 0: nothing that comes late on this connection means anything.
    origin origin_of(connection_id) const;
    /// Whole frames of a connection that is gone, which waited on their way through the ensemble. (Its leader knows the
    /// owner of a session by an object, not by a number that grows: what is stuck is valid again when the session comes
    /// back to the same server.) What changes nodes is executed as long as the session lives; nobody gets the replies,
    /// and the session gets no more time. Returns how many frames were executed.
    std::size_t receive_late(origin&, std::string_view frames, moment now);

    /// Call on_time() no later than this.
    time_point deadline() const noexcept;

    // -- orders -----------------------------------------------------------------------------------------------------
    /// Connections with something new to send or to be closed, each once, since the last call.
    void take_changed(std::vector<connection_id>& ids);
    std::string_view unsent(connection_id) const noexcept;
    /// Whether more bytes of this client are welcome. Those that come anyway are kept, up to a limit.
    bool wants_input(connection_id) const noexcept;
    /// Close the connection and say closed(): everything it was to get has been sent.
    bool finished(connection_id) const noexcept;

    // -- what a test can do to it -----------------------------------------------------------------------------------
    /// As if its time were over. False if there is no such session.
    bool expire_session(std::int64_t id, moment now);
    /// The server goes away and comes back with its nodes and sessions; connections and watches are lost, and every
    /// session has its whole timeout to return. (With nothing kept: make a new server.)
    void restart(moment now);
    /// The follower (members count from 1) hears of all transactions up to this one.
    void catch_up(std::size_t member, std::int64_t zxid, moment now);
    /// As a member of an ensemble that has lost its majority, with readonlymode.enabled and localSessionsEnabled: it
    /// answers reads of those who ask for that, in sessions that nobody else knows; or the majority is there again.
    /// Connections end either way.
    void set_read_only(bool, moment now);
    bool is_read_only() const noexcept { return local_sessions_.has_value(); }
    /// As if somebody else had come with the id and the password of this session: its connection ends. False if there
    /// is no such session.
    bool take_over(std::int64_t id, moment now);

    /// What is to happen to requests from now on.
    fault_book& faults() noexcept { return faults_; }
    const fault_book& faults() const noexcept { return faults_; }
    /// Connections that are held go on.
    void release_held(moment now);

    // -- what is known ----------------------------------------------------------------------------------------------
    const tree& nodes() const noexcept { return database_.nodes(); }
    std::int64_t zxid() const noexcept { return database_.zxid(); }
    /// Of the server that this connection is on.
    std::int64_t zxid(connection_id) const noexcept;
    std::vector<std::int64_t> sessions() const { return sessions_.ids(); }
    std::vector<std::string> ephemerals(std::int64_t session) const;
    /// Of the session's connection; sorted. One that is persistent stands here once.
    std::vector<registered_watch> watches_of(std::int64_t session) const;
    /// Whether somebody speaks for it; and the time that was agreed with it when it was opened.
    bool is_attached(std::int64_t session) const noexcept;
    std::int32_t timeout_ms(std::int64_t session) const noexcept;
    std::size_t connection_count() const noexcept { return connections_.size(); }
    watch_counts watches() const noexcept;
    watch_counts watches(connection_id) const noexcept;
    /// The session that speaks on this connection; 0 if none.
    std::int64_t session_of(connection_id) const noexcept;

  private:
    connection* find(connection_id) noexcept;
    const connection* find(connection_id) const noexcept;

    std::size_t consume(connection&, std::string_view bytes, moment now);
    void consume_waiting_input(connection&, moment now);
    bool input_waits(const connection&) const noexcept;
    bool serve(connection&, std::string_view payload, moment now);
    std::optional<fault> meet_fault(connection&, std::string_view payload);
    void serve_and_cut(connection&, std::string_view payload, moment now);
    void refuse(connection&, std::string_view payload, errc, moment now);
    void hold(connection&, duration, moment now);
    void release_due(moment now);
    void go_on(connection_id, moment now);
    void handle_frame(connection&, std::string_view payload, moment now);
    database& data_of(const connection& c) noexcept { return c.at == nullptr ? database_ : c.at->data(); }
    const database& data_of(const connection& c) const noexcept { return c.at == nullptr ? database_ : c.at->data(); }
    processor& processor_for(const connection&, proto::opcode) noexcept;
    void shake_hands(connection&, std::string_view payload, moment now);
    void answer_handshake(connection&, std::optional<bool> read_only);
    void answer_word(connection&, std::string_view word, moment now);
    /// `xid` of the request that asks for it; 0: its time is over.
    void end_session(std::int64_t id, std::int32_t xid, moment now);
    bool execute_late(connection& nobody, std::string_view payload, moment now);
    void detach(connection&);
    void drop_connections();
    session_table& table() noexcept { return local_sessions_ ? *local_sessions_ : sessions_; }
    session* session_for(const proto::connect_request&, connection&, moment now);
    void remove_due_mortals(moment now);

    const config config_;
    const moment started_;
    database database_;
    session_table sessions_;
    std::optional<session_table> local_sessions_; ///< it serves reads only, in these
    std::uint64_t read_only_phases_ = 0;
    processor processor_;
    std::vector<std::unique_ptr<follower>> followers_;
    follower* speaking_ = nullptr; ///< whose client is being served: it gets its client's changes at once

    std::unordered_map<connection_id, std::unique_ptr<connection>> connections_;
    string_map<std::size_t> connections_from_;
    connection_list changed_;
    expiry_queue<connection_id> handshake_deadlines_;
    fault_book faults_;
    std::vector<connection_id> held_; ///< maybe: some have gone or go on already
    time_point next_mortal_check_;
    std::uint64_t last_connection_id_ = 0;
    std::int64_t received_frames_ = 0, sent_frames_ = 0; ///< of connections that are gone
};

} // namespace kazoo::server
