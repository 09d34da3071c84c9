#include "child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace bench {

child_process::child_process(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    for (const std::string& a : command) arguments.push_back(const_cast<char*>(a.c_str()));
    arguments.push_back(nullptr);
    std::array<int, 2> ends{}, inputs{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::system_category(), "pipe");
    if (::pipe2(inputs.data(), O_CLOEXEC) != 0) {
        const int error = errno;
        for (const int end : ends) ::close(end);
        throw std::system_error(error, std::system_category(), "pipe");
    }
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        ::dup2(inputs[0], STDIN_FILENO);
        ::dup2(ends[1], STDOUT_FILENO);
        ::execv(arguments[0], arguments.data());
        ::_exit(127);
    }
    const int error = errno;
    ::close(ends[1]);
    ::close(inputs[0]);
    output_ = ends[0];
    input_ = inputs[1];
    if (pid_ < 0) {
        ::close(output_);
        ::close(input_);
        throw std::system_error(error, std::system_category(), "fork");
    }
}

child_process::~child_process() {
    ::close(output_);
    ::close(input_);
    kill();
}

void child_process::kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void child_process::write_line(const std::string& text) {
    const std::string line = text + '\n';
    if (::write(input_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        throw std::system_error(errno, std::system_category(), "cannot write to a program");
}

std::string child_process::read_line() {
    for (;;) {
        if (const auto end = unread_.find('\n'); end != unread_.npos) {
            const std::string line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            return line;
        }
        std::array<char, 4096> buffer;
        const ssize_t n = ::read(output_, buffer.data(), buffer.size());
        if (n < 0) throw std::runtime_error(errno == EINTR ? "interrupted" : "cannot read what a program prints");
        if (n == 0) return std::exchange(unread_, {});
        unread_.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

bool child_process::succeeded() {
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_) throw std::runtime_error("interrupted");
    pid_ = -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace bench
