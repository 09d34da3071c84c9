#pragma once
// Where the library's log lines go. Credentials, session passwords and node data never appear in them.
#include <kazoo/export.hpp>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string_view>

namespace kazoo {

/// How much a line matters. A sink gets the lines of its threshold and above.
enum class log_level : std::uint8_t {
    wire,  ///< every frame: direction, operation, xid, path, length, error
    debug, ///< reconnect steps, watch registrations
    info,  ///< connected to, session established, closed
    warn,  ///< a connection dropped and why, no server can be reached, expiry, a failing listener
    error, ///< what needs a person: refused credentials
    off    ///< as a threshold: no line at all
};
/// The enumerator's name, such as "warn"; "unknown" for other values. Static storage.
KAZOO_EXPORT std::string_view to_string(log_level) noexcept;
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, log_level);

/// Called on the loop's thread, on the callback executor, and where a tracer threw: must be thread-safe, must not block
/// and must not call the client.
///
/// Never called after the last handle of the client (a client, a recipe, a transaction) is gone: the session then ends
/// silently, unless close() came first. The destructor of that handle waits for a call in progress and destroys the
/// function, so this may refer to what outlives the handle. It cannot wait inside a sink and on the loop's thread.
using log_function = std::function<void(log_level, std::string_view line)>;

/// Where log lines go, and how many of them. Each begins with the client's name: `[0x100001c2f3b0001] connection to …`
/// (client_options::name).
struct log_sink {
    /// Lines below it are not even formatted; `off` silences the client. client::set_log_threshold() changes it.
    /// Without a sink, the environment variable KAZOO_LOG replaces it by the level that it names, unless it is `off`.
    log_level threshold = log_level::warn;
    /// Empty: to standard error. What comes again within ten seconds is then counted, and told in one line.
    log_function write{};
};

} // namespace kazoo
