#pragma once
// How items are added to a queue of any kind.
#include "recipe/parts/recipe_object.hpp"

#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace kazoo::recipe {

/// Null or bytes.
using item_data = std::optional<std::string>;

inline data_view view_of(const item_data& d) noexcept { return d ? data_view(*d) : data_view(null); }
std::vector<item_data> one_item(data_view);
std::vector<item_data> each_item(std::span<const std::string>);

/// Part of a recipe_object, whose tasks keep that.
class pushing {
  public:
    /// `folder`: of the items, relative to the root; made, open, when it is missing. Receipts are beside the path.
    pushing(const client&, recipe_object& of, std::string folder, bool with_receipts, std::vector<kazoo::acl>);
    pushing(const pushing&) = delete;
    pushing& operator=(const pushing&) = delete;
    ~pushing();

    /// Any thread.
    future<void> push(std::vector<item_data>, std::int32_t priority, bool limited, std::stop_token);
    /// Null: without receipts.
    const std::shared_ptr<receipts_core>& receipts() const noexcept { return receipts_; }
    task<void> make_folder();

  private:
    static task<void> push(std::shared_ptr<recipe_object>, pushing&, std::vector<item_data>, std::int32_t priority);
    task<void> commit(std::vector<item_data>, std::string prefix);

    recipe_object& of_;
    const std::string folder_;
    const std::vector<kazoo::acl> acl_;
    const std::shared_ptr<receipts_core> receipts_;
};

} // namespace kazoo::recipe
