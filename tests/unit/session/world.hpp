#pragma once
// A session with everything around it played by the test: owner, loop, network and time. What the session says is kept
// as lines of text, in order.
#include "session/session.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::test {

using namespace util::time;

using namespace std::chrono_literals;

class world;

class test_request final : public session::request {
  public:
    test_request(world& w, std::string_view frame);
    void on_reply(const session::reply&) noexcept override;
    void on_failure(errc, outcome) noexcept override;

    bool done = false;
    std::string frame; ///< as it was handed over first
    std::function<void()> answered = [] {};

  private:
    world& world_;
};

class test_watcher final : public session::watcher {
  public:
    test_watcher(world& w, std::string name, session::watch_kind, std::string path);
    ~test_watcher() override;
    void retain() noexcept override { ++counts; }
    void release() noexcept override { --counts; }
    void on_event(event_type, std::string_view, std::int64_t zxid) noexcept override;
    void on_end(errc) noexcept override;

    bool is_stream() const noexcept {
        return kind == session::watch_kind::persistent || kind == session::watch_kind::recursive;
    }
    bool over = false;
    int counts = 0; ///< of those who are not the test
    std::string name;

  private:
    world& world_;
};

class test_credential final : public session::credential {
  public:
    test_credential(world& w, std::string scheme, std::string secret, bool required);
    void on_accepted() noexcept override;
    void on_refused(errc) noexcept override;

    bool judged = false;

  private:
    world& world_;
};

class world final : public session::observer {
  public:
    explicit world(session::config);
    ~world();

    // -- the loop ----------------------------------------------------------------------------------------------------
    void start();
    /// The newest connection that is being opened is open; or the one to that address.
    void connected(std::string_view address = {});
    /// The one that is used ends; if none is, the newest that is being opened.
    void closed(std::error_code ec = {}, std::string_view why = {});
    /// The one to that address could not be opened.
    void refused(std::string_view address);
    void resolved(const std::string& name, std::vector<std::string> addresses);
    void resolve_failed(const std::string& name);
    /// The server at that address answers the word that it was asked.
    void answered(std::string_view address, std::string_view answer);
    /// Our side's next step of an authentication, which must have been ordered.
    void sasl(const util::sasl_step&);
    /// `chunk` bytes at a time; 0: all at once.
    void feed(std::string_view bytes, std::size_t chunk = 0);
    /// Two pieces.
    void feed_split(std::string_view bytes, std::size_t at);
    /// Lets the socket take all output; returns it.
    std::string write_all(std::size_t chunk = 0);
    std::string write_some(std::size_t n);
    void advance(duration);
    /// The clock rings, and nothing has come that was not fed.
    void ring();
    /// Notes every order as a line: `connect 10.0.0.1:2181`, `disconnect`, `resolve zk1`, `ask 10.0.0.1:2181 isro`,
    /// `sasl begins`, `sasl token`; `give up 10.0.0.1:2181` for a connection that was not used. That one is used is
    /// told by what is written.
    void take_orders();

    // -- the owner ---------------------------------------------------------------------------------------------------
    /// Queues one request; flush() hands over what the session accepts.
    test_request& request(std::string_view frame, test_watcher* watcher = nullptr);
    void flush();
    test_watcher& watcher(const std::string& name, session::watch_kind = {}, const std::string& path = {});
    void credential(const std::string& scheme, const std::string& secret, bool required = false);

    void say(std::string text);

    std::map<std::string, std::unique_ptr<test_watcher>> watchers; ///< the session and the requests count them
    session::session subject;
    time_point now{1h};
    std::deque<std::string> said;
    std::string logged;
    std::string all_said; ///< never cut, for what must never be said
    struct line {
        std::uint64_t number;
        std::string address;
        bool open = false;
        std::string word{}; ///< that was asked there
    };
    std::vector<line> lines; ///< those that are not used
    std::uint64_t used = 0;  ///< the number of the newest that was used
    bool started = false, connection_open = false, connecting = false;
    std::string refusal;                   ///< that was the end
    bool write_failed = false;             ///< with the newest session that was lost
    bool certain = true;                   ///< until the session says that what was certain is over
    std::vector<std::string> names_asked;  ///< and not answered
    std::string last_words;                ///< of the newest disconnect
    std::optional<std::uint64_t> sasl_for; ///< the connection that waits for a step
    util::endpoint connecting_to;          ///< of the newest connect
    std::size_t most_lines = 0;            ///< that were being opened at a time
    session::request_list waiting;
    std::string waiting_frames;
    std::vector<std::unique_ptr<test_request>> requests;

    void on_state(session_state) noexcept override;
    void on_unsent(session::request_list&, std::string_view) noexcept override;
    void on_write_lost() noexcept override;
    void on_refused(std::string_view why) noexcept override;
    void on_session_lost(const session::session_loss&) noexcept override;
    void on_certainty_over() noexcept override;
    void on_log(log_level, std::string_view) noexcept override;

    std::vector<std::shared_ptr<test_credential>> credentials;

  private:
    void fail_waiting(errc);
    line& opening_to(std::string_view address);
    void forget_line(std::uint64_t number);
};

std::string errc_name(errc);

} // namespace kazoo::test
