#pragma once
// What the demo prints: numbered steps, and under each what happened and how long it took.
#include <chrono>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>

namespace demo {

using clock = std::chrono::steady_clock;
/// No step of a demo that works comes near it.
inline constexpr std::chrono::seconds patience{30};

/// Something that should have happened did not.
class failure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};
inline void require(bool happened, const std::string& what) {
    if (!happened) throw failure("this did not happen: " + what);
}

/// Whether a stop is requested. Tokens are stopped by a thread of their own, so a moment may pass.
bool stop_comes(const std::stop_token&);

/// "1.23 s", "4.5 ms", "67 us"
std::string to_text(std::chrono::nanoseconds);

void title(std::string_view name);
/// A line with the time that passed since the last line.
void say(const std::string& what);
/// A line with a time of its own.
void say(const std::string& what, std::chrono::nanoseconds took);

} // namespace demo
