#pragma once
#include <CLI/CLI.hpp>

#include <string>

namespace kz {

/// kz(1), made of what the help is made of.
std::string man_page(const CLI::App&);

} // namespace kz
