#pragma once
// Who stands in a line, as --list shows it.
#include <kazoo/recipe/contender.hpp>

#include <string>
#include <vector>

namespace kz {

std::string token_text(kazoo::zxid);
/// Whatever somebody calls himself, on one line.
std::string printable(std::string);
/// Fencing token, session, node and identifier of each in a line of text; or all of them as one JSON object.
std::string line_up(const std::vector<kazoo::contender>&, const std::string& path, bool as_json);

} // namespace kz
