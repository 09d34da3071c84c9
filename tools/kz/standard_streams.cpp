#include "standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace kz {

bool reserve_standard_streams() noexcept {
    constexpr int modes[] = {O_WRONLY, O_RDONLY, O_RDWR}; // the first two the wrong way round
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number)
        if (::fcntl(number, F_GETFD) < 0 && ::open("/dev/null", modes[number]) != number) return false;
    return true;
}

} // namespace kz
