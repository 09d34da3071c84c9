// Parties: those who hear of states and of members, against a live server.
#include "shared/recipe/party_test.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <optional>
#include <thread>

using namespace kazoo;
using kazoo::test::eventually;
using ::testing::ElementsAre;

namespace {

using party_listeners = test::party_test;

TEST_F(party_listeners, in_a_forked_child_on_state_returns_whatever_other_threads_do) {
    const client c = connect();
    const party p(c, "/p");
    std::jthread busy([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) (void)p.state();
    });
    for (int i = 0; i < 100; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(20); // ends it
            const subscription listening = p.on_state([](presence_state) {});
            ::_exit(0);
        }
        int status = -1;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_EQ(status, 0);
    }
}

TEST_F(party_listeners, states_are_told_in_their_order) {
    const client c = connect(), other = connect();
    party p(c, "/p");
    std::mutex mutex;
    std::vector<presence_state> heard;
    const auto last_heard = [&](presence_state s) {
        return eventually([&] {
            const std::lock_guard lock(mutex);
            return !heard.empty() && heard.back() == s;
        });
    };
    using enum presence_state;
    subscription listening = p.on_state([&](presence_state s) {
        const std::lock_guard lock(mutex);
        heard.push_back(s);
    });
    p.join();
    EXPECT_TRUE(last_heard(presence_state::joined));
    p.leave();
    EXPECT_TRUE(last_heard(presence_state::left));
    listening.reset();
    EXPECT_THAT(heard, ::testing::AnyOf(ElementsAre(joining, joined, left), ElementsAre(joined, left)))
        << "newer ones replace those that nobody has heard yet";
    const std::size_t calls = heard.size();
    p.join();
    p.leave();
    EXPECT_EQ(heard.size(), calls);
    EXPECT_EQ(to_string(presence_state::joining), "joining");
}

TEST_F(party_listeners, on_change_tells_who_is_there) {
    const client c = connect(), other = connect();
    party p(c, "/p", {.identifier = "us"}), theirs(other, "/p", {.identifier = "them"});
    shallow_party s(c, "/s", {.identifier = "us"});
    std::mutex mutex;
    std::map<std::string, std::vector<std::string>> told;
    const auto hears = [&](const std::string& where, const std::vector<std::string>& who) {
        return eventually([&] {
            const std::lock_guard lock(mutex);
            return told.contains(where) && told[where] == who;
        });
    };
    const auto tell = [&](const char* where) {
        return [&, where](const std::vector<std::string>& who) {
            const std::lock_guard lock(mutex);
            told[where] = who;
        };
    };
    std::optional<party_watch> deep = p.on_change(tell("deep")), flat = s.on_change(tell("flat"));
    EXPECT_TRUE(hears("deep", {})) << "there is no path yet";
    theirs.join();
    EXPECT_TRUE(hears("deep", {"them"}));
    p.join();
    EXPECT_TRUE(hears("deep", {"them", "us"}));
    s.join();
    EXPECT_TRUE(hears("flat", {"us"}));
    theirs.leave();
    EXPECT_TRUE(hears("deep", {"us"}));
    test::expire(c);
    EXPECT_TRUE(becomes_joined(p));
    theirs.join();
    EXPECT_TRUE(hears("deep", {"them", "us"}));
    EXPECT_TRUE(deep->active());
    deep.reset();
    flat->stop();
    EXPECT_FALSE(flat->active());
}

} // namespace
