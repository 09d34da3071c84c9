#include "recipe/parts/lease_record.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <cstdio>

namespace kazoo::recipe {

namespace {

using nlohmann::json;

/// "2026-11-26T06:59:00", UTC.
std::optional<std::chrono::sys_seconds> parse_time(std::string_view s) noexcept {
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
    if (s.size() != shape.size()) return std::nullopt;
    for (std::size_t i = 0; i < s.size(); ++i) {
        const bool digit = s[i] >= '0' && s[i] <= '9';
        if (shape[i] == 'd' ? !digit : s[i] != shape[i]) return std::nullopt;
    }
    const auto number = [&](std::size_t at, std::size_t length) {
        int n = 0;
        std::from_chars(s.data() + at, s.data() + at + length, n);
        return n;
    };
    const std::chrono::year_month_day day(std::chrono::year(number(0, 4)),
                                          std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                          std::chrono::day(static_cast<unsigned>(number(8, 2))));
    const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
    if (!day.ok() || day.year() < std::chrono::year(1) || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    return std::chrono::sys_days(day) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
}

std::string time_text(std::chrono::sys_seconds t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day d(day);
    const std::chrono::hh_mm_ss clock(t - day);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(d.year()),
                  static_cast<unsigned>(d.month()), static_cast<unsigned>(d.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text.data();
}

} // namespace

std::optional<lease_record> parse_lease(std::string_view text) {
    const json parsed = json::parse(text, nullptr, false);
    if (!parsed.is_object()) return std::nullopt;
    const auto version = parsed.find("version"), holder = parsed.find("holder"), end = parsed.find("end");
    if (version == parsed.end()) return std::nullopt;
    if (*version != 1) return lease_record{{}, {}, true};
    if (holder == parsed.end() || !holder->is_string() || end == parsed.end() || !end->is_string()) return std::nullopt;
    const auto until = parse_time(end->get_ref<const std::string&>());
    if (!until) return std::nullopt;
    return lease_record{holder->get<std::string>(), *until};
}

std::string to_text(const lease_record& r) {
    return R"({"version": 1, "holder": )" + json(r.holder).dump(-1, ' ', true) + R"(, "end": ")" + time_text(r.end) +
           R"("})";
}

bool is_utf8(std::string_view s) noexcept {
    try {
        (void)json(s).dump();
        return true;
    } catch (...) {
        return false;
    }
}

} // namespace kazoo::recipe
