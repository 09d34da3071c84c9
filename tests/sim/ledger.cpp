#include "ledger.hpp"

#include <algorithm>
#include <sstream>

namespace kazoo::testkit {

std::optional<std::size_t> ledger::find_token(std::string_view text) {
    for (std::size_t at = text.find('w'); at != std::string_view::npos; at = text.find('w', at + 1)) {
        const std::string_view digits = text.substr(at + 1, 6);
        const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
        if (digits.size() == 6 && std::ranges::all_of(digits, is_digit)) return std::stoul(std::string(digits));
    }
    return std::nullopt;
}

namespace {

std::string describe(std::size_t i, const ledger_entry& e) {
    std::ostringstream text;
    text << ledger::token(i) << " (" << e.what << " of client " << e.client << ", " << e.code << ' ' << e.outcome
         << ", applied " << e.applied << " times)";
    return text.str();
}

/// The server answered it, so it was processed even where the server's log cannot be matched. The end of a session is
/// told by the client itself, too.
bool was_answered(const ledger_entry& e) {
    const bool by_error = e.code.value() <= static_cast<int>(errc::api_error) && e.code != errc::session_expired;
    return e.processed || !e.code || by_error;
}

bool is_lost_with_connection(const ledger_entry& e) {
    return e.code == errc::connection_loss || e.code == errc::session_expired || e.code == errc::closed;
}

} // namespace

std::vector<std::string> ledger::audit() const {
    std::vector<std::string> wrong;
    const auto complain = [&](std::size_t i, std::string_view why) {
        wrong.push_back(describe(i, entries_[i]) + ": " + std::string(why));
    };
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const ledger_entry& e = entries_[i];
        if (e.completions != 1) complain(i, "did not complete exactly once");
        if (!e.tracked) continue;
        if (!e.write && e.code && e.outcome != outcome::not_applied) complain(i, "a read that may have been applied");
        if (!e.write) continue;
        // One that was sent again may be there twice for a while, as soon as the first one lands late.
        const int on_time = e.applied - e.applied_late;
        if (!e.code && e.applied == 0) complain(i, "a success that was not applied");
        if (!e.code && on_time == 0 && !e.repeated) complain(i, "a success although nobody got the answer");
        if (e.code && e.outcome == outcome::not_applied && e.applied != 0) complain(i, "not applied, but it was");
        if (on_time > 1 || (e.applied > 1 && !e.repeated)) complain(i, "applied more than once");
    }
    // What a connection carried to the server was processed in order, up to where it broke: whoever was submitted
    // before the connection went with an earlier write must be lost with it. Of the lost ones, any may still be applied
    // late, each by itself.
    for (std::size_t b = 0; b < entries_.size(); ++b) {
        const ledger_entry& later = entries_[b];
        if (!later.in_order || later.applied == 0) continue;
        for (std::size_t a = 0; a < b; ++a) {
            const ledger_entry& earlier = entries_[a];
            if (!earlier.in_order || earlier.client != later.client) continue;
            const bool overlap = later.submitted < earlier.dropped;
            if (overlap && later.applied_late == 0 && !was_answered(earlier) && is_lost_with_connection(earlier))
                complain(a, "lost, but " + describe(b, later) + " behind it was applied");
            if (earlier.applied > 0 && earlier.connection == later.connection &&
                earlier.processed_at > later.processed_at)
                complain(a, "overtaken by " + describe(b, later));
        }
    }
    return wrong;
}

} // namespace kazoo::testkit
