#pragma once
// The znodes: data, Stat, ACLs, and which session owns which ephemeral node. Nothing here checks or refuses.
#include "proto/records.hpp"
#include "server/acl.hpp"
#include "server/java_hash_set.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kazoo::server {

struct string_hash {
    using is_transparent = void;
    // Not noexcept: libstdc++ would take it for cheap, and hash a bucket's strings again at every look.
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
};
template <class Value> using string_map = std::unordered_map<std::string, Value, string_hash, std::equal_to<>>;

/// Who a node lives and dies with. Ephemeral nodes are owned by their session's id; containers and TTL nodes by
/// a value that no session has.
struct node_owner {
    std::int64_t value = 0;

    static constexpr std::int64_t ttl_limit = (std::int64_t{1} << 40) - 1;
    static constexpr node_owner container() noexcept { return {INT64_MIN}; }
    static constexpr node_owner ttl(std::int64_t ms) noexcept { return {ttl_mark | ms}; }

    constexpr bool is_none() const noexcept { return value == 0; }
    constexpr bool is_container() const noexcept { return value == INT64_MIN; }
    constexpr bool is_ttl() const noexcept { return (value & ttl_mark) == ttl_mark; }
    constexpr bool is_session() const noexcept { return !is_none() && !is_container() && !is_ttl(); }
    constexpr std::int64_t ttl_ms() const noexcept { return value & ttl_limit; }

  private:
    static constexpr std::int64_t ttl_mark = -(std::int64_t{1} << 56); // 0xff in the top byte
};

struct znode;
java_hash_link<znode>& sibling_link(znode&);
java_hash_link<znode>& cohort_link(znode&);

using child_set = java_hash_set<znode, sibling_link>;
using ephemeral_set = java_hash_set<znode, cohort_link>;

struct znode {
    std::string_view path;
    std::string data;
    bool data_is_null = false;
    acl_pointer acl;
    std::int64_t czxid = 0, mzxid = 0, pzxid = 0, ctime = 0, mtime = 0;
    std::int32_t version = 0, aversion = 0;
    std::int32_t creates = 0; ///< children ever created: the next sequence number
    node_owner owner;
    child_set children{8};
    java_hash_link<znode> sibling, cohort;

    std::string_view data_view() const noexcept { return data_is_null ? proto::null_view : std::string_view(data); }
    std::string_view name() const noexcept { return sibling.key; }
    proto::stat stat() const noexcept;
};

inline java_hash_link<znode>& sibling_link(znode& n) { return n.sibling; }
inline java_hash_link<znode>& cohort_link(znode& n) { return n.cohort; }

/// Everything before the last slash. "" is the root's other name, as on a real server.
std::string_view parent_of(std::string_view path) noexcept;
inline bool is_root(std::string_view path) noexcept { return path.empty() || path == "/"; }

struct transaction {
    std::int64_t zxid = 0;
    std::int64_t wall_ms = 0;
};

class tree {
  public:
    tree();
    tree(const tree&) = delete;
    tree& operator=(const tree&) = delete;

    znode* find(std::string_view path) noexcept;
    const znode* find(std::string_view path) const noexcept;

    /// The parent exists, the node does not.
    znode& create(std::string_view path, std::string_view data, acl_pointer, node_owner, transaction);
    /// The node exists and has no children.
    void remove(znode&, transaction);
    void set_data(znode&, std::string_view data, std::int32_t version, transaction);

    /// Nodes of the tree, the root and what a server keeps below /zookeeper included.
    std::size_t size() const noexcept { return nodes_.size(); }
    std::size_t data_size() const noexcept { return data_size_; }
    std::size_t count_below(const znode&) const;
    /// All nodes, by path.
    std::vector<const znode*> sorted() const;

    /// Null if the session owns nothing.
    const ephemeral_set* ephemerals(std::int64_t session) const;
    std::size_t ephemeral_count() const noexcept;
    /// Paths of the nodes that die by themselves: containers and TTL nodes.
    const std::set<std::string, std::less<>>& mortals() const noexcept { return mortals_; }

  private:
    znode& emplace(std::string_view path, std::string_view data, acl_pointer);

    string_map<znode> nodes_;
    std::unordered_map<std::int64_t, ephemeral_set> ephemerals_;
    std::set<std::string, std::less<>> mortals_;
    std::size_t data_size_ = 0;
};

} // namespace kazoo::server
