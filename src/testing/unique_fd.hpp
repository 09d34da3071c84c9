#pragma once
#include <cerrno>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace kazoo::testkit {

/// Owns a file descriptor.
class unique_fd {
  public:
    unique_fd() noexcept = default;
    explicit unique_fd(int fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    ~unique_fd() { reset(); }

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    void reset() noexcept {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

  private:
    int fd_ = -1;
};

[[noreturn]] inline void throw_errno(const char* call) {
    throw std::system_error(errno, std::generic_category(), call);
}

/// Passes a system call's result on, or throws what errno says.
inline int checked(int result, const char* call) {
    if (result < 0) throw_errno(call);
    return result;
}

} // namespace kazoo::testkit
