#pragma once
// Creates that take several requests: missing parents, and names that are found again when the reply was lost.
#include "client/requests/operations.hpp"

#include <kazoo/transaction.hpp>

namespace kazoo::detail {

future<std::string> start_careful_create(handle_view, std::string_view path, data_view, const create_options&);
future<created_node> start_careful_create_with_stat(handle_view, std::string_view path, data_view,
                                                    const create_options&);
future<bool> start_ensure_path(handle_view, std::string_view path, acl_view);

} // namespace kazoo::detail
