#pragma once
// What the suites of kazoo::set_partitioner share.
#include "shared/mutex_test.hpp"

#include <kazoo/recipe/set_partitioner.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kazoo::test {

using shares = std::vector<std::string>;

/// One that acquires again whenever its share was revoked, a step with each call.
struct partitioner_member {
    partitioner_member(const client& c, std::string_view path, shares items, set_partitioner_options o)
        : p(c, path, std::move(items), std::move(o)) {}

    void step() {
        if (mine && mine->revoked().stop_requested()) mine.reset();
        if (!mine && !asked.valid()) asked = p.async_acquire();
        if (asked.valid() && asked.ready()) mine.emplace(std::move(asked).get());
    }
    bool works() const { return mine && !mine->revoked().stop_requested(); }

    set_partitioner p;
    std::optional<partition> mine;
    future<partition> asked;
};

class partitioner_test : public mutex_test {
  protected:
    static constexpr const char* an_id = "0123456789abcdef0123456789abcdef";
    static const shares& letters() {
        static const shares all{"a", "b", "c", "d"};
        return all;
    }
    /// The boundary passes soon; nothing depends on how soon.
    static set_partitioner_options named(std::string identifier) {
        return {.identifier = std::move(identifier), .time_boundary = 20ms, .max_reaction_time = 100ms};
    }
    /// One whose boundary does not pass within a test.
    static set_partitioner_options patient(std::string identifier) {
        return {.identifier = std::move(identifier), .time_boundary = std::chrono::hours(1)};
    }
    std::vector<std::string> party(const client& c) const { return nodes(c, "/s/party"); }
    std::vector<std::string> locks(const client& c, const std::string& item) const {
        return nodes(c, "/s/locks/" + item);
    }
    std::size_t all_locks(const client& c, const shares& items) const {
        std::size_t n = 0;
        for (const auto& i : items) n += locks(c, i).size();
        return n;
    }
    /// Until all work and every item is somebody's: once, as the shares are locked.
    static bool share_out(std::deque<partitioner_member>& members, const shares& items) {
        return eventually([&] {
            shares all;
            for (auto& m : members) m.step();
            for (const auto& m : members) {
                if (!m.works() || !m.mine->holds()) return false;
                all.insert(all.end(), m.mine->items().begin(), m.mine->items().end());
            }
            std::ranges::sort(all);
            return all == items;
        });
    }
};

/// What a call throws, as text; empty if it returns.
template <class Call> std::string text_of_error(Call call) {
    try {
        call();
    } catch (const std::exception& e) {
        return e.what();
    }
    return {};
}

} // namespace kazoo::test
