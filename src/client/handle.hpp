#pragma once
// Handles inside the library.
#include "client/client_access.hpp"

#include <string>
#include <utility>

namespace kazoo::detail {

class pinned_handle;

/// Keeps the client's memory, never its session: for what goes on in the background.
class handle : public node_operations {
  public:
    explicit handle(const node_operations& h)
        : handle(client_access::core_of(h), h.root(), client_access::epoch_of(h)) {}
    handle(detail::core& c, std::string root) : handle(c, std::move(root), 0) {}
    detail::core& owner() const noexcept { return core(); }
    /// Whether it belongs to one session.
    bool is_pinned() const noexcept { return epoch() != 0; }
    /// Of the present session, or the next if there is none, unless it has one already. On the loop.
    pinned_handle pinned() const;
    /// The same without a chroot.
    handle unrooted() const { return handle(core(), {}, epoch()); }

  protected:
    handle(detail::core& c, std::string root, std::uint64_t epoch)
        : node_operations(core_handle(ref<detail::core>::share(&c).release(), core_handle::keeps::memory),
                          std::move(root), epoch) {}
    std::uint64_t epoch() const noexcept { return client_access::epoch_of(*this); }
};

/// A handle of one session, for coroutines: what is asked through it fails with session_expired once that is over,
/// even if the next session is there already.
class pinned_handle : public handle {
  public:
    /// The present session, or the next if there is none. On the loop.
    pinned_handle(detail::core& c, std::string root) : handle(c, std::move(root), c.board().epoch()) {}

    /// Whether the session is not over for us. It need not live at the servers. Any thread. The clock is asked too, so
    /// the answer is right even if nothing has run for long. Precondition: a request was answered.
    bool alive() const noexcept {
        const time_point end = owner().board().lease_end();
        return owner().loop().now() < end && owner().refusing() == errc{} && epoch() == owner().board().epoch();
    }
    /// Whether the session certainly lives at the servers, and has ever since there were so many doubts
    /// (session_board::doubts). Any thread, as alive().
    bool certain(std::uint64_t doubts) const noexcept {
        const time_point end = owner().board().certain_until();
        return owner().loop().now() < end && owner().refusing() == errc{} && epoch() == owner().board().epoch() &&
               doubts == owner().board().doubts();
    }
    /// Completes when what is granted in this session is certainly ours, and can be kept. On the loop.
    future<void> certainty() const { return make_future(owner().board().wait_certain(owner(), epoch())); }
    /// Of the session, as negotiated. Precondition: a request was answered.
    duration timeout() const { return owner().board().identity().negotiated_timeout; }
    /// Of the session. Precondition: a request was answered.
    session_id id() const { return owner().board().identity().id; }

  private:
    friend class handle;
    explicit pinned_handle(const handle& h) : handle(h) {}
};

inline pinned_handle handle::pinned() const {
    return is_pinned() ? pinned_handle(*this) : pinned_handle(core(), root());
}

} // namespace kazoo::detail
