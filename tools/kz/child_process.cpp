#include "child_process.hpp"

#include "interruption.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>

extern char** environ;

namespace kz {

namespace {

/// Where execvp would look. Done ahead of fork(): behind it, with other threads about, hardly anything is allowed.
std::vector<std::string> candidates(const std::string& program) {
    if (program.empty()) return {};
    if (program.find('/') != std::string::npos) return {program};
    const char* path = std::getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "/bin:/usr/bin");
    std::vector<std::string> found;
    for (std::string folder; std::getline(folders, folder, ':');)
        found.push_back((folder.empty() ? "." : folder) + "/" + program);
    return found;
}

std::vector<std::string> environment_with(const child_process::variables& more) {
    std::vector<std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        bool replaced = false;
        for (const auto& [name, value] : more) replaced |= text.starts_with(name + "=");
        if (!replaced) all.emplace_back(text);
    }
    for (const auto& [name, value] : more) all.push_back(name + "=" + value);
    return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

bool has_controlling_terminal() noexcept {
    const int terminal = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (terminal >= 0) ::close(terminal);
    return terminal >= 0;
}

/// Everything that the new process needs, prepared.
struct preparation {
    preparation(const std::vector<std::string>& command, const child_process::variables& more)
        : words(command), texts(environment_with(more)), programs(candidates(command[0])) {
        script_arguments.insert(script_arguments.begin(), shell.data());
    }

    std::vector<std::string> words, texts, programs;
    std::string shell = "/bin/sh";
    std::vector<char*> arguments = pointers_to(words), environment = pointers_to(texts);
    std::vector<char*> script_arguments = arguments; ///< of the shell; the second one is the script's path
    int input = -1;                                  ///< to be its standard input
    bool own_group = !has_controlling_terminal();
    sigset_t blocked = interrupting_signals();
    pid_t parent = ::getpid();
};

/// As execvp: the first that can be executed, by the shell if it is no program. Async-signal-safe. Returns why none
/// can.
int execute(preparation& p) noexcept {
    int why = ENOENT;
    for (std::string& program : p.programs) {
        ::execve(program.c_str(), p.arguments.data(), p.environment.data());
        if (errno == ENOEXEC) {
            p.script_arguments[1] = program.data();
            ::execve(p.shell.c_str(), p.script_arguments.data(), p.environment.data());
        }
        if (errno == EACCES)
            why = EACCES; // there may be another one further on
        else if (errno != ENOENT && errno != ENOTDIR)
            return errno;
    }
    return why;
}

/// In the new process. Async-signal-safe.
[[noreturn]] void become_command(preparation& p, int report) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != p.parent) ::_exit(1); // too late: we have been killed meanwhile
    if (p.own_group) ::setpgid(0, 0);
    if (p.input >= 0) ::dup2(p.input, STDIN_FILENO);
    ::signal(SIGPIPE, SIG_DFL);
    ::sigprocmask(SIG_UNBLOCK, &p.blocked, nullptr);
    const int why = execute(p);
    [[maybe_unused]] const ssize_t written = ::write(report, &why, sizeof why);
    ::_exit(1);
}

/// What can be read behind it is all of this, whenever it is read.
int file_with(std::string_view text) {
    const int file = ::memfd_create("input", MFD_CLOEXEC);
    if (file < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            const int why = errno;
            ::close(file);
            throw std::system_error(why, std::generic_category(), "write");
        }
        if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
    ::lseek(file, 0, SEEK_SET);
    return file;
}

exit_code to_exit_code(int status) noexcept {
    return static_cast<exit_code>(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

} // namespace

child_process::child_process(const std::vector<std::string>& command, const variables& more,
                             const std::optional<std::string_view>& input) {
    preparation prepared(command, more);
    group_ = prepared.own_group;
    std::array<int, 2> report{}; // closed by a successful exec
    if (::pipe2(report.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    if (input) prepared.input = file_with(*input);
    ::signal(SIGCHLD, SIG_DFL); // ignored, it would hide how the command ended
    pid_ = ::fork();
    if (pid_ == 0) become_command(prepared, report[1]);
    const int error = errno;
    if (input) ::close(prepared.input);
    ::close(report[1]);
    int why = pid_ < 0 ? error : 0;
    if (pid_ > 0)
        while (::read(report[0], &why, sizeof why) < 0 && errno == EINTR) {
        }
    ::close(report[0]);
    if (why != 0) {
        if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
        throw execution_error(why, std::generic_category(), command[0]);
    }
    descriptor_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (descriptor_ < 0) {
        const int no_descriptor = errno;
        signal(SIGKILL);
        wait();
        throw std::system_error(no_descriptor, std::generic_category(), "pidfd_open");
    }
}

child_process::~child_process() {
    if (pid_ > 0) {
        signal(SIGKILL);
        wait();
    }
    ::close(descriptor_);
}

void child_process::signal(int number) const noexcept { ::kill(group_ ? -pid_ : pid_, number); }

exit_code child_process::wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return to_exit_code(status);
}

exit_code execution_error::as_exit_code() const noexcept {
    return code() == std::errc::no_such_file_or_directory ? exit_code::not_found : exit_code::cannot_execute;
}

} // namespace kz
