#pragma once
// One of a server's two watch tables ("data" and "child"): which connection watches which path, and how.
//
// As in servers up to 3.8, a connection has one mode per path and table, and the last registration wins: a read with
// a watch turns a persistent watch on the same path into a one-shot.
#include "server/tree.hpp"

#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace kazoo::server {

enum class watch_kind : std::uint8_t {
    one_shot,
    persistent,
    recursive
};

enum class change_kind : std::int32_t {
    created = proto::event::created,
    deleted = proto::event::deleted,
    data_changed = proto::event::data_changed,
    children_changed = proto::event::children_changed,
};

class watch_table;

/// Who watches: a connection. Leaves its tables when it dies.
class watcher {
  public:
    /// Watchers of one change are told in the order of their numbers: never in that of addresses, which no seed
    /// decides.
    explicit watcher(std::uint64_t order) noexcept : order_(order) {}
    watcher(const watcher&) = delete;
    watcher& operator=(const watcher&) = delete;
    std::uint64_t order() const noexcept { return order_; }

    /// Sends the event, unless the watcher may not read a node with this ACL.
    virtual void notify(change_kind, std::string_view path, const acl_list& acl) = 0;

  protected:
    ~watcher() = default;

  private:
    std::uint64_t order_;
};

class watch_table {
  public:
    void add(std::string_view path, watcher&, watch_kind);
    /// False if there was none.
    bool remove(std::string_view path, watcher&);
    void remove_all(watcher&);

    /// Whether anybody watches exactly this path: the answer that a real server gives to checkWatches.
    bool watched(std::string_view path) const noexcept { return paths_.find(path) != paths_.end(); }

    /// Tells the watchers of `path` once each, those in `skip` excepted, and takes one-shots away. The result is valid
    /// until the next call.
    const std::vector<watcher*>& fire(change_kind, std::string_view path, const acl_list& acl,
                                      const std::vector<watcher*>& skip = {});

    std::size_t size() const noexcept { return size_; }
    std::size_t count_of(const watcher&) const noexcept;
    /// f(path, kind) for each watch of this one, in no order.
    template <class F> void for_each_of(const watcher& who, F f) const {
        const auto mine = entries_of_.find(&who);
        if (mine == entries_of_.end()) return;
        for (const entry* e : mine->second)
            for (const registration& r : e->second)
                if (r.who == &who) f(std::string_view(e->first), r.kind);
    }

  private:
    struct registration {
        watcher* who;
        watch_kind kind;
    };
    using path_table = string_map<std::vector<registration>>;
    using entry = path_table::value_type;

    void collect(std::string_view path, bool exact, change_kind);
    void erase_if_unused(entry&);

    path_table paths_;
    std::unordered_map<const watcher*, std::unordered_set<entry*>> entries_of_;
    std::vector<watcher*> fired_;
    std::size_t size_ = 0;
    std::size_t recursive_ = 0; ///< while there are none, ancestors need no look
};

} // namespace kazoo::server
