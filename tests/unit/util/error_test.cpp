#include <kazoo/error.hpp>

#include <gtest/gtest.h>

#include <sstream>

using kazoo::condition;
using kazoo::errc;
using kazoo::outcome;

namespace {

std::error_code code(errc e) { return make_error_code(e); }

TEST(error, C40_carries_operation_path_code_and_outcome) {
    const kazoo::error e(code(errc::no_node), outcome::not_applied, "get", "/app/config");
    EXPECT_EQ(e.operation(), "get");
    EXPECT_EQ(e.path(), "/app/config");
    EXPECT_EQ(e.code(), errc::no_node);
    EXPECT_EQ(e.outcome(), outcome::not_applied);
    EXPECT_STREQ(e.what(), "get \"/app/config\": no node (zookeeper:-101)");
}

TEST(error, detail_is_part_of_its_text) {
    const kazoo::error e(code(errc::operation_timeout), outcome::not_applied, "wait_connected", "",
                         "10.0.0.1:2181: refused");
    EXPECT_STREQ(e.what(), "wait_connected: timed out (zookeeper:-7): 10.0.0.1:2181: refused");
}

TEST(error, tells_its_detail_alone) {
    const kazoo::error e(code(errc::too_large), outcome::not_applied, "get", "/a: b", "2000 bytes: too many");
    EXPECT_EQ(e.detail(), "2000 bytes: too many");
    const kazoo::error copy = e;
    EXPECT_EQ(copy.detail(), e.detail());
    EXPECT_EQ(kazoo::error(code(errc::no_node), outcome::not_applied, "get", "/a").detail(), "");
    try {
        kazoo::throw_error(code(errc::bad_arguments), outcome::not_applied, "client", "", "too short");
        FAIL();
    } catch (const kazoo::error& thrown) {
        EXPECT_EQ(thrown.detail(), "too short");
    }
}

TEST(error, C39_one_hierarchy_and_one_retryable_set) {
    for (const errc e :
         {errc::connection_loss, errc::operation_timeout, errc::session_moved, errc::throttled, errc::request_timeout})
        EXPECT_EQ(code(e), condition::retryable) << code(e).message();
    for (const errc e : {errc::no_node, errc::bad_version, errc::closed, errc::session_expired, errc::cancelled})
        EXPECT_NE(code(e), condition::retryable) << code(e).message();
    EXPECT_EQ(code(errc::session_expired), condition::session_lost);
    EXPECT_NE(code(errc::closed), condition::session_lost) << "closed is not an expired session";
    EXPECT_THROW(kazoo::throw_error(code(errc::operation_timeout), outcome::unknown, "set", "/a"), kazoo::error);
}

TEST(error, L037_each_code_throws_its_own_type) {
    EXPECT_THROW(kazoo::throw_error(code(errc::no_node), outcome::not_applied, "get", "/a"), kazoo::no_node_error);
    EXPECT_THROW(kazoo::throw_error(code(errc::bad_version), outcome::not_applied, "set", "/a"),
                 kazoo::bad_version_error);
    EXPECT_THROW(kazoo::throw_error(code(errc::quota_exceeded), outcome::not_applied, "set", "/a"),
                 kazoo::error_of<errc::quota_exceeded>);
    EXPECT_THROW(kazoo::throw_error(code(errc::forked), outcome::not_applied, "set", "/a"),
                 kazoo::error_of<errc::forked>);
    EXPECT_THROW(kazoo::throw_error(code(errc::not_held), outcome::not_applied, "check", "/a"),
                 kazoo::error_of<errc::not_held>);
}

TEST(error, C03_an_unknown_server_code_passes_through_as_its_number) {
    try {
        kazoo::throw_error(std::error_code(-1234, kazoo::category()), outcome::unknown, "set", "/a");
        FAIL();
    } catch (const kazoo::error& e) {
        EXPECT_EQ(e.code().value(), -1234);
        EXPECT_STREQ(e.what(), "set \"/a\": server error -1234 (zookeeper:-1234)");
    }
}

TEST(error, L215_L222_every_code_of_the_protocol_has_a_text) {
    for (const int known :
         {-1,   -2,   -3,   -4,   -5,   -6,   -7,   -8,   -12,  -13,  -14,  -100, -101, -102, -103, -108,
          -110, -111, -112, -113, -114, -115, -116, -118, -119, -120, -121, -122, -123, -124, -125, -127})
        EXPECT_EQ(std::error_code(known, kazoo::category()).message().find("server error"), std::string::npos) << known;
}

TEST(error, outcomes_print) {
    std::ostringstream out;
    out << outcome::unknown << ", " << outcome::not_applied;
    EXPECT_EQ(out.str(), "unknown, not applied");
}

} // namespace
