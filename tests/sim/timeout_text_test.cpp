// A time-out that passed without a connection says why there was none, however it was waited for.
#include "scene.hpp"

#include <gmock/gmock.h>

#include <functional>

namespace kazoo::testkit {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

template <class F> error error_from(F f) {
    try {
        f();
    } catch (const error& e) {
        return e;
    }
    return {std::error_code(), outcome::not_applied, "nothing", ""};
}

/// Every way to wait for so long.
const std::pair<const char*, std::function<void(const client&)>> waits[] = {
    {"blocking", [](const client& c) { c.get("/n"); }},
    {"get", [](const client& c) { c.async_get("/n").get(); }},
    {"get_for", [](const client& c) { c.async_get("/n").get_for(900ms); }},
    {"result", [](const client& c) { c.async_get("/n").result_for(900ms).value(); }},
    {"timeout", [](const client& c) { c.async_get("/n").timeout(900ms).get_for(5s); }},
    {"continuation",
     [](const client& c) { c.async_get("/n").then([](auto f) { std::move(f).get(); }).get_for(900ms); }},
    {"composed", [](const client& c) { c.ensure_path("/a/b"); }},
    {"transaction", [](const client& c) { c.transaction().create("/t", "").commit(); }},
    {"wait_connected", [](const client& c) { c.wait_connected(900ms); }},
    {"lock", [](const client& c) { mutex(c, "/lock").async_lock().get_for(900ms); }},
};

void expect_reason(const client& c, const char* reason) {
    for (const auto& [name, wait] : waits) {
        const error e = error_from([&] { wait(c); });
        EXPECT_EQ(e.code(), errc::operation_timeout) << name << ": " << e.what();
        EXPECT_THAT(std::string(e.detail()), HasSubstr(reason)) << name;
        EXPECT_THAT(e.what(), HasSubstr(e.detail())) << name;
    }
}

client_options impatient(const machine& m) {
    auto o = options_on(m);
    o.operation_timeout = 900ms;
    return o;
}

TEST(timeout_text, says_why_no_server_was_reached) {
    simulation world;
    const auto here = world.add_machine();
    here.refuse(true);
    const client c(simulation::addresses(), impatient(here));
    expect_reason(c, ":2181: ");
}

TEST(timeout_text, says_what_is_being_tried_when_nothing_has_failed_so_far) {
    simulation world;
    const auto here = world.add_machine();
    here.silence(flow::to_client, true);
    auto o = impatient(here);
    o.session_timeout = 1min; // no attempt has failed yet
    const client c("10.0.0.1:2181", o);
    expect_reason(c, "10.0.0.1:2181: no connection within ");
    EXPECT_THAT(c.last_failures(), IsEmpty());
}

TEST(timeout_text, is_the_plain_one_while_there_is_a_connection) {
    scene s;
    s.c.wait_connected();
    s.here.silence(flow::to_client, true);
    const error e = error_from([&] { s.c.async_get("/").get_for(100ms); });
    EXPECT_EQ(e.code(), errc::operation_timeout);
    EXPECT_THAT(std::string(e.detail()), IsEmpty());
}

} // namespace
} // namespace kazoo::testkit
