// help, completion
#include "completion.hpp"
#include "man_page.hpp"
#include "menu.hpp"
#include "output.hpp"

namespace kz {

namespace {

struct help_arguments {
    std::string about;
    bool man = false;
};

} // namespace

void add_help_commands(menu& m) {
    const auto h = std::make_shared<help_arguments>();
    CLI::App* command = m.add_own("help", "Show what kz can do, or the options and examples of a command",
                                  "  kz help\n"
                                  "  kz help lock\n"
                                  "  kz help --man | man -l -\n",
                                  [&m, h] {
                                      print(h->man ? man_page(m.app) : m.help(h->about));
                                      return exit_code::ok;
                                  });
    CLI::Option* about = command->add_option("COMMAND", h->about, "The command")->type_name("");
    command->add_flag("--man", h->man, "Print kz's manual page, kz(1), for man")->excludes(about);

    const auto shell = std::make_shared<std::string>();
    command = m.add_own("completion", "Print a script that teaches a shell to complete kz's command line",
                        "  kz completion bash > ~/.local/share/bash-completion/completions/kz\n"
                        "  source <(kz completion bash)    in this shell only\n",
                        [&m, shell] {
                            print(bash_completion(m.app));
                            return exit_code::ok;
                        });
    command->add_option("SHELL", *shell, "The shell")->required()->type_name("NAME")->check(CLI::IsMember({"bash"}));
}

} // namespace kz
