// Many seeds of trouble between the members of an ensemble: who can be certain of a session, and until when.
//
// Two rules that look right are wrong, and must be found out by these seeds; the third one never fails.
#include "lease_judge.hpp"
#include "lease_session.hpp"
#include "lease_world.hpp"
#include "member_faults.hpp"
#include "storm/seeds.hpp"

#include <array>
#include <iomanip>
#include <iostream>

namespace kazoo::testkit {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t lease_seeds = with_checks ? 50 : 1000;
constexpr auto answered = static_cast<std::size_t>(certainty_rule::answered),
               synced = static_cast<std::size_t>(certainty_rule::synced),
               pairs = static_cast<std::size_t>(certainty_rule::pairs);
constexpr int sessions_of_each_kind = 6, faults_per_storm = 3;

class lease_storm final : public seeded {
  public:
    explicit lease_storm(std::uint64_t seed)
        : world_(lease_world(seed)), judge_(world_.world(), rule_names.size()), timeout_(lease_timeout(seed)) {}

    void run() override {
        for (int i = 0; i < sessions_of_each_kind; ++i) {
            world_.add_machine();
            for (std::size_t kind = 0; kind < rule_names.size(); ++kind) add_session(kind);
        }
        world_.run_for(timeout_ * 2);
        for (int i = 0; i < faults_per_storm; ++i) {
            faults_.one();
            world_.run_for(world_.world().between(0ms, timeout_ * 3 / 2));
        }
        world_.run_for(timeout_ * 2);
        if (judge_.of(pairs).violations > 0) complain("somebody was certain by pairs of a session that was over");
    }

    const lease_judge& judge() const noexcept { return judge_; }
    const counts<member_fault_kinds>& faults_counted() const noexcept { return faults_.counted(); }
    std::uint64_t lapses(std::size_t kind) const {
        std::uint64_t sum = 0;
        for (const auto& s : sessions_) sum += s->rule() == static_cast<certainty_rule>(kind) ? s->lapses() : 0;
        return sum;
    }
    std::uint64_t trace_hash() const override { return world_.trace_hash(); }
    std::string last_events() const override { return world_.last_events(); }
    void remember_more() override { world_.world().traces().keep(20'000); }

  private:
    void add_session(std::size_t kind) {
        const auto& machine = world_.world().machines().back();
        sessions_.push_back(std::make_unique<lease_session>(machine, static_cast<certainty_rule>(kind), timeout_));
        lease_session& s = *sessions_.back();
        judge_.add({[&s] { return s.id(); }, [&s] { return s.certain_until(); }, kind});
        s.on_certain = [this, i = sessions_.size() - 1] { judge_.look(judge_[i]); };
        s.start();
    }

    simulation world_;
    lease_judge judge_;
    const duration timeout_;
    std::vector<std::unique_ptr<lease_session>> sessions_;
    member_faults faults_{world_};
};

struct sums {
    std::uint64_t expired = 0, violations = 0, lapses = 0, seeds = 0;
    duration worst{0};
};

TEST(lease_storm, finds_out_answered_requests_and_sync_and_never_the_pairs) {
    std::array<sums, rule_names.size()> sum;
    counts<member_fault_kinds> faults;
    const auto seeds = run_seeds<lease_storm>(lease_seeds, [&](const lease_storm& s) {
        for (std::size_t kind = 0; kind < sum.size(); ++kind) {
            const auto& c = s.judge().of(kind);
            sum[kind].expired += c.expired;
            sum[kind].violations += c.violations;
            sum[kind].seeds += c.violations > 0;
            sum[kind].worst = std::max(sum[kind].worst, c.worst);
            sum[kind].lapses += s.lapses(kind);
        }
        faults += s.faults_counted();
    });
    show_and_judge(faults, seeds);
    for (std::size_t kind = 0; kind < sum.size(); ++kind)
        std::cout << std::setw(34) << rule_names[kind] << ": " << sum[kind].expired << " sessions expired, "
                  << sum[kind].violations << " of them too early, in " << sum[kind].seeds << " seeds, by up to "
                  << std::chrono::duration_cast<std::chrono::milliseconds>(sum[kind].worst).count() << " ms; "
                  << sum[kind].lapses << " false alarms\n";
    if (seeds < 20) return;
    EXPECT_GT(sum[answered].violations, 0u) << "the storm does not see that answers prove nothing";
    EXPECT_GT(sum[synced].violations, 0u) << "the storm does not see that a sync proves nothing";
    EXPECT_GE(sum[pairs].expired, seeds / 2) << "too quiet";
}

} // namespace
} // namespace kazoo::testkit
