#include "menu.hpp"
#include "output.hpp"
#include "usage_error.hpp"

#include <kazoo/error.hpp>
#include <kazoo/version.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>

namespace kz {

namespace {

void fill(menu& m) {
    CLI::App& app = m.app;
    settings& s = m.settings;
    app.name("kz");
    app.description("kz: nodes of a ZooKeeper ensemble from the command line");
    app.footer("`kz COMMAND --help` shows examples of a command.\n"
               "Exit codes: 0 ok, 1 error, 2 usage, 3 no node, 4 cannot connect; those of `kz lock` are in its help.");
    app.set_version_flag("--version", "kz " KAZOO_VERSION_STRING, "Print the version and exit");
    app.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app.get_formatter()->label("Subcommands", "Commands");
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("-s,--servers", s.hosts, "HOST:PORT,HOST:PORT,.../CHROOT")
        ->envname("KZ_SERVERS")
        ->capture_default_str();
    app.add_option("--timeout", s.timeout_seconds, "Seconds to wait for a connection, and for an answer")
        ->check(CLI::Range(0.001, 86'400.0))
        ->capture_default_str();
    app.add_option("--auth", s.auth,
                   "SCHEME:CREDENTIAL, such as digest:user:password. May be repeated. "
                   "Others can see it in the process list: better put it in KZ_AUTH")
        ->envname("KZ_AUTH")
        ->allow_extra_args(false);
    app.add_option("-v,--log", s.log_level, "Show the library's log lines on standard error")
        ->check(CLI::IsMember({"wire", "debug", "info", "warn", "error", "off"}))
        ->capture_default_str();
    app.add_flag("--json", s.json, "Print JSON");

    add_read_commands(m);
    add_write_commands(m);
    add_rm_command(m);
    add_list_commands(m);
    add_watch_command(m);
    add_lock_command(m);
    add_serve_command(m);
}

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
    if (e.outcome() == kazoo::outcome::unknown) why += "; it may have been applied";
    return command + why;
}

exit_code run(menu& m, int argc, char** argv) {
    for (char** word = argv; *word != nullptr; ++word) m.settings.has_separator |= std::string_view(*word) == "--";
    try {
        m.app.parse(argc, argv);
    } catch (const CLI::Success& wanted) { // --help, --version
        std::fflush(stdout);
        m.app.exit(wanted);
        return exit_code::ok;
    } catch (const CLI::ParseError& e) {
        const auto commands = m.app.get_subcommands();
        const std::string command = commands.empty() ? "" : commands.front()->get_name() + " ";
        return fail(exit_code::usage, std::string(e.what()) + " (kz " + command + "--help)");
    }
    const std::string command = m.app.get_subcommands().front()->get_name();
    try {
        return m.chosen();
    } catch (const output_closed&) {
        return exit_code::ok;
    } catch (const usage_error& e) {
        return fail(exit_code::usage, command + ": " + e.what() + " (kz " + command + " --help)");
    } catch (const connect_error& e) {
        return fail(exit_code::cannot_connect, command + ": " + e.what());
    } catch (const kazoo::cancelled_error&) { // by SIGINT or SIGTERM, as documented
        return exit_code::ok;
    } catch (const kazoo::error& e) {
        return fail(code_for(e), explain(command, e));
    } catch (const std::exception& e) {
        return fail(exit_code::error, command + ": " + e.what());
    }
}

} // namespace

} // namespace kz

namespace {

/// Where standard descriptors are closed, sockets would take their numbers, and what is printed would go into them.
void open_standard_descriptors() {
    int opened = 0;
    while (opened >= 0 && opened <= STDERR_FILENO) opened = ::open("/dev/null", O_RDWR);
    if (opened >= 0) ::close(opened);
}

} // namespace

int main(int argc, char** argv) {
    open_standard_descriptors();
    std::signal(SIGPIPE, SIG_IGN); // a closed pipe is an error of write()
    kz::menu menu;
    kz::fill(menu);
    return static_cast<int>(kz::run(menu, argc, argv));
}
