#pragma once
// What happened in a simulated world: all of it as one number, the last part of it as text.
#include "util/clock.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace kazoo::testkit {

class sim_trace {
  public:
    /// `what` has static storage.
    void add(time_point at, std::string_view what, std::uint64_t a, std::uint64_t b, std::string_view text = {}) {
        mix(static_cast<std::uint64_t>(at.time_since_epoch().count()));
        mix(what);
        mix(a);
        mix(b);
        mix(text);
        if (last_.size() == kept_) last_.pop_front();
        last_.push_back({at, what, a, b, std::string(text)});
    }
    std::uint64_t hash() const noexcept { return hash_; }
    std::string last() const {
        std::string lines;
        for (const entry& e : last_) {
            const auto us = std::chrono::duration_cast<std::chrono::microseconds>(e.at.time_since_epoch()).count();
            lines += std::to_string(us) + "us " + std::string(e.what) + ' ' + std::to_string(e.a) + ' ' +
                     std::to_string(e.b) + ' ' + e.text + '\n';
        }
        return lines;
    }
    void keep(std::size_t lines) noexcept { kept_ = lines; }

  private:
    struct entry {
        time_point at;
        std::string_view what;
        std::uint64_t a, b;
        std::string text;
    };
    void mix(std::uint64_t x) noexcept {
        hash_ = (hash_ ^ x) * 0x9e3779b97f4a7c15U;
        hash_ ^= hash_ >> 29;
    }
    void mix(std::string_view s) noexcept {
        for (const char c : s) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
        mix(s.size());
    }

    std::size_t kept_ = 200;
    std::uint64_t hash_ = 0xcbf29ce484222325U;
    std::deque<entry> last_;
};

} // namespace kazoo::testkit
