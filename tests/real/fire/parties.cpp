// Members of a party that come and go: when nothing is broken and nobody moves, those who joined are there.
#include "real/fire/members.hpp"
#include "testing/wait_until.hpp"

#include <kazoo/recipe/party.hpp>

#include <gmock/gmock.h>

namespace kazoo::test::fire {

namespace {

const std::string party_path = "/party";

/// Joins and leaves. Where it is told to end it is a member, and stays one.
class guest final : public member {
  public:
    guest(const client& c, std::string name) : party_(c, party_path, {.identifier = std::move(name)}) {}
    ~guest() override { end(); }
    const party& place() const noexcept { return party_; }

  private:
    bool turn(const std::stop_token& stop, chance& c) override {
        const auto left = party_.async_leave().result();
        EXPECT_TRUE(left || left.error() == errc::operation_timeout) << left.error().message();
        const bool joined = party_.join_for(std::chrono::hours(1));
        std::this_thread::sleep_for(std::chrono::milliseconds(below(20, c)));
        return joined && !stop.stop_requested();
    }
    party party_;
};

class party_trial final : public trial_of_members {
  public:
    explicit party_trial(const gated_clients& clients) {
        for (std::size_t i = 0; i < clients.size(); ++i) {
            names_.push_back(std::to_string(i));
            guests_.push_back(&add<guest>(clients[i]->zk(), names_.back()));
        }
    }
    void check(const client& sober, std::mt19937_64& chance) override {
        end();
        const party eye(sober, party_path);
        const bool all = testkit::wait_until([&] { return sober.sync(party_path), eye.members() == names_; }, recovery);
        EXPECT_TRUE(all) << "party: " << ::testing::PrintToString(eye.members());
        for (const guest* g : guests_) EXPECT_TRUE(g->place().joined());
        begin(chance);
    }
    std::string report(const client&) override { return "party: " + std::to_string(all_turns()) + " came and went"; }

  private:
    std::vector<std::string> names_;
    std::vector<const guest*> guests_;
};

} // namespace

std::unique_ptr<trial> parties(const gated_clients& clients) { return std::make_unique<party_trial>(clients); }

} // namespace kazoo::test::fire
