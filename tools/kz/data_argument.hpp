#pragma once
#include "settings.hpp"

#include <CLI/CLI.hpp>
#include <kazoo/types.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace kz {

/// DATA on the command line: text, `-` for standard input, or --null; and --max-data.
struct data_argument {
    std::optional<std::string> text;
    bool null = false;
    std::optional<std::uint64_t> max_size;

    void add_to(CLI::App& command);
    bool given() const noexcept { return null || text.has_value(); }
    /// Reads standard input if asked to. Throws if it is more than --max-data.
    kazoo::bytes read() const;
    /// For a client that can send it.
    settings with_room(settings) const;
};

inline kazoo::data_view view(const kazoo::bytes& data) noexcept {
    return data.is_null() ? kazoo::data_view(kazoo::null) : kazoo::data_view(data.str());
}

} // namespace kz
