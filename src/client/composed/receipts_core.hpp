#pragma once
// What a kazoo::receipts and its tasks share.
#include "client/composed/receipt_nodes.hpp"
#include "client/composed/waiting_line.hpp"
#include "task/root_task.hpp"

#include <kazoo/receipts.hpp>

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

namespace kazoo::detail {

/// Tasks keep it alive, and the memory of the client, never the session.
class receipts_core : public std::enable_shared_from_this<receipts_core> {
  public:
    receipts_core(const client&, std::string_view path, receipts_options);

    // -- any thread ---------------------------------------------------------------------------------------------------
    /// Within the client's limit.
    future<committed_transaction> commit(kazoo::transaction, std::stop_token);
    future<committed_transaction> async_commit(kazoo::transaction, std::stop_token);
    /// The user's object is destroyed.
    void abandon() noexcept;
    const std::string& path() const noexcept { return path_; }

    // -- for tasks ----------------------------------------------------------------------------------------------------
    /// Within the task that waits for it: what ends that one ends this, and its error says whether anything was sent.
    /// Precondition: there is an operation in it, and it is of this client.
    task<committed_transaction> committing(kazoo::transaction);
    receipt_nodes& nodes() noexcept { return nodes_; }
    waiting_line& line() noexcept { return line_; }
    std::string next_serial() { return std::to_string(++serials_); }

  private:
    core& owner() const noexcept { return nodes_.unpinned().owner(); }
    future<committed_transaction> begin(kazoo::transaction, task_options);

    const std::string path_;
    receipt_nodes nodes_;
    waiting_line line_;         ///< on the loop
    std::uint64_t serials_ = 0; ///< on the loop
};

} // namespace kazoo::detail
