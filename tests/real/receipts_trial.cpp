#include "receipts_trial.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace kazoo::test::receipts_trial {

using namespace std::chrono_literals;
using testkit::fault_gate;

namespace {

constexpr std::size_t under_way = 8;
constexpr auto between_transactions = 40ms;
constexpr auto way_to_a_server = 50ms; // so that something is under way at any time
constexpr auto session_timeout = 3s;
constexpr auto longer_than_any_fault = 90s;
constexpr auto to_server = fault_gate::direction::to_server;
constexpr auto to_client = fault_gate::direction::to_client;

std::string name_of(std::size_t number) { return std::to_string(number) + '-'; }

told told_by(future<committed_transaction> f) {
    told t;
    try {
        t.done = std::move(f).get_for(longer_than_any_fault);
    } catch (const transaction_error& e) {
        t = {e.code(), e.outcome(), true, {}};
    } catch (const error& e) {
        t = {e.code(), e.outcome(), false, {}};
    }
    return t;
}

} // namespace

tally& tally::operator+=(const tally& more) {
    transactions += more.transactions;
    applied += more.applied;
    recovered += more.recovered;
    refused += more.refused;
    never += more.never;
    unknown += more.unknown;
    wrong += more.wrong;
    return *this;
}

std::ostream& operator<<(std::ostream& out, const tally& t) {
    return out << t.transactions << " transactions: " << t.applied << " applied (" << t.recovered
               << " known by their receipt), " << t.refused << " refused, " << t.never << " never applied, "
               << t.unknown << " unknown; wrong decisions: " << t.wrong;
}

trial::trial(testkit::ensemble& zk, std::uint64_t seed) : zk_(zk), chance_(seed) {
    for (std::size_t i = 0; i < zk_.size(); ++i) gates_.emplace_back(zk_[i].address()).delay(way_to_a_server);
    for (const auto lifetime : {receipt_lifetime::ephemeral, receipt_lifetime::persistent})
        for (const auto how : {lost_reply::resend, lost_reply::ask}) add_worker(lifetime, how);
}

void trial::add_worker(receipt_lifetime lifetime, lost_reply how) {
    std::string hosts;
    for (const fault_gate& gate : gates_) hosts += (hosts.empty() ? "" : ",") + gate.address();
    client_options o;
    o.session_timeout = session_timeout;
    o.operation_timeout = longer_than_any_fault;
    o.credentials.push_back({"digest", "worker:" + std::to_string(workers_.size())});
    receipts_options options;
    options.lifetime = lifetime;
    options.when_lost = how;
    options.most_nodes = under_way;
    auto w = std::make_unique<worker>();
    w->c = std::make_unique<client>(hosts, o);
    w->r = std::make_unique<receipts>(*w->c, "/receipts/" + std::to_string(workers_.size()), options);
    workers_.push_back(std::move(w));
}

tally trial::run(std::size_t transactions, bool kill_leaders) {
    zk_.wait_ready();
    const client witness(zk_.addresses());
    ++runs_;
    faults_.clear();
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        workers_[i]->folder = "/truth/" + std::to_string(runs_) + "/" + std::to_string(i);
        workers_[i]->answers.clear();
        witness.ensure_path(workers_[i]->folder);
    }
    {
        std::jthread tormentor([&](const std::stop_token& stop) { torment(stop, kill_leaders); });
        std::vector<std::jthread> threads;
        for (const auto& w : workers_) threads.emplace_back([&w, n = transactions / workers_.size()] { work(*w, n); });
    }
    zk_.heal();
    zk_.wait_ready();
    std::this_thread::sleep_for(2 * session_timeout); // what is late lands
    tally sum;
    for (const auto& w : workers_) sum += judge(*w);
    return sum;
}

void trial::work(worker& w, std::size_t transactions) {
    std::deque<future<committed_transaction>> asked;
    const auto take = [&] {
        w.answers.push_back(told_by(std::move(asked.front())));
        asked.pop_front();
    };
    for (std::size_t i = 0; i < transactions; ++i) {
        transaction t = w.c->transaction();
        t.create(w.folder + "/" + name_of(i), "", {.mode = create_mode::persistent_sequential});
        if (i % 10 == 9) t.remove("/not-there");
        asked.push_back(w.r->async_commit(std::move(t)));
        std::this_thread::sleep_for(between_transactions);
        if (asked.size() >= under_way) take();
    }
    while (!asked.empty()) take();
}

// -- the verdict ------------------------------------------------------------------------------------------------------

bool trial::true_of(const told& t, const std::vector<std::string>& made, const client& witness) {
    if (t.code) return t.what == outcome::unknown ? made.size() <= 1 : made.empty();
    if (made.size() != 1 || t.done.results.size() != 1 || t.done.results[0].path != made[0]) return false;
    return witness.exists(made[0])->created == t.done.id;
}

tally trial::judge(const worker& w) {
    const client witness(zk_.addresses());
    witness.sync(w.folder);
    std::map<std::size_t, std::vector<std::string>> made;
    const child_names names = witness.get_children(w.folder);
    for (const std::string_view name : names)
        made[std::stoul(std::string(name))].push_back(w.folder + "/" + std::string(name));
    tally sum;
    for (std::size_t i = 0; i < w.answers.size(); ++i) {
        const told& t = w.answers[i];
        ++sum.transactions;
        sum.applied += !t.code;
        sum.recovered += t.done.recovered;
        sum.refused += t.refused;
        sum.never += t.code && !t.refused && t.what == outcome::not_applied;
        sum.unknown += t.code && t.what == outcome::unknown;
        sum.wrong += !true_of(t, made[i], witness);
    }
    return sum;
}

// -- faults -----------------------------------------------------------------------------------------------------------

void trial::wait(const std::stop_token& stop, std::chrono::milliseconds least, std::chrono::milliseconds most) {
    const auto end = std::chrono::steady_clock::now() + least +
                     std::chrono::milliseconds(below(static_cast<std::size_t>((most - least).count()) + 1));
    while (!stop.stop_requested() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(5ms);
}

void trial::torment(const std::stop_token& stop, bool kill_leaders) {
    while (!stop.stop_requested()) {
        wait(stop, 100ms, 700ms);
        const std::size_t kind = below(14);
        if (kind < 3) {
            ++faults_["cut"];
            cut();
        } else if (kind < 6) {
            lose_replies();
        } else if (kind < 8) {
            lose_requests();
        } else if (kind < 12) {
            move_there_and_back(stop);
        } else if (kind == 12) {
            const std::size_t leader = zk_.wait_leader();
            ++faults_[kill_leaders ? "leader killed" : "follower killed"];
            restart(kill_leaders ? leader : (leader + 1 + below(zk_.size() - 1)) % zk_.size());
        } else {
            lose_sessions(stop);
        }
    }
}

void trial::cut() {
    for (fault_gate& gate : gates_) gate.cut();
}

/// What the servers answer is held, and lost.
void trial::lose_replies() {
    ++faults_["replies held and lost"];
    for (fault_gate& gate : gates_) gate.pause(to_client, true);
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + below(200)));
    cut();
    for (fault_gate& gate : gates_) gate.pause(to_client, false);
}

void trial::lose_requests() {
    ++faults_["requests held and lost"];
    for (fault_gate& gate : gates_) gate.pause(to_server, true);
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + below(200)));
    cut();
    for (fault_gate& gate : gates_) gate.pause(to_server, false);
}

/// Everybody is at one follower, whose requests to the leader get stuck; goes to the others, and comes back to where
/// they are valid again.
void trial::move_there_and_back(const std::stop_token& stop) {
    ++faults_["moved there and back"];
    const std::size_t leader = zk_.wait_leader();
    const std::size_t follower = (leader + 1 + below(zk_.size() - 1)) % zk_.size();
    const auto only = [&](std::size_t here) {
        for (std::size_t i = 0; i < gates_.size(); ++i) gates_[i].refuse(i != here);
        for (std::size_t i = 0; i < gates_.size(); ++i)
            if (i != here) gates_[i].cut();
    };
    only(follower);
    wait(stop, 200ms, 500ms);
    zk_.hold(follower, leader);
    wait(stop, 50ms, 300ms);
    only(leader);
    wait(stop, 100ms, 300ms);
    only(follower); // their requests to move wait behind what is stuck
    wait(stop, 0ms, 60ms);
    zk_.hold(follower, leader, false);
    wait(stop, 100ms, 300ms);
    for (fault_gate& gate : gates_) gate.refuse(false);
}

void trial::restart(std::size_t server) {
    zk_[server].kill();
    zk_[server].start();
    zk_.wait_ready();
}

void trial::lose_sessions(const std::stop_token& stop) {
    ++faults_["sessions lost"];
    for (fault_gate& gate : gates_) gate.pause(to_client, true);
    wait(stop, 100ms, 200ms);
    for (fault_gate& gate : gates_) gate.refuse(true);
    cut();
    for (fault_gate& gate : gates_) gate.pause(to_client, false);
    wait(stop, session_timeout + 500ms, session_timeout + 1s);
    for (fault_gate& gate : gates_) gate.refuse(false);
}

} // namespace kazoo::test::receipts_trial
