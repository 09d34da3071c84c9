#include "session/host_round.hpp"

#include "session/rebalancing.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace kazoo::session {

std::vector<std::string> host_round::begin() {
    ++number_;
    slots_.clear();
    addresses_.clear();
    tried_ = 0;
    late_ = false;
    std::vector<std::string> names;
    for (const host_port& host : hosts_) {
        slot& s = slots_.emplace_back();
        s.host = host;
        s.awaited = !needs_no_lookup(host.host);
        if (!s.awaited) {
            s.addresses.push_back(host.host);
            continue;
        }
        lookup& l = lookup_of(host.host);
        if (l.late.empty() && !std::exchange(l.under_way, true)) names.push_back(l.name);
    }
    for (lookup& l : lookups_)
        if (!l.late.empty()) fill(l.name, std::exchange(l.late, {}));
    return names;
}

host_round::lookup& host_round::lookup_of(std::string_view name) {
    const auto at = std::ranges::find(lookups_, name, &lookup::name);
    return at != lookups_.end() ? *at : lookups_.emplace_back(lookup{.name = std::string(name)});
}

bool host_round::fill(std::string_view name, const std::vector<std::string>& addresses) {
    bool awaited = false;
    for (slot& s : slots_) {
        if (!s.awaited || s.host.host != name) continue;
        awaited = true;
        s.awaited = false;
        s.addresses = addresses;
    }
    return awaited;
}

bool host_round::resolved(std::string_view name, std::vector<std::string> addresses) {
    if (addresses.empty()) return resolve_failed(name, "has no address");
    lookup& l = lookup_of(name);
    l.under_way = false;
    l.known = addresses;
    if (!fill(name, addresses)) l.late = std::move(addresses);
    return !awaits_names();
}

bool host_round::resolve_failed(std::string_view name, std::string_view why) {
    note_failure(std::string(name), why);
    lookup_of(name).under_way = false;
    fill(name, {});
    return !awaits_names();
}

std::vector<std::string> host_round::stop_resolving() {
    std::vector<std::string> late;
    for (slot& s : slots_)
        if (std::exchange(s.awaited, false) && std::ranges::find(late, s.host.host) == late.end())
            late.push_back(s.host.host);
    late_ = late_ || !late.empty();
    return late;
}

void host_round::order(bool shuffle, util::random_source& random, const util::endpoint& last) {
    std::unordered_set<std::string> known;
    for (const slot& s : slots_)
        for (const std::string& numeric : s.addresses) {
            util::endpoint a{.address = numeric, .port = s.host.port, .host = s.host.host, .tls = s.host.tls};
            // Whoever is at one address may have a certificate for another of its names.
            const std::string name = a.tls ? "tls://" + a.host + '/' : "";
            if (known.insert(name + to_string(a)).second) addresses_.push_back(std::move(a));
        }
    if (shuffle)
        for (std::size_t i = addresses_.size(); i > 1; --i)
            std::swap(addresses_[i - 1], addresses_[static_cast<std::size_t>(random.below(i))]);
    if (!preferred_.empty()) std::ranges::sort(addresses_, {}, [this](const util::endpoint& a) { return rank(a); });
    preferred_.clear();
    const auto dropped = std::ranges::find_if(
        addresses_, [&last](const util::endpoint& a) { return a.address == last.address && a.port == last.port; });
    if (dropped != addresses_.end()) std::rotate(dropped, dropped + 1, addresses_.end());
}

std::vector<util::endpoint> host_round::known_addresses() const {
    std::vector<util::endpoint> all;
    const auto add = [&](const host_port& h, const std::string& address) {
        all.push_back({.address = address, .port = h.port, .host = h.host, .tls = h.tls});
    };
    for (const host_port& h : hosts_) {
        if (needs_no_lookup(h.host)) add(h, h.host);
        const auto known = std::ranges::find(lookups_, h.host, &lookup::name);
        if (known == lookups_.end()) continue;
        for (const std::string& address : known->known) add(h, address);
    }
    return all;
}

std::vector<std::string> host_round::names() {
    std::vector<std::string> asked;
    for (const host_port& h : hosts_)
        if (!needs_no_lookup(h.host) && !std::exchange(lookup_of(h.host).under_way, true)) asked.push_back(h.host);
    return asked;
}

void host_round::begin_at(const util::endpoint& first) {
    ++number_;
    addresses_ = known_addresses();
    std::erase_if(addresses_, [&](const util::endpoint& a) { return to_string(a) == to_string(first); });
    addresses_.insert(addresses_.begin(), first);
    tried_ = 0;
    late_ = false;
}

bool host_round::leads_to(const host_port& h, std::string_view host) const noexcept {
    if (h.host == host) return true;
    const auto known = std::ranges::find(lookups_, h.host, &lookup::name);
    return known != lookups_.end() && std::ranges::find(known->known, host) != known->known.end();
}

std::optional<std::vector<host_port>> host_round::named(const std::vector<host_port>& servers) const {
    const auto secure = std::ranges::find_if(hosts_, &host_port::tls);
    const bool tls = secure != hosts_.end(); // a configuration has no ports for TLS
    const auto other_port = [&](const host_port& h) { return h.tls && h.port != secure->port; };
    if (std::ranges::any_of(hosts_, &host_port::is_socket) || std::ranges::any_of(hosts_, other_port))
        return std::nullopt;
    std::vector<host_port> result, all = servers;
    for (host_port& server : all) {
        if (tls) server.port = secure->port;
        server.tls = tls;
    }
    const auto stands_for = [this](const host_port& h, const host_port& server) {
        return h.port == server.port && leads_to(h, server.host);
    };
    const auto stands_for_one = [&](const host_port& h) {
        return std::ranges::count_if(all, [&](const host_port& server) { return stands_for(h, server); }) == 1;
    };
    for (const host_port& server : all) {
        const auto known = std::ranges::find_if(
            hosts_, [&](const host_port& h) { return stands_for(h, server) && (tls || stands_for_one(h)); });
        result.push_back(known == hosts_.end() ? server : *known);
    }
    return result;
}

bool host_round::has(const util::endpoint& e) const noexcept {
    return std::ranges::any_of(hosts_, [&](const host_port& h) { return is_at(h, e); });
}

void host_round::forget_late() noexcept {
    for (lookup& l : lookups_) l.late.clear();
}

std::size_t host_round::rank(const util::endpoint& a) const noexcept {
    const auto at = std::ranges::find_if(
        preferred_, [&](const host_port& h) { return h.host == a.host && h.port == a.port && h.tls == a.tls; });
    return static_cast<std::size_t>(at - preferred_.begin());
}

void host_round::note_failure(const std::string& who, std::string_view why) {
    // Failures of addresses that the newest round has not met again are forgotten.
    std::erase_if(failures_, [&](const failure& f) { return f.who == who || f.round + 1 < number_; });
    failures_.push_back({who, std::string(why), number_});
}

std::string host_round::awaited_names() const {
    std::string text;
    for (const slot& s : slots_) {
        if (!s.awaited || has_failure(s.host.host)) continue;
        text += (text.empty() ? "" : ", ") + s.host.host;
    }
    return text;
}

std::string host_round::failures() const {
    std::string text;
    for (const failure& f : failures_) {
        if (!text.empty()) text += "; ";
        text += f.who + ": " + f.why;
    }
    return text;
}

} // namespace kazoo::session
