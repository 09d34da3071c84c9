#include "data_argument.hpp"

#include "number_argument.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
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
    auto sensible = CLI::Range(std::uint64_t{1}, largest_max_data);
    sensible.description("");
    auto* data = command.add_option("DATA", text, "The node's data; - reads it from standard input")->type_name("");
    command.add_flag("--null", null, "No data at all, which ZooKeeper keeps apart from empty data")->excludes(data);
    command
        .add_option("--max-data", max_size,
                    "Refuse more data than SIZE bytes, or 512k, 8M. Not given: what servers take by default, somewhat "
                    "less than 1M. For more, their jute.maxbuffer must be larger, too")
        ->type_name("SIZE")
        ->transform(size_with_unit())
        ->check(sensible);
}

kazoo::bytes data_argument::read() const {
    if (null) return {};
    kazoo::bytes data(text == "-" ? read_standard_input() : text.value_or(""));
    if (max_size && data.view().size() > *max_size)
        throw std::runtime_error(std::to_string(data.view().size()) + " bytes of data; --max-data allows " +
                                 std::to_string(*max_size));
    return data;
}

settings data_argument::with_room(settings s) const {
    if (max_size) s.max_request_bytes = *max_size + beside_data;
    return s;
}

} // namespace kz
