#include "completion.hpp"

#include "option_table.hpp"

#include <string_view>

namespace kz {

namespace {

/// Needs no library of completions. Bash makes words of their own of : and =, as in HOST:PORT.
constexpr std::string_view script = R"(# bash completion of kz; made by `kz completion bash`
_kz() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command= words= i=1
    COMPREPLY=()
    [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
    [[ $current == = ]] && current=
    while ((i < COMP_CWORD)); do
        case ${COMP_WORDS[i]} in
            @GLOBAL_WITH_VALUE@) [[ ${COMP_WORDS[i + 1]} == = ]] && ((i += 1)); ((i += 2)) ;;
            -*) ((i += 1)) ;;
            : | =) ((i += 2)) ;;
            *) command=${COMP_WORDS[i]}; break ;;
        esac
    done
    if [[ $command == lock || $command == lease || $command == party || $command == elect || $command == barrier ]]; then
        while ((++i < COMP_CWORD)); do
            [[ ${COMP_WORDS[i]} == -- ]] || continue
            compopt -o filenames 2>/dev/null
            if ((i + 1 == COMP_CWORD)); then
                mapfile -t COMPREPLY < <(compgen -c -- "$current")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
            fi
            return
        done
    fi
    case $command:$previous in
@VALUES@        *)
            case $command in
                '') words='@COMMANDS@' ;;
                help) words='@COMMANDS@' ;;
@CHOICES@            esac
            if [[ $current == -* ]]; then
                case $command in
                    '') words='@OPTIONS@' ;;
@COMMAND_OPTIONS@                    *) words= ;;
                esac
            fi
            ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _kz kz
)";

std::string joined(const std::vector<std::string>& words, std::string_view between) {
    std::string out;
    for (const auto& word : words) out.append(out.empty() ? "" : between).append(word);
    return out;
}

void replace(std::string& text, std::string_view what, const std::string& by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
}

/// The names of all that is chosen by its name.
std::vector<std::string> names(const CLI::App& app) {
    std::vector<std::string> all;
    for (const option_row& o : options_of(app))
        if (!o.positional) all.insert(all.end(), o.names.begin(), o.names.end());
    return all;
}

/// Patterns of `command:option` for options with a value, and what their values are.
std::string values(const CLI::App& app, const std::string& command) {
    std::string out;
    for (const option_row& o : options_of(app)) {
        if (o.value.empty()) continue;
        std::vector<std::string> patterns;
        for (const auto& name : o.names) patterns.push_back(command + ":" + name);
        out += "        " + joined(patterns, " | ") + ") words='" + joined(o.choices, " ") + "' ;;\n";
    }
    return out;
}

} // namespace

std::string bash_completion(const CLI::App& app) {
    std::vector<std::string> commands, with_value;
    std::string all_values, choices, options;
    for (const option_row& o : options_of(app))
        if (!o.value.empty()) with_value.insert(with_value.end(), o.names.begin(), o.names.end());
    std::string everywhere;
    for (const auto& name : names(app))
        // The commands have their own help, and a --version with another meaning.
        if (name != "--version" && name != "-h" && name != "--help") everywhere += " " + name;
    for (const CLI::App* command : commands_of(app)) {
        const std::string name = command->get_name();
        commands.push_back(name);
        all_values += values(*command, name);
        options += "                    " + name + ") words='" + joined(names(*command), " ") + everywhere + "' ;;\n";
        for (const option_row& o : options_of(*command))
            if (o.positional && !o.choices.empty())
                choices += "                " + name + ") words='" + joined(o.choices, " ") + "' ;;\n";
    }
    all_values += values(app, "*"); // behind those of the commands, which may have the same names
    std::string out(script);
    replace(out, "@GLOBAL_WITH_VALUE@", joined(with_value, " | "));
    replace(out, "@VALUES@", all_values);
    replace(out, "@COMMANDS@", joined(commands, " "));
    replace(out, "@CHOICES@", choices);
    replace(out, "@OPTIONS@", joined(names(app), " "));
    replace(out, "@COMMAND_OPTIONS@", options);
    return out;
}

} // namespace kz
