#pragma once
// Standard output, with its errors noticed.
#include <stdexcept>
#include <string_view>

namespace kz {

/// Nobody reads our output any more. Not a failure: the reader has seen enough.
class output_closed : public std::exception {};

/// Writes at once, all of it. Throws output_closed, or std::system_error for what else can happen.
void print(std::string_view text);

/// Throws std::system_error if print() cannot work: output is closed, or open for reading only. For those who change
/// something first.
void require_output();

/// Whether standard output (1) or standard error (2) is a terminal.
bool is_terminal(int descriptor) noexcept;

} // namespace kz
