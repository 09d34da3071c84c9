#include "testing/real/process.hpp"

#include "net/blocked_signals.hpp"
#include "testing/unique_fd.hpp"
#include "testing/wait_until.hpp"

#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace kazoo::testkit {

namespace {

// Between fork and exec only async-signal-safe calls are allowed: other threads may have held any lock.
[[noreturn]] void become(char* const* arguments, int null, int log, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127); // the parent died before the line above
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    ::dup2(null, 0);
    ::dup2(log, 1);
    ::dup2(log, 2);
    // A socket of the test that lived on in the child would keep its peer from seeing the end of the connection.
    ::close_range(3, ~0U, 0);
    ::execv(arguments[0], arguments);
    ::_exit(127);
}

pid_t fork_and_exec(const std::vector<std::string>& arguments, int null, int log) {
    std::vector<char*> pointers;
    for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) become(pointers.data(), null, log, parent);
    return checked(child, "fork");
}

/// PR_SET_PDEATHSIG means the death of the *thread* that forked, so one thread that never ends forks all children.
class starter {
  public:
    static starter& instance() {
        static starter* const one = new starter;
        return *one;
    }

    pid_t run(std::function<pid_t()> job) {
        auto task = std::make_shared<std::packaged_task<pid_t()>>(std::move(job));
        auto result = task->get_future();
        {
            const std::lock_guard lock(mutex_);
            jobs_.push_back(std::move(task));
        }
        wake_.notify_one();
        return result.get();
    }

  private:
    starter() {
        const net::blocked_signals in_our_thread;
        std::thread([this] { loop(); }).detach();
    }

    [[noreturn]] void loop() {
        for (;;) {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return !jobs_.empty(); });
            const auto jobs = std::exchange(jobs_, {});
            lock.unlock();
            for (const auto& job : jobs) (*job)();
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<std::shared_ptr<std::packaged_task<pid_t()>>> jobs_;
};

} // namespace

process::process(const std::vector<std::string>& arguments, const std::filesystem::path& log) {
    const unique_fd null(checked(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open /dev/null"));
    const unique_fd out(checked(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), "open the log"));
    pid_ = starter::instance().run([&] { return fork_and_exec(arguments, null.get(), out.get()); });
}

process::~process() {
    if (!running()) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
}

bool process::running() {
    if (running_ && ::waitpid(pid_, &status_, WNOHANG) == pid_) running_ = false;
    return running_;
}

void process::signal(int number) {
    if (running()) checked(::kill(pid_, number), "kill");
}

void process::pause() {
    signal(SIGSTOP);
    if (running_ && ::waitpid(pid_, &status_, WUNTRACED) == pid_ && !WIFSTOPPED(status_)) running_ = false;
}

bool process::wait_exit(std::chrono::milliseconds limit) {
    return wait_until([this] { return !running(); }, limit);
}

std::string process::how_it_ended() const {
    if (WIFSIGNALED(status_)) return "signal " + std::to_string(WTERMSIG(status_));
    return "exit code " + std::to_string(WEXITSTATUS(status_));
}

} // namespace kazoo::testkit
