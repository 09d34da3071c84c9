// A number that all count up: it is what they were told, exactly, but for what they were told to be unknown.
#include "real/fire/members.hpp"

#include <kazoo/recipe/counter.hpp>

#include <gtest/gtest.h>

namespace kazoo::test::fire {

namespace {

const std::string counter_path = "/counter";

class adder final : public member {
  public:
    explicit adder(const client& c) : counter_(c, counter_path, {.receipts = true}) {}
    ~adder() override { end(); }

    std::int64_t done() const noexcept { return done_; }
    std::int64_t unknown() const noexcept { return unknown_; }

  private:
    bool turn(const std::stop_token&, chance& c) override {
        const auto n = static_cast<std::int64_t>(1 + below(3, c));
        const auto told = counter_.async_fetch_add(n).result();
        if (told)
            done_ += n;
        else if (told.outcome() == outcome::unknown)
            unknown_ += n;
        else
            ADD_FAILURE() << "counter: " << told.error().message();
        return true;
    }
    counter counter_;
    std::atomic<std::int64_t> done_{0}, unknown_{0};
};

class counter_trial final : public trial_of_members {
  public:
    explicit counter_trial(const gated_clients& clients) {
        for (const auto& c : clients) adders_.push_back(&add<adder>(c->zk()));
    }
    void check(const client& sober, std::mt19937_64& chance) override {
        end();
        std::int64_t done = 0, unknown = 0;
        for (const adder* a : adders_) done += a->done(), unknown += a->unknown();
        const std::int64_t now = counter(sober, counter_path).load();
        // What was unknown before the last look is known since.
        EXPECT_GE(now - at_last_look_, done - done_at_last_look_);
        EXPECT_LE(now - at_last_look_, done - done_at_last_look_ + unknown - unknown_at_last_look_);
        at_last_look_ = now;
        done_at_last_look_ = done;
        unknown_at_last_look_ = unknown;
        begin(chance);
    }
    std::string report(const client&) override {
        EXPECT_GT(done_at_last_look_, 0);
        return "counter: " + std::to_string(all_turns()) + " times, up to " + std::to_string(at_last_look_) +
               ", of which " + std::to_string(unknown_at_last_look_) + " had been told as unknown";
    }

  private:
    std::vector<const adder*> adders_;
    std::int64_t at_last_look_ = 0, done_at_last_look_ = 0, unknown_at_last_look_ = 0;
};

} // namespace

std::unique_ptr<trial> counters(const gated_clients& clients) { return std::make_unique<counter_trial>(clients); }

} // namespace kazoo::test::fire
