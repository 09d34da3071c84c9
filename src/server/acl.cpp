#include "server/acl.hpp"

#include "server/java_text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace kazoo::server {

namespace {

/// Integer.parseInt: a sign is allowed.
std::optional<int> parse_int(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) return std::nullopt;
    }
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
    std::uint32_t address = 0;
    for (int part = 0; part < 4; ++part) {
        const std::size_t dot = text.find('.');
        if ((dot == std::string_view::npos) != (part == 3)) return std::nullopt;
        const auto value = parse_int(text.substr(0, dot));
        if (!value || *value < 0 || *value > 255) return std::nullopt;
        address = address << 8 | static_cast<std::uint32_t>(*value);
        text.remove_prefix(part == 3 ? text.size() : dot + 1);
    }
    return address;
}

struct subnet {
    std::uint32_t address = 0, mask = 0;
};

/// "a.b.c.d" or "a.b.c.d/bits"
std::optional<subnet> parse_subnet(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = parse_ipv4(text.substr(0, slash));
    if (!address) return std::nullopt;
    int bits = 32;
    if (slash != std::string_view::npos) {
        const auto given = parse_int(text.substr(slash + 1));
        if (!given || *given < 0 || *given > 32) return std::nullopt;
        bits = *given;
    }
    return subnet{*address, bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits)};
}

bool address_matches(std::string_view address, std::string_view pattern) {
    const auto net = parse_subnet(pattern);
    const auto host = parse_ipv4(address);
    return net && host && (*host & net->mask) == (net->address & net->mask);
}

/// One colon between two parts; like Java's split, colons at the end do not count.
bool valid_digest_id(std::string_view id) {
    while (id.ends_with(':')) id.remove_suffix(1);
    return std::count(id.begin(), id.end(), ':') == 1;
}

/// Of a distinguished name no more is asked than that each part has a key and a value.
bool valid_subject(std::string_view id) {
    const auto has_both = [](std::string_view part) {
        const std::size_t sign = part.find('=');
        return sign != 0 && sign != std::string_view::npos;
    };
    for (std::size_t comma = 0; (comma = id.find(',')) != std::string_view::npos; id.remove_prefix(comma + 1))
        if (!has_both(id.substr(0, comma))) return false;
    return has_both(id);
}

bool matches(const kazoo::acl& entry, const identity& who) {
    if (entry.scheme != who.scheme) return false;
    return entry.scheme == "ip" ? address_matches(who.name, entry.id) : entry.id == who.name;
}

/// `auth` multiplies entries by identities: a list that no frame could carry is refused.
constexpr std::size_t max_entries = 100'000;

acl_pointer world(perms p) { return std::make_shared<const acl_list>(acl_list{{p, "world", "anyone"}}); }

} // namespace

const acl_pointer& open_acl() {
    static const acl_pointer list = world(perms::all);
    return list;
}

const acl_pointer& read_acl() {
    static const acl_pointer list = world(perms::read);
    return list;
}

void identity_set::add(identity who) {
    if (std::find(all_.begin(), all_.end(), who) != all_.end()) return;
    if (who.scheme == "super") super_ = true;
    insert(std::move(who));
    if (all_.size() * 4 <= buckets_ * 3) return;
    buckets_ *= 2;
    for (identity& i : std::exchange(all_, {})) insert(std::move(i));
}

void identity_set::insert(identity who) {
    const auto bucket = [this](const identity& i) {
        const std::uint32_t hash = 37 * (37 * 17 + java_string_hash(i.scheme)) + java_string_hash(i.name);
        return (hash ^ hash >> 16) & (buckets_ - 1);
    };
    const auto behind = [&](const identity& a, const identity& b) { return bucket(a) < bucket(b); };
    const auto at = std::upper_bound(all_.begin(), all_.end(), who, behind);
    all_.insert(at, std::move(who));
}

bool allows(const acl_list& acl, perms wanted, const identity_set& who) {
    if (acl.empty() || who.super()) return true;
    return std::any_of(acl.begin(), acl.end(), [&](const kazoo::acl& entry) {
        if ((entry.perms & wanted) == perms::none) return false;
        if (entry.scheme == "world") return true; // only `anyone` can be stored
        return std::any_of(who.all().begin(), who.all().end(), [&](const identity& i) { return matches(entry, i); });
    });
}

errc fix_up(std::span<const proto::acl_entry> sent, const acl_context& context, acl_pointer& result) {
    if (sent.empty()) return errc::invalid_acl;
    if (sent.size() == 1 && sent[0] == proto::acl_entry{31, {"world", "anyone"}}) {
        result = open_acl();
        return errc{};
    }
    acl_list fixed;
    std::set<std::tuple<std::int32_t, std::string_view, std::string_view>> seen;
    for (const proto::acl_entry& entry : sent) {
        const auto& [scheme, name] = entry.who;
        if (!seen.emplace(entry.perms, scheme, name).second) continue;
        if (fixed.size() > max_entries) return errc::invalid_acl;
        const auto granted = static_cast<perms>(entry.perms);
        if (proto::is_null(scheme)) return errc::invalid_acl;
        if (scheme == "auth") {
            const std::size_t before = fixed.size();
            for (const identity& i : context.who.all())
                if (i.scheme == "digest" || i.scheme == "x509") fixed.push_back({granted, i.scheme, i.name});
            if (fixed.size() == before) return errc::invalid_acl;
            continue;
        }
        const bool by_certificate = scheme == "x509" && context.certificates;
        if (scheme != "world" && scheme != "ip" && scheme != "digest" && !by_certificate) return errc::invalid_acl;
        if (proto::is_null(name)) return errc::marshalling_error;
        const bool valid = scheme == "world" ? name == "anyone"
                           : scheme == "ip"  ? parse_subnet(name).has_value()
                           : by_certificate  ? valid_subject(name)
                                             : valid_digest_id(name);
        if (!valid) return errc::invalid_acl;
        fixed.push_back({granted, std::string(scheme), std::string(name)});
    }
    result = std::make_shared<const acl_list>(std::move(fixed));
    return errc{};
}

std::string without_hash(std::string_view digest) {
    const std::size_t colon = digest.find(':');
    return colon == std::string_view::npos ? std::string(digest) : std::string(digest.substr(0, colon)) + ":x";
}

} // namespace kazoo::server
