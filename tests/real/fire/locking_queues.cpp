// Items that come back until somebody is done with them: each is consumed once, and nobody has one beside another.
#include "real/fire/items.hpp"

#include <kazoo/recipe/locking_queue.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

namespace kazoo::test::fire {

namespace {

const std::string locking_queue_path = "/locking_queue";

class consumer final : public member {
  public:
    consumer(const client& c, ledger& l) : queue_(c, locking_queue_path), ledger_(l) {}
    ~consumer() override { end(); }

    /// The item that is held at this moment, and the token that says so.
    std::optional<std::pair<std::string, zxid>> held() const {
        const std::lock_guard lock(mutex_);
        if (!item_ || !item_->holds()) return std::nullopt;
        return std::pair(item_->name(), item_->fencing_token());
    }

  private:
    bool turn(const std::stop_token& stop, chance& c) override {
        auto got = queue_.get(stop);
        if (!got) return false;
        const ledger::item which = item_of(got->data().str());
        {
            const std::lock_guard lock(mutex_);
            item_ = std::move(got);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(below(5, c)));
        const bool gives_back = below(4, c) == 0;
        const std::lock_guard lock(mutex_);
        if (!gives_back) {
            const auto consumed = item_->async_consume().result();
            if (consumed && *consumed) ledger_.taken(which);
            if (!consumed && consumed.outcome() == outcome::unknown) ledger_.maybe_taken();
            if (!consumed && consumed.outcome() != outcome::unknown)
                ADD_FAILURE() << "consume: " << consumed.error().message();
        }
        item_.reset();
        return true;
    }

    locking_queue queue_;
    ledger& ledger_;
    mutable std::mutex mutex_;
    std::optional<claimed_item> item_;
};

class locking_queue_trial final : public trial_of_members {
  public:
    explicit locking_queue_trial(const gated_clients& clients) : ledger_(clients.size()) {
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (i % 3 == 1)
                add<pusher<locking_queue>>(clients[i]->zk(), locking_queue_path, i, ledger_);
            else
                consumers_.push_back(&add<consumer>(clients[i]->zk(), ledger_));
        }
    }
    ~locking_queue_trial() override { end(); } // the ledger goes before the members

    void look() override {
        std::vector<std::optional<std::pair<std::string, zxid>>> first;
        for (const consumer* c : consumers_) first.push_back(c->held());
        std::set<std::string> at_one_moment;
        for (std::size_t i = 0; i < first.size(); ++i)
            if (first[i] && consumers_[i]->held() == first[i] && !at_one_moment.insert(first[i]->first).second)
                ++overlaps_;
    }
    void check(const client& sober, std::mt19937_64& chance) override {
        end();
        locking_queue rest(sober, locking_queue_path);
        drain(rest);
        ledger_.check();
        EXPECT_EQ(overlaps_, 0u);
        begin(chance);
    }
    std::string report(const client&) override {
        EXPECT_GT(ledger_.passed(), 0u);
        return "locking_queue: " + ledger_.report();
    }

  private:
    /// Until nothing is there by what the servers say. An item may be claimed still by somebody who has given it back,
    /// and the first one takes a third of the session's timeout: the sober client is an old one, and if it has held
    /// nothing for that long, nothing is certain. `recovery` is for what hangs.
    void drain(locking_queue& rest) {
        constexpr std::size_t most_at_once = 50;
        while (const std::size_t there = rest.size()) {
            std::vector<future<std::optional<claimed_item>>> getting;
            for (std::size_t i = 0; i < std::min(there, most_at_once); ++i)
                getting.push_back(rest.async_try_get_for(recovery));
            std::size_t got = 0;
            for (auto& g : getting)
                if (auto item = std::move(g).get()) {
                    ++got;
                    const ledger::item which = item_of(item->data().str());
                    if (item->consume()) ledger_.taken(which);
                }
            if (got > 0) continue;
            EXPECT_EQ(rest.size(), 0u) << "items that nobody gets";
            return;
        }
    }

    std::vector<const consumer*> consumers_;
    ledger ledger_;
    std::atomic<std::size_t> overlaps_{0};
};

} // namespace

std::unique_ptr<trial> locking_queues(const gated_clients& clients) {
    return std::make_unique<locking_queue_trial>(clients);
}

} // namespace kazoo::test::fire
