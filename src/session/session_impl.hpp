#pragma once
// The parts of a session put together. Its functions live in session.cpp (facts, work, timers), connecting.cpp (rounds,
// attempts, handshake, restoring), sasl.cpp, frames.cpp (bytes in and out) and ending.cpp (drops, loss, end).
#include "proto/records.hpp"
#include "session/certainty.hpp"
#include "session/credentials.hpp"
#include "session/handshake.hpp"
#include "session/host_round.hpp"
#include "session/in_flight.hpp"
#include "session/inbox.hpp"
#include "session/lease.hpp"
#include "session/openings.hpp"
#include "session/outbox.hpp"
#include "session/patience.hpp"
#include "session/quorum_search.hpp"
#include "session/rebalancing.hpp"
#include "session/reply_clock.hpp"
#include "session/session.hpp"
#include "session/set_watches.hpp"
#include "session/stranger.hpp"
#include "session/unknown_operations.hpp"
#include "session/watch_table.hpp"
#include "session/window.hpp"
#include "session/wire_log.hpp"
#include "util/backoff.hpp"

#include <deque>
#include <limits>
#include <optional>

namespace kazoo::session {

struct session::impl {
    enum class phase : std::uint8_t {
        idle,           ///< not started, or between two other phases
        resolving,      ///< until limit_
        waiting,        ///< between rounds, until limit_
        connecting,     ///< some of openings_, none of which is open
        handshaking,    ///< until limit_; openings_ wait, or go on being opened
        sasl,           ///< until limit_; from here on the session is ours
        authenticating, ///< credentials are on their way
        restoring,      ///< SetWatches are on their way
        ready,
        over
    };

    static constexpr bool by_peer(disconnect d) noexcept {
        return d == disconnect::closed_by_server || d == disconnect::network_error;
    }

    /// A request of the session itself: removeWatches, closeSession, or half a pair of certainty.hpp. Shares the FIFO
    /// under an xid that users never have.
    class own_request final : public request {
      public:
        own_request(impl& owner, proto::opcode what, std::size_t size) : owner_(owner) {
            xid = proto::xid::own;
            op = what;
            frame_size = static_cast<std::uint32_t>(size);
        }
        void on_reply(const reply& r) noexcept override { owner_.own_request_done(&r); }
        void on_failure(errc, outcome) noexcept override { owner_.own_request_done(nullptr); }

      private:
        impl& owner_;
    };

    static constexpr std::string_view no_answer = "connected, but no answer to the handshake";

    impl(config c, observer& o)
        : config_(std::move(c)),
          observer_(o),
          random_(config_.seed),
          backoff_(config_.reconnect),
          round_(config_.hosts.hosts),
          certainty_(config_.server_tick),
          search_(config_.reconnect) {
        log_from(config_.log_threshold);
    }

    void log_from(log_level threshold) {
        config_.log_threshold = threshold;
        watch_log::sink sink;
        if (logs(log_level::debug)) sink = [this](std::string_view line) { log_watch(line); };
        watches_.log_to(std::move(sink));
    }

    bool has_connection() const noexcept { return phase_ >= phase::handshaking && phase_ <= phase::ready; }
    /// On this connection the server has granted us the session.
    bool granted() const noexcept { return phase_ >= phase::sasl && phase_ <= phase::ready; }
    bool established() const noexcept { return phase_ >= phase::authenticating && phase_ <= phase::ready; }
    bool accepts_requests() const noexcept {
        return phase_ == phase::ready && !closing_ && !leaving_ && outbox_.empty() &&
               window_open(in_flight_.oldest_sent(), now_, lease_.timeout());
    }
    bool has_session() const noexcept { return identity_.id != session_id::none; }
    /// A read-only server has no quorum to ask.
    bool pairs_run() const noexcept {
        return phase_ == phase::ready && certainty_.wanted() && !identity_.read_only && !closing_ && !leaving_;
    }

    // -- session.cpp -------------------------------------------------------------------------------------------------
    void advance(time_point now);
    bool run_one_timer();
    void judge_peer(time_point read_until);
    patience peer_patience() const noexcept;
    time_point peer_limit() const noexcept;
    time_point session_limit() const noexcept;
    bool ping_wanted() const noexcept;
    time_point deadline() const noexcept;
    void end_certainty();
    void set_state(session_state);
    bool logs(log_level level) const noexcept { return level >= config_.log_threshold && level != log_level::off; }
    template <class... Pieces> void log(log_level level, const Pieces&... pieces) {
        if (!logs(level)) return;
        std::string line;
        (line.append(pieces), ...);
        observer_.on_log(level, line);
    }

    /// With the connection that it is about, if there is one.
    void log_watch(std::string_view line) {
        if (established())
            log(log_level::debug, line, " (", to_string(current_), ")");
        else
            log(log_level::debug, line);
    }

    // -- connecting.cpp ----------------------------------------------------------------------------------------------
    duration attempt_timeout() const noexcept;
    void begin_round();
    void stop_resolving();
    void start_attempts();
    session::attempt present_attempt() const;
    static std::string_view no_connection(const util::endpoint&) noexcept;
    std::string closed_unanswered() const;
    std::string why_no_answer(std::string_view otherwise) const;
    void next_attempt();
    bool open_next();
    bool run_opening_timer();
    void opening_ended(std::uint64_t number, std::string_view reason);
    void give_up_openings();
    void give_up_other_openings();
    void wait();
    void set_hosts(std::vector<host_port>);
    migration migration_to(const std::vector<host_port>&);
    void move(std::string_view why);
    void schedule_next();
    void shake_hands(const opening&);
    void take_connect_answer(std::string_view payload);
    void take_session(const kazoo::session::identity&);
    void send_credentials();
    void restore_watches();
    void become_ready();

    // -- sasl.cpp ----------------------------------------------------------------------------------------------------
    void begin_sasl();
    void ask_mechanism(std::string_view said);
    void take_sasl_step(const util::sasl_step&);
    void take_sasl_reply(std::int32_t err, std::string_view body);
    void end_sasl();
    std::string_view sasl_waits_for() const noexcept;
    std::optional<proto::opcode> awaited(std::int32_t xid) const noexcept;
    bool is_demand_for_sasl(const proto::reply_header&) const noexcept;
    void take_demand_for_sasl(const proto::reply_header&, std::string_view body, std::size_t length);
    void be_refused(const std::string& why);

    // -- searching.cpp -----------------------------------------------------------------------------------------------
    bool searches() const noexcept;
    void run_search_timer();
    void ask_next();
    void take_answer(std::string_view);
    void end_search();

    // -- frames.cpp --------------------------------------------------------------------------------------------------
    template <class Write> std::size_t put_control(outbox::control, Write&&);
    template <class... Body> void put_own_request(proto::opcode, const Body&...);
    void send_connect();
    void send_auth(const std::string& scheme, const std::string& secret);
    void send_sasl(std::string_view token);
    void send_set_watches(const set_watches_batch&, std::int64_t relative_zxid);
    void send_watch_orders();
    void send_ping();
    void send_half_pair(certainty::step);
    void send_close();
    void submit(request_list&, std::string& frames);
    void refuse_unknown(request_list&, std::string& frames);
    void written(std::size_t n, time_point now);
    void control_written(outbox::control, std::size_t size, time_point now);
    void read_frames();
    bool read_first_frame();
    bool read_frame();
    bool reply_is_arriving() const noexcept;
    void take_frame(std::string_view payload);
    void count_answer(time_point sent);
    void take_oversized(std::string_view start, std::size_t length);
    void take_reply(const proto::reply_header&, std::string_view body, std::size_t length);
    void take_notification(std::string_view body, std::int64_t zxid);
    void take_auth_reply(std::int32_t err);
    void leave(std::string_view why);
    void leave_when_answered();
    void take_set_watches_reply(std::int32_t err);
    bool front_is(std::int32_t xid) const noexcept {
        return !in_flight_.empty() && in_flight_.front()->xid == xid && in_flight_.front_sent();
    }

    // -- ending.cpp --------------------------------------------------------------------------------------------------
    void violation(std::string_view what);
    void connection_ended(std::string_view reason, disconnect);
    void judge_hang_up(disconnect);
    void fail_lost_requests();
    /// Whether a write was among them.
    bool fail_all_requests(errc reason);
    void tear_down(disconnect);
    void disconnect_from(std::uint64_t number, std::string last_words);
    std::string last_words() const;
    void lose_session(std::string_view why);
    void finish(session_state end, errc reason);
    void take_check(std::int32_t err);
    /// A null pointer means that there will be no answer.
    void own_request_done(const reply*) noexcept;

    config config_;
    counters& count_ = *config_.count;
    observer& observer_;
    util::random_source random_;
    util::backoff backoff_;
    host_round round_;
    int failed_rounds_ = 0; ///< since the handshake, and SASL, went well last

    phase phase_ = phase::idle;
    session_state state_ = session_state::connecting;
    bool refused_ = false; ///< all addresses said no in the last round
    bool closing_ = false; ///< close() was called
    time_point now_{};
    time_point limit_ = never; ///< when the phase must have ended
    time_point tried_since_{}; ///< when resolving or shaking hands began
    std::deque<order> orders_;

    kazoo::session::identity identity_;
    lease lease_;
    certainty certainty_;
    std::int64_t last_zxid_ = 0;
    bool seen_read_write_ = false; ///< this session has been on a server with a quorum

    openings openings_;
    std::uint64_t last_opening_ = 0;  ///< its number
    time_point next_opening_ = never; ///< when the next one begins beside those that are under way

    quorum_search search_;
    bool moves_ = false;                    ///< leaves its server of its own will, for another one
    std::optional<util::endpoint> move_to_; ///< for this one, with a quorum
    bool hosts_changed_ = false;            ///< since the round began
    util::endpoint home_;                   ///< the server of the last session, or the one that it is to move to

    // The connection.
    std::uint64_t connection_ = 0; ///< counts connections, so that facts about an older one are recognised
    std::uint64_t current_number_ = 0;
    util::endpoint current_;
    bool resuming_ = false; ///< the connect request named a session
    time_point connect_sent_ = never;
    struct sasl_dialogue {
        bool ours = false;  ///< it is our turn
        bool sent = false;  ///< a token of ours was sent, and not answered
        bool heard = false; ///< the server has said something
        bool done = false;  ///< our side has all that it needs
    };
    sasl_dialogue sasl_;
    bool close_sent_ = false; ///< closeSession was put into the outbox
    bool leaving_ = false;    ///< the server is about to close: only answers under way are waited for
    std::string_view leaving_why_;
    bool proven_ = false; ///< a frame came after it was ready, so it works
    time_point ready_since_{};
    time_point stalled_since_ = never; ///< the socket has taken nothing of what is in the outbox
    time_point ping_put_ = never;      ///< when the oldest ping without an answer was put into the outbox
    time_point pair_put_ = never;      ///< when the first half of a pair was put into it
    time_point replied_{};             ///< when bytes of a reply came last
    util::endpoint dropped_;           ///< try it last in the next round
    unknown_operations unknown_;
    inbox inbox_;
    outbox outbox_;
    in_flight in_flight_;
    time_point answered_sent_{};                            ///< when the request was sent whose answer is being taken
    std::deque<std::unique_ptr<own_request>> own_requests_; ///< in the order of the FIFO
    reply_clock pings_, auths_, set_watches_;
    std::deque<proto::opcode> set_watches_ops_;

    credentials credentials_;
    std::size_t set_watches_bytes_ = set_watches_limit;
    watch_table watches_;
};

} // namespace kazoo::session
