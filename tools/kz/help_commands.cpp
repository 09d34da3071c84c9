// help
#include "menu.hpp"
#include "output.hpp"

namespace kz {

void add_help_commands(menu& m) {
    const auto about = std::make_shared<std::string>();
    CLI::App* command = m.add_own("help", "Show what kz can do, or the options and examples of a command",
                                  "  kz help\n"
                                  "  kz help lock\n",
                                  [&m, about] {
                                      print(m.help(*about));
                                      return exit_code::ok;
                                  });
    command->add_option("COMMAND", *about, "The command")->type_name("");
}

} // namespace kz
