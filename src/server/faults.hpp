#pragma once
// What a test has ordered to happen to requests, and to which.
#include "proto/opcodes.hpp"
#include "util/clock.hpp"
#include "util/random.hpp"

#include <kazoo/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::server {

struct fault {
    enum class kind : std::uint8_t {
        cut_before,  ///< not applied, and the connection ends
        cut_after,   ///< applied, and the connection ends without a word of it
        hold_before, ///< neither it nor what comes behind it is looked at for a time
        hold_after,  ///< applied; nothing leaves, and nothing more is looked at, for a time
        expire,      ///< the session ends as it comes
        move,        ///< somebody else has come with the session: the connection ends, and it is not applied
        answer,      ///< not applied, but answered with an error
        unknown      ///< not applied: the server does not know such a request, says so and hangs up
    };
    kind what{};
    duration time{}; ///< of a hold; duration::max(): until it is released
    errc error{};    ///< of an answer
};

/// Which requests a fault is for.
struct fault_target {
    std::vector<proto::opcode> types; ///< empty: what callers ask for
    std::string path;                 ///< exactly; with a '*' at its end all that begin so; empty: all
    std::int64_t session = 0;         ///< 0: all
    std::size_t skip = 0;             ///< so many of them are let pass
    std::size_t times = 1;            ///< to so many it happens; 0: to all
};

/// How likely each is for a request that a caller asks for, from 0 to 1.
struct fault_odds {
    double cut_before = 0, cut_after = 0, hold = 0, expire = 0;
    duration longest_hold{}; ///< holds take up to this
};

/// A request as it comes.
struct met_request {
    proto::opcode type{};
    std::string_view body;
    std::int64_t session = 0;
};

class fault_book {
  public:
    std::uint64_t order(fault, fault_target);
    /// False: there is none of this number.
    bool take_back(std::uint64_t number);
    void order_at_random(std::uint64_t seed, const fault_odds&);
    void take_back_all();

    bool empty() const noexcept { return orders_.empty() && !odds_; }
    /// What happens to this one: what the first order that is for it says, or chance.
    std::optional<fault> meet(const met_request&);
    /// How often it has happened so far, or had before it was taken back.
    std::size_t hits(std::uint64_t number) const noexcept;
    /// Of all orders, and of chance.
    std::uint64_t all_hits() const noexcept { return all_hits_; }

  private:
    struct entry {
        fault what;
        fault_target whom;
        std::size_t met = 0, hits = 0;
        bool stands = true;
    };

    std::optional<fault> draw();

    std::vector<entry> orders_; ///< the first has the number 1
    std::optional<fault_odds> odds_;
    util::random_source chance_{0};
    std::uint64_t all_hits_ = 0;
};

} // namespace kazoo::server
