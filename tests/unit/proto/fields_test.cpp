// Recorded frames, field by field: what the server said is what we understand.
#include "golden/golden.hpp"
#include "unit/proto/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kazoo::proto::test {
namespace {

using golden::exchange;
using golden::find;

/// Header and body of a frame. Views point into the copy of the frame.
template <class Header, class Body> struct message {
    explicit message(const golden::step& s) : payload(s.payload()) {
        reader in(payload.view());
        in.get(header);
        in.get(body);
        EXPECT_TRUE(in.done());
    }
    exact_buffer payload;
    Header header;
    Body body;
};
template <class Body> using request = message<request_header, Body>;
template <class Body> using reply = message<reply_header, Body>;

template <class Body> request<Body> request_of(std::string_view transcript, std::string_view name) {
    return request<Body>(find(transcript, name).request());
}
template <class Body> reply<Body> reply_of(std::string_view transcript, std::string_view name) {
    return reply<Body>(find(transcript, name).reply());
}

std::vector<std::string_view> sorted(std::vector<std::string_view> names) {
    std::ranges::sort(names);
    return names;
}

TEST(fields, create) {
    const auto sent = request_of<create_request>("create", "create_with_several_acls");
    EXPECT_EQ(sent.header.type, static_cast<std::int32_t>(opcode::create));
    EXPECT_EQ(sent.body.path, "/acl");
    EXPECT_FALSE(is_null(sent.body.data));
    EXPECT_EQ(sent.body.acl, (std::vector<acl_entry>{
                                 {1, {"world", "anyone"}}, {31, {"ip", "127.0.0.1"}}, {31, {"digest", "u:hash"}}}));
    EXPECT_EQ(sent.body.flags, create_flags::persistent);
    EXPECT_TRUE(is_null(request_of<create_request>("create", "create_with_null_data").body.data));
    EXPECT_EQ(reply_of<path_reply>("create", "create_sequential").body.path, "/a/s-0000000000");
}

TEST(fields, create2_and_ttl) {
    const auto made = reply_of<path_stat_reply>("create", "create2");
    EXPECT_EQ(made.body.path, "/b");
    EXPECT_GT(made.header.zxid, 0);
    EXPECT_EQ(made.body.stat.czxid, made.header.zxid);
    EXPECT_EQ(made.body.stat.mzxid, made.header.zxid);
    EXPECT_EQ(made.body.stat.pzxid, made.header.zxid);
    EXPECT_GT(made.body.stat.ctime, 1'600'000'000'000);
    EXPECT_EQ(made.body.stat.ctime, made.body.stat.mtime);
    EXPECT_EQ(made.body.stat.data_length, 3);
    const auto ttl = request_of<create_ttl_request>("create", "create_ttl_sequential");
    EXPECT_EQ(ttl.body.flags, create_flags::ttl_sequential);
    EXPECT_EQ(ttl.body.ttl_ms, 60'000);
}

TEST(fields, stat_has_every_field_in_its_place) {
    // A stat whose fields all differ: three creates and two changes, one child left.
    const stat s = reply_of<stat_reply>("create", "exists_a").body.stat;
    EXPECT_EQ(s.czxid, 2);
    EXPECT_EQ(s.mzxid, 2);
    EXPECT_EQ(s.version, 0);
    EXPECT_EQ(s.aversion, 0);
    EXPECT_EQ(s.cversion, 6);
    EXPECT_EQ(s.num_children, 4);
    EXPECT_EQ(s.data_length, 1);
    EXPECT_EQ(s.pzxid, reply_of<path_reply>("create", "create_counts_every_create").header.zxid);
    EXPECT_EQ(s.ephemeral_owner, 0);
    const stat changed = reply_of<stat_reply>("set", "exists_a").body.stat;
    EXPECT_EQ(changed.version, 5);
    EXPECT_EQ(changed.aversion, 3);
    EXPECT_EQ(changed.mzxid, reply_of<stat_reply>("set", "set_binary").header.zxid);
    EXPECT_EQ(changed.data_length, 256);
    EXPECT_GE(changed.mtime, changed.ctime);
}

TEST(fields, the_owner_of_an_ephemeral_node_is_its_session) {
    connect_response session;
    const exchange connected = find("read", "connect");
    ASSERT_TRUE(decode(connected.reply().payload(), session));
    EXPECT_EQ(reply_of<stat_reply>("read", "exists_ephemeral").body.stat.ephemeral_owner, session.session_id);
}

TEST(fields, delete_and_check) {
    const auto sent = request_of<path_version_request>("delete", "delete_with_version");
    EXPECT_EQ(sent.body.path, "/a/b");
    EXPECT_EQ(sent.body.version, 1);
    EXPECT_EQ(request_of<path_version_request>("delete", "delete_any_version").body.version, any_version);
}

TEST(fields, reads) {
    const auto sent = request_of<path_watch_request>("watch_once", "get_data_watch");
    EXPECT_EQ(sent.body.path, "/a");
    EXPECT_TRUE(sent.body.watch);
    EXPECT_FALSE(request_of<path_watch_request>("read", "get_data").body.watch);

    const auto data = reply_of<data_reply>("read", "get_data");
    EXPECT_EQ(data.body.data, "data of a");
    EXPECT_EQ(data.body.stat.data_length, 9);
    EXPECT_TRUE(is_null(reply_of<data_reply>("create", "get_null").body.data));
    const auto empty = reply_of<data_reply>("create", "get_empty");
    EXPECT_FALSE(is_null(empty.body.data));
    EXPECT_EQ(empty.body.data, "");

    EXPECT_EQ(sorted(reply_of<names_reply>("read", "get_children").body.names),
              (std::vector<std::string_view>{"b", "c"}));
    const auto children = reply_of<children2_reply>("read", "get_children2");
    EXPECT_EQ(sorted(children.body.names), (std::vector<std::string_view>{"b", "c"}));
    EXPECT_EQ(children.body.stat.num_children, 2);
    EXPECT_TRUE(reply_of<names_reply>("read", "get_children_of_leaf").body.names.empty());

    EXPECT_EQ(reply_of<path_reply>("read", "sync").body.path, "/a");
    EXPECT_EQ(reply_of<names_reply>("read", "get_ephemerals").body.names, std::vector<std::string_view>{"/a/c/d"});
    EXPECT_EQ(reply_of<count_reply>("read", "get_all_children_number").body.count, 3);
}

TEST(fields, writes) {
    const auto set = request_of<set_data_request>("set", "set_with_version");
    EXPECT_EQ(set.body.path, "/a");
    EXPECT_EQ(set.body.data, "longer");
    EXPECT_EQ(set.body.version, 1);
    EXPECT_EQ(reply_of<stat_reply>("set", "set_with_version").body.stat.version, 2);
    EXPECT_TRUE(is_null(request_of<set_data_request>("set", "set_null").body.data));
    const auto acl = request_of<set_acl_request>("set", "set_acl_with_version");
    EXPECT_EQ(acl.body.acl, (std::vector<acl_entry>{{31, {"world", "anyone"}}}));
    EXPECT_EQ(acl.body.version, 1);
    EXPECT_EQ(reply_of<stat_reply>("set", "set_acl_with_version").body.stat.aversion, 2);
}

TEST(fields, acl_and_identities) {
    const auto owner = reply_of<acl_reply>("acl", "owner_sees_the_hash");
    EXPECT_EQ(owner.body.acl, (std::vector<acl_entry>{{31, {"digest", "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ="}}}));
    const auto reader_sees = reply_of<acl_reply>("acl", "reader_does_not_see_the_hash");
    EXPECT_EQ(reader_sees.body.acl, (std::vector<acl_entry>{{31, {"digest", "u:x"}}, {1, {"world", "anyone"}}}));
    EXPECT_EQ(reader_sees.body.stat.data_length, 1);
    const auto me = reply_of<who_am_i_reply>("auth", "who_am_i_after");
    EXPECT_EQ(me.body.ids, (std::vector<id>{{"ip", "127.0.0.1"}, {"digest", "u"}}));
}

TEST(fields, auth_and_sasl) {
    const auto auth = request_of<auth_request>("auth", "auth_digest");
    EXPECT_EQ(auth.header.xid, xid::auth);
    EXPECT_EQ(auth.body.type, 0);
    EXPECT_EQ(auth.body.scheme, "digest");
    EXPECT_EQ(auth.body.credential, "u:p");
    EXPECT_EQ(request_of<token_record>("auth", "sasl_not_configured_any_token").body.token, "anything");
    EXPECT_TRUE(is_null(reply_of<token_record>("auth", "sasl_not_configured_any_token").body.token));

    const exchange refused = find("auth_refused", "unknown_scheme");
    reply_header header;
    ASSERT_TRUE(decode(refused.reply().payload(), header));
    EXPECT_EQ(header.xid, xid::auth);
    EXPECT_EQ(header.zxid, 0);
    EXPECT_EQ(header.err, -115);
    EXPECT_EQ(refused.steps.back().what, golden::step::kind::closed);
}

TEST(fields, watches) {
    const exchange changed = find("watch_once", "data_changed");
    const reply<watcher_event> event(changed.first(golden::step::kind::receive));
    EXPECT_EQ(event.header.xid, xid::notification);
    EXPECT_EQ(event.header.zxid, -1);
    EXPECT_EQ(event.body.type, event::data_changed);
    EXPECT_EQ(event.body.state, sync_connected);
    EXPECT_EQ(event.body.path, "/a");

    EXPECT_EQ(request_of<add_watch_request>("watch_persistent", "add_watch_recursive").body.mode,
              add_watch_mode::persistent_recursive);
    EXPECT_EQ(reply_of<error_reply>("watch_persistent", "add_watch_recursive").body.err, 0);
    EXPECT_EQ(request_of<watches_request>("watch_removed", "remove_any").body.type, watcher_type::any);

    const auto again = request_of<set_watches2_request>("set_watches", "set_watches2_no_catch_up");
    EXPECT_EQ(again.header.xid, xid::set_watches);
    EXPECT_GT(again.body.relative_zxid, 0);
    EXPECT_TRUE(again.body.data.empty());
    EXPECT_EQ(again.body.persistent, std::vector<std::string_view>{"/changed"});
    EXPECT_EQ(again.body.recursive, std::vector<std::string_view>{"/children"});
    const auto older = request_of<set_watches_request>("set_watches", "set_watches_not_there_yet");
    EXPECT_EQ(older.body.exist, std::vector<std::string_view>{"/later"});
    EXPECT_TRUE(older.body.data.empty());
    EXPECT_TRUE(older.body.child.empty());
}

TEST(fields, reconfig) {
    const auto sent = request_of<reconfig_request>("refusals", "reconfig_disabled");
    EXPECT_EQ(sent.body.joining, "server.9=127.0.0.1:1:2;3");
    EXPECT_TRUE(is_null(sent.body.leaving));
    EXPECT_TRUE(is_null(sent.body.new_members));
    EXPECT_EQ(sent.body.config_version, -1);

    const auto joined = reply_of<data_reply>("ensemble/reconfig", "join");
    EXPECT_TRUE(joined.body.data.starts_with("server.1=")) << joined.body.data;
    EXPECT_NE(joined.body.data.find("\nserver.2=127.0.0.1:1:2:observer;127.0.0.1:3\nversion=100000002"),
              std::string_view::npos)
        << joined.body.data;
    EXPECT_EQ(joined.body.stat.mzxid, joined.header.zxid);
    EXPECT_EQ(request_of<reconfig_request>("ensemble/reconfig", "bad_version").body.config_version, 0x7fff);
}

TEST(fields, an_unknown_operation_is_answered_with_zxid_minus_1_and_a_close) {
    const exchange e = find("refusals", "raw_unknown_opcode_500");
    reply_header header;
    ASSERT_TRUE(decode(e.reply().payload(), header));
    EXPECT_EQ(header.zxid, -1);
    EXPECT_EQ(header.err, -6);
    EXPECT_EQ(e.steps.back().what, golden::step::kind::closed);
}

} // namespace
} // namespace kazoo::proto::test
