#include "menu.hpp"

#include "number_argument.hpp"
#include "suggestion.hpp"
#include "usage_error.hpp"

#include <kazoo/version.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace kz {

namespace {

/// Whatever stands behind their -- is a command of the user's.
constexpr std::array<std::string_view, 6> runners{"lock", "lease", "elect", "party", "partition", "barrier"};
constexpr std::string_view running_action = "consume"; // of kz queue

void add_sasl_options(CLI::App& app, settings& s) {
    app.add_option("--sasl", s.sasl,
                   "Authenticate at every server by SASL. The password for digest-md5 is in KZ_SASL_PASSWORD")
        ->check(CLI::IsMember({"digest-md5", "gssapi"}))
        ->type_name("MECHANISM")
        ->envname("KZ_SASL");
    app.add_option("--sasl-user", s.sasl_user, "Who we are; for gssapi the principal, or else whose tickets there are")
        ->type_name("USER")
        ->envname("KZ_SASL_USER");
    app.add_option("--sasl-keytab", s.sasl_keytab, "The principal's keys, if there are no tickets")
        ->type_name("FILE")
        ->envname("KZ_SASL_KEYTAB");
    app.add_option("--sasl-service", s.sasl_service,
                   "The first part of the servers' principals, if that is not zookeeper")
        ->type_name("NAME")
        ->envname("KZ_SASL_SERVICE");
}

void add_global_options(CLI::App& app, settings& s) {
    auto sensible = CLI::Range(0.001, 86'400.0);
    sensible.description("");
    app.add_option("-s,--servers", s.hosts, "HOST:PORT,HOST:PORT,.../CHROOT; or zk://.../CHROOT?OPTION=VALUE&...")
        ->type_name("SERVERS")
        ->envname("KZ_SERVERS")
        ->capture_default_str();
    app.add_option("--timeout", s.timeout_seconds, "Seconds to wait for a connection, and for an answer")
        ->type_name("SECONDS")
        ->check(a_number())
        ->check(sensible)
        ->capture_default_str();
    app.add_flag("--wait-server", s.wait_server,
                 "Go on trying until --timeout when every server refuses; otherwise kz tries each once");
    app.add_option("--auth", s.auth,
                   "SCHEME:CREDENTIAL, such as digest:user:password. May be repeated. "
                   "Others can see it in the process list: better put it in KZ_AUTH")
        ->type_name("AUTH")
        ->envname("KZ_AUTH")
        ->allow_extra_args(false);
    app.add_flag("--tls", s.tls, "Reach every server by TLS. The other options of TLS imply it")->envname("KZ_TLS");
    app.add_option("--ca", s.ca,
                   "Certificates (PEM) of who may vouch for servers: a file, or a directory made by openssl rehash. "
                   "Otherwise the system's")
        ->type_name("FILE")
        ->envname("KZ_TLS_CA");
    app.add_option("--cert", s.certificate, "Our certificate (PEM), for servers that want to see one")
        ->type_name("FILE")
        ->envname("KZ_TLS_CERT");
    app.add_option("--key", s.key,
                   "Its key, if that is in another file. The password of an encrypted one is in KZ_TLS_KEY_PASSWORD")
        ->type_name("FILE")
        ->envname("KZ_TLS_KEY");
    app.add_flag("--insecure", s.insecure, "TLS without verification: whoever answers is believed")
        ->envname("KZ_TLS_INSECURE");
    add_sasl_options(app, s);
    app.add_option("-v,--log", s.log_level, "Show the library's log lines on standard error")
        ->check(CLI::IsMember({"wire", "debug", "info", "warn", "error", "off"}))
        ->type_name("LEVEL")
        ->capture_default_str();
    app.add_flag("--json", s.json, "Print JSON, a line for each document");
}

/// How many words an option takes with its value; nothing if there is no such option.
std::optional<std::size_t> words_of_option(const CLI::App& app, const std::string& word) {
    const bool is_long = word.starts_with("--");
    const std::string name = is_long ? word.substr(0, word.find('=')) : word.substr(0, 2);
    const CLI::Option* option = app.get_option_no_throw(name);
    if (option == nullptr) return std::nullopt;
    return option->get_items_expected_min() > 0 && name == word ? 2 : 1;
}

/// CLI11 ends its text in several ways.
std::string one_end(std::string text) {
    text.erase(text.find_last_not_of('\n') + 1);
    return text + "\n";
}

using words_iterator = std::vector<std::string>::const_iterator;

/// Where the command is named, if it is: behind options that there are.
words_iterator find_command(const CLI::App& app, words_iterator at, words_iterator end) {
    while (at != end && at->starts_with('-')) {
        const auto taken = words_of_option(app, *at);
        if (!taken || end - at < static_cast<std::ptrdiff_t>(*taken)) return end; // CLI11 says what is wrong
        at += static_cast<std::ptrdiff_t>(*taken);
    }
    return at;
}

} // namespace

menu::menu() {
    app.name("kz");
    app.description("kz: nodes of a ZooKeeper ensemble from the command line");
    app.footer("`kz help COMMAND` shows a command's options and examples.\n"
               "Exit codes: 0 ok, 1 error, 2 usage, 3 no node, 4 cannot connect; those of `kz lock`, `kz lease`, "
               "`kz party` and others that run a command are in their help.");
    app.set_version_flag("--version", "kz " KAZOO_VERSION_STRING, "Print the version and exit");
    app.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app.require_subcommand(1);
    app.fallthrough();
    add_global_options(app, settings);
    add_read_commands(*this);
    add_write_commands(*this);
    add_rm_command(*this);
    add_list_commands(*this);
    add_server_commands(*this);
    add_watch_command(*this);
    add_lock_command(*this);
    add_lease_command(*this);
    add_elect_command(*this);
    add_party_command(*this);
    add_partition_command(*this);
    add_counter_command(*this);
    add_queue_command(*this);
    add_barrier_command(*this);
    add_serve_command(*this);
    add_help_commands(*this);
}

CLI::App* menu::add_own(std::string name, std::string description, std::string examples,
                        std::function<exit_code()> run) {
    CLI::App* command = app.add_subcommand(std::move(name), std::move(description));
    command->group("Commands");
    command->footer("Examples:\n" + std::move(examples));
    command->final_callback([this, run = std::move(run)] { chosen = run; });
    return command;
}

const CLI::App* menu::command(const std::string& name) const {
    const auto all = app.get_subcommands([](const CLI::App*) { return true; });
    const auto found = std::ranges::find(all, name, [](const CLI::App* c) { return c->get_name(); });
    if (found != all.end()) return *found;
    std::vector<std::string> names;
    for (const CLI::App* c : all) names.push_back(c->get_name());
    throw usage_error("unknown command \"" + name + "\"" + did_you_mean(name, names));
}

std::string menu::help(const std::string& command_name) const {
    const CLI::App& about = command_name.empty() ? app : *command(command_name);
    const std::string call = command_name.empty() ? "kz" : "kz " + command_name;
    return one_end(app.get_formatter()->make_help(&about, call, CLI::AppFormatMode::Normal));
}

void menu::parse(std::vector<std::string> words) {
    const auto name = find_command(app, words.cbegin(), words.cend());
    const std::string chosen_name = name == words.cend() ? "" : command(*name)->get_name();
    auto separator = std::ranges::find(words, "--");
    const bool consumes = chosen_name == "queue" && std::find(name, words.cend(), running_action) < separator;
    const bool runs_another = consumes || std::ranges::find(runners, chosen_name) != runners.end();
    // CLI11 has a meaning of its own for it, and drops it.
    if (std::find(words.begin(), separator, "++") != separator) throw usage_error("put -- before ++");
    if (runs_another && separator != words.end()) {
        settings.behind_separator.emplace(separator + 1, words.end()); // not for CLI11, which would read it
        words.erase(separator, words.end());
    }
    std::ranges::reverse(words);
    app.parse(std::move(words));
}

} // namespace kz
