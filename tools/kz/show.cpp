#include "show.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace kz {

namespace {

/// Calls f(name, value) for every field; values are text or numbers.
template <class F> void for_each_field(const kazoo::node_stat& s, F f) {
    const auto number = [](auto strong) { return static_cast<std::int64_t>(strong); };
    f("czxid", hexadecimal(number(s.created)));
    f("mzxid", hexadecimal(number(s.modified)));
    f("pzxid", hexadecimal(number(s.children_modified)));
    f("ctime", to_text(s.ctime));
    f("mtime", to_text(s.mtime));
    f("version", number(s.data_version));
    f("cversion", number(s.child_version));
    f("aversion", number(s.acl_version));
    f("owner", kazoo::to_string(s.owner));
    f("dataLength", number(s.data_length));
    f("numChildren", number(s.num_children));
}

} // namespace

std::string hexadecimal(std::int64_t value) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(value));
    return text.data();
}

std::string to_text(kazoo::sys_time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return text.data();
}

std::string to_text(const kazoo::node_stat& s) {
    std::string text;
    for_each_field(s, [&](std::string_view name, const auto& value) {
        text.append(name).append(12 - name.size(), ' ');
        if constexpr (std::is_integral_v<std::decay_t<decltype(value)>>)
            text.append(std::to_string(value));
        else
            text.append(value);
        text += '\n';
    });
    return text;
}

void write(json& out, const kazoo::node_stat& s) {
    out.begin_object();
    for_each_field(s, [&](std::string_view name, const auto& value) { out.member(name, value); });
    out.end_object();
}

void write_data(json& out, const kazoo::bytes& data) {
    const bool text = is_utf8(data.view());
    out.key("data");
    if (data.is_null())
        out.null();
    else
        out.value(text ? data.str() : base64(data.view()));
    out.member("base64", !text);
}

} // namespace kz
