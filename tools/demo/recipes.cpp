#include "recipes.hpp"

#include "steps.hpp"

#include <kazoo/recipe/election.hpp>
#include <kazoo/recipe/queue.hpp>

#include <atomic>
#include <future>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace demo {

namespace {

std::string token(const kazoo::leadership& l) { return std::to_string(static_cast<long long>(l.fencing_token())); }

} // namespace

void one_leader(const kazoo::client& near, network& net, const kazoo::client& other) {
    title("One leader, who knows when it is over");
    kazoo::election as_a(near, "/leader", {.identifier = "A"}), as_b(other, "/leader", {.identifier = "B"});
    const auto a = as_a.stand();
    say("client A is elected, fencing token " + token(a));
    auto waiting = as_b.async_stand();
    net.down();
    const auto cut = clock::now();
    say("client B stands behind it; the network of A goes down");
    require(stop_comes(a.lost()), "the leader learns that it is over");
    require(!a.holds(), "the leader does not lead any more");
    say("client A does not lead any more, by its own clock", clock::now() - cut);
    const auto b = std::move(waiting).get_for(patience);
    require(b.holds() && b.fencing_token() > a.fencing_token(), "the next one leads");
    say("client B is elected, fencing token " + token(b) + ": A had ended before", clock::now() - cut);
    net.up();
}

void a_queue(const kazoo::client& near, network& net, const kazoo::client& other) {
    title("A queue, each item once");
    kazoo::queue from_a(near, "/queue"), from_b(other, "/queue");
    constexpr std::size_t many = 200;
    std::vector<std::string> items;
    for (std::size_t i = 0; i < many; ++i) items.push_back("item " + std::to_string(i));
    from_b.push_all(items);
    from_b.push("urgent", 1);
    say("client B pushes " + std::to_string(many) + " items, and an urgent one behind them");
    require(from_b.pop() == "urgent", "the urgent one comes first");
    say("the urgent one comes out first");

    std::atomic<std::size_t> taken = 0;
    std::stop_source over;
    const auto take = [&](kazoo::queue& from) {
        std::vector<std::string> mine;
        while (const auto item = from.try_pop_for(patience, over.get_token())) {
            mine.push_back(item->str());
            std::this_thread::sleep_for(std::chrono::milliseconds(1)); // what one does with it
            if (++taken == many) over.request_stop();
        }
        return mine;
    };
    auto taking_a = std::async(std::launch::async, [&] { return take(from_a); });
    auto taking_b = std::async(std::launch::async, [&] { return take(from_b); });
    int cuts = 0;
    const auto deadline = clock::now() + patience;
    for (std::size_t next = many / 4; next < many; next += many / 4) {
        while (taken < next && clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        net.down();
        net.up();
        ++cuts;
    }
    const std::vector<std::string> of_a = taking_a.get(), of_b = taking_b.get();
    const std::size_t sum = of_a.size() + of_b.size();
    std::set<std::string> different(of_a.begin(), of_a.end());
    different.insert(of_b.begin(), of_b.end());
    require(sum == many && different == std::set<std::string>(items.begin(), items.end()), "each item comes out once");
    say("client A takes " + std::to_string(of_a.size()) + " of them, client B " + std::to_string(of_b.size()) +
        "; A's connection broke " + std::to_string(cuts) + " times meanwhile");
    say("each of the " + std::to_string(many) + " items came out once: none is lost, none comes twice");
}

} // namespace demo
