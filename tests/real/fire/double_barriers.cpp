// Members that begin and end together, again and again: whatever breaks, nobody waits for ever, and nothing is left.
#include "real/fire/members.hpp"
#include "testing/wait_until.hpp"

#include <kazoo/recipe/double_barrier.hpp>

#include <gtest/gtest.h>

namespace kazoo::test::fire {

namespace {

const std::string double_barrier_path = "/double_barrier";

class walker final : public member {
  public:
    walker(const client& c, std::size_t all) : barrier_(c, double_barrier_path, all) {}
    ~walker() override { end(); }

  private:
    bool turn(const std::stop_token& stop, chance& c) override {
        if (!barrier_.enter(stop)) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(below(3, c)));
        return barrier_.leave(stop);
    }
    double_barrier barrier_;
};

class double_barrier_trial final : public trial_of_members {
  public:
    explicit double_barrier_trial(const gated_clients& clients) {
        for (const auto& c : clients) add<walker>(c->zk(), clients.size());
    }
    void check(const client&, std::mt19937_64&) override {}
    std::string report(const client& sober) override {
        const auto is_empty = [&] {
            const auto names = sober.get_children(double_barrier_path);
            return names.empty() || (names.size() == 1 && names[0] == "ready"); // the next round removes that
        };
        EXPECT_TRUE(testkit::wait_until(is_empty, recovery)) << "double_barrier left members behind";
        return "double_barrier: " + std::to_string(all_turns()) + " times through it";
    }
};

} // namespace

std::unique_ptr<trial> double_barriers(const gated_clients& clients) {
    return std::make_unique<double_barrier_trial>(clients);
}

} // namespace kazoo::test::fire
