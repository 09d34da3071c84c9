#pragma once
// Items that go through a queue, and what was told of them.
#include "real/fire/members.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <utility>

namespace kazoo::test::fire {

/// What was told of each item, which is its pusher and a number. Any thread.
class ledger {
  public:
    using item = std::pair<std::size_t, std::size_t>;

    explicit ledger(std::size_t pushers) : items_(pushers) {}

    void pushed(item i) {
        const std::lock_guard lock(mutex_);
        at(i).certain = true;
    }
    void taken(item i) {
        const std::lock_guard lock(mutex_);
        ++at(i).taken;
    }
    void maybe_taken() {
        const std::lock_guard lock(mutex_);
        ++maybe_taken_;
    }
    /// Everybody has ended and nothing waits any more.
    void check() {
        const std::lock_guard lock(mutex_);
        std::size_t missing = 0;
        passed_ = 0;
        for (const auto& of_one : items_)
            for (const told& i : of_one) {
                passed_ += i.taken;
                if (i.taken > 1) ADD_FAILURE() << "an item came out " << int(i.taken) << " times";
                if (i.taken == 0 && i.certain) ++missing;
            }
        EXPECT_LE(missing, maybe_taken_) << "items are lost, and nobody was told";
        lost_ = missing;
    }
    std::string report() const {
        return std::to_string(passed_) + " items, " + std::to_string(lost_) + " more lost and told as unknown";
    }
    std::size_t passed() const noexcept { return passed_; }

  private:
    struct told {
        bool certain = false; ///< that it was pushed
        std::uint8_t taken = 0;
    };
    told& at(item i) {
        auto& of_one = items_.at(i.first);
        if (of_one.size() <= i.second) of_one.resize(i.second + 1);
        return of_one[i.second];
    }

    std::mutex mutex_;
    std::vector<std::vector<told>> items_;
    std::size_t maybe_taken_ = 0, passed_ = 0, lost_ = 0;
};

inline std::string text_of(ledger::item i) { return std::to_string(i.first) + ' ' + std::to_string(i.second); }
inline ledger::item item_of(const std::string& text) {
    const auto blank = text.find(' ');
    return {std::stoul(text.substr(0, blank)), std::stoul(text.substr(blank))};
}

template <class Queue> class pusher final : public member {
  public:
    pusher(const client& c, const std::string& path, std::size_t number, ledger& l)
        : queue_(c, path), number_(number), ledger_(l) {}
    ~pusher() override { end(); }

  private:
    bool turn(const std::stop_token&, chance& c) override {
        const ledger::item item{number_, next_++};
        const auto end = queue_.async_push(text_of(item), static_cast<int>(below(3, c))).result();
        if (end)
            ledger_.pushed(item);
        else if (end.outcome() != outcome::unknown)
            ADD_FAILURE() << "push: " << end.error().message();
        std::this_thread::sleep_for(std::chrono::milliseconds(1)); // no more than the others take
        return true;
    }
    Queue queue_;
    const std::size_t number_;
    ledger& ledger_;
    std::size_t next_ = 0;
};

} // namespace kazoo::test::fire
