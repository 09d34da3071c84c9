#include "soak_faults.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>

namespace kazoo::test::soak {

using namespace std::chrono_literals;

tormentor::tormentor(testkit::ensemble& zk, std::vector<std::unique_ptr<worker>>& workers, fenced_store& store,
                     std::uint64_t seed)
    : zk_(zk), workers_(workers), store_(store), chance_(seed) {}

fault tormentor::strike() {
    static constexpr std::array<fault (tormentor::*)(), kinds> all{
        &tormentor::kill_server,     &tormentor::kill_leader,    &tormentor::stop_server, &tormentor::lose_quorum,
        &tormentor::cut_connections, &tormentor::silence_holder, &tormentor::stop_holder, &tormentor::kill_holder};
    if (deck_.empty()) {
        deck_.assign(all.begin(), all.end());
        std::ranges::shuffle(deck_, chance_);
    }
    const auto next = deck_.front();
    deck_.pop_front();
    return (this->*next)();
}

// -- servers ----------------------------------------------------------------------------------------------------------

fault tormentor::killed_server(std::string_view name, std::size_t index) {
    zk_[index].kill();
    return {name, election_allowance, {}, [this, index] {
                zk_[index].start();
                zk_.wait_ready();
            }};
}

fault tormentor::kill_server() { return killed_server("server killed", below(static_cast<std::uint32_t>(zk_.size()))); }
fault tormentor::kill_leader() { return killed_server("leader killed", zk_.wait_leader()); }

fault tormentor::stop_server() {
    const std::size_t index = below(static_cast<std::uint32_t>(zk_.size()));
    zk_[index].pause();
    return {"server stopped", election_allowance, {}, [this, index] {
                zk_[index].resume();
                zk_.wait_ready();
            }};
}

fault tormentor::lose_quorum() {
    const std::size_t survivor = below(static_cast<std::uint32_t>(zk_.size()));
    fault f{"quorum lost", election_allowance};
    for (std::size_t i = 0; i < workers_.size(); ++i) f.victims.insert(static_cast<std::uint32_t>(i));
    for (std::size_t i = 0; i < zk_.size(); ++i)
        if (i != survivor) zk_[i].kill();
    std::this_thread::sleep_for(std::chrono::milliseconds(below(3000))); // with and without the loss of sessions
    f.mend = [this, survivor] {
        for (std::size_t i = 0; i < zk_.size(); ++i)
            if (i != survivor) zk_[i].start();
        zk_.wait_ready();
    };
    return f;
}

// -- the network ------------------------------------------------------------------------------------------------------

fault tormentor::cut_connections() {
    for (const auto& w : workers_) w->cut();
    return {"connections cut", load_allowance};
}

fault tormentor::silence_holder() {
    fault f{"holder silenced", load_allowance};
    worker& w = catch_holder(0, f);
    w.silence(true);
    f.mend = [this, &w] { // first it learns that it was displaced, then it may talk to the servers again
        store_.release_holder();
        w.silence(false);
    };
    return f;
}

// -- workers ----------------------------------------------------------------------------------------------------------

worker& tormentor::catch_holder(std::uint32_t first, fault& f) {
    const auto count = static_cast<std::uint32_t>(workers_.size());
    const std::uint32_t wanted = first + below(count - first);
    if (!store_.catch_holder(wanted, 30s)) throw std::runtime_error("a worker does not get the lock");
    f.victims = {wanted};
    return *workers_[wanted];
}

fault tormentor::stop_holder() {
    fault f{"holder stopped", load_allowance};
    worker& w = catch_holder(0, f);
    w.pause();
    store_.release_holder();
    f.mend = [&w] { w.resume(); };
    return f;
}

fault tormentor::kill_holder() {
    fault f{"holder killed", load_allowance};
    worker& w = catch_holder(first_mortal, f);
    w.kill();
    store_.release_holder();
    f.mend = [&w] { w.start(); };
    return f;
}

} // namespace kazoo::test::soak
