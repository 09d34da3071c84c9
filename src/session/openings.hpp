#pragma once
// Connections that are being opened side by side, and those that are open and have not been asked for anything yet.
#include "util/clock.hpp"
#include "util/endpoint.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace kazoo::session {

struct opening {
    std::uint64_t number = 0;
    util::endpoint to;
    time_point since{};
    duration budget{0}; ///< for the connection and for the handshake behind it
    time_point opened = never;

    /// One that is open waits for its turn, which costs it nothing.
    time_point limit() const noexcept { return opened == never ? saturating_add(since, budget) : never; }
    duration left() const noexcept { return budget - (opened - since); }
};

class openings {
  public:
    void add(opening o) { all_.push_back(std::move(o)); }
    bool empty() const noexcept { return all_.empty(); }
    opening* find(std::uint64_t number) noexcept {
        const auto at = std::ranges::find(all_, number, &opening::number);
        return at == all_.end() ? nullptr : &*at;
    }
    bool lead_to(const util::endpoint& e) const noexcept {
        return std::ranges::any_of(all_, [&](const opening& o) {
            return o.to.address == e.address && o.to.port == e.port && o.to.host == e.host && o.to.tls == e.tls;
        });
    }
    /// Precondition: it is one of these.
    opening take(std::uint64_t number) {
        const auto at = std::ranges::find(all_, number, &opening::number);
        opening taken = std::move(*at);
        all_.erase(at);
        return taken;
    }
    /// The one that was opened first, of those that are open; nullptr if none is.
    const opening* first_open() const noexcept {
        const auto at = std::ranges::min_element(all_, {}, &opening::opened);
        return at == all_.end() || at->opened == never ? nullptr : &*at;
    }
    /// The one whose limit comes first; nullptr if none has one.
    const opening* first_due() const noexcept {
        const auto at = std::ranges::min_element(all_, {}, &opening::limit);
        return at == all_.end() || at->limit() == never ? nullptr : &*at;
    }
    time_point deadline() const noexcept {
        const opening* due = first_due();
        return due == nullptr ? never : due->limit();
    }
    /// All of them, in the order in which they began.
    const std::vector<opening>& all() const noexcept { return all_; }
    void clear() noexcept { all_.clear(); }

  private:
    std::vector<opening> all_;
};

} // namespace kazoo::session
