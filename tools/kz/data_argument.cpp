#include "data_argument.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace kz {

namespace {

std::string read_standard_input() {
    std::string all;
    std::array<char, 65536> piece;
    for (;;) {
        const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (got > 0)
            all.append(piece.data(), static_cast<std::size_t>(got));
        else if (got == 0)
            return all;
        else if (errno != EINTR)
            throw std::system_error(errno, std::generic_category(), "cannot read standard input");
    }
}

} // namespace

void data_argument::add_to(CLI::App& command) {
    auto* data = command.add_option("DATA", text, "The node's data; - reads it from standard input")->type_name("");
    command.add_flag("--null", null, "No data at all, which ZooKeeper keeps apart from empty data")->excludes(data);
}

kazoo::bytes data_argument::read() const {
    if (null) return {};
    if (text == "-") return kazoo::bytes(read_standard_input());
    return kazoo::bytes(text.value_or(""));
}

} // namespace kz
