#pragma once
// One seed: clients that change a small tree, and caches of it, whatever is done to them.
#include "sim/actor.hpp"
#include "sim/storm/frame.hpp"

#include <kazoo/kazoo.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kazoo::testkit {

struct tree_things {
    enum what : std::uint8_t {
        added,
        updated,
        removed,
        made_again,
        suspended,
        reconnected,
        lost,
        initialized,
        stale_reads,
        disks_lost,
        caches_compared,
        count
    };
    static constexpr std::array<std::string_view, count> names{
        "nodes added", "nodes updated", "nodes removed", "nodes made again", "suspended",      "reconnected",
        "lost",        "initialized",   "stale",         "disks lost",       "caches compared"};
};
using tree_counts = counts<tree_things>;

class tree_cache_storm final : public storm_frame {
  public:
    explicit tree_cache_storm(std::uint64_t seed);
    const tree_counts& counted() const noexcept { return counts_; }

  private:
    /// What one cache has told, as the book keeps it.
    struct follower {
        std::unique_ptr<tree_cache> cache;
        subscription events;
        std::map<std::string, cached_node> told;
        std::map<std::string, zxid> newest; ///< of each path, whatever became of it
        std::string name;
        bool initialized = false;
    };
    void start() override;
    std::function<void()> on_passing_client(storm_client&) override;
    void on_forget() override;
    void settle() override;
    void before_close() override;

    void follow(storm_client&);
    void hear(follower&, const tree_event&);
    void added(follower&, const cached_node&);
    std::map<std::string, std::string> truth() const;
    static actor change(tree_cache_storm&, storm_client&);
    std::string some_path();
    bool agrees(const follower&) const;

    tree_counts counts_;
    std::vector<std::unique_ptr<follower>> followers_; ///< by client
    bool open_ = true;
    bool numbers_grow_ = true; ///< no disk was lost
};

} // namespace kazoo::testkit
