#pragma once
// Values of the library as text and as JSON. Ids are hexadecimal in both, as the servers' logs have them (and because
// JSON numbers cannot hold 64 bits everywhere).
#include "json.hpp"

#include <kazoo/types.hpp>

#include <cstdint>
#include <string>

namespace kz {

std::string hexadecimal(std::int64_t);
/// 2024-05-17T09:30:00.125Z
std::string to_text(kazoo::sys_time);

/// One field a line.
std::string to_text(const kazoo::node_stat&);
/// An object.
void write(json&, const kazoo::node_stat&);
/// Two members: "data" (null, text, or base64 of what is not UTF-8) and "base64" (which of them).
void write_data(json&, const kazoo::bytes&);

} // namespace kz
