#pragma once
// A session in a few frames, and until when its client may be certain that it lives, by one of three rules.
#include "loop/loop.hpp"
#include "testing/sim/sim_machine.hpp"
#include "testing/sim/sim_world.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace kazoo::testkit {

enum class certainty_rule : std::uint8_t {
    answered, ///< whatever is answered renews it from when it was sent
    synced,   ///< a sync that is answered, sent a quarter of the timeout behind something else that was
    pairs     ///< a sync and a committed transaction, and another such pair a third of the timeout later
};
inline constexpr std::array<std::string_view, 3> rule_names{"answered requests", "sync", "pairs"};

class lease_session final : detail::byte_stream_events {
  public:
    lease_session(std::shared_ptr<sim_machine> m, certainty_rule r, duration timeout)
        : machine_(std::move(m)), rule_(r), timeout_(timeout) {}
    lease_session(const lease_session&) = delete;
    lease_session& operator=(const lease_session&) = delete;
    ~lease_session() { ++generation_; }

    void start() { connect(); }
    std::int64_t id() const noexcept { return id_; }
    certainty_rule rule() const noexcept { return rule_; }
    time_point certain_until() const noexcept { return certain_until_; }
    /// How often it was not certain although the session lived.
    std::uint64_t lapses() const noexcept { return lapses_; }

    /// It has become certain of more.
    std::function<void()> on_certain;

  private:
    struct asked {
        std::int32_t xid;
        proto::opcode type;
        time_point sent;
    };

    void on_open(std::error_code) noexcept override;
    void on_readable() noexcept override;
    void on_writable() noexcept override { write({}); }

    void connect();
    void disconnect();
    void write(std::string_view bytes);
    template <class... Body> void ask(proto::opcode, const Body&...);
    void ask_check();
    void take(std::string_view payload);
    void take_handshake(std::string_view payload);
    void take_answer(const asked&, bool good);
    void complete_pair();
    void beat();
    void later(duration, void (lease_session::*what)());
    void look_for_silence();
    void certain(time_point sent);
    time_point now() const { return machine_->world().now(); }

    std::shared_ptr<sim_machine> machine_;
    const certainty_rule rule_;
    const duration timeout_;
    std::int64_t id_ = 0;
    std::string password_ = std::string(16, '\0');
    std::string node_;
    time_point certain_until_{};
    std::uint64_t lapses_ = 0;

    std::unique_ptr<detail::byte_stream> stream_;
    std::uint64_t generation_ = 0; ///< of the connection
    bool established_ = false, resumed_ = false, patient_ = false;
    std::string input_, output_;
    std::int32_t last_xid_ = 0;
    std::deque<asked> unanswered_;
    time_point connect_sent_{}, heard_{};
    std::deque<time_point> answered_;      ///< when what has been answered was sent
    std::optional<time_point> last_first_; ///< when the sync of the last complete pair was sent
    time_point first_{};                   ///< the same for the pair that is under way
};

} // namespace kazoo::testkit
