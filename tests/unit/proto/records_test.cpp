// Properties that every record of the protocol has.
#include "unit/proto/support.hpp"

#include <gtest/gtest.h>

#include <typeinfo>

namespace kazoo::proto::test {
namespace {

template <class F> void for_every_record(int rounds, F&& check) {
    golden::for_each_body<all_records>([&](auto empty) {
        SCOPED_TRACE(typeid(empty).name());
        for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
            SCOPED_TRACE(round);
            generator values(static_cast<std::uint32_t>(round));
            auto record = empty;
            values.fill(record);
            check(record);
        }
    });
}

TEST(records, what_is_encoded_is_decoded) {
    for_every_record(300, [](const auto& record) {
        const exact_buffer bytes(golden::encoded(record));
        std::decay_t<decltype(record)> again;
        reader in(bytes.view());
        ASSERT_TRUE(read_body(in, again));
        EXPECT_TRUE(in.done());
        EXPECT_TRUE(same(record, again));
        EXPECT_EQ(golden::encoded(again), bytes.view());
    });
}

TEST(records, every_truncation_is_refused_without_reading_beyond_the_end) {
    int cut = 0;
    for_every_record(20, [&](const auto& record) {
        const std::string bytes = golden::encoded(record);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            const exact_buffer front(std::string_view(bytes).substr(0, size));
            std::decay_t<decltype(record)> again;
            reader in(front.view());
            ASSERT_FALSE(read_body(in, again)) << size << " of " << bytes.size();
            ASSERT_FALSE(in.done());
            ++cut;
        }
    });
    EXPECT_GT(cut, 10'000);
}

TEST(records, bytes_behind_a_record_are_left_alone) {
    for_every_record(20, [](const auto& record) {
        for (const std::size_t extra : {1U, 4U, 100U}) {
            const exact_buffer bytes(golden::encoded(record) + std::string(extra, '\xff'));
            std::decay_t<decltype(record)> again;
            reader in(bytes.view());
            ASSERT_TRUE(read_body(in, again));
            EXPECT_EQ(in.remaining(), extra);
            EXPECT_TRUE(same(record, again));
        }
    });
}

TEST(records, random_bytes_never_read_beyond_the_end) {
    std::size_t accepted = 0;
    std::size_t refused = 0;
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
        generator values(seed);
        std::string bytes(values.below(120), '\0');
        // Mostly zeros, so that lengths are small and many decoders get far.
        for (char& c : bytes) c = values.below(4) == 0 ? static_cast<char>(values.below(256)) : '\0';
        const exact_buffer input(bytes);
        golden::for_each_body<all_records>([&](auto record) {
            reader in(input.view());
            ++(read_body(in, record) ? accepted : refused);
        });
    }
    EXPECT_GT(accepted, 100U);
    EXPECT_GT(refused, 100U);
}

TEST(records, sizes_that_others_rely_on) {
    EXPECT_EQ(golden::encoded(reply_header{}).size(), reply_header::size);
    EXPECT_EQ(golden::encoded(stat{}).size(), stat::size);
    EXPECT_EQ(golden::encoded(request_header{}).size(), 8U);
    EXPECT_EQ(golden::encoded(multi_header{}).size(), 9U);
}

} // namespace
} // namespace kazoo::proto::test
