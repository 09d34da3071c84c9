#pragma once
// Clean-up that goes on in the background until it is done.
#include "client/handle.hpp"

#include <kazoo/future.hpp>

#include <string>

namespace kazoo::detail {

/// Removes the children of `folder` whose names start with `id`, except the one that was created at `kept`: what is
/// left of a protected create that got no answer (C52). Twice: at once, and again after the session's timeout, because
/// a request of a lost connection may be carried out after we have come back and looked. Goes on in the next session,
/// for persistent nodes. With a handle of one session it ends with that session, as ephemeral nodes do: nodes with the
/// same id in the next session are not its business.
void remove_protected_later(handle, std::string folder, std::string id, zxid kept = zxid::none);
/// The same, until there is nothing more to do: nothing of it is there any more, or it could not be removed.
future<void> remove_protected(handle, std::string folder, std::string id, zxid kept = zxid::none);

/// Removes a node, however often the connection breaks, and whether or not anybody waits for it. Any thread; the
/// request is in line when this returns. True if this call did it; false if it was gone or, with its session, soon will
/// be.
future<bool> remove_until_gone(const pinned_handle&, std::string_view operation, std::string path);

} // namespace kazoo::detail
