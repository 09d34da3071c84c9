#include "golden/golden.hpp"
#include "unit/proto/support.hpp"

#include <gtest/gtest.h>

namespace kazoo::proto::test {
namespace {

/// The results of a recorded reply. Their views point into `frame`.
struct recorded_reply {
    explicit recorded_reply(std::string_view transcript, std::string_view exchange)
        : frame(golden::find(transcript, exchange).reply().payload()) {
        reader in(frame.view());
        in.get(header);
        golden::multi_reply reply;
        readable = read_body(in, reply) && in.done();
        results = std::move(reply.results);
    }
    exact_buffer frame;
    reply_header header;
    std::vector<multi_result> results;
    bool readable = false;
};

std::vector<opcode> types_of(const std::vector<multi_result>& results) {
    std::vector<opcode> types;
    for (const multi_result& result : results) types.push_back(result.type);
    return types;
}

TEST(multi, create2_and_its_kin_are_read_by_the_type_that_the_server_sent) {
    const recorded_reply reply("multi", "one_of_each");
    ASSERT_TRUE(reply.readable);
    using enum opcode;
    // Sent: create, create2, createContainer, createTTL, setData, check, delete.
    EXPECT_EQ(types_of(reply.results), (std::vector{create, create, create2, create2, set_data, check, remove}));
    EXPECT_EQ(reply.results[0].path, "/a");
    EXPECT_EQ(reply.results[1].path, "/b");
    EXPECT_EQ(reply.results[2].path, "/c");
    EXPECT_EQ(reply.results[3].path, "/t");
    EXPECT_EQ(reply.results[4].stat.version, 1);
    EXPECT_EQ(reply.results[4].stat.mzxid, reply.header.zxid);
}

TEST(multi, a_bogus_stat_behind_create2_is_read_as_a_stat) { // ZOOKEEPER-4026
    const exact_buffer bytes(golden::from_hex("0000000f0000000000"
                                              "000000022f61") +
                             std::string(stat::size, '\0') + golden::from_hex("ffffffff01ffffffff"));
    reader in(bytes.view());
    golden::multi_reply reply;
    ASSERT_TRUE(read_body(in, reply));
    EXPECT_TRUE(in.done());
    ASSERT_EQ(reply.results.size(), 1U);
    EXPECT_EQ(reply.results[0].path, "/a");
    EXPECT_EQ(reply.results[0].stat, stat{});
}

TEST(multi, a_failed_transaction_names_the_operation_that_failed) {
    const recorded_reply reply("multi_errors", "bad_version_set");
    ASSERT_TRUE(reply.readable);
    EXPECT_EQ(reply.header.err, 0);
    EXPECT_EQ(types_of(reply.results), std::vector(3, opcode::error));
    EXPECT_EQ(reply.results[0].err, 0);
    EXPECT_EQ(reply.results[1].err, -103);
    EXPECT_EQ(reply.results[2].err, -2);
}

TEST(multi, nothing_asked_nothing_answered) {
    for (const std::string transcript : {"multi", "multi_read"}) {
        const recorded_reply reply(transcript, "empty");
        EXPECT_TRUE(reply.readable);
        EXPECT_TRUE(reply.results.empty());
    }
}

TEST(multi, reads_have_errors_of_their_own) {
    const recorded_reply reply("multi_read", "some_fail");
    ASSERT_TRUE(reply.readable);
    using enum opcode;
    EXPECT_EQ(types_of(reply.results), (std::vector{error, get_data, error, get_children}));
    EXPECT_EQ(reply.results[0].err, -101);
    EXPECT_TRUE(is_null(reply.results[1].data));
    EXPECT_EQ(reply.results[1].stat.version, 0);
    EXPECT_TRUE(reply.results[3].children.empty());

    const recorded_reply both("multi_read", "both");
    ASSERT_TRUE(both.readable);
    EXPECT_EQ(both.results.at(0).data, "x");
    EXPECT_EQ(both.results.at(1).children, std::vector<std::string_view>{"null"});
}

TEST(multi, an_operation_that_multi_does_not_know_is_told_apart_from_bad_bytes) {
    const golden::exchange recorded = golden::find("multi_errors", "raw_set_acl_is_forbidden");
    reader in(recorded.request().payload().substr(8));
    multi_op op;
    bool more = false;
    ASSERT_TRUE(get_multi_op(in, op, more));
    EXPECT_EQ(op.type, opcode::create);
    EXPECT_FALSE(get_multi_op(in, op, more));
    EXPECT_TRUE(in.ok());
    EXPECT_EQ(op.type, opcode::set_acl);
}

TEST(multi, a_list_without_its_end_is_refused) {
    const golden::exchange recorded = golden::find("multi_errors", "raw_end_is_missing");
    reader in(recorded.request().payload().substr(8));
    golden::multi_request request;
    EXPECT_FALSE(read_body(in, request));
    EXPECT_FALSE(in.ok());
    EXPECT_EQ(request.ops.size(), 1U);
}

TEST(multi, a_result_of_an_unknown_type_is_refused) {
    const exact_buffer bytes(golden::from_hex("000000630000000000ffffffff01ffffffff"));
    reader in(bytes.view());
    multi_result result;
    bool more = false;
    EXPECT_FALSE(get_multi_result(in, result, more));
}

TEST(multi, every_kind_of_created_result_can_be_written) {
    for (const opcode type : {opcode::create2, opcode::create_container, opcode::create_ttl}) {
        multi_result result;
        result.type = type;
        result.path = "/a";
        result.stat.czxid = 7;
        const exact_buffer bytes(golden::encoded(golden::multi_reply{{result}}));
        reader in(bytes.view());
        golden::multi_reply again;
        ASSERT_TRUE(read_body(in, again));
        ASSERT_EQ(again.results.size(), 1U);
        EXPECT_TRUE(same(again.results[0], result));
    }
}

} // namespace
} // namespace kazoo::proto::test
