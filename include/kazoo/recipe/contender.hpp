#pragma once
// Who holds, or waits for, what a recipe grants.
#include <kazoo/export.hpp>
#include <kazoo/types.hpp>

#include <iosfwd>
#include <string>

namespace kazoo {

/// One that holds or waits for a lock, or holds a permit.
struct contender {
    std::string identifier; ///< what it calls itself; empty if it does not
    std::string path;       ///< of its node, relative to the handle
    session_id owner{};     ///< the session that its node dies with
    zxid created{};         ///< its fencing token, once it holds
    /// We may not read its node: it may have an identifier. From ZooKeeper 3.8.4 and 3.9.2 on `owner` and
    /// `created` are not known then, either (ZOOKEEPER-2590).
    bool hidden = false;
    bool shared = false; ///< it holds, or wants to hold, beside others that share
};
/// Prints path, session and identifier.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const contender&);

} // namespace kazoo
