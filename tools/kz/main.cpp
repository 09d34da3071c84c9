#include "menu.hpp"
#include "output.hpp"
#include "standard_streams.hpp"
#include "usage_error.hpp"

#include <kazoo/error.hpp>

#include <csignal>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace kz {

namespace {

std::string one_line(std::string text) {
    for (char& c : text)
        if (c == '\n') c = ' ';
    return text;
}

exit_code fail(exit_code code, const std::string& why) {
    std::fputs(("kz: " + one_line(why) + "\n").c_str(), stderr);
    return code;
}

exit_code code_for(const kazoo::error& e) {
    if (e.code() == kazoo::errc::no_node) return exit_code::no_node;
    if (e.code() == kazoo::condition::connection) return exit_code::cannot_connect;
    return exit_code::error;
}

/// The command's name says more than that of the request which failed for it.
std::string explain(const std::string& command, const kazoo::error& e) {
    std::string why = describe(e).substr(e.operation().size());
    if (e.code() == kazoo::errc::too_large && (command == "create" || command == "set"))
        why += "; --max-data allows more";
    if (e.outcome() == kazoo::outcome::unknown) why += "; it may have been applied";
    return command + why;
}

std::string chosen_command(const menu& m) {
    const auto chosen = m.app.get_subcommands();
    return chosen.empty() ? "" : chosen.front()->get_name();
}

/// Without a command, what CLI11 could make nothing of says more than that the command is missing.
std::string explain(const CLI::ParseError& e, const std::vector<std::string>& unknown) {
    if (!unknown.empty()) return "unknown option \"" + unknown.front() + "\"";
    return dynamic_cast<const CLI::RequiredError*>(&e) != nullptr ? "a command is required" : e.what();
}

std::string prefix(const std::string& command) { return command.empty() ? "" : command + ": "; }

/// What is to be done. Prints what needs no server at once.
std::function<exit_code()> choose(menu& m, std::vector<std::string> words) {
    if (words.empty()) {
        print(m.help(""));
        return [] { return exit_code::usage; };
    }
    try {
        m.parse(std::move(words));
        return m.chosen;
    } catch (const CLI::CallForHelp&) {
        print(m.help(chosen_command(m)));
    } catch (const CLI::CallForVersion& version) {
        // Commands have options of that name, which who wrote this may have had in mind.
        if (!chosen_command(m).empty()) throw usage_error("there is no --version here; kz --version prints kz's own");
        print(std::string(version.what()) + "\n");
    } catch (const CLI::ParseError& e) {
        throw usage_error(chosen_command(m).empty() ? explain(e, m.app.remaining()) : e.what());
    }
    return [] { return exit_code::ok; };
}

exit_code run(menu& m, std::vector<std::string> words) {
    try {
        return choose(m, std::move(words))();
    } catch (const output_closed&) {
        return exit_code::ok;
    } catch (const usage_error& e) {
        const std::string command = chosen_command(m);
        return fail(exit_code::usage,
                    prefix(command) + e.what() + " (kz " + (command.empty() ? "" : command + " ") + "--help)");
    } catch (const connect_error& e) {
        return fail(exit_code::cannot_connect, prefix(chosen_command(m)) + e.what());
    } catch (const kazoo::cancelled_error&) { // by SIGINT or SIGTERM, as documented
        return exit_code::ok;
    } catch (const kazoo::error& e) {
        return fail(code_for(e), explain(chosen_command(m), e));
    } catch (const std::exception& e) {
        return fail(exit_code::error, prefix(chosen_command(m)) + e.what());
    }
}

} // namespace

} // namespace kz

int main(int argc, char** argv) {
    if (!kz::reserve_standard_streams()) {
        std::perror("kz: cannot open /dev/null");
        return static_cast<int>(kz::exit_code::error);
    }
    std::signal(SIGPIPE, SIG_IGN); // a closed pipe is an error of write()
    kz::menu menu;
    return static_cast<int>(kz::run(menu, {argv + (argc > 0), argv + argc}));
}
