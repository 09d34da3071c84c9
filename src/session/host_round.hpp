#pragma once
// One round through all addresses of all hosts: names are looked up first, then every address is tried once.
#include "session/host_list.hpp"
#include "util/clock.hpp"
#include "util/endpoint.hpp"
#include "util/random.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::session {

class host_round {
  public:
    explicit host_round(std::vector<host_port> hosts) : hosts_(std::move(hosts)) {}

    /// Starts over with all addresses that are known, this one first.
    void begin_at(const util::endpoint&);
    /// Of all hosts, by the last look-ups.
    std::vector<util::endpoint> known_addresses() const;
    /// All names whose look-up is not under way; it is from now on.
    std::vector<std::string> names();
    /// Starts over. Returns the names to be looked up, each once: not those whose look-up is still under way.
    std::vector<std::string> begin();
    bool awaits_names() const noexcept { return std::ranges::any_of(slots_, &slot::awaited); }
    /// Takes an answer; true if nothing is awaited any more. Addresses that came too late are for the next round.
    bool resolved(std::string_view name, std::vector<std::string> addresses);
    bool resolve_failed(std::string_view name, std::string_view why);
    /// Gives up what has not been answered. Returns those names.
    std::vector<std::string> stop_resolving();
    /// Fixes the order in which the addresses are tried; `last` goes to the end if there are others.
    void order(bool shuffle, util::random_source&, const util::endpoint& last);

    /// From the next round on; in it, those that are named in `preferred` come in that order.
    void set_hosts(std::vector<host_port> hosts, std::vector<host_port> preferred) {
        hosts_ = std::move(hosts);
        preferred_ = std::move(preferred);
    }
    /// The same hosts in another order, from the next round on.
    void reorder(std::vector<host_port> hosts) { hosts_ = std::move(hosts); }
    /// Whether a host of the list stands for that server.
    bool has(const util::endpoint&) const noexcept;
    /// Addresses that came too late are not for the next round.
    void forget_late() noexcept;
    /// These servers under the names that the list has for them, as far as these have been looked up; reached by TLS if
    /// any host is. A name of several of them stands for none of them, but where a certificate is for it. Nothing if
    /// that cannot be said: sockets say nothing of servers, nor do hosts by TLS of several ports.
    std::optional<std::vector<host_port>> named(const std::vector<host_port>& servers) const;
    const std::vector<host_port>& host_list() const noexcept { return hosts_; }
    std::size_t hosts() const noexcept { return hosts_.size(); }
    std::size_t size() const noexcept { return addresses_.size(); }
    /// The next address, or nullptr at the end of the round.
    const util::endpoint* next() noexcept { return tried_ < addresses_.size() ? &addresses_[tried_++] : nullptr; }

    /// An attempt ran out of time. That is not a refusal, so refused() is false.
    void note_late() noexcept { late_ = true; }
    /// Whether all names and addresses of the round said no. To be asked at the end of the round.
    bool refused() const noexcept { return !late_; }
    void note_failure(const std::string& who, std::string_view why);
    bool has_failure(const std::string& who) const noexcept {
        return std::ranges::find(failures_, who, &failure::who) != failures_.end();
    }
    /// Names that are being looked up, but those that failures() has: `a, b`.
    std::string awaited_names() const;
    void forget_failures() noexcept { failures_.clear(); }
    std::string failures() const;

  private:
    struct slot {
        host_port host;
        bool awaited = false;
        std::vector<std::string> addresses;
    };
    struct lookup {
        std::string name;
        bool under_way = false;
        std::vector<std::string> known{}; ///< addresses from the last answer
        std::vector<std::string> late{};  ///< addresses from an answer that came when no round waited for it
    };
    struct failure {
        std::string who, why;
        std::uint64_t round;
    };
    lookup& lookup_of(std::string_view name);
    bool leads_to(const host_port&, std::string_view host) const noexcept;
    /// False if no round waits for that name.
    bool fill(std::string_view name, const std::vector<std::string>& addresses);

    std::size_t rank(const util::endpoint&) const noexcept;

    std::vector<host_port> hosts_, preferred_;
    std::vector<lookup> lookups_;
    std::vector<slot> slots_;
    std::vector<util::endpoint> addresses_;
    std::size_t tried_ = 0;
    std::uint64_t number_ = 0;
    bool late_ = false;
    std::vector<failure> failures_;
};

} // namespace kazoo::session
