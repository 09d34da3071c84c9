#pragma once
// Several operations that succeed or fail together, and several reads in one request.
#include <kazoo/acl.hpp>
#include <kazoo/future.hpp>
#include <kazoo/options.hpp>
#include <kazoo/types.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kazoo {

class node_operations;

/// How a node is created. Trivially destructible on purpose: g++ 12 destroys non-trivial braced aggregates in a
/// co_await expression twice.
struct create_options {
    create_mode mode = create_mode::persistent;
    /// Empty: everybody may do everything.
    acl_view acl{};
    /// Create missing ancestors, each with parent_acl. If the create fails behind that, they stay, and its outcome is
    /// unknown. Refused inside a transaction (errc::bad_arguments).
    bool make_parents = false;
    /// The ACL of created ancestors. Empty: everybody may do everything (C38: the leaf's ACL could lock us out
    /// half-way).
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

/// "This node is still there": what a recipe gives, to make a transaction depend on it. Of whichever handle.
struct node_check {
    std::string path; ///< absolute: chroots do not matter
};

/// A failed transaction: nothing was applied. code() and path() are those of the operation that failed.
class KAZOO_EXPORT transaction_error final : public error {
  public:
    transaction_error(std::vector<std::error_code> codes, std::size_t failed_index, std::string_view path);
    transaction_error(const transaction_error&) = default;
    transaction_error& operator=(const transaction_error&) = default;
    ~transaction_error() override;

    std::size_t failed_index() const noexcept { return failed_index_; }
    /// One per operation: errc::rolled_back ahead of the failed one, errc::runtime_inconsistency behind it.
    const std::vector<std::error_code>& codes() const noexcept { return codes_; }

  private:
    std::vector<std::error_code> codes_;
    std::size_t failed_index_;
};

/// Builds a transaction (ZooKeeper's multi): all operations or none, in one transaction id. Each is encoded when it is
/// added; an invalid path is reported by commit. Made by client::transaction(). Thread safety: one thread at a time.
class [[nodiscard]] KAZOO_EXPORT transaction {
  public:
    transaction(transaction&&) noexcept;
    transaction& operator=(transaction&&) noexcept;
    ~transaction();

    transaction& create(std::string_view path, data_view data = "", create_options options = {}) &;
    transaction& set(std::string_view path, data_view data, version expected = version::any) &;
    transaction& remove(std::string_view path, version expected = version::any) &;
    /// The node exists and, unless `any`, has this version.
    transaction& check(std::string_view path, version expected) &;
    transaction& check(const node_check&) &;
    transaction&& create(std::string_view path, data_view data = "", create_options options = {}) && {
        return std::move(create(path, data, options));
    }
    transaction&& set(std::string_view path, data_view data, version expected = version::any) && {
        return std::move(set(path, data, expected));
    }
    transaction&& remove(std::string_view path, version expected = version::any) && {
        return std::move(remove(path, expected));
    }
    transaction&& check(std::string_view path, version expected) && { return std::move(check(path, expected)); }
    transaction&& check(const node_check& c) && { return std::move(check(c)); }

    std::size_t size() const noexcept;
    /// One result per operation, in order. Throws transaction_error. The transaction is empty afterwards.
    future<std::vector<transaction_result>> async_commit();
    std::vector<transaction_result> commit();

  private:
    friend class node_operations;
    struct builder;
    explicit transaction(std::unique_ptr<builder>) noexcept;
    std::unique_ptr<builder> builder_;
};

/// What one read of a multi_read found: a node, a list of children, or an error of its own.
using read_result = std::variant<std::error_code, node, std::vector<std::string>>;

/// Builds a multiRead (servers from 3.6): several reads answered from one point in time, each with its own result.
/// Made by client::multi_read(). Thread safety: one thread at a time.
class [[nodiscard]] KAZOO_EXPORT multi_read {
  public:
    multi_read(multi_read&&) noexcept;
    multi_read& operator=(multi_read&&) noexcept;
    ~multi_read();

    multi_read& get(std::string_view path) &;
    multi_read& get_children(std::string_view path) &;
    multi_read&& get(std::string_view path) && { return std::move(get(path)); }
    multi_read&& get_children(std::string_view path) && { return std::move(get_children(path)); }

    std::size_t size() const noexcept;
    future<std::vector<read_result>> async_run();
    std::vector<read_result> run();

  private:
    friend class node_operations;
    struct builder;
    explicit multi_read(std::unique_ptr<builder>) noexcept;
    std::unique_ptr<builder> builder_;
};

} // namespace kazoo
