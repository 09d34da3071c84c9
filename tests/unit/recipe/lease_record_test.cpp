// What stands in the node of a lease. The texts are Python's: json.dumps of what its kazoo writes.
#include "recipe/parts/lease_record.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kazoo::recipe {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::sys_seconds moment = std::chrono::sys_days(std::chrono::year(2026) / 2 / 28) + 23h + 59min + 8s;

TEST(lease_record, A26_is_the_text_that_python_writes) {
    EXPECT_EQ(to_text({"h", moment}), R"({"version": 1, "holder": "h", "end": "2026-02-28T23:59:08"})");
    EXPECT_EQ(to_text({"", moment + 1min}), R"({"version": 1, "holder": "", "end": "2026-03-01T00:00:08"})");
    EXPECT_EQ(to_text({"h\xC3\xA9\x7f\"\\/\n\x1f\xF0\x9F\x98\x80", moment}),
              R"({"version": 1, "holder": "h\u00e9\u007f\"\\/\n\u001f\ud83d\ude00", "end": "2026-02-28T23:59:08"})");
    EXPECT_EQ(to_text({"h", std::chrono::sys_days(std::chrono::year(999) / 1 / 2)}),
              R"({"version": 1, "holder": "h", "end": "0999-01-02T00:00:00"})");
}

TEST(lease_record, is_read_whatever_its_order_and_spaces) {
    const auto r = parse_lease("{\"end\":\"2026-02-28T23:59:08\" ,\n\"x\": [], \"holder\":\"h\\u00e9\",\"version\":1}");
    ASSERT_TRUE(r);
    EXPECT_EQ(r->holder, "h\xC3\xA9");
    EXPECT_EQ(r->end, moment);
    EXPECT_FALSE(r->newer);
}

TEST(lease_record, of_another_version_is_one_whatever_else_stands_there) {
    for (const char* text : {R"({"version": 2})", R"({"version": "1"})", R"({"version": null, "holder": 3})"}) {
        const auto r = parse_lease(text);
        ASSERT_TRUE(r) << text;
        EXPECT_TRUE(r->newer) << text;
    }
}

TEST(lease_record, what_is_none_is_refused) {
    const std::string head = R"({"version": 1, "holder": "h", "end": )";
    for (const std::string& text :
         {std::string(),
          std::string("h"),
          std::string("1"),
          std::string("[]"),
          std::string("{"),
          std::string(R"({"holder": "h", "end": "2026-02-28T23:59:08"})"),
          std::string("{\"version\": 1}"),
          std::string(R"({"version": 1, "holder": 1, "end": "2026-02-28T23:59:08"})"),
          head + "1}",
          head + R"("2026-02-28"})",
          head + R"("2026-02-29T00:00:00"})",
          head + R"("2026-02-28T24:00:00"})",
          head + R"("2026-02-28 23:59:08"})",
          head + R"("2026-02-28T23:60:08"})",
          head + R"("2026-02-28T23:59:60"})",
          head + R"("0000-02-28T23:59:08"})",
          head + R"("2026-02-28T23:59:08Z"})",
          head + R"("-026-02-28T23:59:08"})",
          std::string("{\"version\": 1, \"holder\": \"\xFF\", \"end\": \"2026-02-28T23:59:08\"}"),
          std::string(100'000, '[')})
        EXPECT_FALSE(parse_lease(text)) << text.substr(0, 100);
}

TEST(lease_record, knows_utf8) {
    EXPECT_TRUE(is_utf8("h\xC3\xA9"));
    EXPECT_FALSE(is_utf8("\xC3"));
    EXPECT_FALSE(is_utf8("\xED\xA0\x80")) << "half of a pair";
}

} // namespace
} // namespace kazoo::recipe
