#pragma once
// For a session on a server without a quorum: whom to ask next whether it has one, and when (C15). All hosts in turn,
// then a pause that grows.
#include "util/backoff.hpp"
#include "util/clock.hpp"
#include "util/endpoint.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo::session {

class quorum_search {
  public:
    explicit quorum_search(const retry_policy& pauses) : pauses_(pauses) {}

    /// Whom to ask comes then.
    void begin(time_point now, util::random_source& random) {
        pauses_.reset();
        end();
        pause(now, random);
    }
    void end() noexcept {
        due_ = never;
        rest_.clear();
        asked_ = 0;
    }
    void pause(time_point now, util::random_source& random) { due_ = saturating_add(now, pauses_.next(random)); }
    /// When next() is to be asked, or the one that is being asked is to be given up.
    time_point due() const noexcept { return due_; }

    void set_rest(std::vector<util::endpoint> all) { rest_ = std::move(all); }
    /// Whom to ask now; nothing at the end of the round.
    std::optional<util::endpoint> next() {
        if (rest_.empty()) return std::nullopt;
        util::endpoint first = std::move(rest_.front());
        rest_.erase(rest_.begin());
        return first;
    }
    void asks(std::uint64_t connection, util::endpoint whom, time_point limit) {
        asked_ = connection;
        whom_ = std::move(whom);
        due_ = limit;
    }
    /// 0 if nobody is.
    std::uint64_t asked() const noexcept { return asked_; }
    void answered() noexcept { asked_ = 0; }
    const util::endpoint& whom() const noexcept { return whom_; }

    /// isro, or where that is not allowed the one word that always is.
    std::string_view word() const noexcept {
        return std::ranges::find(refusers_, to_string(whom_)) == refusers_.end() ? "isro" : "srvr";
    }
    /// The word is not allowed there: it is asked again by the other one, if that is another one.
    void refused() {
        if (word() == "srvr") return;
        refusers_.push_back(to_string(whom_));
        rest_.insert(rest_.begin(), whom_);
    }

  private:
    util::backoff pauses_;
    time_point due_ = never;
    std::vector<util::endpoint> rest_; ///< of this round
    std::uint64_t asked_ = 0;
    util::endpoint whom_;
    std::vector<std::string> refusers_; ///< of isro
};

/// Whether this answer to isro or srvr is that of a server with a quorum. One that was cut may say anything.
inline bool says_quorum(std::string_view answer) noexcept {
    constexpr std::string_view mode = "Mode: ";
    if (answer.starts_with("rw")) return true;
    const auto at = answer.find(mode);
    if (at == answer.npos) return false;
    answer.remove_prefix(at + mode.size());
    const auto end = answer.find('\n');
    return end != answer.npos && end > 0 && answer.substr(0, end) != "read-only";
}

} // namespace kazoo::session
