#pragma once
// What a transaction did whose reply was lost, as far as the nodes tell.
#include "client/requests/taken_transaction.hpp"
#include "task/task.hpp"

#include <kazoo/transaction.hpp>

#include <memory>
#include <vector>

namespace kazoo::detail {

/// All changes of a transaction have its id. So what a sequential create made is the child that was created by it;
/// several in one folder: in the order of their numbers. Asks no server if there is none. Never fails; a path that
/// cannot be told is empty.
task<std::vector<transaction_result>> recovered_results(std::shared_ptr<const taken_transaction>, zxid id);

} // namespace kazoo::detail
