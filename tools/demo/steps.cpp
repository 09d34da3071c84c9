#include "steps.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <future>

namespace demo {

namespace {

struct screen {
    bool colours = ::isatty(STDOUT_FILENO) == 1;
    int steps = 0;
    clock::time_point last = clock::now();
};

screen& the_screen() {
    static screen only;
    return only;
}

} // namespace

bool stop_comes(const std::stop_token& token) {
    std::promise<void> stopped;
    const std::stop_callback tell(token, [&] { stopped.set_value(); });
    return stopped.get_future().wait_for(patience) == std::future_status::ready;
}

std::string to_text(std::chrono::nanoseconds time) {
    const double us = std::chrono::duration<double, std::micro>(time).count();
    std::array<char, 32> text{};
    if (us < 1000)
        std::snprintf(text.data(), text.size(), "%.0f us", us);
    else if (us < 1'000'000)
        std::snprintf(text.data(), text.size(), "%.1f ms", us / 1000);
    else
        std::snprintf(text.data(), text.size(), "%.2f s", us / 1'000'000);
    return text.data();
}

void title(std::string_view name) {
    auto& s = the_screen();
    std::printf("\n%s%d. %.*s%s\n", s.colours ? "\033[1m" : "", ++s.steps, static_cast<int>(name.size()), name.data(),
                s.colours ? "\033[0m" : "");
    std::fflush(stdout);
    s.last = clock::now();
}

void say(const std::string& what) { say(what, clock::now() - the_screen().last); }

void say(const std::string& what, std::chrono::nanoseconds took) {
    auto& s = the_screen();
    std::printf("   %s%9s%s  %s\n", s.colours ? "\033[32m" : "", to_text(took).c_str(), s.colours ? "\033[0m" : "",
                what.c_str());
    std::fflush(stdout);
    s.last = clock::now();
}

} // namespace demo
