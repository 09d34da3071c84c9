// The slot between the loop and a function of the user's.
#include "recipe/parts/mailbox.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/simulation.hpp>

#include <gmock/gmock.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace kazoo::recipe {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct post_office {
    testkit::simulation world;
    testkit::machine machine = world.add_machine();
    std::vector<std::string> log;
    client zk{testkit::simulation::addresses(), [this] {
                  client_options o;
                  o.loop = machine.loop();
                  o.log = {log_level::warn, [this](log_level, std::string_view line) { log.emplace_back(line); }};
                  return o;
              }()};
    std::vector<std::string> calls;
    std::function<void()> in_call = [] {};
    ref<mailbox<int>> box{
        new mailbox<int>(client_access::core_of(zk), "the function of me", [this](const news<int>& n) {
            std::string text;
            if (n.read) text = std::to_string(n.read->value);
            if (n.read && n.read->cause) text += " " + std::string(to_string(n.read->cause->type));
            if (n.failure) text += " error " + std::to_string(n.failure->code().value());
            if (n.last) text += " end";
            calls.push_back(text);
            in_call();
        })};

    ~post_office() { drain(); }
    void drain() { world.run_for(1s); }
    error refusal() const { return error(make_error_code(errc::no_auth), outcome::not_applied, "me", "/n"); }
};

TEST(mailbox, calls_the_function_with_what_is_put_in) {
    post_office p;
    p.box->put(1, {});
    EXPECT_THAT(p.calls, IsEmpty()) << "never inside put()";
    p.drain();
    p.box->put(2, watch_event{event_type::data_changed, "/n", zxid::none});
    p.drain();
    EXPECT_THAT(p.calls, ElementsAre("1", "2 data_changed"));
}

TEST(mailbox, what_is_newer_takes_the_place_of_what_waits) {
    post_office p;
    for (int i = 1; i <= 100; ++i) p.box->put(i, {});
    p.drain();
    EXPECT_THAT(p.calls, ElementsAre("100"));
}

TEST(mailbox, what_comes_during_a_call_is_told_behind_it_and_never_within) {
    post_office p;
    bool inside = false;
    p.in_call = [&] {
        EXPECT_FALSE(std::exchange(inside, true));
        if (p.calls.size() == 1)
            for (const int i : {2, 3}) p.box->put(i, {});
        inside = false;
    };
    p.box->put(1, {});
    p.drain();
    EXPECT_THAT(p.calls, ElementsAre("1", "3"));
}

TEST(mailbox, what_waits_is_told_with_the_end_and_nothing_behind_it) {
    post_office p;
    p.box->put(1, {});
    p.box->put_end(p.refusal());
    p.drain();
    EXPECT_FALSE(p.box->active());
    p.box->put(2, {});
    p.drain();
    EXPECT_THAT(p.calls, ElementsAre("1 error -102 end"));
}

/// A follower whose first answer is an error may have ended before its maker looks whether it was refused.
TEST(mailbox, the_first_end_is_the_one_that_is_told) {
    post_office p;
    p.box->put_end(p.refusal());
    p.box->put_end();
    p.box->put(1, {});
    p.drain();
    EXPECT_THAT(p.calls, ElementsAre(" error -102 end"));
}

TEST(mailbox, one_that_has_ended_calls_nobody) {
    post_office p;
    p.box->put(1, {});
    p.box->end();
    p.drain();
    p.box->put(2, {});
    p.box->put_end();
    p.drain();
    EXPECT_THAT(p.calls, IsEmpty());
}

TEST(mailbox, what_the_function_throws_is_logged_and_the_next_one_comes) {
    post_office p;
    p.in_call = [] { throw std::runtime_error("on purpose"); };
    p.box->put(1, {});
    p.drain();
    p.box->put(2, {});
    p.drain();
    EXPECT_THAT(p.calls, ElementsAre("1", "2"));
    EXPECT_THAT(p.log, testing::Contains(HasSubstr("the function of me threw: on purpose")));
    EXPECT_TRUE(p.box->active());
}

TEST(mailbox, nothing_is_told_of_a_client_that_was_closed) {
    post_office p;
    p.zk.close();
    p.box->put(1, {});
    p.box->put_end(p.refusal());
    p.drain();
    EXPECT_THAT(p.calls, IsEmpty());
    EXPECT_FALSE(p.box->active());
}

} // namespace
} // namespace kazoo::recipe
