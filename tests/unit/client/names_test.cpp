// The names in a reply: read in place or copied, and refused if the list lies.
#include "client/requests/names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace kazoo::detail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::string_literals;

struct reading {
    bool ok;
    child_names names;
    std::string rest;
};

reading read(std::string_view body, util::shared_block* memory = nullptr) {
    reading r{};
    proto::reader in(body);
    r.ok = get_names(in, memory, r.names);
    r.rest = in.rest();
    return r;
}

/// So many names of the same length, as on the wire.
std::string list(std::size_t count, std::size_t length) {
    std::string body;
    proto::writer w(body);
    w.put(static_cast<std::int32_t>(count));
    for (std::size_t i = 0; i < count; ++i) {
        std::string name = std::to_string(i);
        name.insert(0, length - name.size(), '-');
        w.put(std::string_view(name));
    }
    return body;
}

TEST(names, are_read_and_what_follows_is_left) {
    const reading r = read("\0\0\0\2\0\0\0\1a\0\0\0\2bcstat"s);
    EXPECT_TRUE(r.ok);
    EXPECT_THAT(r.names, ElementsAre("a", "bc"));
    EXPECT_EQ(r.rest, "stat");
}

TEST(names, may_be_none_null_or_empty) {
    EXPECT_THAT(read("\0\0\0\0"s).names, IsEmpty());
    EXPECT_TRUE(read("\0\0\0\0"s).ok);
    EXPECT_TRUE(read("\xff\xff\xff\xff"s).ok) << "a null list reads as an empty one";
    const reading r = read("\0\0\0\2\xff\xff\xff\xff\0\0\0\0"s);
    EXPECT_TRUE(r.ok);
    EXPECT_THAT(r.names, ElementsAre("", ""));
}

TEST(names, are_refused_if_the_list_lies) {
    const std::vector<std::string> lies{
        ""s,                  // no count
        "\0\0\0"s,            // half a count
        "\0\0\0\1"s,          // no name
        "\0\0\0\2\0\0\0\1a"s, // one name too few
        "\0\0\0\1\0\0\0\2a"s, // a name longer than what there is
        "\0\0\0\1\x7f\xff\xff\xff"
        "a"s,                                // far longer
        "\0\0\0\1\xff\xff\xff\xfe"s,         // a length that is none
        "\xff\xff\xff\xfe"s,                 // a count that is none
        "\x7f\xff\xff\xff\0\0\0\0\0\0\0\0"s, // more names than there are bytes
    };
    const auto pool = std::make_shared<util::block_pool>();
    const util::block_share memory = pool->take(1);
    for (const std::string& lie : lies) {
        std::memcpy(memory->data(), lie.data(), lie.size());
        for (util::shared_block* where : {static_cast<util::shared_block*>(nullptr), memory.get()}) {
            const reading r = read(where != nullptr ? std::string_view(memory->data(), lie.size()) : lie, where);
            EXPECT_FALSE(r.ok) << ::testing::PrintToString(lie);
            EXPECT_THAT(r.names, IsEmpty());
        }
    }
    EXPECT_FALSE(memory->is_shared());
}

TEST(names, of_a_large_reply_stay_where_they_are) {
    const auto pool = std::make_shared<util::block_pool>();
    const std::string body = list(10'000, 16);
    const util::block_share memory = pool->take(body.size());
    std::memcpy(memory->data(), body.data(), body.size());
    {
        const reading r = read({memory->data(), body.size()}, memory.get());
        EXPECT_TRUE(r.ok);
        EXPECT_EQ(r.names.size(), 10'000U);
        EXPECT_EQ(r.names.front().data(), memory->data() + 8);
        EXPECT_EQ(r.names.back(), "------------9999");
        EXPECT_TRUE(memory->is_shared());
    }
    EXPECT_FALSE(memory->is_shared());
    EXPECT_EQ(pool->kept(), std::size_t{256 << 10}) << "the table came back";
}

TEST(names, that_lie_behind_many_true_ones_leave_the_reply_alone) {
    const auto pool = std::make_shared<util::block_pool>();
    std::string body = list(10'000, 16);
    body.pop_back();
    const util::block_share memory = pool->take(body.size());
    std::memcpy(memory->data(), body.data(), body.size());
    EXPECT_FALSE(read({memory->data(), body.size()}, memory.get()).ok);
    EXPECT_FALSE(memory->is_shared());
}

TEST(names, of_a_small_reply_are_copied) {
    const auto pool = std::make_shared<util::block_pool>();
    const std::string body = list(100, 16);
    const util::block_share memory = pool->take(1);
    std::memcpy(memory->data(), body.data(), body.size());
    const reading r = read({memory->data(), body.size()}, memory.get());
    EXPECT_FALSE(memory->is_shared()) << "all of the buffer would be kept for little";
    std::memset(memory->data(), 'x', body.size());
    EXPECT_EQ(r.names[42], "--------------42");
}

} // namespace
} // namespace kazoo::detail
