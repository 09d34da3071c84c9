#pragma once
// The server that a suite runs against: the embedded one in `integration`, Apache ZooKeeper in `real`. Each program
// links its own definition of start_backend(); the tests are the same.
#include <kazoo/client.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace kazoo::test {

using namespace std::chrono_literals;

class backend {
  public:
    virtual ~backend() = default;
    virtual std::string address() const = 0;
    /// As by SIGKILL: connections end, nobody listens, data and sessions stay.
    virtual void kill() = 0;
    virtual void start() = 0;
};

/// One server per program: tests use paths of their own.
backend& server();

/// Ends the client's session for good, as the protocol offers it: a second connection takes it over and closes it.
void expire(const client& c);

/// The code of the kazoo::error that a call throws; none if it returns.
template <class Call> std::error_code error_of_call(Call call) {
    try {
        call();
    } catch (const error& e) {
        return e.code();
    }
    return {};
}

/// The server's release.
inline bool is_3_9_or_later(const client& c) { return c.command("srvr").find("version: 3.8") == std::string::npos; }

/// Whether servers tell the metadata of a node only to those who may read it (ZOOKEEPER-2590).
inline bool metadata_needs_permission(const client& c) {
    const std::vector<acl> unreadable{{perms::write, "world", "anyone"}};
    const std::string hidden = c.create("/hidden-", "", {.mode = create_mode::ephemeral_sequential, .acl = unreadable});
    const bool refused = error_of_call([&] { c.exists(hidden); }) == errc::no_auth;
    c.remove(hidden);
    return refused;
}

/// How many watches servers count for it: up to 3.8 one of data and one of children.
inline int a_recursive_watch(const client& c) { return is_3_9_or_later(c) ? 1 : 2; }

/// From 3.9 on events have the number of their transaction.
inline watch_event without_zxid(watch_event e) {
    e.zxid = zxid::none;
    return e;
}

/// Waits for a condition; the test fails after half a minute.
inline bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 3000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

/// Of fault_gate::pause and the like.
inline constexpr auto to_client = kazoo::testkit::fault_gate::direction::to_client,
                      to_server = kazoo::testkit::fault_gate::direction::to_server;

/// States in the order a listener heard of them.
class state_log {
  public:
    explicit state_log(const client& c)
        : subscription_(c.on_state([this](session_state s) {
              const std::lock_guard lock(mutex_);
              states_.push_back(s);
          })) {}
    std::vector<session_state> states() const {
        const std::lock_guard lock(mutex_);
        return states_;
    }
    std::optional<session_state> last() const {
        const std::lock_guard lock(mutex_);
        return states_.empty() ? std::nullopt : std::optional(states_.back());
    }
    bool saw(session_state wanted) const {
        const auto all = states();
        return std::find(all.begin(), all.end(), wanted) != all.end();
    }

  private:
    mutable std::mutex mutex_;
    std::vector<session_state> states_;
    subscription subscription_;
};

/// A fresh path, removed at the end, and clients below it.
class client_test : public ::testing::Test {
  protected:
    void SetUp() override;
    void TearDown() override;

    client_options quick() const {
        client_options o;
        o.session_timeout = 4s;
        o.operation_timeout = 20s;
        return o;
    }
    client connect(client_options o) const {
        client c(server().address() + root, std::move(o));
        c.wait_connected(20s);
        return c;
    }
    client connect() const { return connect(quick()); }
    client connect_through(const kazoo::testkit::fault_gate& gate) const { return connect_through(gate, quick()); }
    client connect_through(const kazoo::testkit::fault_gate& gate, client_options o) const {
        client c(gate.address() + root, std::move(o));
        c.wait_connected(20s);
        return c;
    }

    std::string root;
};

} // namespace kazoo::test
