// Whole programs: how they end with clients in all places, and what a shortage does to them.
#include <kazoo/testkit/fault_gate.hpp>
#include <kazoo/testkit/server.hpp>

#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"
#include "testing/wait_until.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define KAZOO_UNDER_TSAN
#endif
#endif

namespace kazoo::testkit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct ended {
    std::string how, printed;
};

ended run(std::vector<std::string> arguments) {
    const temporary_directory folder;
    const auto log = folder.path() / "log";
    arguments.insert(arguments.begin(), KAZOO_TEST_PROGRAM);
    process program(arguments, log);
    const bool in_time = program.wait_exit(wait_limit);
    std::ifstream file(log);
    std::string printed(std::istreambuf_iterator<char>(file), {});
    return {in_time ? program.how_it_ended() : "not at all", std::move(printed)};
}

const std::string clean = "exit code 0";

// -- the end ----------------------------------------------------------------------------------------------------------

/// Where the program holds its client when it returns from main.
class program_end : public ::testing::TestWithParam<std::string> {};

TEST_P(program_end, L072_leaves_no_session_behind) {
    const server zk;
    fault_gate gate(zk.address());
    gate.delay(std::chrono::milliseconds(50)); // who does not wait for the end of the session ends long before it
    if (GetParam() == "before_main") ::setenv("KAZOO_TEST_SERVER", gate.address().c_str(), 1);
    const ended e = run({"end", GetParam(), gate.address()});
    ::unsetenv("KAZOO_TEST_SERVER");
    EXPECT_EQ(e.how, clean) << e.printed;
    EXPECT_GT(zk.accepted(), 0u);
    EXPECT_TRUE(zk.sessions().empty()) << "when the process has ended, its sessions have";
}

INSTANTIATE_TEST_SUITE_P(with_a_client, program_end,
                         ::testing::Values("local", "static", "optional", "pointer", "all", "shared_loop",
                                           "before_main", "in_a_callback"),
                         [](const auto& i) { return i.param; });

// It may be the last that keeps the loop, whose thread would go on while static objects are destroyed.
TEST(program_exit, waits_for_a_callback_of_a_client_that_has_closed) {
    const server zk;
    const ended e = run({"end", "local_with_a_callback", zk.address()});
    EXPECT_EQ(e.how, clean) << e.printed;
    EXPECT_EQ(e.printed, "the callback has returned\n");
}

TEST(program_exit, a_client_that_nobody_destroys_lives_on_at_the_server) {
    const server zk;
    const ended e = run({"end", "forgotten", zk.address()});
    EXPECT_EQ(e.how, clean) << e.printed;
    EXPECT_EQ(zk.sessions().size(), 1u);
}

TEST(program_exit, a_plugin_with_a_client_can_be_closed_at_any_time) {
    const server zk;
    const ended e = run({"plugin", KAZOO_TEST_PLUGIN, zk.address()});
    EXPECT_EQ(e.how, clean) << e.printed;
    EXPECT_THAT(e.printed, HasSubstr("lives\n"));
    EXPECT_TRUE(zk.sessions().empty());
}

// -- signals and children ---------------------------------------------------------------------------------------------

TEST(program_signals, are_left_to_the_threads_of_the_program) {
    const ended e = run({"signal"});
    EXPECT_EQ(e.how, clean) << e.printed;
    EXPECT_EQ(e.printed, "waited for it\n");
}

TEST(program_fork, no_socket_of_thousands_is_left_in_the_child) {
    const server zk;
    const ended e = run({"fork", zk.address(), "2500"});
    if (e.how == "exit code 77") GTEST_SKIP() << "so many descriptors are not allowed here";
    EXPECT_EQ(e.how, clean) << e.printed;
    EXPECT_THAT(e.printed, AllOf(HasSubstr("parent: all\n"), HasSubstr("child: 0\n")));
}

// -- shortages --------------------------------------------------------------------------------------------------------

TEST(program_shortage, of_threads_is_told_by_the_constructor_and_by_the_look_up) {
#ifdef KAZOO_UNDER_TSAN
    GTEST_SKIP() << "ThreadSanitizer has threads of its own";
#endif
    const server zk;
    const ended e = run({"threads", zk.address()});
    if (e.how == "exit code 77") GTEST_SKIP() << "threads cannot be limited here: it takes root";
    EXPECT_EQ(e.how, clean) << e.printed;
    for (const char* name : {"kazoo-loop", "kazoo-callback", "kazoo-signal"})
        EXPECT_THAT(e.printed, HasSubstr(std::string("cannot start the thread ") + name));
    EXPECT_THAT(e.printed, HasSubstr("look-up: localhost"));
    EXPECT_THAT(e.printed, Not(HasSubstr("left behind")));
    EXPECT_THAT(e.printed, HasSubstr("\nconnected\n"));
}

TEST(program_shortage, of_descriptors_is_told_by_the_constructor_and_gets_over) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer reads each type through a pipe: without descriptors it finds every object invalid";
#endif
    const server zk;
    const ended e = run({"descriptors", zk.address()});
    EXPECT_EQ(e.how, clean) << e.printed;
    EXPECT_THAT(e.printed, HasSubstr("descriptors 0: cannot make an event loop: Too many open files"));
    EXPECT_THAT(e.printed, HasSubstr("none was lost\nconnection: " + zk.address() + ": Too many open files"));
    EXPECT_THAT(e.printed, AllOf(Not(HasSubstr("left behind")), HasSubstr("\nconnected\n")));
}

TEST(program_shortage, of_random_numbers_is_told_by_the_constructor_and_matters_no_more_later) {
    const server zk;
    const ended e = run({"entropy", zk.address()});
    EXPECT_EQ(e.how, clean) << e.printed;
    EXPECT_THAT(e.printed, AllOf(HasSubstr("entropy 0: no random numbers"), HasSubstr("\nconnected\n")));
}

TEST(program_shortage, of_memory_in_a_call_is_an_exception_at_each_allocation) {
#ifdef KAZOO_UNDER_TSAN
    GTEST_SKIP() << "ThreadSanitizer has allocation functions of its own";
#endif
    const server zk;
    const ended e = run({"memory", zk.address()});
    EXPECT_EQ(e.how, clean) << e.printed;
    for (const char* call : {"construction", "create", "large", "careful", "limit", "then", "watch", "wait", "close"})
        EXPECT_THAT(e.printed, HasSubstr(std::string(call) + ": each was told\n"));
    for (const char* end : {"giving up", "dropping"}) EXPECT_THAT(e.printed, HasSubstr(std::string(end) + ": none\n"));
    EXPECT_THAT(e.printed, AllOf(HasSubstr("\ntransaction: each was told\n"), Not(HasSubstr("spoilt"))));
    EXPECT_THAT(e.printed, Not(HasSubstr("still held")));
    EXPECT_THAT(e.printed, AllOf(HasSubstr("async unlock: each was told\n"), HasSubstr("\nunlock: passed on\n"),
                                 HasSubstr("\nmutex destroyed: passed on\n")));
    EXPECT_THAT(e.printed, HasSubstr("works: yes\n"));
    EXPECT_TRUE(zk.sessions().size() <= 1u);
}

TEST(program_shortage, of_memory_for_what_waits_to_be_sent_costs_the_connection_and_no_request) {
#ifdef KAZOO_UNDER_TSAN
    GTEST_SKIP() << "ThreadSanitizer has allocation functions of its own";
#endif
    const server zk;
    const ended e = run({"room_to_send", zk.address()});
    EXPECT_EQ(e.how, clean) << e.printed;
    EXPECT_THAT(e.printed, AllOf(HasSubstr("connection: given up\n"), HasSubstr("\nwritten: 5\n")));
}

TEST(program_shortage, of_memory_for_a_large_reply_fails_that_request) {
#ifdef KAZOO_UNDER_TSAN
    GTEST_SKIP() << "ThreadSanitizer has allocation functions of its own";
#endif
    const server zk;
    const ended e = run({"room", zk.address()});
    EXPECT_EQ(e.how, clean) << e.printed;
    EXPECT_THAT(e.printed, HasSubstr("on its way: connection lost\n"));
    EXPECT_THAT(e.printed, HasSubstr("\nwith room: read\n"));
    EXPECT_THAT(e.printed, HasSubstr("in the result: Cannot allocate memory\n"));
    EXPECT_THAT(e.printed, HasSubstr("\nwith room again: read\n"));
    EXPECT_THAT(e.printed, HasSubstr("watched: Cannot allocate memory\n"));
    EXPECT_THAT(e.printed, HasSubstr("\ndata watch on /large: given up ")) << "nobody got it";
}

TEST(program_shortage, of_memory_for_many_names_fails_that_request) {
#ifdef KAZOO_UNDER_TSAN
    GTEST_SKIP() << "ThreadSanitizer has allocation functions of its own";
#endif
    const server zk;
    const ended e = run({"room_for_names", zk.address()});
    EXPECT_EQ(e.how, clean) << e.printed;
    EXPECT_THAT(e.printed, HasSubstr("names: Cannot allocate memory\nconnection: stays\nnames with room: 20000\n"));
}

} // namespace
} // namespace kazoo::testkit
