// Histograms and the counters behind client_metrics.
#include "client/operation_counters.hpp"
#include "session/counters.hpp"
#include "util/tally.hpp"

#include <kazoo/metrics.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace kazoo {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// The bucket that a duration falls into.
std::size_t bucket_of(std::chrono::nanoseconds d) {
    util::duration_tally t;
    t.add(d);
    std::size_t i = 0;
    while (t.count(i) == 0) ++i;
    return i;
}

TEST(metrics, buckets_go_up_to_powers_of_two_microseconds) {
    EXPECT_EQ(bucket_of(-5s), 0u);
    EXPECT_EQ(bucket_of(0ns), 0u);
    for (std::size_t i = 0; i + 1 < duration_histogram::size; ++i) {
        const auto bound = duration_histogram::upper_bound(i);
        EXPECT_EQ(bound, std::chrono::microseconds(1 << i));
        EXPECT_EQ(bucket_of(bound), i);
        EXPECT_EQ(bucket_of(bound + 1ns), i + 1);
    }
    EXPECT_EQ(bucket_of(std::chrono::nanoseconds::max()), duration_histogram::size - 1);
    EXPECT_EQ(duration_histogram::upper_bound(duration_histogram::size - 1), std::chrono::nanoseconds::max());
}

TEST(metrics, a_quantile_is_the_bound_below_which_so_many_lie) {
    duration_histogram h;
    EXPECT_EQ(h.quantile(0.5), 0ns);
    h.counts[3] = 90; // up to 8 us
    h.counts[10] = 9; // up to 1024 us
    h.counts[27] = 1;
    EXPECT_EQ(h.count(), 100u);
    EXPECT_EQ(h.quantile(0), 8us);
    EXPECT_EQ(h.quantile(0.5), 8us);
    EXPECT_EQ(h.quantile(0.9), 8us);
    EXPECT_EQ(h.quantile(0.95), 1024us);
    EXPECT_EQ(h.quantile(0.99), 1024us);
    EXPECT_EQ(h.quantile(1), std::chrono::nanoseconds::max());
    EXPECT_EQ(h.quantile(7), std::chrono::nanoseconds::max());
}

TEST(metrics, equal_round_trips_are_added_at_once_and_none_is_lost) {
    session::round_trips r;
    for (int i = 0; i < 5; ++i) r.add(3us);
    r.add(100us);
    r.add(3us);
    r.publish();
    r.publish();
    EXPECT_EQ(r.published().count(2), 6u);
    EXPECT_EQ(r.published().count(7), 1u);
    EXPECT_EQ(r.published().sum(), 118us);
}

TEST(metrics, operations_of_one_name_are_counted_together_and_errors_by_code) {
    using proto::opcode;
    detail::operation_counters c;
    client_metrics none;
    c.read(none);
    EXPECT_THAT(none.operations, IsEmpty());
    EXPECT_THAT(none.errors, IsEmpty());

    c.answered(opcode::create, 10, 20, true);
    c.answered(opcode::create2, 1, 2, true);
    c.answered(opcode::who_am_i, 3, 4, true);
    c.answered(opcode::get_data, 5, 6, false);
    c.failed(opcode::get_data, make_error_code(errc::no_node));
    c.failed(opcode::get_data, make_error_code(errc::cancelled));
    c.failed(opcode::set_data, make_error_code(errc::cancelled));
    c.failed(opcode::set_data, make_error_code(std::errc::not_enough_memory));
    c.failed(opcode::set_data, {-4711, category()}); // a server of the future
    client_metrics m;
    c.read(m);
    EXPECT_THAT(m.operations,
                ElementsAre(operation_metrics{"create", 2, 0, 11, 22}, operation_metrics{"get", 0, 2, 5, 6},
                            operation_metrics{"set", 0, 3, 0, 0}, operation_metrics{"who_am_i", 1, 0, 3, 4}));
    EXPECT_THAT(m.errors, ElementsAre(error_metrics{errc::no_node, 1}, error_metrics{errc::cancelled, 2}));
    EXPECT_EQ(m.other_errors, 2u);
}

TEST(metrics, print_themselves) {
    std::ostringstream out;
    client_metrics m;
    m.operations = {{"get", 7, 2, 0, 0}, {"set", 1, 0, 0, 0}};
    m.connections = 3;
    out << m << "; " << disconnect::closed_by_server;
    EXPECT_EQ(out.str(), "connecting, 8 operations succeeded, 2 failed, 0 waiting, 0 in flight, 0 watches, "
                         "3 connections, 0 sessions, 0 lost; closed_by_server");
    EXPECT_EQ(to_string(disconnect::session_over), "session_over");
}

} // namespace
} // namespace kazoo
