#include "real/lease_faults.hpp"

#include <cmath>
#include <thread>

namespace kazoo::test::lease {

using namespace std::chrono_literals;

void stage::wait(std::chrono::duration<double> shortest, std::chrono::duration<double> longest) {
    std::this_thread::sleep_for(std::chrono::duration<double>(between(shortest.count(), longest.count())));
}

namespace {

using seconds = std::chrono::duration<double>;
using strike = std::function<void(stage&)>;

strike held_both_ways(seconds shortest, seconds longest) {
    return [=](stage& s) {
        s.cut();
        s.wait(shortest, longest);
    };
}

strike follower_mute(seconds shortest, seconds longest) {
    return [=](stage& s) {
        s.mute();
        s.wait(shortest, longest);
    };
}

strike follower_deaf(seconds shortest, seconds longest) {
    return [=](stage& s) {
        s.deafen();
        s.wait(shortest, longest);
    };
}

void lost_both_ways(stage& s) {
    s.zk.drop(s.who.follower, s.who.leader);
    s.zk.drop(s.who.leader, s.who.follower);
    s.wait(6s, 13s);
}

void reset(stage& s) {
    s.zk.reset(s.who.follower, s.who.leader);
    s.wait(5s);
}

/// What was asked in the first half is answered in the second.
void flip(stage& s) {
    s.deafen();
    s.wait(200ms, 3200ms);
    s.mute();
    s.deafen(false);
    s.wait(9s);
}

/// Whole for some milliseconds: enough for an answer, too little for a round of the leader's pings.
void short_relief(stage& s) {
    s.cut();
    s.wait(1500ms, 3300ms);
    s.mute(false);
    s.deafen(false);
    s.wait(500us, 8ms);
    s.cut();
    s.wait(9s);
}

void flapping(stage& s) {
    for (double spent = 0, pause = 0; spent < 9; spent += pause) {
        s.mute(s.toss());
        s.deafen(s.toss());
        pause = std::pow(10, s.between(-2.3, 0.4)); // 5 ms to 2.5 s
        s.wait(seconds(pause));
    }
    s.cut();
    s.wait(8s);
}

strike leader_stopped(seconds shortest, seconds longest) {
    return [=](stage& s) {
        s.zk[s.who.leader].pause();
        s.wait(shortest, longest);
        s.zk[s.who.leader].resume();
        s.wait(4s);
    };
}

void leader_stopped_then_cut(stage& s) {
    s.zk[s.who.leader].pause();
    s.wait(1200ms, 3s);
    s.zk[s.who.leader].resume();
    s.wait(0s, 6ms);
    s.cut();
    s.wait(9s);
}

void leader_killed(stage& s) {
    s.zk[s.who.leader].kill();
    s.wait(12s);
}

/// It serves on for syncLimit ticks, while the others, who start anew, elect its successor.
void leader_without_quorum(stage& s) {
    s.zk.isolate(s.who.leader);
    s.wait(0s, 500ms);
    for (const std::size_t i : {s.who.follower, s.who.other}) s.zk[i].kill();
    for (const std::size_t i : {s.who.follower, s.who.other}) s.zk[i].start();
    s.wait(18s);
}

} // namespace

const std::vector<named_fault>& all_faults() {
    constexpr bool at_leader = true, at_follower = false, deadly = true, harmless = false;
    static const std::vector<named_fault> faults{
        {"held both ways 0.5-3.5 s", at_follower, harmless, held_both_ways(500ms, 3500ms)},
        {"held both ways 4-8.5 s", at_follower, harmless, held_both_ways(4s, 8500ms)},
        {"held both ways 11-14 s", at_follower, deadly, held_both_ways(11s, 14s)},
        {"follower mute 0.5-3.5 s", at_follower, harmless, follower_mute(500ms, 3500ms)},
        {"follower mute 8-13 s", at_follower, deadly, follower_mute(8s, 13s)},
        {"follower deaf 0.5-3.5 s", at_follower, harmless, follower_deaf(500ms, 3500ms)},
        {"follower deaf 8-13 s", at_follower, deadly, follower_deaf(8s, 13s)},
        {"flip", at_follower, deadly, flip},
        {"short relief", at_follower, deadly, short_relief},
        {"flapping", at_follower, deadly, flapping},
        {"lost both ways 6-13 s", at_follower, harmless, lost_both_ways},
        {"reset", at_follower, harmless, reset},
        {"leader stopped 3-8 s", at_follower, harmless, leader_stopped(3s, 8s)},
        {"leader stopped 11.5-15 s", at_follower, harmless, leader_stopped(11500ms, 15s)},
        {"leader stopped, then cut", at_follower, deadly, leader_stopped_then_cut},
        {"leader killed", at_follower, harmless, leader_killed},
        {"leader without quorum", at_leader, deadly, leader_without_quorum},
    };
    return faults;
}

} // namespace kazoo::test::lease
