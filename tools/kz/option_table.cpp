#include "option_table.hpp"

#include <algorithm>
#include <sstream>

namespace kz {

namespace {

std::vector<std::string> names_of(const CLI::Option& o) {
    if (o.get_positional()) return {o.get_name(true)};
    std::vector<std::string> names;
    for (const auto& letter : o.get_snames()) names.push_back("-" + letter);
    for (const auto& word : o.get_lnames()) names.push_back("--" + word);
    return names;
}

/// CLI11 has the choices in the name of the type: `LEVEL:{warn,error}`.
std::vector<std::string> choices_in(const std::string& type) {
    std::vector<std::string> choices;
    if (const auto open = type.find(":{"); open != std::string::npos && type.ends_with('}')) {
        std::istringstream list(type.substr(open + 2, type.size() - open - 3));
        for (std::string choice; std::getline(list, choice, ',');) choices.push_back(choice);
    }
    return choices;
}

} // namespace

std::vector<option_row> options_of(const CLI::App& app) {
    std::vector<option_row> rows;
    for (const CLI::Option* o : app.get_options()) {
        option_row row;
        row.names = names_of(*o);
        row.positional = o->get_positional();
        row.required = o->get_required();
        const std::string type = o->get_type_name();
        if (!row.positional && o->get_items_expected_min() > 0) row.value = type.substr(0, type.find(':'));
        row.choices = choices_in(type);
        row.description = o->get_description();
        row.default_value = o->get_default_str();
        row.variable = o->get_envname();
        for (const CLI::Option* other : o->get_excludes()) row.excludes.push_back(names_of(*other).back());
        std::ranges::sort(row.excludes);
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App*) { return true; });
}

} // namespace kz
