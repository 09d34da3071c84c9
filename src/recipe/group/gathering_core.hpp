#pragma once
// What a party, of either kind, and its tasks share.
#include "recipe/parts/follower.hpp"
#include "recipe/parts/presence.hpp"
#include "recipe/parts/recipe_object.hpp"

#include <kazoo/recipe/gathering.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::recipe {

/// What the nodes of members look like.
struct gathering_kind {
    std::string_view recipe;    ///< for errors
    std::string_view mark;      ///< in a member's name, behind its id
    bool named_by_node = false; ///< what a member calls itself stands behind the mark; otherwise in the node's data
};

using identifiers = std::vector<std::string>;

class gathering_core final : public recipe_object {
  public:
    gathering_core(const client&, std::string_view path, party_options, const gathering_kind&);

    // -- any thread
    presence& membership() noexcept { return presence_; }
    const std::string& identifier() const noexcept { return identifier_; }
    future<identifiers> members();
    future<std::size_t> size();
    std::shared_ptr<follower> on_change(const client&, std::function<void(const identifiers&)>,
                                        std::function<void(const error&)> on_error) const;

  private:
    const gathering_kind kind_;
    const std::string identifier_;
    presence presence_;
};

} // namespace kazoo::recipe
