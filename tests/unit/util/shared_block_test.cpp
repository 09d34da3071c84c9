// Memory that several hold, and the pool that large pieces of it come back to.
#include "util/shared_block.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace kazoo::util {
namespace {

constexpr std::size_t least = block_pool::least_capacity;

TEST(shared_block, is_shared_as_long_as_there_is_another_share) {
    const block_share first = shared_block::make(100);
    EXPECT_FALSE(first->is_shared());
    {
        const block_share second = first->share();
        EXPECT_TRUE(first->is_shared());
        EXPECT_EQ(second.get(), first.get());
    }
    EXPECT_FALSE(first->is_shared());
}

TEST(shared_block, has_room_for_what_was_asked_for_at_any_alignment) {
    const block_share b = shared_block::make(100);
    EXPECT_EQ(b->capacity(), 100U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b->data()) % alignof(std::max_align_t), 0U);
    std::memset(b->data(), 'x', 100);
}

TEST(shared_block, keeps_alive_what_it_refers_to) {
    const auto pool = std::make_shared<block_pool>();
    block_share text = pool->take(1), table = shared_block::make(10);
    table->keep_alive(std::move(text));
    EXPECT_EQ(pool->kept(), 0U);
    table.reset();
    EXPECT_EQ(pool->kept(), least);
}

TEST(shared_block, is_worth_keeping_for_a_quarter_of_it) {
    const block_share b = shared_block::make(400);
    EXPECT_TRUE(b->is_worth_keeping_for(100));
    EXPECT_FALSE(b->is_worth_keeping_for(99));
}

TEST(block_pool, gives_out_what_came_back) {
    const auto pool = std::make_shared<block_pool>();
    block_share b = pool->take(least + 1);
    EXPECT_EQ(b->capacity(), 2 * least);
    shared_block* const first = b.get();
    b.reset();
    EXPECT_EQ(pool->kept(), 2 * least);
    b = pool->take(2 * least);
    EXPECT_EQ(b.get(), first);
    EXPECT_FALSE(b->is_shared());
    EXPECT_EQ(pool->kept(), 0U);
}

TEST(block_pool, gives_out_nothing_that_is_held) {
    const auto pool = std::make_shared<block_pool>();
    const block_share held = pool->take(least);
    {
        const block_share other = held->share();
        EXPECT_NE(pool->take(least).get(), held.get());
    }
    EXPECT_NE(pool->take(least).get(), held.get());
}

TEST(block_pool, keeps_no_more_than_a_buffer_may_and_the_newest_of_it) {
    const auto pool = std::make_shared<block_pool>();
    std::vector<block_share> many;
    for (std::size_t n = 0; n < 4 * kept_capacity; n += 2 * least) many.push_back(pool->take(2 * least));
    many.clear();
    EXPECT_EQ(pool->kept(), kept_capacity);
    pool->take(kept_capacity / 2).reset();
    EXPECT_EQ(pool->kept(), kept_capacity) << "older ones made room";
    const block_share newest = pool->take(kept_capacity / 2);
    EXPECT_EQ(pool->kept(), kept_capacity / 2);
}

TEST(block_pool, keeps_nothing_larger_than_a_buffer_may) {
    const auto pool = std::make_shared<block_pool>();
    pool->take(kept_capacity + 1).reset();
    EXPECT_EQ(pool->kept(), 0U);
}

TEST(block_pool, frees_what_left_it) {
    const auto pool = std::make_shared<block_pool>();
    const block_share b = pool->take(least);
    b->share()->leave_pool();
    EXPECT_EQ(pool->kept(), 0U);
}

TEST(block_pool, may_go_before_its_blocks) {
    auto pool = std::make_shared<block_pool>();
    const std::weak_ptr<block_pool> seen = pool;
    block_share b = pool->take(least);
    pool.reset();
    std::memset(b->data(), 'x', b->capacity());
    b.reset();
    EXPECT_TRUE(seen.expired());
}

TEST(block_pool, serves_threads_that_give_back_what_another_one_filled) {
    const auto pool = std::make_shared<block_pool>();
    std::vector<std::thread> readers;
    for (int round = 0; round < 200; ++round) {
        block_share filled = pool->take(least);
        std::memset(filled->data(), round, 1000);
        if (readers.size() == 4) {
            for (auto& r : readers) r.join();
            readers.clear();
        }
        readers.emplace_back([b = std::move(filled), round]() mutable {
            EXPECT_EQ(b->data()[999], static_cast<char>(round));
            b.reset();
        });
    }
    for (auto& r : readers) r.join();
    EXPECT_LE(pool->kept(), kept_capacity);
}

} // namespace
} // namespace kazoo::util
