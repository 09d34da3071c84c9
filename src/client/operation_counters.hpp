#pragma once
// How the requests of a client ended.
#include "proto/opcodes.hpp"
#include "util/tally.hpp"

#include <kazoo/metrics.hpp>

#include <array>
#include <system_error>

namespace kazoo::detail {

class operation_counters {
  public:
    /// On the loop: a server has answered, and the caller gets a value or not.
    void answered(proto::opcode op, std::size_t sent, std::size_t received, bool succeeded) noexcept {
        kind& k = kinds_[slot_of(op)];
        k.succeeded.add(succeeded);
        k.bytes_sent.add(sent);
        k.bytes_received.add(received);
    }
    /// Any thread.
    void failed(proto::opcode, const std::error_code&) noexcept;

    void read(client_metrics&) const;

  private:
    static constexpr std::size_t slots = 32;
    static constexpr std::size_t server_codes = 128, own_codes = 16;

    struct kind {
        util::tally succeeded, bytes_sent, bytes_received;
        util::tally failed; ///< by any thread
    };

    static constexpr std::size_t slot_of(proto::opcode op) noexcept {
        const auto number = static_cast<std::size_t>(op);
        return number < 24 ? number : number >= 100 && number < 108 ? number - 76 : 0;
    }
    static constexpr proto::opcode opcode_of(std::size_t slot) noexcept {
        return static_cast<proto::opcode>(slot < 24 ? slot : slot + 76);
    }

    std::array<kind, slots> kinds_;
    std::array<util::tally, server_codes> by_server_code_; ///< by any thread, as all below: at minus its code
    std::array<util::tally, own_codes> by_own_code_;
    util::tally others_;
};

} // namespace kazoo::detail
