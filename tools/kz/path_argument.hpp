#pragma once
#include <CLI/CLI.hpp>

#include <string>

namespace kz {

/// Of a command that takes a path and nothing else.
struct path_options {
    std::string path;
};

/// The positional PATH of a command. What does not begin with a slash is refused: it is more likely a slip than a path
/// (the value of an option that takes none, say). What does is brought into its one form, so that who looks at it sees
/// which node is meant: "//a/" is "/a". `prefix` keeps a slash at the end, for the beginning of a sequential name.
CLI::Option* add_path(CLI::App& command, std::string& path, std::string description, bool prefix = false);

} // namespace kz
