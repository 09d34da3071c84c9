#pragma once

namespace kz {

/// What scripts can rely on.
enum class exit_code : int {
    ok = 0,
    error = 1,
    usage = 2,
    no_node = 3,
    cannot_connect = 4
};

} // namespace kz
