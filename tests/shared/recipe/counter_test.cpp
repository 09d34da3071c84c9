// kazoo::counter and float_counter: what their headers promise, against a live server.
#include "shared/backend.hpp"

#include <kazoo/kazoo.hpp>

#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::test::to_client;
using kazoo::testkit::fault_gate;
using ::testing::HasSubstr;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max(),
                       least = std::numeric_limits<std::int64_t>::min();

class counters : public test::client_test {
  protected:
    /// Fails with errc::bad_arguments, and says all of this.
    template <class Call> static void refused(Call call, const std::vector<std::string>& words) {
        try {
            call();
            ADD_FAILURE() << "it was not refused";
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::bad_arguments);
            EXPECT_EQ(e.outcome(), outcome::not_applied);
            for (const std::string& w : words) EXPECT_THAT(e.what(), HasSubstr(w));
        }
    }
    /// Adds one; the answer to the read arrives, and the answer to the write is lost. Again, if a ping came between.
    static future<std::int64_t> lose_the_answer(fault_gate& gate, const client& c, const client& witness, counter& n) {
        for (;;) {
            const std::uint64_t forwarded = gate.forwarded(to_client);
            const node there = c.get("/n");
            gate.drop(to_client, gate.forwarded(to_client) - forwarded);
            auto adding = n.async_fetch_add(1);
            bool written = false;
            for (int i = 0; i < 200 && !written; ++i) {
                std::this_thread::sleep_for(10ms);
                written = witness.exists("/n")->data_version != there.stat.data_version;
            }
            gate.cut();
            gate.pass(to_client);
            if (written) return adding;
            (void)std::move(adding).result_for(20s); // it may have been written after all
        }
    }
};

TEST_F(counters, count_like_an_atomic) {
    const client c = connect();
    counter n(c, "/n"), same(c, "/n");
    EXPECT_EQ(n.path(), "/n");
    EXPECT_EQ(n.load(), 0);
    EXPECT_EQ(n.fetch_add(5), 0);
    EXPECT_EQ(same.fetch_sub(2), 5);
    EXPECT_EQ(n += 10, 13);
    EXPECT_EQ(n -= 20, -7);
    EXPECT_EQ(++n, -6);
    EXPECT_EQ(n++, -6);
    EXPECT_EQ(--n, -6);
    EXPECT_EQ(n--, -6);
    EXPECT_EQ(same.load(), -7);
    std::int64_t expected = 3;
    EXPECT_FALSE(n.compare_exchange(expected, 100));
    EXPECT_EQ(expected, -7);
    EXPECT_TRUE(n.compare_exchange(expected, 100));
    EXPECT_EQ(n.load(), 100);
    EXPECT_EQ(n.async_compare_exchange(1, 2).get(), 100);
    EXPECT_EQ(n.async_compare_exchange(100, 2).get(), std::nullopt);
    EXPECT_EQ(n.async_fetch_add(1).get(), 2);
    EXPECT_EQ(n.async_fetch_sub(2).get(), 3);
    EXPECT_EQ(n.async_load().get(), 1);
}

TEST_F(counters, A24_a_missing_or_empty_node_is_the_initial_number_until_the_first_change) {
    const client c = connect();
    counter n(c, "/deep/down/n", {.initial = 7});
    EXPECT_EQ(n.load(), 7);
    std::int64_t expected = 8;
    EXPECT_FALSE(n.compare_exchange(expected, 9));
    EXPECT_EQ(expected, 7);
    EXPECT_FALSE(c.exists("/deep")) << "nobody has changed it";
    EXPECT_EQ(n.fetch_add(1), 7);
    EXPECT_EQ(c.get("/deep/down/n").data, "8");
    EXPECT_EQ(c.exists("/deep/down/n")->owner, session_id::none);
    c.create("/empty");
    counter e(c, "/empty", {.initial = 7});
    EXPECT_EQ(e.load(), 7);
    EXPECT_EQ(e += 1, 8);
    counter from_curator(c, "/deep/down/c", {.initial = 7, .layout = counter_layout::curator});
    EXPECT_EQ(from_curator.load(), 7);
    EXPECT_EQ(from_curator += 1, 8);
}

TEST_F(counters, A24_their_text_is_that_of_pythons_kazoo) {
    const client c = connect();
    counter n(c, "/n");
    for (const std::int64_t number : {std::int64_t{0}, std::int64_t{-1}, most, least}) {
        std::int64_t expected = n.load();
        EXPECT_TRUE(n.compare_exchange(expected, number));
        EXPECT_EQ(c.get("/n").data, std::to_string(number));
        EXPECT_EQ(n.load(), number);
    }
    for (const char* text : {"12", " 12\n", "+12", "0012"}) {
        c.set("/n", text);
        EXPECT_EQ(n.load(), 12) << text;
    }
    float_counter f(c, "/f", {.initial = 0.5});
    EXPECT_EQ(f += 0.25, 0.75);
    EXPECT_EQ(c.get("/f").data, "0.75");
    EXPECT_EQ(f -= 0.75, 0.0);
    EXPECT_EQ(c.get("/f").data, "0.0");
    c.set("/f", "1e-05");
    EXPECT_EQ(f.load(), 1e-05);
    EXPECT_EQ(f.fetch_add(2), 1e-05);
    double expected = 1;
    EXPECT_FALSE(f.compare_exchange(expected, 3));
    EXPECT_EQ(expected, 1e-05 + 2);
    EXPECT_TRUE(f.compare_exchange(expected, 1e16));
    EXPECT_EQ(c.get("/f").data, "1e+16");
    EXPECT_EQ(f.async_fetch_add(1).get(), 1e16);
    EXPECT_EQ(f.async_compare_exchange(1, 2).get(), 1e16 + 1);
    EXPECT_EQ(f.async_load().get(), 1e16 + 1);
    EXPECT_EQ(f.path(), "/f");
}

// The bytes are those that SharedCount of curator-recipes 5.4.0 leaves behind: tests/real/counter_curator_test.cpp runs
// it.
TEST_F(counters, A24_curators_layout_has_four_bytes) {
    using namespace std::string_view_literals;
    const client c = connect();
    counter n(c, "/n", {.layout = counter_layout::curator});
    const std::vector<std::pair<std::int64_t, std::string_view>> golden{
        {1, "\0\0\0\1"sv},
        {-2, "\xFF\xFF\xFF\xFE"sv},
        {0x01020384, "\1\2\3\x84"sv},
        {std::numeric_limits<std::int32_t>::max(), "\x7F\xFF\xFF\xFF"sv},
        {std::numeric_limits<std::int32_t>::min(), "\x80\0\0\0"sv}};
    for (const auto& [number, bytes] : golden) {
        std::int64_t expected = n.load();
        EXPECT_TRUE(n.compare_exchange(expected, number));
        EXPECT_EQ(c.get("/n").data, bytes);
        EXPECT_EQ(n.load(), number);
    }
    c.set("/n", std::string(8, '\0'));
    refused([&] { n.load(); }, {"/n", "8 bytes"});
    EXPECT_THROW(counter(c, "/n", {.initial = 1LL << 31, .layout = counter_layout::curator}),
                 error_of<errc::bad_arguments>);
    EXPECT_THROW(counter(c, "/a/../b"), invalid_path_error);
    EXPECT_THROW(float_counter(c, "/a/../b"), invalid_path_error);
}

TEST_F(counters, C74_null_and_foreign_data_are_errors_that_name_the_path) {
    const client c = connect();
    c.create("/n", null);
    counter n(c, "/n");
    float_counter f(c, "/n");
    std::int64_t expected = 0;
    refused([&] { n.load(); }, {"load \"/n\"", "no data"});
    refused([&] { n += 1; }, {"fetch_add \"/n\"", "no data"});
    refused([&] { n.compare_exchange(expected, 1); }, {"compare_exchange \"/n\"", "no data"});
    refused([&] { f += 1; }, {"/n", "no data"});
    EXPECT_TRUE(c.get("/n").data.is_null());
    for (const std::string text : {"hello", "3 apples", "1.5", "0x10", "--1", "+-1", " ", "1_0"}) {
        c.set("/n", text);
        refused([&] { n += 1; }, {"/n", '"' + text + '"', "no number"});
        EXPECT_EQ(c.get("/n").data, text);
    }
    c.set("/n", "99999999999999999999");
    refused([&] { n.load(); }, {"/n", "99999999999999999999", "64 bits"});
    c.set("/n", std::string(100, 'x') + "\1");
    refused([&] { f.load(); }, {"/n", std::string(40, 'x') + "...", "no number"});
    c.set("/n", "1.5");
    EXPECT_EQ(f.load(), 1.5);
}

TEST_F(counters, a_result_that_does_not_fit_is_refused_and_both_numbers_are_named) {
    const client c = connect();
    c.create("/n", std::to_string(most - 1));
    counter n(c, "/n");
    refused([&] { n += 2; }, {"/n", std::to_string(most - 1) + " + 2"});
    EXPECT_EQ(c.exists("/n")->data_version, version{0}) << "nothing was written";
    EXPECT_EQ(n += 1, most);
    c.set("/n", std::to_string(least));
    refused([&] { --n; }, {std::to_string(least) + " - 1"});
    c.set("/n", "-1");
    refused(
        [&] {
            n.fetch_sub(most);
            n.fetch_sub(2);
        },
        {std::to_string(least) + " - 2"});
    EXPECT_EQ(c.get("/n").data, std::to_string(least));

    counter small(c, "/c", {.initial = std::numeric_limits<std::int32_t>::max(), .layout = counter_layout::curator});
    refused([&] { ++small; }, {"2147483648", "32 bits"});
    std::int64_t expected = std::numeric_limits<std::int32_t>::max();
    refused([&] { small.compare_exchange(expected, least); }, {std::to_string(least), "32 bits"});
    EXPECT_FALSE(c.exists("/c"));

    float_counter f(c, "/f", {.initial = 1e308});
    refused([&] { f += 1e308; }, {"1e+308 + 1e+308"});
    EXPECT_FALSE(c.exists("/f"));
    c.create("/f", "inf");
    EXPECT_EQ(f += 1, std::numeric_limits<double>::infinity());
    refused([&] { f -= std::numeric_limits<double>::infinity(); }, {"inf + -inf"});
    refused([&] { f += std::nan(""); }, {"nan"});
}

TEST_F(counters, what_somebody_else_adds_meanwhile_is_not_lost) {
    for (const bool with_receipts : {false, true}) {
        const client a = connect(), b = connect();
        const std::string path = with_receipts ? "/with" : "/without";
        counter here(a, path, {.receipts = with_receipts}), there(b, path, {.receipts = with_receipts});
        {
            std::vector<std::jthread> threads;
            for (int i = 0; i < 6; ++i)
                threads.emplace_back([&, i] {
                    for (int k = 0; k < 10; ++k) (i % 2 == 0 ? here : there).fetch_add(i + 1);
                });
        }
        EXPECT_EQ(here.load(), 210);
        EXPECT_EQ(a.exists(path)->data_version, version{60});
        std::vector<future<std::int64_t>> all;
        for (int i = 0; i < 10; ++i) all.push_back(here.async_fetch_add(1));
        for (auto& f : all) std::move(f).get();
        EXPECT_EQ(there.load(), 220);
    }
}

TEST_F(counters, what_was_not_sent_goes_out_on_the_next_connection) {
    for (const bool with_receipts : {false, true}) {
        fault_gate gate(test::server().address());
        const client c = connect_through(gate);
        counter n(c, "/n", {.receipts = with_receipts});
        const std::int64_t before = ++n;
        gate.refuse(true);
        gate.cut();
        ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
        auto adding = n.async_fetch_add(1);
        gate.refuse(false);
        EXPECT_EQ(std::move(adding).get_for(20s), before);
        EXPECT_EQ(n.load(), before + 1);
    }
}

TEST_F(counters, C73_a_lost_reply_does_not_count_twice) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), witness = connect();
    counter n(c, "/n");
    ++n;
    auto adding = lose_the_answer(gate, c, witness, n);
    const auto told = std::move(adding).result_for(20s);
    EXPECT_EQ(told.error(), errc::connection_loss) << "it was ours, or an equal one of somebody else";
    EXPECT_EQ(told.outcome(), outcome::unknown);
    EXPECT_EQ(n.load(), std::int64_t{static_cast<std::int32_t>(witness.exists("/n")->data_version)});
}

TEST_F(counters, C73_with_receipts_a_lost_reply_is_known) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), witness = connect();
    counter n(c, "/n", {.receipts = true});
    ++n;
    auto adding = lose_the_answer(gate, c, witness, n);
    const std::int64_t before = std::move(adding).get_for(20s);
    EXPECT_EQ(n.load(), before + 1);
    EXPECT_EQ(n.load(), std::int64_t{static_cast<std::int32_t>(witness.exists("/n")->data_version)});
}

TEST_F(counters, a_lost_session_is_no_reason_to_end) {
    for (const bool with_receipts : {false, true}) {
        fault_gate gate(test::server().address());
        const client c = connect_through(gate);
        counter n(c, "/n", {.receipts = with_receipts});
        const std::int64_t before = ++n;
        gate.refuse(true);
        gate.cut();
        ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
        auto adding = n.async_fetch_add(1);
        test::expire(c);
        gate.refuse(false);
        EXPECT_EQ(std::move(adding).get_for(20s), before);
        EXPECT_EQ(++n, before + 2);
    }
}

TEST_F(counters, who_gives_up_is_told_whether_a_write_was_sent) {
    fault_gate gate(test::server().address());
    client_options quickly = quick();
    quickly.operation_timeout = 400ms;
    const client c = connect_through(gate, quickly), witness = connect();
    counter n(c, "/n");
    witness.create("/n", "1");
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    std::stop_source stop;
    auto stopped = n.async_fetch_add(1, stop.get_token());
    stop.request_stop();
    const auto told = std::move(stopped).result_for(20s);
    EXPECT_EQ(told.error(), errc::cancelled);
    EXPECT_EQ(told.outcome(), outcome::not_applied);
    EXPECT_THROW(n.fetch_add(1, stop.get_token()), cancelled_error);
    try {
        ++n;
        FAIL();
    } catch (const timeout_error& e) {
        EXPECT_EQ(e.outcome(), outcome::not_applied);
        EXPECT_EQ(e.operation(), "fetch_add");
    }
    EXPECT_THROW(n.load(), timeout_error);
    EXPECT_EQ(witness.get("/n").data, "1");
    EXPECT_EQ(witness.exists("/n")->data_version, version{0});
}

TEST_F(counters, after_a_deletion_they_begin_anew) {
    for (const bool with_receipts : {false, true}) {
        const client c = connect();
        counter n(c, "/n", {.initial = 10, .receipts = with_receipts});
        EXPECT_EQ(++n, 11);
        c.remove("/n");
        EXPECT_EQ(n.load(), 10);
        EXPECT_EQ(++n, 11);
        c.remove("/n");
    }
}

TEST_F(counters, the_node_is_made_with_its_acl) {
    client_options o = quick();
    o.credentials.push_back({"digest", "user:secret"});
    const client c = connect(o), stranger = connect();
    const auto own = acls::creator_all().entries();
    counter mine(c, "/a/n", {.acl = {own.begin(), own.end()}}), theirs(stranger, "/a/n");
    ++mine;
    EXPECT_THROW(theirs.load(), no_auth_error);
    EXPECT_THROW(++theirs, no_auth_error);
    stranger.create("/a/other");
}

TEST_F(counters, a_closed_client_is_an_error) {
    const client c = connect();
    counter n(c, "/n");
    ++n;
    c.close();
    EXPECT_THROW(++n, closed_error);
    EXPECT_THROW(n.load(), closed_error);
}

TEST_F(counters, what_was_begun_goes_on_without_the_object) {
    for (const bool with_receipts : {false, true}) {
        const client c = connect();
        const std::string path = with_receipts ? "/with" : "/without";
        auto n = std::make_unique<counter>(c, path, counter_options{.receipts = with_receipts});
        std::vector<future<std::int64_t>> all;
        for (int i = 0; i < 5; ++i) all.push_back(n->async_fetch_add(1));
        n.reset();
        for (auto& f : all) std::move(f).get_for(20s);
        EXPECT_EQ(c.get(path).data, "5");
        if (with_receipts) {
            EXPECT_TRUE(eventually([&] { return c.get_children(path + "-__receipts__").empty(); }));
        }
    }
}

} // namespace
