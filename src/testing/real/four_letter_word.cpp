#include "testing/real/four_letter_word.hpp"

#include "testing/gate/loopback.hpp"

#include <array>
#include <poll.h>
#include <sys/socket.h>

namespace kazoo::testkit {

std::string ask_four_letter_word(std::uint16_t port, std::string_view word, std::chrono::milliseconds limit) {
    using clock = std::chrono::steady_clock;
    const auto deadline = clock::now() + limit;
    const unique_fd fd = connect_within(loopback_address(port), limit);
    if (!fd || ::send(fd.get(), word.data(), word.size(), MSG_NOSIGNAL) != std::ssize(word)) return {};
    std::string answer;
    std::array<char, 4096> buffer;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now());
        pollfd wait{fd.get(), POLLIN, 0};
        if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) != 1) return {};
        const ssize_t size = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
        if (size < 0) return {};
        if (size == 0) return answer;
        answer.append(buffer.data(), static_cast<std::size_t>(size));
    }
}

} // namespace kazoo::testkit
