#pragma once
// The list of hosts after the ensemble's own configuration, for client_options::follow_config.
#include "client/handle.hpp"
#include "session/host_list.hpp"

#include <kazoo/servers.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace kazoo::detail {

/// Where clients reach a member: from `10.0.0.1:2888:3888:participant;0.0.0.0:2181`, 10.0.0.1 and 2181. Nothing if that
/// is not said, as in a configuration that no reconfig has changed.
std::optional<session::host_port> client_address(std::string_view member);

/// The same of all members; nothing if one of them does not say it.
std::optional<std::vector<session::host_port>> client_addresses(const ensemble_config&);

/// Reads the configuration, waits until it changes, and gives the client another list then; until the client closes.
void follow_config(handle);

} // namespace kazoo::detail
