#pragma once
// What a counter's node holds: the text of Python's kazoo, or the four bytes of Curator's SharedCount.
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kazoo::recipe {

/// Why something is no number, or a number cannot be told.
class bad_number : public std::runtime_error {
  public:
    using runtime_error::runtime_error;
};

/// How numbers of one kind are told. All throw bad_number.
template <class Number> struct number_format {
    Number (*read)(std::string_view data);
    std::string (*write)(Number);
};

/// As Python's repr() writes an int, and as its int() reads one; 64 bits.
extern const number_format<std::int64_t> decimal_int;
/// Four bytes, the most significant first.
extern const number_format<std::int64_t> curator_int;
/// As Python's repr() writes a float, and as its float() reads one: exactly.
extern const number_format<double> decimal_float;

/// The arithmetic of counters: what does not fit is no number. Both throw bad_number.
std::int64_t sum(std::int64_t, std::int64_t);
std::int64_t difference(std::int64_t, std::int64_t);
double sum(double, double);
inline double difference(double a, double b) { return sum(a, -b); }

} // namespace kazoo::recipe
