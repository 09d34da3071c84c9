#pragma once
// Connects the session to the loop: obeys its orders, moves its bytes, keeps its clock. Everything here is on the loop.
#include "loop/loop.hpp"
#include "session/session.hpp"

#include <memory>
#include <string>
#include <vector>

namespace kazoo::detail {

class core;

class driver final : session::observer {
  public:
    driver(core&, session::config);
    ~driver();

    /// The credentials go out before anything else.
    void start(std::vector<std::shared_ptr<session::credential>>);
    /// Does whatever the session and the queue now allow. To be called after every fact.
    void turn();
    /// Finishes what was submitted, ends the session, and calls core::on_closed(); at the latest after the limit, and
    /// soon if there is no connection.
    void begin_close(duration limit);
    /// The same, but the session lives on at the servers: core::on_detached() is called first.
    void begin_detach(duration limit);
    void set_log_threshold(log_level l) { session_.set_log_threshold(l); }
    void add_credential(std::shared_ptr<session::credential>);
    void remove_credential(std::string_view scheme, std::string_view secret) {
        session_.remove_credential(scheme, secret);
    }
    void set_hosts(std::vector<session::host_port>);
    const session::session& session() const noexcept { return session_; }
    void forget(session::watcher&);
    /// As long as somebody wants it, pairs of requests keep certain_until() ahead (session/certainty.hpp).
    void claim_certainty();
    void drop_certainty_claim();
    session::certainty::offered_node offer_node(std::string absolute_path);
    void withdraw_node(session::certainty::offered_node n) noexcept { session_.withdraw_node(n); }
    /// Bytes that all buffers between callers and the socket hold or could hold.
    std::size_t buffer_capacity() const;

  private:
    // session::observer
    void on_state(session_state) noexcept override;
    void on_unsent(session::request_list&, std::string_view frames) noexcept override;
    void on_write_lost() noexcept override;
    void on_refused(std::string_view why) noexcept override;
    void on_session_lost(const session::session_loss&) noexcept override;
    void on_certainty_over() noexcept override;
    void on_log(log_level, std::string_view) noexcept override;

    /// One connection: being opened, open, or the one that carries the session.
    struct line;
    void line_opened(line&, std::error_code);
    void line_answered(line&);

    void ring() noexcept;
    void abort() noexcept;
    void lose_patience() noexcept;
    /// Where it is between begin_close() and core::on_closed().
    enum class ending : std::uint8_t {
        no,
        asked, ///< what waits goes first
        begun, ///< the session closes
        done   ///< the session is over, closed by us or not
    };

    void obey_orders();
    void obey(session::resolve_order&);
    void obey(session::connect_order&);
    void obey(const session::ask_order&);
    void obey(const session::use_order&);
    void obey(session::sasl_order&);
    void obey(const session::disconnect_order&);
    std::unique_ptr<line> take_line(std::uint64_t number);
    bool submit();
    bool write_output();
    void give_back();
    void read_input();
    void stream_broke(std::error_code);
    void keep_clock();
    void keep_patience();
    void leave() noexcept;
    void finish_if_closed();
    void fail_waiting(errc reason, errc from_now_on = errc{});
    static void fail(session::request_list, errc reason) noexcept;
    void publish_clocks() noexcept;

    core& core_;
    detail::loop& loop_;
    session::session session_;
    std::vector<std::unique_ptr<line>> lines_; ///< that are not used, or not yet
    std::unique_ptr<line> used_;
    util::endpoint peer_; ///< the server at the other end
    bool in_turn_ = false, again_ = false;
    session::request_list batch_;
    std::string batch_frames_;

    bound_job<&driver::ring> clock_{*this};
    bound_job<&driver::abort> abort_{*this};
    bound_job<&driver::lose_patience> patience_{*this};
    timer_id clock_timer_ = 0, abort_timer_ = 0, patience_timer_ = 0;
    time_point clock_at_ = never;
    std::size_t certainty_wanted_ = 0; ///< by so many
    time_point all_read_ = never;      ///< nothing waited in the socket then, a turn of the loop ago
    ending ending_ = ending::no;
    bool session_stays_ = false;     ///< when this ends
    std::shared_ptr<driver*> alive_; ///< for answers of the resolver that come late
};

} // namespace kazoo::detail
