#include "path_argument.hpp"

#include <kazoo/path.hpp>

namespace kz {

CLI::Option* add_path(CLI::App& command, std::string& path, std::string description, bool prefix) {
    const auto bring_into_form = [prefix](std::string& text) -> std::string {
        if (!text.starts_with('/')) return "\"" + text + "\" does not begin with /";
        text = kazoo::path::normalize(text, prefix);
        return {};
    };
    return command.add_option("PATH", path, std::move(description))
        ->type_name("")
        ->transform(CLI::Validator(bring_into_form, ""));
}

} // namespace kz
