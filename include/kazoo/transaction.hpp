#pragma once
// Several operations that succeed or fail together, and several reads in one request.
#include <kazoo/acl.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
#include <kazoo/options.hpp>
#include <kazoo/types.hpp>

#include <concepts>
#include <iosfwd>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kazoo {

class node_operations;

namespace detail {
class taken_transaction;
}

/// How a node is created. Trivially destructible on purpose: g++ 12 destroys non-trivial braced aggregates in a
/// co_await expression twice.
struct create_options {
    create_mode mode = create_mode::persistent; ///< how long it lives, and who chooses its name
    /// Empty: everybody may do everything.
    acl_view acl{};
    /// Create missing ancestors, each with parent_acl. If the create fails behind that, they stay, and its outcome is
    /// unknown. Refused inside a transaction (errc::bad_arguments).
    bool make_parents = false;
    /// The ACL of created ancestors. Empty: everybody may do everything. (The new node's own ACL could lock us out
    /// half-way.)
    acl_view parent_acl{};
    /// Put a random id in front of the node's name, so that the node is found again when the reply was lost. The
    /// created name is 32 hexadecimal digits and then the given one. Not inside a transaction.
    bool protect = false;
};
static_assert(std::is_trivially_destructible_v<create_options>);

/// What one operation of a committed transaction did.
struct transaction_result {
    std::string path; ///< the node; for a create the path it made, with the number
    /// Of a set, and of a create if the server told it (servers before 3.9 do not).
    std::optional<node_stat> stat;
};
/// Prints the path, and the stat if there is one.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const transaction_result&);

/// "This node is still there": what a recipe gives, to make a transaction depend on it. Of whichever handle.
struct node_check {
    std::string path; ///< absolute: chroots do not matter
};

/// A failed transaction: nothing was applied. code() and path() are those of the operation that failed.
class KAZOO_EXPORT transaction_error final : public error {
  public:
    /// One code for each operation, and which of them failed. Throws std::out_of_range if there is no such code.
    transaction_error(std::vector<std::error_code> codes, std::size_t failed_index, std::string_view path);
    /// Copies.
    transaction_error(const transaction_error&) = default;
    /// Copies.
    transaction_error& operator=(const transaction_error&) = default;
    ~transaction_error() override;

    /// Which operation failed, counted from 0.
    std::size_t failed_index() const noexcept { return failed_index_; }
    /// One per operation: errc::rolled_back ahead of the failed one, errc::runtime_inconsistency behind it.
    const std::vector<std::error_code>& codes() const noexcept { return codes_; }

  private:
    std::vector<std::error_code> codes_;
    std::size_t failed_index_;
};

/// Builds a transaction (ZooKeeper's multi): all operations or none, in one transaction id. Each is encoded when it is
/// added, and does not block; an invalid path is reported by the commit. Made by client::transaction(); keeps the
/// session alive as a copy of the client does. Thread safety: one thread at a time.
///
/// Those that add return the transaction itself, so that calls can be chained: from a temporary one as well.
class [[nodiscard]] KAZOO_EXPORT transaction {
  public:
    /// Takes the operations over. The other one may only be assigned to or destroyed afterwards.
    transaction(transaction&&) noexcept;
    /// Forgets its own operations and takes the other one's over.
    transaction& operator=(transaction&&) noexcept;
    ~transaction();

    /// Adds: make a node. create_options::make_parents and protect fail the commit with errc::bad_arguments.
    transaction& create(std::string_view path, data_view data = "", create_options options = {}) &;
    /// The same with a mode and nothing else.
    transaction& create(std::string_view path, data_view data, std::same_as<create_mode> auto mode) & {
        return create(path, data, create_options{.mode = mode});
    }
    /// Adds: replace the data, if the node has the expected version.
    transaction& set(std::string_view path, data_view data, version expected = version::any) &;
    /// Adds: remove the node, if it has no children and the expected version.
    transaction& remove(std::string_view path, version expected = version::any) &;
    /// Adds: the node exists and, unless `any`, has this version. Changes nothing.
    transaction& check(std::string_view path, version expected) &;
    /// Adds: what a recipe has given still holds, such as kazoo::mutex::check().
    transaction& check(const node_check&) &;
    /// As create() above, for chains that begin with a temporary transaction.
    transaction&& create(std::string_view path, data_view data = "", create_options options = {}) && {
        return std::move(create(path, data, options));
    }
    /// As create() above.
    transaction&& create(std::string_view path, data_view data, std::same_as<create_mode> auto mode) && {
        return std::move(create(path, data, create_options{.mode = mode}));
    }
    /// As set() above.
    transaction&& set(std::string_view path, data_view data, version expected = version::any) && {
        return std::move(set(path, data, expected));
    }
    /// As remove() above.
    transaction&& remove(std::string_view path, version expected = version::any) && {
        return std::move(remove(path, expected));
    }
    /// As check() above.
    transaction&& check(std::string_view path, version expected) && { return std::move(check(path, expected)); }
    /// As check() above.
    transaction&& check(const node_check& c) && { return std::move(check(c)); }

    /// How many operations were added.
    std::size_t size() const noexcept;
    /// Sends all operations. One result for each, in order. Fails with transaction_error when one of them was refused,
    /// and then none is applied; with errc::invalid_path, bad_arguments, too_large or as any write otherwise. The
    /// transaction is empty afterwards, whatever becomes of it. An empty one asks nobody and gives an empty list.
    future<std::vector<transaction_result>> async_commit();
    /// The blocking twin of async_commit(): waits at most client_options::operation_timeout, and sends the operations
    /// again when the connection broke and nothing was applied. A requested `stop` ends it: errc::cancelled.
    std::vector<transaction_result> commit(const std::stop_token& stop = {});

  private:
    friend class node_operations;
    friend class detail::taken_transaction;
    struct builder;
    explicit transaction(std::unique_ptr<builder>) noexcept;
    std::unique_ptr<builder> builder_;
};

/// What one read of a multi_read found: a node, a list of children, or an error of its own.
using read_result = std::variant<std::error_code, node, child_names>;

/// Builds a multiRead (servers from 3.6): several reads answered from one point in time, each with its own result.
/// Made by client::multi_read(); keeps the session alive as a copy of the client does. Thread safety: one thread at a
/// time.
class [[nodiscard]] KAZOO_EXPORT multi_read {
  public:
    /// Takes the reads over. The other one may only be assigned to or destroyed afterwards.
    multi_read(multi_read&&) noexcept;
    /// Forgets its own reads and takes the other one's over.
    multi_read& operator=(multi_read&&) noexcept;
    ~multi_read();

    /// Adds: data and metadata of a node. An invalid path is reported by the run. Does not block.
    multi_read& get(std::string_view path) &;
    /// Adds: names of a node's children, in no order. An invalid path is reported by the run. Does not block.
    multi_read& get_children(std::string_view path) &;
    /// As get() above, for chains that begin with a temporary multi_read.
    multi_read&& get(std::string_view path) && { return std::move(get(path)); }
    /// As get_children() above.
    multi_read&& get_children(std::string_view path) && { return std::move(get_children(path)); }

    /// How many reads were added.
    std::size_t size() const noexcept;
    /// Sends all reads. One result for each, in order; a read that fails (errc::no_node, no_auth) is a result too and
    /// does not fail the others. Fails with errc::invalid_path or as any read. The list is empty afterwards, whatever
    /// becomes of it. An empty one asks nobody and gives an empty list.
    future<std::vector<read_result>> async_run();
    /// The blocking twin of async_run(): waits at most client_options::operation_timeout, and sends the reads again
    /// when the connection broke. A requested `stop` ends it: errc::cancelled.
    std::vector<read_result> run(const std::stop_token& stop = {});

  private:
    friend class node_operations;
    struct builder;
    explicit multi_read(std::unique_ptr<builder>) noexcept;
    std::unique_ptr<builder> builder_;
};

} // namespace kazoo
