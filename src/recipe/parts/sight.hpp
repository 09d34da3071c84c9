#pragma once
// What can be told from a node's metadata about what was read of it.
#include <kazoo/types.hpp>

#include <optional>

namespace kazoo::recipe {

/// Of one reading. The servers' clock is part of it: transactions of an ensemble that lost its disks begin again.
class sight {
  public:
    enum class of : bool {
        data,
        children
    };
    sight() = default;
    /// Nothing: there was no such node.
    sight(of what, const std::optional<node_stat>& s) {
        if (!s) return;
        there_ = true;
        created_ = s->created;
        changed_ = what == of::data ? s->modified : s->children_modified;
        when_ = what == of::data ? s->mtime : s->ctime;
        count_ = what == of::data ? static_cast<std::int32_t>(s->data_version) : s->child_version;
        acl_ = s->acl_version;
    }
    /// Whether there is nothing new to tell, whatever became of permissions.
    bool same_content(const sight& o) const noexcept {
        return there_ == o.there_ && created_ == o.created_ && changed_ == o.changed_ && when_ == o.when_ &&
               count_ == o.count_;
    }
    /// Whether what was seen here is what was seen before and one change of it, no more.
    bool is_next_after(const sight& o) const noexcept {
        return there_ && o.there_ && created_ == o.created_ && count_ == o.count_ + 1;
    }
    friend bool operator==(const sight&, const sight&) noexcept = default;

  private:
    bool there_ = false;
    zxid created_{}, changed_{};
    sys_time when_{};
    std::int32_t count_ = 0;
    acl_version acl_{};
};

} // namespace kazoo::recipe
