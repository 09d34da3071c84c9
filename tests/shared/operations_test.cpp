// What servers tell beside nodes: of the session, of the ensemble, of themselves.
#include "backend.hpp"

#include <kazoo/kazoo.hpp>

#include <gmock/gmock.h>

#include <sstream>

using namespace kazoo;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

namespace {

class operations : public test::client_test {};

/// What a call failed with; the test fails if it did not.
template <class Call> kazoo::error thrown_by(Call call) {
    try {
        call();
    } catch (const kazoo::error& e) {
        return e;
    }
    ADD_FAILURE() << "no error";
    return kazoo::error(std::error_code(), outcome::unknown, "none", {});
}

TEST_F(operations, count_descendants_counts_all_that_is_below) {
    const client c = connect();
    EXPECT_EQ(c.count_descendants("/"), 0u);
    c.ensure_path("/a/b/c");
    c.create("/ab");
    EXPECT_EQ(c.count_descendants("/"), 4u) << "of the chroot";
    EXPECT_EQ(c.count_descendants("/a"), 2u);
    EXPECT_EQ(c.count_descendants("/a/b/c"), 0u);
    const kazoo::error e = thrown_by([&] { c.count_descendants("/none"); });
    EXPECT_EQ(e.code(), errc::no_node);
    EXPECT_EQ(e.path(), "/none");
}

TEST_F(operations, get_ephemerals_gives_the_nodes_of_this_session_below_the_chroot) {
    const client c = connect();
    const client other = connect();
    EXPECT_THAT(c.get_ephemerals(), IsEmpty());
    c.create("/plain");
    c.create("/plain/e", "", create_mode::ephemeral);
    c.create("/member-1", "", create_mode::ephemeral);
    c.create("/member-2", "", create_mode::ephemeral);
    other.create("/member-3", "", create_mode::ephemeral);
    const client same_session = c.chroot("/plain");
    EXPECT_THAT(c.get_ephemerals(), UnorderedElementsAre("/plain/e", "/member-1", "/member-2"));
    EXPECT_THAT(c.get_ephemerals("/member"), UnorderedElementsAre("/member-1", "/member-2"));
    EXPECT_THAT(c.get_ephemerals("/plain/"), ElementsAre("/plain/e"));
    EXPECT_THAT(c.get_ephemerals("/member/"), IsEmpty());
    EXPECT_THAT(same_session.get_ephemerals(), ElementsAre("/e"));
    EXPECT_THAT(c.chroot("/memb").get_ephemerals(), IsEmpty()) << "/member-1 is not below /memb";
    EXPECT_EQ(thrown_by([&] { c.get_ephemerals("/a/../b"); }).code(), errc::invalid_path);
}

TEST_F(operations, who_am_i_names_the_address_and_what_was_authenticated) {
    const client c = connect();
    EXPECT_THAT(c.who_am_i(), ElementsAre(client_identity{"ip", "127.0.0.1"}));
    c.add_auth("digest", "joe:secret");
    EXPECT_THAT(c.who_am_i(),
                UnorderedElementsAre(client_identity{"ip", "127.0.0.1"}, client_identity{"digest", "joe"}));
}

TEST_F(operations, a_standalone_server_has_an_empty_configuration_which_can_be_watched) {
    const client c = connect();
    const ensemble_config none = c.get_config();
    EXPECT_EQ(none.text, "");
    EXPECT_EQ(none.version, config_version::any);
    EXPECT_THAT(none.members, IsEmpty());
    const watched<ensemble_config> w = c.watch_config();
    EXPECT_EQ(w.value, none);
    EXPECT_TRUE(w.changed.valid());
    EXPECT_TRUE(c.add_config_watch().valid());
}

TEST_F(operations, reconfig_of_a_standalone_server_is_refused) {
    const client c = connect();
    const kazoo::error e = thrown_by([&] { c.reconfig({.leaving = "2"}); });
    EXPECT_EQ(e.code(), errc::reconfig_disabled);
    EXPECT_EQ(e.outcome(), outcome::not_applied);
    EXPECT_EQ(e.operation(), "reconfig");
}

TEST_F(operations, C22_command_asks_the_connected_server_and_gives_the_whole_answer) {
    const client c = connect();
    EXPECT_EQ(c.command("ruok"), "imok");
    EXPECT_THAT(c.command("srvr"), AllOf(StartsWith("Zookeeper version: 3."), HasSubstr("Node count: ")));
    std::vector<client> crowd;
    for (int i = 0; i < 200; ++i) crowd.push_back(connect());
    const std::string stat = c.command("stat"); // a line for each connection: more than a socket gives at once
    EXPECT_GT(stat.size(), 8192u);
    EXPECT_THAT(stat, HasSubstr("Node count: ")) << "the end of it";
}

TEST_F(operations, C22_command_asks_whom_it_is_told_to) {
    const client nobody("127.0.0.1:1", quick());
    EXPECT_EQ(nobody.command("ruok", test::server().address()), "imok");
    const std::string address = test::server().address();
    EXPECT_EQ(nobody.command("ruok", "localhost" + address.substr(address.rfind(':'))), "imok");
    const kazoo::error refused = thrown_by([&] { nobody.command("ruok", "127.0.0.1:1"); });
    EXPECT_EQ(refused.code(), errc::connection_loss);
    EXPECT_THAT(refused.what(), HasSubstr("127.0.0.1:1: "));
    EXPECT_EQ(thrown_by([&] { nobody.command("ruok", "no such host"); }).code(), errc::bad_hosts);
    EXPECT_EQ(thrown_by([&] { nobody.command("ruok", address + "," + address); }).code(), errc::bad_hosts);
}

TEST_F(operations, C22_command_without_a_connection_says_so_at_once) {
    const client nobody("127.0.0.1:1", {.operation_timeout = 1h});
    const kazoo::error e = thrown_by([&] { nobody.command("ruok"); });
    EXPECT_EQ(e.code(), errc::connection_loss);
    EXPECT_THAT(e.what(), HasSubstr("no server is connected"));
    EXPECT_EQ(thrown_by([&] { nobody.server_version(); }).code(), errc::connection_loss);
}

TEST_F(operations, C22_what_is_no_command_is_refused_here_and_what_the_server_does_not_know_is_told) {
    const client c = connect();
    for (const char* word : {"", "ruo", "ruokk", "RUOK", "ru k"})
        EXPECT_EQ(thrown_by([&] { c.command(word); }).code(), errc::bad_arguments) << word;
    const kazoo::error e = thrown_by([&] { c.command("abcd"); });
    EXPECT_EQ(e.code(), errc::connection_loss);
    EXPECT_THAT(e.what(), HasSubstr("without an answer"));
    EXPECT_EQ(c.state(), session_state::connected);
}

TEST_F(operations, C22_server_version_is_read_from_a_command_that_servers_allow) {
    const client c = connect();
    const server_version v = c.server_version();
    EXPECT_GE(v, (server_version{3, 5}));
    EXPECT_LT(v, (server_version{4}));
    EXPECT_THAT(v.text, StartsWith(std::to_string(v.major) + "." + std::to_string(v.minor) + "."));
    EXPECT_EQ(c.server_version(test::server().address()), v);
    std::ostringstream out;
    out << v;
    EXPECT_THAT(v.text, StartsWith(out.str()));
}

TEST_F(operations, C22_a_command_to_a_server_that_says_nothing_ends_with_its_client_a_stop_and_its_time) {
    kazoo::testkit::fault_gate silent(test::server().address());
    silent.hang(true);
    client_options impatient = quick();
    impatient.operation_timeout = 200ms;
    const client c = connect(impatient);
    EXPECT_EQ(thrown_by([&] { c.command("ruok", silent.address()); }).code(), errc::operation_timeout);

    const client patient = connect();
    std::stop_source stop;
    std::jthread later([&] {
        test::eventually([&] { return silent.connections() > 0; });
        stop.request_stop();
    });
    EXPECT_EQ(thrown_by([&] { patient.command("ruok", silent.address(), stop.get_token()); }).code(), errc::cancelled);

    auto asked = patient.async_command("ruok", silent.address());
    patient.close();
    EXPECT_EQ(std::move(asked).result().error(), errc::closed);
    EXPECT_EQ(thrown_by([&] { patient.command("ruok", silent.address()); }).code(), errc::closed);
}

} // namespace
