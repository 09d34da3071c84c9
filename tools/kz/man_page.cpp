#include "man_page.hpp"

#include "option_table.hpp"

#include <kazoo/version.hpp>

#include <sstream>
#include <string_view>

namespace kz {

namespace {

/// Text that troff leaves as it is.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '\\': out += "\\(rs"; break;
        case '-': out += "\\-"; break;
        case '\'': out += "\\(aq"; break;
        case '`': out += "\\(ga"; break;
        case '^': out += "\\(ha"; break;
        case '~': out += "\\(ti"; break;
        default: out += c;
        }
    }
    return out.starts_with('.') ? "\\&" + out : out;
}

std::string bold(std::string_view text) { return "\\fB" + plain(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + plain(text) + "\\fR"; }

/// What begins with blanks stays as it is laid out; the rest is filled.
std::string paragraphs(const std::string& text) {
    std::string out;
    bool laid_out = false;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const bool keeps = line.starts_with("  ");
        if (keeps != laid_out) out += keeps ? ".PP\n.nf\n" : ".fi\n.PP\n";
        laid_out = keeps;
        if (!line.empty())
            out += plain(line) + "\n";
        else if (!out.ends_with(".PP\n") && !out.empty())
            out += ".PP\n";
    }
    if (laid_out) out += ".fi\n";
    while (out.ends_with(".PP\n")) out.erase(out.size() - 4);
    return out;
}

std::string heading(const option_row& o) {
    std::string out;
    for (const auto& name : o.names)
        out.append(out.empty() ? "" : ", ").append(o.positional ? italic(name) : bold(name));
    if (!o.value.empty()) out.append(" ").append(italic(o.value));
    return out;
}

std::string remarks(const option_row& o) {
    std::string out;
    const auto add = [&out](const std::string& what) { out += plain(what) + ".\n"; };
    const auto list = [](const std::vector<std::string>& words) {
        std::string text;
        for (const auto& word : words) text.append(text.empty() ? "" : ", ").append(word);
        return text;
    };
    if (!o.choices.empty()) add("One of " + list(o.choices));
    if (!o.default_value.empty()) add("Default: " + o.default_value);
    if (!o.variable.empty()) add("Environment: " + o.variable);
    if (!o.excludes.empty()) add("Not together with " + list(o.excludes));
    return out;
}

std::string rows(const CLI::App& app) {
    std::string out;
    for (const option_row& o : options_of(app)) {
        if (app.get_parent() != nullptr && o.names.back() == "--help") continue; // once is enough
        out += ".TP\n" + heading(o) + "\n" + plain(o.description);
        out += o.description.ends_with('.') ? "\n" : ".\n";
        out += remarks(o);
    }
    return out;
}

std::string synopsis(const CLI::App& command) {
    std::string out = bold("kz " + command.get_name()) + " [" + italic("OPTIONS") + "]";
    for (const option_row& o : options_of(command))
        if (o.positional) out += o.required ? " " + italic(o.names[0]) : " [" + italic(o.names[0]) + "]";
    return out;
}

} // namespace

std::string man_page(const CLI::App& app) {
    std::string out = ".TH KZ 1 \"\" \"kazoo " KAZOO_VERSION_STRING "\" \"User Commands\"\n";
    out += ".SH NAME\nkz \\- nodes of a ZooKeeper ensemble from the command line\n";
    out += ".SH SYNOPSIS\n" + bold("kz") + " [" + italic("OPTIONS") + "] " + italic("COMMAND") + " ...\n";
    out += ".SH DESCRIPTION\n" + paragraphs(app.get_footer());
    out += ".SH OPTIONS\nThey may stand ahead of the command or behind it.\n" + rows(app);
    out += ".SH COMMANDS\n";
    for (const CLI::App* command : commands_of(app)) {
        out += ".SS " + synopsis(*command) + "\n" + plain(command->get_description()) + ".\n";
        out += rows(*command) + ".PP\n" + paragraphs(command->get_footer());
    }
    out += ".SH ENVIRONMENT\n";
    for (const option_row& o : options_of(app))
        if (!o.variable.empty()) out += ".TP\n" + bold(o.variable) + "\nAs " + bold(o.names.back()) + ".\n";
    return out;
}

} // namespace kz
