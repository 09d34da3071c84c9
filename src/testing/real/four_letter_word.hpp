#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace kazoo::testkit {

/// Asks a server on loopback and reads to the end of its answer; empty when there is none within the limit.
std::string ask_four_letter_word(std::uint16_t port, std::string_view word, std::chrono::milliseconds limit);

} // namespace kazoo::testkit
