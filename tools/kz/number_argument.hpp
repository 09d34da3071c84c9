#pragma once
// What CLI11 would read, but not as it was meant.
#include <CLI/CLI.hpp>

namespace kz {

/// For floating-point numbers: refuses "nan", which is within every range.
CLI::Validator a_number();
/// `500ms`, `10s`, `5m`, `2h`, or seconds.
CLI::Validator seconds_with_unit();
/// For unsigned numbers: refuses a minus, which would make a very large one.
CLI::Validator not_negative();
/// For a size in bytes: reads the units k, M and G, each 1024 times the one before.
CLI::Validator size_with_unit();

} // namespace kz
