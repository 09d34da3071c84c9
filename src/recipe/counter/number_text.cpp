#include "recipe/counter/number_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace kazoo::recipe {

namespace {

/// For an error's text, which people read.
std::string shown(std::string_view data) {
    constexpr std::size_t most = 40;
    std::string text = "\"";
    for (const char c : data.substr(0, most)) text += c >= ' ' && c <= '~' ? c : '?';
    return text + (data.size() > most ? "...\"" : "\"");
}

/// Python overlooks blanks around a number, and a plus in front of it.
std::string_view bare(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\n\v\f\r";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    text = text.substr(first, text.find_last_not_of(blanks) - first + 1);
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    return text;
}

template <class Number> Number parsed(std::string_view data, const char* limit) {
    const std::string_view text = bare(data);
    Number n{};
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
    const bool is_number = !text.empty() && text.back() != ')' && end == text.data() + text.size(); // no nan(1)
    if (is_number && ec == std::errc::result_out_of_range)
        throw bad_number(shown(data) + " does not fit into " + limit);
    if (!is_number || ec != std::errc{}) throw bad_number(shown(data) + " is no number");
    return n;
}

constexpr const char* int_limit = "64 bits";
constexpr const char* float_limit = "a double";

std::int64_t read_int(std::string_view data) { return parsed<std::int64_t>(data, int_limit); }
std::string write_int(std::int64_t n) { return std::to_string(n); }

constexpr std::size_t curator_size = 4;

std::int64_t read_curator(std::string_view data) {
    if (data.size() != curator_size)
        throw bad_number("it has " + std::to_string(data.size()) + " bytes, and a count of Curator's has 4");
    std::uint32_t n = 0;
    for (const char c : data) n = n << 8 | static_cast<unsigned char>(c);
    return static_cast<std::int32_t>(n);
}
std::string write_curator(std::int64_t n) {
    if (n != static_cast<std::int32_t>(n)) throw bad_number(std::to_string(n) + " does not fit into 32 bits");
    const auto bits = static_cast<std::uint32_t>(static_cast<std::int32_t>(n));
    std::string data;
    for (const int shift : {24, 16, 8, 0}) data += static_cast<char>(bits >> shift & 0xFFU);
    return data;
}

double read_float(std::string_view data) { return parsed<double>(data, float_limit); }

/// Python writes an exponent below 1e-4 and from 1e16 on, and shows that a whole number is a float.
std::string write_float(double n) {
    if (!std::isfinite(n)) return std::isnan(n) ? "nan" : n < 0 ? "-inf" : "inf";
    std::array<char, 32> room{};
    const auto text = [&](std::chars_format f) {
        return std::string(room.data(), std::to_chars(room.data(), room.data() + room.size(), n, f).ptr);
    };
    std::string scientific = text(std::chars_format::scientific);
    const int exponent = std::stoi(scientific.substr(scientific.find('e') + 1));
    if (exponent < -4 || exponent >= 16) return scientific;
    std::string fixed = text(std::chars_format::fixed);
    return fixed.find('.') == std::string::npos ? fixed + ".0" : fixed;
}

[[noreturn]] void does_not_fit(const std::string& a, const char* sign, const std::string& b, const char* limit) {
    throw bad_number(a + sign + b + " does not fit into " + limit);
}

} // namespace

const number_format<std::int64_t> decimal_int{&read_int, &write_int};
const number_format<std::int64_t> curator_int{&read_curator, &write_curator};
const number_format<double> decimal_float{&read_float, &write_float};

std::int64_t sum(std::int64_t a, std::int64_t b) {
    std::int64_t n = 0;
    if (__builtin_add_overflow(a, b, &n)) does_not_fit(write_int(a), " + ", write_int(b), int_limit);
    return n;
}
std::int64_t difference(std::int64_t a, std::int64_t b) {
    std::int64_t n = 0;
    if (__builtin_sub_overflow(a, b, &n)) does_not_fit(write_int(a), " - ", write_int(b), int_limit);
    return n;
}
/// An infinity that somebody has put there is a number for Python, too; one that nobody has would be a lost count.
double sum(double a, double b) {
    const double n = a + b;
    const bool overflows = std::isinf(n) && std::isfinite(a) && std::isfinite(b);
    if (overflows || std::isnan(n)) does_not_fit(write_float(a), " + ", write_float(b), float_limit);
    return n;
}

} // namespace kazoo::recipe
