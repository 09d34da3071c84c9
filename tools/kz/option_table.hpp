#pragma once
// What the parser knows of options, for the pages that are made of it.
#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace kz {

struct option_row {
    std::vector<std::string> names;   ///< "-s", "--servers"; of a positional its name
    std::string value;                ///< what stands for its value; empty: it takes none
    std::vector<std::string> choices; ///< the values there are; empty: any
    std::string description, default_value, variable;
    std::vector<std::string> excludes;
    bool positional = false, required = false;
};

std::vector<option_row> options_of(const CLI::App&);
std::vector<const CLI::App*> commands_of(const CLI::App&);

} // namespace kz
