#pragma once
// Clean-up that goes on in the background until it is done.
#include "client/operations.hpp"

#include <string>

namespace kazoo::detail {

/// Removes the children of `folder` whose names start with `id`: what is left of a protected create that was given up
/// after it was sent (C52). Goes on in the next session, for persistent nodes; with a handle of one session it ends
/// with that, as ephemeral ones do: what is made with the same id in the next session is somebody else's business.
void remove_protected_later(handle_view, std::string folder, std::string id);

/// Removes a node, however often the connection breaks, and whether or not anybody waits for it. Any thread; the
/// request is in line when this returns. True if this call did it; false if it was gone or, with its session, soon will
/// be.
future<bool> remove_until_gone(const pinned_handle&, std::string_view operation, std::string path);

} // namespace kazoo::detail
