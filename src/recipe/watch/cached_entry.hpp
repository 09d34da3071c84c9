#pragma once
// One node in the memory of a tree_cache.
#include <kazoo/error.hpp>
#include <kazoo/types.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace kazoo::recipe {

/// A place in one list at most. The list is a ring: leaving needs no list.
struct list_link {
    list_link() = default;
    list_link(const list_link&) = delete;
    list_link& operator=(const list_link&) = delete;
    ~list_link() = default;

    bool alone() const noexcept { return after == this; }
    void leave() noexcept {
        before->after = after;
        after->before = before;
        before = after = this;
    }
    list_link *before = this, *after = this;
};

/// What is still to be asked about a node.
namespace want {
inline constexpr std::uint8_t nothing = 0;
inline constexpr std::uint8_t read = 1;     ///< get
inline constexpr std::uint8_t look = 2;     ///< exists: has it changed?
inline constexpr std::uint8_t describe = 4; ///< exists: its data is not wanted, or may not be read
inline constexpr std::uint8_t list = 8;     ///< getChildren2
inline constexpr std::uint8_t itself = read | look | describe;
} // namespace want

/// 240 bytes, and what does not fit into its two strings.
struct cached_entry : list_link {
    std::string name;
    bytes data;
    node_stat stat;
    cached_entry* parent = nullptr;
    cached_entry *first_child = nullptr, *next = nullptr, *previous = nullptr; ///< next and previous: siblings
    cached_entry* same_bucket = nullptr;
    std::uint32_t asked = 0;         ///< the round in which it was last asked about
    std::uint32_t done = 0;          ///< the last round in which all was asked
    zxid listed_at{};                ///< children_modified when the children were listed
    std::int32_t listed_version = 0; ///< child_version then
    errc unreadable{};
    std::uint32_t held_children = 0;
    std::uint8_t wants = want::nothing;
    bool told = false;        ///< listeners know of it, and readers see it
    bool busy = false;        ///< a question is under way
    bool held = false;        ///< waits until its parent is certain
    bool doubted = false;     ///< it may have been deleted and made again since it was last asked about
    bool asserting = false;   ///< the question under way is the one that tells
    bool gone = false;        ///< out of the tree; the question under way is the last one to know of it
    bool listed = false;      ///< its children were listed; those that come and go since then are told by events
    bool unlisted = false;    ///< its data may be read, its children may not
    bool undescribed = false; ///< told without its metadata, which we may not learn (ZOOKEEPER-2590)
    bool in_names = false;    ///< while a list of names is compared

    void list_is_of(const node_stat& s) noexcept {
        listed_at = s.children_modified;
        listed_version = s.child_version;
        listed = true;
    }
};

/// In the order of pushing.
class entry_list {
  public:
    entry_list() = default;
    bool empty() const noexcept { return ring_.alone(); }
    cached_entry& front() const noexcept { return static_cast<cached_entry&>(*ring_.after); }
    /// It leaves the list that it is in.
    void push_back(cached_entry& e) noexcept {
        e.leave();
        e.before = ring_.before;
        e.after = &ring_;
        ring_.before->after = &e;
        ring_.before = &e;
    }
    /// Takes all of the other one over, in no time.
    void append(entry_list& other) noexcept {
        if (other.empty()) return;
        list_link &first = *other.ring_.after, &last = *other.ring_.before;
        other.ring_.leave();
        first.before = ring_.before;
        last.after = &ring_;
        ring_.before->after = &first;
        ring_.before = &last;
    }

  private:
    list_link ring_;
};

} // namespace kazoo::recipe
