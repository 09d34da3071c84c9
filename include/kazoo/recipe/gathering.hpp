#pragma once
// What the two kinds of party have in common.
#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>
#include <kazoo/error.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
#include <kazoo/recipe/presence_state.hpp>
#include <kazoo/recipe/watching.hpp>
#include <kazoo/time_limit.hpp>
#include <kazoo/watch.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo {

namespace recipe {
class gathering_core;
class follower;
struct gathering_kind;
} // namespace recipe

/// How a member of a party behaves. Plain data with defaults; the constructors check it.
struct party_options {
    /// Who we are for the others. Need not be unique.
    std::string identifier{};
    /// Of our node. Empty: everybody may do everything. The path itself and its parents are made open.
    std::vector<kazoo::acl> acl{};
    /// Whether we join again when the session was lost, or somebody has deleted our node. Otherwise we have left then,
    /// as with Python's kazoo.
    bool rejoins = true;
};

/// Keeps a function informed of who is there (gathering::on_change()).
class [[nodiscard]] KAZOO_EXPORT party_watch : public watching {
  private:
    friend class gathering;
    party_watch(client, std::shared_ptr<recipe::follower>) noexcept;
};

/// The part of party and shallow_party that does not depend on what a member's node looks like. Both headers say what
/// happens when.
class KAZOO_EXPORT gathering {
  public:
    gathering(const gathering&) = delete;
    gathering& operator=(const gathering&) = delete;

    // -- being a member -----------------------------------------------------------------------------------------------
    // Futures: get() has no limit of its own; one that is dropped or cancelled while it waits gives that up.

    /// Until we are a member; at once if we are. One round trip. Who gives up while it waits leaves again, unless we
    /// were a member before, or another call waits for the same. Throws errc::cancelled when `stop` is requested or
    /// leave() is called meanwhile; errc::closed, auth_failed, no_auth, invalid_acl and other errors that waiting
    /// cannot mend; broken connections and lost sessions are not among them.
    void join(const std::stop_token& stop = {});
    /// The asynchronous twin of join(): does not block.
    future<void> async_join(std::stop_token stop = {});
    /// As join(). False, and no member, if we were not one before the limit has passed, or `stop` was requested.
    [[nodiscard]] bool join_for(time_limit limit, const std::stop_token& stop = {});
    /// The asynchronous twin of join_for(): does not block. The limit counts from this call on.
    future<bool> async_join_for(time_limit limit, std::stop_token stop = {});
    /// Not to be a member any more: joined() is false at once, and our node is gone when this returns, also if an
    /// earlier call has begun to remove it. True if this call has removed it; false if there was none. After
    /// client_options::operation_timeout it throws errc::operation_timeout; the removal goes on in the background, as
    /// it does if the future is dropped. Throws errc::closed when the client is closed, with which our node goes.
    bool leave(const std::stop_token& stop = {});
    /// The asynchronous twin of leave(): does not block.
    future<bool> async_leave();
    /// Whether we are a member: our node was made in this session or seen in it, nobody was seen to delete it, and the
    /// session is not over for us. Asks a clock, not a server. It goes by the session, not by certainty
    /// (doc/certainty.md), because a member keeps nobody out: beside a server that is cut off from its leader others
    /// may have seen us go already. Who needs more takes a lock.
    bool joined() const noexcept;
    /// The same, and whether we are about to be one.
    presence_state state() const noexcept;
    /// Calls f with each change of state() from now on until the subscription ends: on the callback executor, one call
    /// at a time. While it runs newer states replace each other: the last one always arrives, unless the client is
    /// closed: no calls come then. Throws std::bad_alloc.
    subscription on_state(std::function<void(presence_state)> f) const;

    // -- the members --------------------------------------------------------------------------------------------------
    /// The identifiers of all who are there, sorted by their bytes; two of the same name are there twice. What the
    /// connected server knows, which may be behind others; we ourselves are among them once join() has returned. Waits
    /// at most client_options::operation_timeout, and asks again after a broken connection. Throws errc::no_auth if the
    /// path may not be read. Nobody if there is no such path.
    std::vector<std::string> members(const std::stop_token& stop = {}) const;
    /// The asynchronous twin of members(): does not block.
    future<std::vector<std::string>> async_members() const;
    /// How many there are. One round trip. Errors as members().
    std::size_t size(const std::stop_token& stop = {}) const;
    /// The asynchronous twin of size(): does not block.
    future<std::size_t> async_size() const;
    /// Calls f with the members, as members() gives them: once at the beginning, and after each coming and going, as
    /// long as what this returns lives. As children_watch does: the last ones always arrive, f may block, and what
    /// happens over connections and sessions is written there. on_error is called once with an error that waiting
    /// cannot mend (errc::no_auth, ...), in the same way; it is over then. Without one the error is logged. It may
    /// outlive this object. Throws std::bad_alloc.
    party_watch on_change(std::function<void(const std::vector<std::string>&)> f,
                          std::function<void(const error&)> on_error = {}) const;

    /// Who we are for the others.
    const std::string& identifier() const noexcept;
    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  protected:
    /// Asks nobody anything.
    gathering(client c, std::string_view path, party_options options, const recipe::gathering_kind& kind);
    ~gathering();

  private:
    client client_;
    std::shared_ptr<recipe::gathering_core> core_;
};

} // namespace kazoo
