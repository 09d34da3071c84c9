#pragma once
// The command line: what there is to choose, and what was chosen.
#include "exit_code.hpp"
#include "settings.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kz {

struct menu {
    menu();

    /// Reads the words behind kz's name. Throws what CLI11 throws, and usage_error.
    void parse(std::vector<std::string> words);
    /// Of a command, or of everything.
    std::string help(const std::string& command_name) const;
    /// Throws usage_error, with the name that may have been meant, if there is no such command.
    const CLI::App* command(const std::string& name) const;

    CLI::App app;
    kz::settings settings;
    std::function<exit_code()> chosen;

    /// Adds a command that calls run(settings, options) when it is chosen.
    template <class Options>
    CLI::App* add(std::string name, std::string description, std::string examples,
                  exit_code (*run)(const kz::settings&, const Options&), const std::shared_ptr<Options>& options) {
        return add_own(std::move(name), std::move(description), std::move(examples),
                       [this, run, options] { return run(settings, *options); });
    }
    CLI::App* add_own(std::string name, std::string description, std::string examples, std::function<exit_code()> run);
};

void add_read_commands(menu&);
void add_write_commands(menu&);
void add_rm_command(menu&);
void add_list_commands(menu&);
void add_server_commands(menu&);
void add_watch_command(menu&);
void add_lock_command(menu&);
void add_lease_command(menu&);
void add_elect_command(menu&);
void add_party_command(menu&);
void add_partition_command(menu&);
void add_counter_command(menu&);
void add_queue_command(menu&);
void add_barrier_command(menu&);
void add_serve_command(menu&);
void add_help_commands(menu&);

} // namespace kz
