#pragma once
// Transactions whose lost reply can be asked about: applied exactly once over reconnects. doc/receipts.md tells more.
#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
#include <kazoo/transaction.hpp>
#include <kazoo/types.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo {

namespace detail {
class receipts_core;
}

/// How long receipt nodes live.
enum class receipt_lifetime : std::uint8_t {
    /// As the session. When that is lost before an answer came, the outcome stays unknown.
    ephemeral,
    /// Until they are removed. The next session asks on, so the outcome becomes known even then. A process that is
    /// killed leaves its nodes behind: at most receipts_options::most_nodes.
    persistent,
};
/// Its name: "ephemeral".
KAZOO_EXPORT std::string_view to_string(receipt_lifetime) noexcept;
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, receipt_lifetime);

/// What commit does when the reply to a transaction was lost.
enum class lost_reply : std::uint8_t {
    /// Sends the same transaction again, as often as needed: it is applied once, or refused. What most want, so the
    /// default. In the next session (persistent receipts) it asks instead: a transaction belongs to one session.
    resend,
    /// Asks what became of it, and sees to it that what has not been applied never will be: then commit fails with
    /// outcome::not_applied. For those who would rather look again before they do it.
    ask,
};
/// Its name: "resend".
KAZOO_EXPORT std::string_view to_string(lost_reply) noexcept;
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, lost_reply);

/// How receipts behave. Plain data with defaults; the constructor of receipts checks it.
struct receipts_options {
    receipt_lifetime lifetime = receipt_lifetime::ephemeral; ///< of the nodes
    lost_reply when_lost = lost_reply::resend;               ///< what to do then
    /// How many transactions may be under way at once, each with a node of its own; others wait in line. At least 1.
    std::size_t most_nodes = 16;
    /// Of our nodes. Empty: private to this client where it has credentials, and open otherwise. Whoever may write to
    /// the nodes can make outcomes unknown. Missing parents are made open.
    std::vector<kazoo::acl> acl{};
};

/// A transaction that was applied, once.
struct committed_transaction {
    kazoo::zxid id = kazoo::zxid::none; ///< of all its changes; none for an empty transaction
    /// One for each operation, in order. If recovered: without metadata, and the path of a sequential create is empty
    /// when its node cannot be told any more (removed meanwhile, or its folder may not be read).
    std::vector<transaction_result> results;
    /// The reply was lost, and the receipt told that it is applied.
    bool recovered = false;
};
/// Prints id, results and whether it was recovered, in one line.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const committed_transaction&);

/// Commits transactions so that a lost reply does not leave the caller in doubt.
///
/// A reply gets lost when the connection breaks; the transaction may have been applied, or may still be, behind later
/// writes of the same session. No read can tell. So each transaction begins with a conditional write of ours: it sets
/// the data of a receipt node that has a version which only we know. Sent twice it is applied once, and a conditional
/// write of another kind to the same node settles whether it was, for good.
///
/// Costs one more operation in the request, some 60 bytes and the path, and no round trip more. The first transactions
/// of a session wait for their nodes to be made.
///
/// **What happens when …** (each line has a test)
/// - *the connection breaks* before anything was sent: it is sent on the next one, whatever the options say.
/// - *a reply is lost*: see lost_reply. The caller learns the outcome when a server can be reached.
/// - *one of the operations is refused*: transaction_error, with the caller's own indices and paths; nothing is
///   applied. Behind a lost reply that is made certain first.
/// - *it was applied and its reply lost*: the results are put together again, see committed_transaction.
/// - *the session is lost* before it was sent: errc::session_expired, outcome::not_applied. After a lost
///   reply: unknown with ephemeral nodes, and detail() of the error says so; with persistent ones the next session
///   finds out.
/// - *the caller cancels, the deadline passes, the client is closed* in the middle: unknown, if it had been sent. Its
///   node is thrown away, never used again.
/// - *somebody deletes a receipt node*, or writes to it: the next transaction takes a new one. One whose reply was lost
///   stays unknown.
/// - *all nodes are busy*: it waits in line, in the order of the calls.
/// - *the object is destroyed*: what was begun goes on. Nodes are removed in the background when nothing is under way
///   on them; persistent ones stay if the client closes before.
///
/// Transactions are sent in the order of the calls, except across a lost reply and while new nodes are made: those that
/// depend on each other must wait for each other.
///
/// Thread safety: every member may be called from any thread. Blocking calls may be made anywhere but on a loop's own
/// thread.
class KAZOO_EXPORT receipts {
  public:
    /// Asks nobody anything. The path, below which the nodes are, is made when it is missing; use it for nothing else.
    /// Throws kazoo::error (errc::invalid_path, errc::bad_arguments). The object keeps a handle of the client, and so
    /// the session, alive.
    receipts(client c, std::string_view path, receipts_options options = {});
    receipts(const receipts&) = delete;
    receipts& operator=(const receipts&) = delete;
    /// Does not block.
    ~receipts();

    /// Waits until the transaction is applied, at most client_options::operation_timeout; it must be made by the same
    /// client, through any of its handles. Throws transaction_error, errc::operation_timeout, cancelled (by `stop`),
    /// session_expired, closed and what any write may throw; outcome() is right in each. An empty transaction asks
    /// nobody.
    committed_transaction commit(transaction t, const std::stop_token& stop = {});
    /// The asynchronous twin of commit(): does not block, and has no limit of its own. A requested `stop` tells
    /// whether anything had been sent; cancelling the future, and its time-out, say unknown in any case.
    future<committed_transaction> async_commit(transaction t, std::stop_token stop = {});

    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    client client_;
    std::shared_ptr<detail::receipts_core> core_;
};

} // namespace kazoo
