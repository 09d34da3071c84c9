#pragma once
// One session with one lock, and two clocks that are compared: until when it was certain of the lock, and when the
// servers took it away.
#include <kazoo/client.hpp>
#include <kazoo/recipe/mutex.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace kazoo::test::lease {

/// Since boot. All moments of a trial are of one clock of one machine.
using moment = std::chrono::nanoseconds;
moment now();

/// The first or last time of something that several threads see. Zero: never.
class seen_moment {
  public:
    void first(moment at);
    void last(moment at);
    moment get() const { return moment(value_.load()); }

  private:
    std::atomic<moment::rep> value_{0};
};

/// Beside the lock it has an ephemeral node, which nobody but the servers removes: it tells an expired session from a
/// lock that was given up.
class holder {
  public:
    holder(std::string name, std::string_view hosts, const client_options& session);

    /// Both start it and then wait for it, so that many holders can begin at once.
    void begin();
    void wait_until_it_holds();

    /// Asks holds(); remembers the moment, taken before the question, if the answer is yes.
    bool look();
    /// A node is known to be gone: called as soon as somebody hears of it.
    void on_deleted(std::string_view path);
    /// The paths whose deletion on_deleted wants to hear of, once there are any.
    bool established() const { return established_; }
    std::string lock_node() const { return lock_node_; }
    std::string session_node() const { return "/alive/" + name_; }

    moment last_certain() const { return certain_.get(); }
    moment lost() const { return lost_.get(); }
    /// When the first of its nodes was known to be gone.
    moment gone() const { return gone_.get(); }
    /// When the servers had ended its session; zero if they have not.
    moment expired() const { return expired_.get(); }
    /// Its session is connected, the same one as when it took the lock.
    bool lives() const;
    std::chrono::milliseconds timeout() const { return timeout_; }

    future<void> close() { return zk_.async_close(); }

  private:
    struct note_loss {
        seen_moment* at;
        void operator()() const { at->first(now()); }
    };

    const std::string name_;
    const std::chrono::milliseconds timeout_;
    client zk_;
    mutex lock_;
    future<std::string> session_made_;
    future<void> locked_;
    session_id session_{};
    std::string lock_node_;
    std::atomic<bool> established_ = false;
    seen_moment certain_, lost_, gone_, expired_;
    std::optional<std::stop_callback<note_loss>> on_lost_;
};

} // namespace kazoo::test::lease
