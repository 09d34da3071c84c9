#pragma once
// What the suites of kazoo::tree_cache share.
#include "shared/backend.hpp"

#include <kazoo/kazoo.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

namespace kazoo::test {

/// What a cache tells, a line each: "node_added /t/a=data".
class tree_log {
  public:
    explicit tree_log(tree_cache& cache)
        : events_(cache.on_event([this](const tree_event& e) {
              const std::lock_guard lock(mutex_);
              lines_.push_back(text(e));
          })),
          faults_(cache.on_fault([this](const tree_fault& f) {
              const std::lock_guard lock(mutex_);
              faults_told_.push_back(f);
          })) {}

    static std::string text(const tree_event& e) {
        std::ostringstream out;
        out << e.type;
        if (!e.node.path.empty()) out << ' ' << e.node.path << '=' << e.node.data;
        return out.str();
    }
    std::vector<std::string> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }
    std::vector<tree_fault> faults() const {
        const std::lock_guard lock(mutex_);
        return faults_told_;
    }
    /// What came since the last call, once there are so many.
    std::vector<std::string> next(std::size_t n) {
        EXPECT_TRUE(eventually([&] { return lines().size() >= taken_ + n; }));
        const auto all = lines();
        const std::vector<std::string> fresh(all.begin() + static_cast<std::ptrdiff_t>(std::min(taken_, all.size())),
                                             all.end());
        taken_ = all.size();
        return fresh;
    }
    bool saw(const std::string& line) const { return std::ranges::count(lines(), line) > 0; }
    bool comes(const std::string& line) const {
        return eventually([&] { return saw(line); });
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
    std::vector<tree_fault> faults_told_;
    std::size_t taken_ = 0;
    subscription events_, faults_;
};

/// Caches of the tree /t.
class tree_caches : public client_test {
  protected:
    static void load(tree_cache& cache) {
        cache.start();
        cache.wait_initialized(20s);
    }
    static bool has(const tree_cache& cache, const std::string& path, const std::string& data) {
        const auto n = cache.get(path);
        return n && n->data == data;
    }
    static bool comes(const tree_cache& cache, const std::string& path, const std::string& data) {
        return eventually([&] { return has(cache, path, data); });
    }
    static bool goes(const tree_cache& cache, const std::string& path) {
        return eventually([&] { return !cache.get(path); });
    }
};

} // namespace kazoo::test
