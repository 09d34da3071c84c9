#include "output.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace kz {

void print(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EPIPE) {
            throw output_closed();
        } else if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "cannot write to standard output");
        }
    }
}

bool is_terminal(int descriptor) noexcept { return ::isatty(descriptor) == 1; }

} // namespace kz
