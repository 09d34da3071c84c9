// Items that some push and others pop: each comes out once, but for what was told to be unknown.
#include "real/fire/members.hpp"
#include "testing/wait_until.hpp"

#include <kazoo/recipe/queue.hpp>

#include <gtest/gtest.h>

#include <mutex>
#include <utility>

namespace kazoo::test::fire {

namespace {

const std::string path = "/queue";

/// What was told of each item, which is its pusher and a number. Any thread.
class ledger {
  public:
    using item = std::pair<std::size_t, std::size_t>;

    explicit ledger(std::size_t pushers) : items_(pushers) {}

    void pushed(item i) {
        const std::lock_guard lock(mutex_);
        at(i).certain = true;
    }
    void popped(item i) {
        const std::lock_guard lock(mutex_);
        ++at(i).popped;
    }
    void pop_unknown() {
        const std::lock_guard lock(mutex_);
        ++unknown_pops_;
    }
    /// Everybody has ended and nothing waits any more.
    void check() {
        const std::lock_guard lock(mutex_);
        std::size_t missing = 0;
        passed_ = 0;
        for (const auto& of_one : items_)
            for (const told& i : of_one) {
                passed_ += i.popped;
                if (i.popped > 1) ADD_FAILURE() << "queue: an item came out " << int(i.popped) << " times";
                if (i.popped == 0 && i.certain) ++missing;
            }
        EXPECT_LE(missing, unknown_pops_) << "queue: items are lost, and nobody was told";
        lost_ = missing;
    }
    std::string report() const {
        return std::to_string(passed_) + " items, " + std::to_string(lost_) + " more lost and told as unknown";
    }
    std::size_t passed() const noexcept { return passed_; }

  private:
    struct told {
        bool certain = false; ///< that it was pushed
        std::uint8_t popped = 0;
    };
    told& at(item i) {
        auto& of_one = items_.at(i.first);
        if (of_one.size() <= i.second) of_one.resize(i.second + 1);
        return of_one[i.second];
    }

    std::mutex mutex_;
    std::vector<std::vector<told>> items_;
    std::size_t unknown_pops_ = 0, passed_ = 0, lost_ = 0;
};

std::string text_of(ledger::item i) { return std::to_string(i.first) + ' ' + std::to_string(i.second); }
ledger::item item_of(const std::string& text) {
    const auto blank = text.find(' ');
    return {std::stoul(text.substr(0, blank)), std::stoul(text.substr(blank))};
}

class pusher final : public member {
  public:
    pusher(const client& c, std::size_t number, ledger& l) : queue_(c, path), number_(number), ledger_(l) {}
    ~pusher() override { end(); }

  private:
    bool turn(const std::stop_token&, chance& c) override {
        const ledger::item item{number_, next_++};
        const auto end = queue_.async_push(text_of(item), static_cast<int>(below(3, c))).result();
        if (end)
            ledger_.pushed(item);
        else if (end.outcome() != outcome::unknown)
            ADD_FAILURE() << "queue: push: " << end.error().message();
        std::this_thread::sleep_for(std::chrono::milliseconds(1)); // no more than the others take
        return true;
    }
    queue queue_;
    const std::size_t number_;
    ledger& ledger_;
    std::size_t next_ = 0;
};

class popper final : public member {
  public:
    popper(const client& c, ledger& l) : queue_(c, path), ledger_(l) {}
    ~popper() override { end(); }

  private:
    bool turn(const std::stop_token& stop, chance&) override {
        const auto end = queue_.async_pop(stop).result();
        if (end && *end)
            ledger_.popped(item_of((*end)->str()));
        else if (!end && end.outcome() == outcome::unknown)
            ledger_.pop_unknown();
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
                add<pusher>(clients[i]->zk(), i, ledger_);
            else
                add<popper>(clients[i]->zk(), ledger_);
        }
    }
    ~queue_trial() override { end(); } // the ledger goes before the members
    void check(const client& sober, std::mt19937_64& chance) override {
        end();
        queue rest(sober, path);
        while (const auto item = rest.try_pop()) ledger_.popped(item_of(item->str()));
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
