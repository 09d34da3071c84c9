#pragma once
// Who is there, among processes, wire-compatible with Party of Python's kazoo. doc/recipes/party.md tells more.
#include <kazoo/recipe/gathering.hpp>

namespace kazoo {

/// The members of a group: each is there from join() until it leaves, dies, or loses its session for good.
///
///     kazoo::party p(zk, "/app/workers", {.identifier = "worker 7"});
///     p.join();
///     for (const std::string& who : p.members()) greet(who);
///
/// What a member calls itself stands in its node's data, so it may be any text; reading it costs one request a member.
/// shallow_party has it in the node's name.
///
/// **Guarantee.** When everything has been quiet for a while, and there are connections, the members are those whose
/// joined() is true, each of them once.
///
/// **What happens when …** (each line has a test)
/// - *the connection breaks* (suspended): nothing; we are still a member.
/// - *the session is lost*: joined() is false, without any server, and state() is joining: we join again in the next
///   session, under the same name. Who looks sees us go and come; or neither, if the servers had not ended the old
///   session yet: its node is not ours any more and is replaced. With `rejoins` off: we have left.
/// - *somebody deletes our node*: the same, with a new node. It is noticed when the event comes, or within the
/// session's timeout.
/// - *the server has no quorum* (client_options::read_only): we join as soon as there is one that takes writes.
/// - *somebody changes our node's data*: it is set again.
/// - *the path vanishes*: it is made again with our node. The nodes of members keep it from vanishing otherwise.
/// - *a reply is lost*: our node is known by the random id in its name and by its owner. Leaving repeats itself.
///   A create may also be carried out late: it is looked for again after leave().
/// - *the caller cancels or the deadline passes*: no node stays, if that was the first join().
/// - *leave() is called while join() waits*: that ends with errc::cancelled, and no node stays.
/// - *our node may not be made*: errc::no_auth comes out of join(). When we are to join again it is logged, and we have
///   left.
/// - *other nodes are below the path*: names that are not 32 hexadecimal digits and `__party__` are not members.
/// - *a member has null data, or may not be read*: a member with an empty identifier.
/// - *the client is closed*: joins fail with errc::closed; we have left.
/// - *several threads share the object*: they are one member. The last call decides.
/// - *the object is destroyed*: calls that wait are cancelled; we leave in the background.
/// - *the process is forked*: in the child joined() is false; calls fail with errc::forked.
///
/// Thread safety: every member may be called from any thread. Blocking calls may be made anywhere but on a loop's own
/// thread. Behaviour: kazoo.recipe.party.Party of Python's kazoo, which counts a node of a lost session as joined and
/// does not join again.
class KAZOO_EXPORT party : public gathering {
  public:
    /// Asks nobody anything. The path and its parents are made when we join and they are missing. Throws kazoo::error
    /// (errc::invalid_path). The object keeps a handle of the client, and so the session, alive.
    party(client c, std::string_view path, party_options options = {});
    /// We leave. Does not block.
    ~party() = default;
};

} // namespace kazoo
