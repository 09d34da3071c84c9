#pragma once
#include <CLI/CLI.hpp>

#include <string>

namespace kz {

/// A script that tells bash how to complete kz's command line: commands, options, and the values that are known.
std::string bash_completion(const CLI::App&);

} // namespace kz
