#pragma once
// Every operation of a storm: what its caller was told, and what the server really did.
#include "testing/sim/sim_world.hpp"

#include <kazoo/error.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::testkit {

struct ledger_entry {
    std::size_t client = 0;
    std::string_view what;
    bool write = false;
    bool tracked = true;                        ///< its effect can be told apart from that of others
    bool in_order = false;                      ///< one request, made once: subject to the order of submission
    bool repeated = false;                      ///< sent again when its reply is lost
    bool may_give_up = false;                   ///< has a deadline, or is cancelled
    std::uint64_t submitted = 0, completed = 0; ///< in the order of everything that is noted here
    /// When the client's connection or session went for the first time after it was submitted.
    std::uint64_t dropped = 0;
    int completions = 0;
    std::error_code code;
    kazoo::outcome outcome = outcome::not_applied;
    int applied = 0;
    int applied_late = 0;   ///< of these, when its connection was gone
    bool processed = false; ///< applied or refused
    std::uint64_t processed_at = 0;
    std::uint64_t connection = 0;
};

class ledger {
  public:
    std::size_t open(std::size_t client, std::string_view what, bool write) {
        ledger_entry e;
        e.client = client;
        e.what = what;
        e.write = write;
        e.submitted = ++clock_;
        entries_.push_back(e);
        return entries_.size() - 1;
    }
    ledger_entry& operator[](std::size_t i) { return entries_[i]; }
    void complete(std::size_t i, std::error_code code, outcome o) {
        ledger_entry& e = entries_[i];
        ++e.completions;
        ++finished_;
        e.code = code;
        e.outcome = o;
        e.completed = ++clock_;
    }
    /// What stands in a path or in data for entry `i`.
    static std::string token(std::size_t i) {
        const std::string digits = std::to_string(i);
        return 'w' + std::string(6 - digits.size(), '0') + digits;
    }
    /// The server processed the write whose token is in `text`. Returns its entry, if there is one.
    ledger_entry* processed(std::string_view text, const sim_write& w) {
        const auto i = find_token(text);
        if (!i || *i >= entries_.size()) return nullptr;
        ledger_entry& e = entries_[*i];
        e.processed = true;
        e.processed_at = ++clock_;
        e.connection = w.connection;
        if (w.write.error == errc{}) {
            ++e.applied;
            if (w.late) ++e.applied_late;
        }
        return &e;
    }
    /// The entry whose token is in `text`; none if there is no token.
    static std::optional<std::size_t> find_token(std::string_view text);
    /// What is under way may meet a server without nodes: it leaves no trace that could be matched when it is refused.
    void server_forgot() {
        for (ledger_entry& e : entries_)
            if (e.completions == 0) e.in_order = false;
    }
    /// The client lost its connection, or its session without one.
    void drop(std::size_t client) {
        ++clock_;
        for (ledger_entry& e : entries_)
            if (e.client == client && e.completions == 0 && e.dropped == 0) e.dropped = clock_;
    }
    std::size_t size() const noexcept { return entries_.size(); }
    std::size_t finished() const noexcept { return finished_; }
    const std::vector<ledger_entry>& entries() const noexcept { return entries_; }

    /// What is wrong, a line each.
    std::vector<std::string> audit() const;

  private:
    std::vector<ledger_entry> entries_;
    std::size_t finished_ = 0;
    std::uint64_t clock_ = 0;
};

} // namespace kazoo::testkit
