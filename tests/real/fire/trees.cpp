// Caches of a tree that others change: equal to it whenever the changes rest.
#include "real/fire/members.hpp"
#include "testing/wait_until.hpp"

#include <kazoo/recipe/tree_cache.hpp>

#include <gtest/gtest.h>

#include <map>
#include <utility>

namespace kazoo::test::fire {

namespace {

const std::string root = "/tree";

/// Everything of a tree that a cache shows: path, data version and data.
using contents = std::map<std::string, std::pair<version, std::string>>;

void collect(const tree_cache& cache, const std::string& path, contents& all) {
    const auto node = cache.get(path);
    if (!node) return;
    all[path] = {node->stat.data_version, node->data.str()};
    const auto children = cache.children(path);
    if (!children) return;
    for (const std::string& name : *children) collect(cache, path + '/' + name, all);
}

contents contents_of(const tree_cache& cache) {
    contents all;
    collect(cache, root, all);
    return all;
}

contents on_the_servers(const client& zk) {
    zk.sync(root);
    contents all;
    std::vector<std::string> left{root};
    while (!left.empty()) {
        const std::string p = left.back();
        left.pop_back();
        const node n = zk.get(p);
        all[p] = {n.stat.data_version, n.data.str()};
        for (const std::string_view name : zk.get_children(p)) left.push_back(p + '/' + std::string(name));
    }
    return all;
}

/// Changes the nodes at random. What fails is not done again.
class gardener final : public member {
  public:
    explicit gardener(const client& c) : zk_(c) {}
    ~gardener() override { end(); }
    std::uint64_t changes() const noexcept { return changes_; }

  private:
    /// Told to stop between two: nothing of it is under way behind the end.
    bool turn(const std::stop_token&, chance& c) override {
        std::string path = root + '/' + std::to_string(below(10, c));
        if (below(2, c) != 0) path += '/' + std::to_string(below(10, c));
        const std::string data = std::to_string(c());
        const std::size_t what = below(10, c);
        std::error_code end;
        if (what < 5)
            end = zk_.async_set(path, data).result().error();
        else if (what < 8)
            end = zk_.async_create(path, data, {.make_parents = true}).result().error();
        else if (what < 9)
            end = zk_.async_remove(path).result().error();
        else
            end = zk_.async_remove_tree(path).result().error();
        if (!end) ++changes_;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return true;
    }
    const client zk_;
    std::atomic<std::uint64_t> changes_{0};
};

class tree_trial final : public trial_of_members {
  public:
    explicit tree_trial(const gated_clients& clients) {
        clients[0]->zk().ensure_path(root);
        for (std::size_t i = 0; i < 2; ++i) {
            gardeners_.push_back(&add<gardener>(clients[i]->zk()));
            caches_.push_back(std::make_unique<tree_cache>(clients[i + 2]->zk(), root));
            caches_.back()->start();
        }
    }
    void check(const client& sober, std::mt19937_64& chance) override {
        end();
        const contents truth = on_the_servers(sober);
        for (const auto& cache : caches_)
            EXPECT_TRUE(testkit::wait_until([&] { return contents_of(*cache) == truth; }, recovery))
                << to_string(cache->state());
        begin(chance);
    }
    std::string report(const client&) override {
        std::uint64_t changes = 0;
        for (const gardener* g : gardeners_) changes += g->changes();
        EXPECT_GT(changes, 0u);
        return "tree_cache: " + std::to_string(changes) + " changes";
    }

  private:
    std::vector<const gardener*> gardeners_;
    std::vector<std::unique_ptr<tree_cache>> caches_;
};

} // namespace

std::unique_ptr<trial> trees(const gated_clients& clients) { return std::make_unique<tree_trial>(clients); }

} // namespace kazoo::test::fire
