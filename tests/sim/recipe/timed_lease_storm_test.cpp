// Many seeds of those who want leases, on machines whose clocks are wrong by up to a bound: whether two had one of them
// at a time.
#include "recipe/parts/lease_record.hpp"
#include "sim/actor.hpp"
#include "sim/storm/crew.hpp"

#include <kazoo/recipe/lease.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace kazoo::testkit {
namespace {

struct timed_lease_things {
    enum what : std::uint8_t {
        obtained,
        places,
        held_by_others,
        renewed,
        not_renewed,
        released,
        not_released,
        ended,
        given_up,
        failed,
        count
    };
    static constexpr std::array<std::string_view, count> names{"leases obtained",
                                                               "places of several obtained",
                                                               "held by others",
                                                               "renewed",
                                                               "not renewed: others had it",
                                                               "released",
                                                               "not released: others had it",
                                                               "left to their end",
                                                               "given up while asked for",
                                                               "failed, or ended by close"};
};

class timed_lease_crew final : public counting_crew<timed_lease_things> {
  public:
    static constexpr std::string_view name = "lease";
    static constexpr storm_shape shape{.length = 8s, .faults = 12, .first_passing = 500ms, .longest_passing = 3s};

    explicit timed_lease_crew(crew_storm& s)
        : counting_crew(s), clock_error_(std::chrono::milliseconds(s.seed % 4 == 0 ? 0 : 700)) {}

    void stay(storm_client& c) override { add_actors(c, 1 + below(3)); }
    void pass_by(storm_client& c) override { add_actors(c, 2); }
    std::vector<std::string> places() const override { return {single_ + "/lease_holder", single_, several_}; }

    void on_write(const sim_write&) override;
    void on_turn() override;
    void on_forget() override { ++forgotten_; }
    bool has_enough() const override { return is_enough(counts_[things::obtained], 10); }
    std::vector<std::string> unsettled() const override;

  private:
    using things = timed_lease_things;
    struct holder {
        const lease* what;
        int forgotten; ///< how often the server had lost its disk when it was asked for
    };
    static constexpr std::size_t slots = 2;

    void add_actors(storm_client& c, std::uint64_t number) {
        for (std::uint64_t i = 0; i < number; ++i) c.inside->execute([this, &c] { work(c); });
    }
    actor work(storm_client&);
    std::string record_at(std::size_t slot) const { return several_ + "/" + std::to_string(slot) + "/lease_holder"; }
    holder& holding(const lease& l) { return *std::ranges::find(holders_, &l, &holder::what); }
    std::chrono::system_clock::time_point true_time() const;

    const std::string single_ = at("/leases/one"), several_ = at("/leases/several");
    const duration clock_error_; ///< at most, either way
    std::vector<holder> holders_;
    std::array<std::int64_t, slots> changed_{}; ///< when each place of several was changed last
    int forgotten_ = 0;
    std::uint64_t named_ = 0;
};

actor timed_lease_crew::work(storm_client& c) {
    const counted_here alive(actors());
    sim_machine& machine = *c.inside;
    const std::string who = c.name() + "/" + std::to_string(named_++);
    for (;;) {
        co_await pause_for(machine, between(0ms, 900ms));
        if (!open() || !c.c) co_return;
        machine.clock_error = between(-clock_error_, clock_error_ + 1ns);
        const std::chrono::seconds length(1 + below(4));
        const bool one_of_several = below(3) == 0;
        const int forgotten = forgotten_;
        std::optional<lease> mine;
        try {
            auto asked = one_of_several
                             ? multi_lease::async_try_obtain(*c.c, several_, slots, length, {.identifier = who})
                             : lease::async_try_obtain(*c.c, single_, length, {.identifier = who});
            if (below(5) == 0) { // nobody waits for it any more
                co_await pause_for(machine, between(0ms, 100ms));
                if (!asked.ready()) {
                    counts_.add(things::given_up);
                    asked.cancel();
                    continue;
                }
            }
            mine = co_await std::move(asked);
            counts_.add(!mine ? things::held_by_others : one_of_several ? things::places : things::obtained);
        } catch (const error&) {
            counts_.add(things::failed);
        }
        if (!mine) continue;
        holders_.push_back({&*mine, forgotten});
        for (bool done = false; !done;) {
            co_await pause_for(machine, between(0ms, 2s));
            const auto what = below(3);
            const int forgotten_then = forgotten_;
            try {
                if (what == 0) {
                    auto renewing = mine->async_renew();
                    done = !co_await std::move(renewing);
                    counts_.add(done ? things::not_renewed : things::renewed);
                    if (!done) holding(*mine).forgotten = forgotten_then;
                } else if (what == 1) {
                    auto releasing = mine->async_release();
                    const bool was_ours = co_await std::move(releasing);
                    counts_.add(was_ours ? things::released : things::not_released);
                    if (mine->holds() && was_ours) complain(who + " holds what it has released");
                    done = true;
                } else {
                    co_await pause_for(machine, std::max<duration>(mine->end() - machine.wall_clock(), 0ns));
                    counts_.add(things::ended);
                    done = true;
                }
            } catch (const error&) {
                counts_.add(things::failed);
                done = !c.c;
            }
        }
        std::erase_if(holders_, [&](const holder& h) { return h.what == &*mine; });
    }
}

std::chrono::system_clock::time_point timed_lease_crew::true_time() const {
    const sim_machine& any = *storm().clients().front()->inside;
    return any.wall_clock() - std::chrono::duration_cast<std::chrono::system_clock::duration>(any.clock_error);
}

/// Nobody has two places.
void timed_lease_crew::on_write(const sim_write&) {
    std::array<std::int64_t, slots> now{};
    std::vector<std::string> names;
    for (std::size_t i = 0; i < slots; ++i)
        if (const auto* n = node(record_at(i))) now.at(i) = n->mzxid;
    if (now == std::exchange(changed_, now)) return;
    for (std::size_t i = 0; i < slots; ++i)
        if (const auto* n = node(record_at(i))) names.push_back(kazoo::recipe::parse_lease(n->data)->holder);
    std::ranges::sort(names);
    if (std::ranges::adjacent_find(names) != names.end()) complain(names[0] + " has two places");
}

/// By a clock that is right, two who have not come as near to their end as clocks may be wrong are one.
void timed_lease_crew::on_turn() {
    const auto now = true_time() + std::chrono::ceil<std::chrono::system_clock::duration>(clock_error_);
    const auto counts = [&](const holder& h) { return h.forgotten == forgotten_ && h.what->end() > now; };
    for (const holder& a : holders_)
        for (const holder& b : holders_)
            if (&a < &b && counts(a) && counts(b) && a.what->path() == b.what->path() &&
                a.what->identifier() != b.what->identifier())
                complain(a.what->identifier() + " and " + b.what->identifier() + " hold " + a.what->path() +
                         " at once");
}

/// Somebody still stands in a line.
std::vector<std::string> timed_lease_crew::unsettled() const {
    std::vector<std::string> lines;
    for (const std::string& path : {single_, several_, several_ + "/0", several_ + "/1"}) {
        std::size_t in_line = children(path);
        for (const char* other : {"/lease_holder", "/0", "/1"})
            if (node(path + other) != nullptr) --in_line;
        if (in_line > 0) lines.push_back(std::to_string(in_line) + " nodes are left in the line of " + path);
    }
    return lines;
}

const in_the_medley<timed_lease_crew> timed_lease_comes;

TEST(timed_lease_storm, C82_nobody_has_what_another_has_and_nobody_has_two_places) {
    run_crew<timed_lease_crew>(with_checks ? 60 : 1000);
}

} // namespace
} // namespace kazoo::testkit
