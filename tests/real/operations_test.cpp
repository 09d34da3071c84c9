// What only servers of another configuration can show: changes of membership, what is switched off.
#include "shared/backend.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gmock/gmock.h>

using namespace kazoo;
using test::error_of_call;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

namespace {

TEST(reconfig, takes_a_server_out_and_back_in_and_tells_those_who_watch) {
    testkit::ensemble servers(3, {.config = {"reconfigEnabled=true"}, .java_flags = {"-Dzookeeper.skipACL=yes"}});
    const client c(servers.addresses() + "/app", {.operation_timeout = 60s});
    c.wait_connected(60s);
    const watched<ensemble_config> before = c.watch_config();
    ASSERT_EQ(before.value.members.size(), 3u) << before.value;
    EXPECT_NE(before.value.version, config_version::any);
    EXPECT_EQ(c.get_config(), before.value);
    watch_stream changes = c.add_config_watch();

    // One that does not lead, so that nobody has to be elected.
    const std::size_t leader = servers.wait_leader();
    const ensemble_member leaving = before.value.members[leader == 2 ? 1 : 2];
    const std::string id = std::to_string(leaving.id);
    const ensemble_config smaller = c.reconfig({.leaving = id, .from = before.value.version});
    EXPECT_EQ(smaller.members.size(), 2u) << smaller;
    EXPECT_GT(smaller.version, before.value.version);

    const watch_event told = changes.next_for(60s).value();
    EXPECT_EQ(told.type, event_type::data_changed);
    EXPECT_EQ(told.path, "/zookeeper/config") << "whatever the chroot is";

    EXPECT_EQ(error_of_call([&] { c.reconfig({.leaving = "1", .from = before.value.version}); }), errc::bad_version);
    EXPECT_EQ(error_of_call([&] { c.reconfig({.joining = "nonsense"}); }), errc::bad_arguments);

    std::string back = "server." + id + "=" + leaving.address;
    if (back.find(';') == back.npos)
        back += ";127.0.0.1:" + std::to_string(servers[static_cast<std::size_t>(leaving.id - 1)].port());
    const ensemble_config again = c.reconfig({.joining = back});
    EXPECT_EQ(again.members.size(), 3u) << again;
    EXPECT_EQ(c.get_config().version, again.version);
}

TEST(reconfig, a_client_that_follows_leaves_a_server_that_is_taken_out) {
    testkit::ensemble servers(3, {.config = {"reconfigEnabled=true"}, .java_flags = {"-Dzookeeper.skipACL=yes"}});
    const std::size_t leaving = (servers.wait_leader() + 1) % 3;
    const auto local = [&](std::size_t i) { return "localhost:" + std::to_string(servers[i].port()); };
    const std::string names = local(0) + "," + local(1) + "," + local(2);
    const client admin(servers.addresses(), {.operation_timeout = 60s});
    const client follows(names + "/app", {.session_timeout = 10s, .operation_timeout = 60s, .follow_config = true});
    const client stays(names, {.session_timeout = 10s});
    follows.ensure_chroot();
    follows.set_hosts(local(leaving)); // there
    ASSERT_TRUE(test::eventually([&] { return follows.server() == servers[leaving].address(); })) << follows.server();
    follows.set_hosts(names);
    follows.sync("/");
    const session_id id = follows.session_id();
    const std::string node = follows.create("/n", "x", create_mode::ephemeral);

    // A configuration made of zoo.cfg alone does not say where clients connect.
    std::string joining;
    for (const ensemble_member& m : admin.get_config().members) {
        if (m.address.find(';') != m.address.npos) continue;
        joining += (joining.empty() ? "server." : ",server.") + std::to_string(m.id) + "=" + m.address +
                   ";127.0.0.1:" + std::to_string(servers[static_cast<std::size_t>(m.id - 1)].port());
    }
    if (!joining.empty()) admin.reconfig({.joining = joining});
    admin.reconfig({.leaving = std::to_string(leaving + 1)});

    std::string left;
    for (std::size_t i = 0; i < 3; ++i)
        if (i != leaving) left += (left.empty() ? "" : ",") + local(i);
    EXPECT_TRUE(test::eventually([&] { return follows.hosts() == left; })) << follows.hosts();
    EXPECT_TRUE(test::eventually([&] {
        return follows.state() == session_state::connected && follows.server() != servers[leaving].address();
    })) << follows.server();
    EXPECT_EQ(follows.session_id(), id);
    EXPECT_EQ(follows.get(node).stat.owner, id);
    EXPECT_EQ(stays.hosts(), names);
}

TEST(operations_switched_off, are_unimplemented_and_cost_no_connection) {
    testkit::real_server server({.config = {"4lw.commands.whitelist=srvr"}});
    const client c(server.address());
    c.wait_connected(60s);
    const test::state_log states(c);
    EXPECT_EQ(error_of_call([&] { c.create("/t", "", create_mode::ttl(1h)); }), errc::unimplemented);
    EXPECT_EQ(error_of_call([&] { c.transaction().create("/t", "", create_mode::ttl(1h)).commit(); }),
              errc::unimplemented);
    EXPECT_EQ(c.create("/box", "", create_mode::container), "/box") << "it needs no such setting";
    try {
        c.command("mntr");
        ADD_FAILURE() << "it is not in the whitelist";
    } catch (const kazoo::error& e) {
        EXPECT_EQ(e.code(), errc::unimplemented);
        EXPECT_THAT(e.what(), HasSubstr("mntr is not allowed here"));
    }
    EXPECT_EQ(c.server_version().major, 3);
    c.close();
    EXPECT_TRUE(test::eventually([&] { return states.last() == session_state::closed; }));
    EXPECT_EQ(states.states(), std::vector{session_state::closed});
}

} // namespace
