#include "output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace kz {

namespace {

constexpr const char* cannot_write = "cannot write to standard output";

}

void print(std::string_view text) {
    if (text.empty()) require_output();
    while (!text.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EPIPE) {
            throw output_closed();
        } else if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), cannot_write);
        }
    }
}

void require_output() {
    const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
        throw std::system_error(EBADF, std::generic_category(), cannot_write);
}

bool is_terminal(int descriptor) noexcept { return ::isatty(descriptor) == 1; }

} // namespace kz
