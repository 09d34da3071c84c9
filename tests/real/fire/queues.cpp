// Items that some push and others pop: each comes out once, but for what was told to be unknown.
#include "real/fire/items.hpp"

#include <kazoo/recipe/queue.hpp>

#include <gtest/gtest.h>
namespace kazoo::test::fire {

namespace {

const std::string queue_path = "/queue";

class popper final : public member {
  public:
    popper(const client& c, ledger& l) : queue_(c, queue_path), ledger_(l) {}
    ~popper() override { end(); }

  private:
    bool turn(const std::stop_token& stop, chance&) override {
        const auto end = queue_.async_pop(stop).result();
        if (end && *end)
            ledger_.taken(item_of((*end)->str()));
        else if (!end && end.outcome() == outcome::unknown)
            ledger_.maybe_taken();
        else if (!end)
            ADD_FAILURE() << "queue: pop: " << end.error().message();
        return true;
    }
    queue queue_;
    ledger& ledger_;
};

class queue_trial final : public trial_of_members {
  public:
    explicit queue_trial(const gated_clients& clients) : ledger_(clients.size()) {
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (i % 3 == 0)
                add<pusher<queue>>(clients[i]->zk(), queue_path, i, ledger_);
            else
                add<popper>(clients[i]->zk(), ledger_);
        }
    }
    ~queue_trial() override { end(); } // the ledger goes before the members
    void check(const client& sober, std::mt19937_64& chance) override {
        end();
        queue rest(sober, queue_path);
        while (const auto item = rest.try_pop()) ledger_.taken(item_of(item->str()));
        ledger_.check();
        begin(chance);
    }
    std::string report(const client&) override {
        EXPECT_GT(ledger_.passed(), 0u);
        return "queue: " + ledger_.report();
    }

  private:
    ledger ledger_;
};

} // namespace

std::unique_ptr<trial> queues(const gated_clients& clients) { return std::make_unique<queue_trial>(clients); }

} // namespace kazoo::test::fire
