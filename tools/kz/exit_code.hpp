#pragma once

namespace kz {

/// What scripts can rely on. `kz lock`, `lease`, `elect`, `party`, `partition`, `queue consume` and `barrier enter`
/// also end with any code that their command ends with.
enum class exit_code : int {
    ok = 0,
    error = 1,
    usage = 2,
    no_node = 3,
    cannot_connect = 4,
    not_acquired = 75,
    lost = 76,
    cannot_execute = 126,
    not_found = 127
};

} // namespace kz
