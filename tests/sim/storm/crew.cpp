#include "crew.hpp"

#include <algorithm>

namespace kazoo::testkit {

namespace {

constexpr std::uint64_t clients_that_stay = 3;
/// In one world, which has to end soon. Where there are more each seed draws lots.
constexpr std::size_t most_crews = 7;
constexpr duration between_looks = 100ms;

simulation_options crew_world(std::uint64_t seed) {
    simulation_options o;
    o.seed = seed;
    o.followers = seed % 3; // some worlds have none
    o.longest_lag = std::chrono::milliseconds(seed % 2 == 0 ? 5 : 1500);
    return o;
}

void add(count_list& sum, const count_list& more) {
    sum.resize(more.size());
    for (std::size_t i = 0; i < more.size(); ++i) sum[i] = {more[i].first, sum[i].second + more[i].second};
}

void show_and_judge(std::string_view name, const count_list& sum, bool everything_happens) {
    std::cout << name << ":\n";
    std::vector<std::string_view> missing;
    for (const auto& [what, number] : sum) {
        std::cout << std::setw(34) << what << ' ' << number << '\n';
        if (number == 0) missing.push_back(what);
    }
    if (!everything_happens) return;
    EXPECT_EQ(missing, std::vector<std::string_view>{}) << "never happened: " << name;
}

} // namespace

// -- what crews use ---------------------------------------------------------------------------------------------------

sim_world& crew::inside() const { return storm_.inside(); }
duration crew::between(duration least, duration most) { return storm_.between(least, most); }
std::uint64_t crew::below(std::uint64_t n) { return storm_.below(n); }
void crew::complain(std::string what) {
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(inside().now().time_since_epoch());
    storm_.complain(std::to_string(now.count()) + "us " + std::move(what));
}
bool crew::open() const { return storm_.open(); }
int& crew::actors() { return storm_.actors_; }
std::string crew::at(std::string_view path) const { return storm_.top + std::string(path); }
const kazoo::server::znode* crew::node(const std::string& path) const { return inside().server().nodes().find(path); }
bool crew::is_enough(std::uint64_t done, std::uint64_t least) const {
    return done >= (storm_.crews().size() == 1 ? least : least / 5);
}

std::size_t crew::children(const std::string& path) const {
    const auto* n = node(path);
    return n == nullptr ? 0 : n->children.size();
}

std::string crew::names_at(const std::string& path) const {
    const auto* n = node(path);
    if (n == nullptr) return "-";
    std::vector<std::string> names;
    n->children.for_each([&](const kazoo::server::znode& child) { names.emplace_back(child.name()); });
    std::ranges::sort(names);
    std::string text;
    for (const std::string& each : names) text += each + " ";
    return text;
}

std::vector<std::string> crew::not_empty(const std::vector<std::string>& paths) const {
    std::vector<std::string> lines;
    for (const std::string& path : paths)
        if (const auto number = children(path); number > 0)
            lines.push_back(std::to_string(number) + " nodes are left at " + path);
    return lines;
}

// -- a storm of crews -------------------------------------------------------------------------------------------------

crew_storm::crew_storm(std::uint64_t s, const storm_shape& shape, std::string where, const crew_makers& makers)
    : storm_frame(crew_world(s), shape), seed(s), top(std::move(where)) {
    crew_makers chosen = makers;
    while (chosen.size() > most_crews) chosen.erase(std::next(chosen.begin(), static_cast<int>(below(chosen.size()))));
    for (const auto& [name, make] : chosen) crews_.emplace(name, make(*this));
}

/// One crew alone is at all clients. Of several each leaves one client out, so that not all have the same company, and
/// some leave another one in the middle of it, where the others go on.
void crew_storm::start() {
    const auto leaves_out = [this] { return crews_.size() == 1 ? clients_that_stay : below(clients_that_stay); };
    std::map<std::string_view, std::uint64_t> left_out;
    for (const auto& [name, each] : crews_) left_out.emplace(name, leaves_out());
    for (std::uint64_t i = 0; i < clients_that_stay; ++i) {
        storm_client& c = add_client();
        for (const auto& [name, each] : crews_)
            if (left_out[name] != i) each->stay(c);
    }
    for (const auto& [name, each] : crews_) each->begin();
    if (crews_.size() == 1) return;
    for (const auto& [name, each] : crews_)
        if (below(4) == 0)
            inside().after(between(500ms, length()), [&who = *each, &where = *clients()[below(clients_that_stay)]] {
                if (where.c) who.leave(where);
            });
}

/// It goes with all that is under way.
std::function<void()> crew_storm::on_passing_client(storm_client& c) {
    for (const auto& [name, each] : crews_) each->pass_by(c);
    return [this, &c, closes = below(3) == 0] {
        if (closes) c.c->async_close().detach();
        for (const auto& [name, each] : crews_) each->leave(c);
        c.c.reset();
    };
}

void crew_storm::on_write(const sim_write& w) {
    for (const auto& [name, each] : crews_) each->on_write(w);
}

void crew_storm::on_turn(const sim_machine&) {
    for (const auto& [name, each] : crews_) each->on_turn();
}

void crew_storm::on_forced_end(std::int64_t session) {
    for (const auto& [name, each] : crews_) each->on_forced_end(session);
}

void crew_storm::on_forget() {
    for (const auto& [name, each] : crews_) each->on_forget();
}

std::vector<std::string> crew_storm::places() const {
    std::vector<std::string> all;
    for (const auto& [name, each] : crews_) std::ranges::move(each->places(), std::back_inserter(all));
    return all;
}

bool crew_storm::all_have_enough() const {
    return std::ranges::all_of(crews_, [](const auto& c) { return c.second->has_enough(); });
}

std::vector<std::string> crew_storm::unsettled() const {
    std::vector<std::string> all;
    for (const auto& [name, each] : crews_) std::ranges::move(each->unsettled(), std::back_inserter(all));
    return all;
}

bool crew_storm::is_unwatched() const { return inside().server().watches() == kazoo::server::watch_counts{}; }

void crew_storm::settle() {
    run_for(2s); // a time without faults
    comes_true([this] { return all_have_enough(); }, 60s);
    open_ = false;
    if (!comes_true([this] { return actors_ == 0; }, 120s))
        complain(std::to_string(actors_) + " actors still wait for something");
    if (wait_for_quiet([] { return true; }, 60s)) {
        run_for(5s); // what comes late has come
        for (duration waited{}; waited < 30s && !unsettled().empty(); waited += between_looks) run_for(between_looks);
        for (std::string& line : unsettled()) complain(std::move(line));
    }
    for (const auto& [name, each] : crews_) each->stop_watching();
    if (!comes_true([this] { return is_unwatched(); }, 30s)) complain("watches are left at the server");
}

void crew_storm::before_close() {
    for (const auto& c : clients())
        for (const auto& [name, each] : crews_) each->leave(*c);
}

void crew_storm::audit() {
    for (const auto& [name, each] : crews_) {
        each->audit();
        if (!each->has_enough()) complain("too quiet: " + std::string(name));
    }
}

// -- with many seeds --------------------------------------------------------------------------------------------------

void run_crews(const crew_makers& makers, const storm_shape& shape, const std::string& top, std::uint64_t usual) {
    std::map<std::string_view, count_list> sums;
    fault_counts faults;
    const auto seeds = run_each_seed(
        usual, [&](std::uint64_t seed) { return std::make_unique<crew_storm>(seed, shape, top, makers); },
        [&](const seeded& one) {
            const auto& s = static_cast<const crew_storm&>(one);
            faults += s.faults_counted();
            for (const auto& [name, each] : s.crews()) add(sums[name], each->counted());
        });
    show_and_judge(faults, seeds);
    const bool everything_happens = seeds >= seeds_with_everything * makers.size(); // the more crews, the less of each
    for (const auto& [name, sum] : sums) show_and_judge(name, sum, everything_happens);
}

crew_makers& medley() {
    static crew_makers all;
    return all;
}

} // namespace kazoo::testkit
