#include "util/endpoint.hpp"

#include <gtest/gtest.h>

namespace kazoo::util {
namespace {

TEST(endpoint, is_shown_by_its_address_and_port) {
    EXPECT_EQ(to_string(endpoint{.address = "10.0.0.1", .port = 2181, .host = "zk1"}), "10.0.0.1:2181");
    EXPECT_EQ(to_string(endpoint{.address = "::1", .port = 1, .host = "zk1"}), "[::1]:1");
}

} // namespace
} // namespace kazoo::util
