#include "client/config_follower.hpp"

#include "client/core.hpp"
#include "task/repetition.hpp"
#include "task/root_task.hpp"

#include <charconv>

namespace kazoo::detail {

namespace {

/// `10.0.0.1` of `10.0.0.1:2888:3888`, `::1` of `[::1]:2888:3888`.
std::string_view host_of(std::string_view address) noexcept {
    if (!address.starts_with('[')) return address.substr(0, address.find(':'));
    address.remove_prefix(1);
    return address.substr(0, address.find(']'));
}

bool is_wildcard(std::string_view host) noexcept {
    return host.empty() || host == "0.0.0.0" || host == "::" || host == "0:0:0:0:0:0:0:0";
}

/// Whether to go on after this failure.
task<bool> again(core& owner, repetition& reads, std::error_code e) {
    if (e == errc::session_expired) co_return true;
    if (co_await reads.again(e)) co_return true;
    if (e != errc::closed) owner.log(log_level::warn, "the configuration is not followed: " + e.message());
    co_return false;
}

task<void> follow(handle zk) {
    config_version seen = config_version::any;
    for (repetition reads;;) {
        auto read = co_await as_result(zk.async_watch_config());
        if (!read) {
            if (!co_await again(zk.owner(), reads, read.error())) co_return;
            continue;
        }
        const ensemble_config& now = read->value;
        if (seen != config_version::any && now.version > seen) zk.owner().follow(now);
        seen = std::max(seen, now.version);
        const auto changed = co_await as_result(std::move(read->changed));
        if (!changed && !co_await again(zk.owner(), reads, changed.error())) co_return;
    }
}

} // namespace

std::optional<session::host_port> client_address(std::string_view member) {
    const auto semicolon = member.rfind(';');
    if (semicolon == member.npos) return std::nullopt;
    const std::string_view client = member.substr(semicolon + 1);
    const auto colon = client.rfind(':');
    const std::string_view port = colon == client.npos ? client : client.substr(colon + 1);
    std::string_view host = colon == client.npos ? std::string_view() : host_of(client.substr(0, colon));
    if (is_wildcard(host)) host = host_of(member);
    session::host_port result{.host = std::string(host)};
    const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), result.port);
    if (ec != std::errc() || end != port.data() + port.size() || result.port == 0 || host.empty()) return std::nullopt;
    return result;
}

std::optional<std::vector<session::host_port>> client_addresses(const ensemble_config& c) {
    std::vector<session::host_port> all;
    for (const ensemble_member& m : c.members) {
        auto address = client_address(m.address);
        if (!address) return std::nullopt;
        all.push_back(std::move(*address));
    }
    if (all.empty()) return std::nullopt;
    return all;
}

void follow_config(handle zk) {
    core& owner = zk.owner();
    spawn(owner, {.name = "follow_config", .path = {}, .is_duty = true}, follow(std::move(zk))).detach();
}

} // namespace kazoo::detail
