// A set that members share out: no item is two members', and when nobody moves any more each is somebody's.
#include "real/fire/members.hpp"
#include "testing/wait_until.hpp"

#include <kazoo/recipe/set_partitioner.hpp>

#include <gmock/gmock.h>

#include <mutex>
#include <set>

namespace kazoo::test::fire {

namespace {

const std::string partition_path = "/partitions";
const std::vector<std::string> items{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};

set_partitioner_options quick(std::string identifier) {
    set_partitioner_options o;
    o.identifier = std::move(identifier);
    o.time_boundary = std::chrono::milliseconds(200);
    return o;
}

class shareholder final : public member {
  public:
    shareholder(const client& c, std::string identifier, const std::atomic<bool>& keep)
        : set_(c, partition_path, items, quick(std::move(identifier))), keep_(keep) {}
    ~shareholder() override { end(); }

    /// What is held at this moment, and the tokens that say so.
    std::set<std::pair<std::string, zxid>> held() const {
        const std::lock_guard lock(mutex_);
        std::set<std::pair<std::string, zxid>> all;
        if (share_ && share_->holds())
            for (const std::string& item : share_->items()) all.emplace(item, share_->fencing_token(item));
        return all;
    }

  private:
    bool turn(const std::stop_token& stop, chance& c) override {
        auto share = set_.acquire(stop);
        if (!share) return false;
        const std::stop_token revoked = share->revoked();
        {
            const std::lock_guard lock(mutex_);
            share_ = std::move(share);
        }
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(100 + below(400, c));
        while (!stop.stop_requested() && !revoked.stop_requested() && (keep_ || std::chrono::steady_clock::now() < end))
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        const std::lock_guard lock(mutex_);
        share_.reset();
        return true;
    }

    set_partitioner set_;
    const std::atomic<bool>& keep_;
    mutable std::mutex mutex_;
    std::optional<partition> share_;
};

class partition_trial final : public trial_of_members {
  public:
    explicit partition_trial(const gated_clients& clients) {
        for (std::size_t i = 0; i < clients.size() / 2; ++i)
            holders_.push_back(&add<shareholder>(clients[i]->zk(), "member " + std::to_string(i), keep_));
    }
    ~partition_trial() override { end(); } // what they refer to goes before them

    void look() override {
        std::vector<std::set<std::pair<std::string, zxid>>> first;
        for (const shareholder* h : holders_) first.push_back(h->held());
        std::set<std::string> at_one_moment;
        for (std::size_t i = 0; i < first.size(); ++i) {
            const auto again = holders_[i]->held();
            for (const auto& one : first[i])
                if (again.contains(one) && !at_one_moment.insert(one.first).second) ++overlaps_;
        }
        if (at_one_moment.size() == items.size()) ++covers_;
    }
    void check(const client&, std::mt19937_64&) override {
        keep_ = true;
        const auto before = covers_.load();
        EXPECT_TRUE(testkit::wait_until([&] { return covers_ > before; }, recovery)) << "some items are nobody's";
        keep_ = false;
        EXPECT_EQ(overlaps_, 0u) << "an item was two members'";
    }
    std::string report(const client& sober) override {
        EXPECT_GT(covers_, 0u);
        const auto is_empty = [&] {
            for (const std::string& item : items)
                if (!sober.get_children(partition_path + "/locks/" + item).empty()) return false;
            return true;
        };
        EXPECT_TRUE(testkit::wait_until(is_empty, recovery)) << "locks of items were left behind";
        return "set_partitioner: " + std::to_string(all_turns()) + " shares";
    }

  private:
    std::vector<const shareholder*> holders_;
    std::atomic<bool> keep_{false};
    std::atomic<std::size_t> overlaps_{0}, covers_{0};
};

} // namespace

std::unique_ptr<trial> partitions(const gated_clients& clients) { return std::make_unique<partition_trial>(clients); }

} // namespace kazoo::test::fire
