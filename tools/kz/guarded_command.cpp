#include "guarded_command.hpp"

#include "supervision.hpp"
#include "usage_error.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace kz {

const std::vector<std::string>& guarded_command(const settings& s, const std::string& usage,
                                                const std::vector<std::string>& misplaced) {
    const std::string form = ": kz " + usage + " -- COMMAND...";
    if (!misplaced.empty()) throw usage_error("put -- before the command" + form);
    if (!s.behind_separator || s.behind_separator->empty()) throw usage_error("a command is required" + form);
    return *s.behind_separator;
}

exit_code run_guarded(const std::vector<std::string>& words, const hold& h) try {
    child_process command(words, h.variables, h.input);
    bool lost = false;
    const auto on_loss = [&] {
        lost = true;
        h.on_loss();
    };
    const auto code = supervise(command, h.lost, h.patience, on_loss, h.on_signal);
    return lost || !h.holds() ? exit_code::lost : code;
} catch (const execution_error& e) {
    std::fputs(("kz: " + h.command + ": " + e.what() + "\n").c_str(), stderr);
    return e.as_exit_code();
}

std::string default_identifier() {
    const passwd* user = ::getpwuid(::geteuid());
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    return (user != nullptr ? std::string(user->pw_name) : std::to_string(::geteuid())) + "@" + host.data() + ":" +
           std::to_string(::getpid());
}

std::chrono::milliseconds milliseconds(double seconds) {
    return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
}

void say(const std::string& command, const std::string& path, const std::string& what) {
    std::fputs(("kz: " + command + " \"" + path + "\": " + what + "\n").c_str(), stderr);
}

} // namespace kz
