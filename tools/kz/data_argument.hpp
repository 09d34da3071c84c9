#pragma once
#include <CLI/CLI.hpp>
#include <kazoo/types.hpp>

#include <optional>
#include <string>

namespace kz {

/// DATA on the command line: text, `-` for standard input, or --null.
struct data_argument {
    std::optional<std::string> text;
    bool null = false;

    void add_to(CLI::App& command);
    bool given() const noexcept { return null || text.has_value(); }
    /// Reads standard input if asked to.
    kazoo::bytes read() const;
};

inline kazoo::data_view view(const kazoo::bytes& data) noexcept {
    return data.is_null() ? kazoo::data_view(kazoo::null) : kazoo::data_view(data.str());
}

} // namespace kz
