#pragma once
// Creates in one request.
#include <kazoo/client.hpp>

#include <string>
#include <string_view>

namespace kazoo::detail {

/// Why no server takes such a node; empty if one may. Static storage.
std::string_view defect_of(create_mode) noexcept;

future<std::string> start_create(const node_operations&, std::string_view path, data_view, create_mode, acl_view);
future<created_node> start_create_with_stat(const node_operations&, std::string_view path, data_view, create_mode,
                                            acl_view);

} // namespace kazoo::detail
