#include "session/host_round.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::session {

std::vector<std::string> host_round::begin() {
    ++number_;
    slots_.clear();
    addresses_.clear();
    tried_ = 0;
    std::vector<std::string> names;
    for (const host_port& host : hosts_) {
        slot& s = slots_.emplace_back();
        s.host = host;
        if (is_numeric(host.host)) {
            s.addresses.push_back(host.host);
            continue;
        }
        s.awaited = true;
        if (std::ranges::find(names, host.host) == names.end()) names.push_back(host.host);
    }
    return names;
}

bool host_round::answered(std::string_view name, const std::vector<std::string>& addresses) {
    for (slot& s : slots_) {
        if (!s.awaited || s.host.host != name) continue;
        s.awaited = false;
        s.addresses = addresses;
    }
    return std::ranges::none_of(slots_, &slot::awaited);
}

bool host_round::resolved(std::string_view name, std::vector<std::string> addresses) {
    if (addresses.empty()) return resolve_failed(name, "has no address");
    return answered(name, addresses);
}

bool host_round::resolve_failed(std::string_view name, std::string_view why) {
    note_failure(std::string(name), why);
    return answered(name, {});
}

std::vector<std::string> host_round::stop_resolving() {
    std::vector<std::string> late;
    for (slot& s : slots_)
        if (std::exchange(s.awaited, false) && std::ranges::find(late, s.host.host) == late.end())
            late.push_back(s.host.host);
    return late;
}

void host_round::order(bool shuffle, random_source& random, const host_port& last) {
    for (const slot& s : slots_)
        for (const std::string& numeric : s.addresses) {
            address a{{numeric, s.host.port}, s.host.host};
            const bool known = std::ranges::any_of(addresses_, [&](const address& b) { return b.where == a.where; });
            if (!known) addresses_.push_back(std::move(a));
        }
    if (shuffle)
        for (std::size_t i = addresses_.size(); i > 1; --i)
            std::swap(addresses_[i - 1], addresses_[static_cast<std::size_t>(random.below(i))]);
    const auto dropped = std::ranges::find(addresses_, last, &address::where);
    if (dropped != addresses_.end()) std::rotate(dropped, dropped + 1, addresses_.end());
}

void host_round::note_failure(const std::string& who, std::string_view why) {
    // What the newest round has not met again belongs to the past.
    std::erase_if(failures_, [&](const failure& f) { return f.who == who || f.round + 1 < number_; });
    failures_.push_back({who, std::string(why), number_});
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
