// Log lines: whose they are, and how many of them there are.
#include "scene.hpp"

#include <gmock/gmock.h>

namespace kazoo::testkit {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct log : testing::Test {
    simulation world;
    machine here = world.add_machine();
    std::vector<std::string> lines;

    client_options options(log_level threshold) {
        auto o = options_on(here);
        o.log = {threshold, [this](log_level, std::string_view line) { lines.emplace_back(line); }};
        return o;
    }
};

TEST_F(log, L100_a_threshold_that_is_changed_while_running_takes_effect) {
    const client c(simulation::addresses(), options(log_level::off));
    c.create("/n");
    EXPECT_THAT(lines, IsEmpty());
    c.set_log_threshold(log_level::wire);
    world.run_for(1ms);
    const auto watched = c.watch("/n");
    EXPECT_THAT(lines, Contains(HasSubstr("> getData")));
    EXPECT_THAT(lines, Contains(HasSubstr("data watch on /n: registered")));
    c.set_log_threshold(log_level::off);
    lines.clear();
    c.get("/n");
    EXPECT_THAT(lines, IsEmpty());
}

TEST_F(log, lines_begin_with_the_name_of_the_client) {
    auto o = options(log_level::wire);
    o.name = "mine";
    const client c(simulation::addresses(), o);
    c.create("/n");
    EXPECT_THAT(lines, AllOf(Not(IsEmpty()), Each(StartsWith("[mine] "))));
}

TEST_F(log, without_a_name_lines_begin_with_the_session_and_before_it_with_the_first_host) {
    const client c(simulation::addresses(), options(log_level::wire));
    c.wait_connected();
    EXPECT_THAT(lines.front(), StartsWith("[10.0.0.1:2181,\u2026] "));
    lines.clear();
    c.create("/n");
    EXPECT_THAT(lines, AllOf(Not(IsEmpty()), Each(StartsWith("[" + to_string(c.session_id()) + "] "))));
}

TEST_F(log, a_round_that_reaches_no_server_is_a_warning_that_says_why) {
    here.refuse(true);
    const client c(simulation::addresses(), options(log_level::warn));
    EXPECT_TRUE(world.run_until([&] { return !lines.empty(); }));
    EXPECT_THAT(lines.front(), AllOf(HasSubstr("no server can be reached: "), HasSubstr("10.0.0.3:2181: ")));
}

} // namespace
} // namespace kazoo::testkit
