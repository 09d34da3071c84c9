// Shows what kazoo does, on real connections and real processes: demo HOST:PORT,... PATH
// PATH is made, and everything below it; who runs the demo removes it. Ends with an error if anything did not happen
// that should have.
#include "network.hpp"
#include "recipes.hpp"
#include "states.hpp"
#include "steps.hpp"
#include "worker.hpp"

#include <kazoo/kazoo.hpp>

#include <cstdio>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

namespace {

using kazoo::session_state;

std::string text(const kazoo::client& zk, const std::string& path) { return zk.get(path).data.str(); }

std::string quoted(std::string_view s) { return "\"" + std::string(s) + "\""; }

/// The next event of this type; others may come first.
void wait_for(kazoo::watch_stream& stream, kazoo::event_type wanted) {
    const auto deadline = clock::now() + patience;
    for (;;) {
        const auto event = stream.next_for(deadline - clock::now());
        require(event.has_value(), "the persistent watch reports " + std::string(to_string(wanted)));
        if (event->type == wanted) return;
    }
}

kazoo::watch_event next(kazoo::future<kazoo::watch_event>& changed) { return std::move(changed).get_for(patience); }

kazoo::client_options patient() {
    kazoo::client_options o;
    o.session_timeout = std::chrono::milliseconds(1000); // servers raise it to what they allow
    o.reconnect.max_delay = std::chrono::milliseconds(100);
    o.log.threshold = kazoo::log_level::off; // connections break on purpose here
    return o;
}

void nodes(const kazoo::client& zk) {
    title("Nodes");
    zk.create("/config/port", "80", {.make_parents = true});
    say("created /config and /config/port");
    const auto node = zk.get("/config/port");
    require(node.data == "80", "the data is what was written");
    say("read /config/port: " + quoted(node.data.view()) + ", version 0");
    zk.set("/config/port", "8080", node.stat.data_version);
    say("set it to \"8080\", on condition that it still had version 0");
    bool refused = false;
    try {
        zk.set("/config/port", "9090", node.stat.data_version);
    } catch (const kazoo::bad_version_error& e) {
        refused = true;
        say(std::string("again on condition of version 0: ") + e.what());
    }
    require(refused, "a set with an old version fails");
    zk.transaction().create("/config/host", "a").remove("/config/port").commit();
    require(zk.get_children("/config") == std::vector<std::string>{"host"}, "a transaction does both");
    say("created /config/host and removed /config/port in one transaction");
    std::vector<kazoo::future<std::string>> created;
    constexpr int many = 1000;
    for (int n = 0; n < many; ++n) created.push_back(zk.async_create("/config/" + std::to_string(n)));
    for (auto& f : created) std::move(f).get();
    say("created " + std::to_string(many) + " more, all requests under way at once");
}

void watch(const kazoo::client& zk, const kazoo::client& other) {
    title("A watch that fires");
    zk.create("/colour", "red");
    auto watched = zk.watch("/colour");
    say("client A reads /colour: " + quoted(watched.value.data.view()) + ", and watches it");
    const auto before = clock::now();
    other.set("/colour", "green");
    const auto event = next(watched.changed);
    require(event.type == kazoo::event_type::data_changed, "the watch tells that the data changed");
    say("client B sets it; client A hears: " + std::string(to_string(event.type)) + " " + event.path,
        clock::now() - before);
    require(text(zk, "/colour") == "green", "the new data is there");
    say("client A reads it again: \"green\"");
}

/// A client behind a network that can be broken, with all that should survive that.
struct patient_client {
    kazoo::client zk;
    demo::states states{zk};
    kazoo::watch_stream stream;
    kazoo::session_id session{};

    patient_client(const network& net, const std::string& path)
        : zk(kazoo::client(net.hosts(), patient()).chroot(path)) {
        zk.wait_connected(patience);
        session = zk.session_id();
        zk.create("/alive", to_string(session), {.mode = kazoo::create_mode::ephemeral});
        stream = zk.add_watch("/news", kazoo::watch_mode::persistent);
    }
};

void connection_cut(patient_client& a, network& net, const kazoo::client& other) {
    title("A connection that breaks");
    auto once = a.zk.watch("/news");
    say("client A has session " + to_string(a.session) + " (timeout " + to_text(a.zk.negotiated_timeout()) +
        "), an ephemeral node, and two watches on /news");
    net.down();
    a.states.wait_for(session_state::suspended);
    say("the network goes down; client A is told: suspended");
    other.set("/news", "written while A was away");
    say("client B changes /news meanwhile");
    net.up();
    a.states.wait_for(session_state::connected);
    say("the network is up; client A is told: connected");
    require(a.zk.session_id() == a.session, "the session is the same");
    const auto alive = a.zk.exists("/alive");
    require(alive && alive->owner == a.session, "the ephemeral node is there");
    say("the session is the same, and the ephemeral node is still there");
    require(next(once.changed).type == kazoo::event_type::data_changed, "the one-shot watch reports the change");
    say("the one-shot watch reports the change that was made meanwhile");
    wait_for(a.stream, kazoo::event_type::gap);
    say("the persistent watch reports a gap: read again. It says " + quoted(text(a.zk, "/news")));
    other.create("/news/today");
    wait_for(a.stream, kazoo::event_type::children_changed);
    say("and goes on: client B creates /news/today, client A hears of it");
}

void expiry(patient_client& a, network& net, const kazoo::client& other) {
    title("A session that is lost");
    auto alive = other.watch_exists("/alive");
    require(alive.value.has_value(), "the ephemeral node is there");
    const std::stop_token lost = a.zk.session_token();
    const auto timeout = a.zk.negotiated_timeout();
    net.down();
    a.states.wait_for(session_state::suspended);
    say("the network goes down; client A is told: suspended");
    a.states.wait_for(session_state::lost);
    require(stop_comes(lost), "the session's stop token says so");
    say("client A knows by its own clock, without any server: lost (the timeout is " + to_text(timeout) + ")");
    require(next(alive.changed).type == kazoo::event_type::deleted, "the servers expire the session");
    say("the servers have expired the session, too: client B sees the ephemeral node go");
    net.up();
    a.states.wait_for(session_state::connected);
    require(a.zk.session_id() != a.session, "the session is a new one");
    say("the network is up; client A has a new session by itself: " + to_string(a.zk.session_id()));
    a.zk.create("/alive", to_string(a.zk.session_id()), {.mode = kazoo::create_mode::ephemeral});
    say("it creates its ephemeral node again");
    wait_for(a.stream, kazoo::event_type::gap);
    other.create("/news/tomorrow");
    wait_for(a.stream, kazoo::event_type::children_changed);
    say("its persistent watch is in place again: a gap, then the children_changed of /news/tomorrow");
}

/// Waits until so many are there, which the lock's children tell: one for each.
void wait_for_contenders(const kazoo::client& zk, const std::string& lock, std::size_t count) {
    for (;;) {
        auto children = zk.watch_children(lock);
        if (children.value.names.size() == count) return;
        next(children.changed);
    }
}

std::string who_holds(const worker& w, long long token) {
    return w.name() + " (process " + std::to_string(w.pid()) + ") holds it, fencing token " + std::to_string(token);
}

void lock(const char* program, const std::string& hosts, const std::string& path, const kazoo::client& zk) {
    title("One lock, three processes");
    zk.create("/lock");
    const std::string lock = path + "/lock";
    worker anna(program, hosts, lock, "anna");
    const auto first = anna.holds();
    say(who_holds(anna, first));
    worker bert(program, hosts, lock, "bert");
    wait_for_contenders(zk, "/lock", 2);
    worker carl(program, hosts, lock, "carl");
    wait_for_contenders(zk, "/lock", 3);
    say("bert and carl wait behind her");

    anna.tell_to_release();
    const auto second = bert.holds();
    require(second > first, "the fencing token grows");
    say("anna releases it and queues up again; " + who_holds(bert, second));
    wait_for_contenders(zk, "/lock", 3);
    bert.kill();
    const auto killed = clock::now();
    const auto timeout = zk.negotiated_timeout();
    say("SIGKILL for bert, who holds it: his session must time out, after " + to_text(timeout));
    const auto third = carl.holds();
    const auto took = clock::now() - killed;
    require(third > second, "the fencing token grows");
    say(who_holds(carl, third) + ", " + std::to_string(100 * took / timeout) +
            " % of the session timeout after the kill",
        took);

    carl.tell_to_release();
    const auto fourth = anna.holds();
    require(fourth > third, "the fencing token grows");
    say("carl releases it; " + who_holds(anna, fourth));
}

void run(const char* program, const std::string& hosts, const std::string& path) {
    const auto begin = clock::now();
    const kazoo::client direct(hosts, patient());
    direct.wait_connected(std::chrono::seconds(10));
    std::printf("on %s, below %s\n", hosts.c_str(), path.c_str());
    direct.create(path);
    const kazoo::client b = direct.chroot(path);
    b.create("/news");
    network net(hosts);
    {
        patient_client a(net, path);
        nodes(a.zk);
        watch(a.zk, b);
        connection_cut(a, net, b);
        expiry(a, net, b);
        a_queue(a.zk, net, b);
        one_leader(a.zk, net, b);
        a.zk.close();
    }
    lock(program, hosts, path, b);
    std::printf("\nall of it happened, in %s\n", to_text(clock::now() - begin).c_str());
}

} // namespace

} // namespace demo

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv, argv + argc);
    if (arguments.size() == 5 && arguments[1] == "--worker")
        return demo::work(arguments[2], arguments[3], arguments[4]);
    if (arguments.size() != 3) {
        std::fprintf(stderr, "usage: %s HOST:PORT,... PATH\n", argv[0]);
        return 2;
    }
    try {
        demo::run(argv[0], arguments[1], arguments[2]);
        return 0;
    } catch (const std::exception& e) {
        std::fflush(stdout);
        std::fprintf(stderr, "the demo failed: %s\n", e.what());
        return 1;
    }
}
