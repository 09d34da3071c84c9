#pragma once
// The command line: what there is to choose, and what was chosen.
#include "exit_code.hpp"
#include "settings.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>

namespace kz {

struct menu {
    CLI::App app;
    kz::settings settings;
    std::function<exit_code()> chosen;

    /// Adds a command that calls run(settings, options) when it is chosen.
    template <class Options>
    CLI::App* add(std::string name, std::string description, std::string examples,
                  exit_code (*run)(const kz::settings&, const Options&), const std::shared_ptr<Options>& options) {
        CLI::App* command = app.add_subcommand(std::move(name), std::move(description));
        command->footer("Examples:\n" + std::move(examples));
        command->final_callback(
            [this, run, options] { chosen = [this, run, options] { return run(settings, *options); }; });
        return command;
    }
};

void add_read_commands(menu&);
void add_write_commands(menu&);
void add_rm_command(menu&);
void add_list_commands(menu&);
void add_watch_command(menu&);
void add_lock_command(menu&);
void add_serve_command(menu&);

} // namespace kz
