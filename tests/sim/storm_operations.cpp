// What the clients of a storm do.
#include "storm.hpp"

#include <array>

namespace kazoo::testkit {

namespace {

constexpr std::array folders{"/t", "/q", "/s", "/m", "/a", "/p"};
constexpr std::uint64_t shared_nodes = 4;

std::string shared_node(std::uint64_t i) { return "/s/" + std::to_string(i); }

} // namespace

void storm::work(player& p, int operations) {
    operations_to_begin_ += operations;
    struct shift {
        storm& self;
        player& who;
        int left;
        void operator()() {
            if (!who.c) {
                self.operations_to_begin_ -= left;
                return;
            }
            // Several at once, so that some are under way and some wait when something breaks.
            for (std::uint64_t n = 1 + self.below(6); n > 0 && left > 0; --n, --left) {
                self.one_operation(who);
                --self.operations_to_begin_;
            }
            if (left == 0) return;
            self.inside().after(self.between(100us, 400ms), [next = *this] {
                // On its callback thread: a paused client does nothing.
                next.who.inside->execute([next]() mutable { next(); });
            });
        }
    };
    p.inside->execute([first = shift{*this, p, operations}]() mutable { first(); });
}

template <class T, class Done> void storm::begin(player& p, std::size_t entry, future<T> f, Done done) {
    counts_.add(client_counts::operations);
    auto& world = inside();
    std::stop_source stop(std::nostopstate);
    bool cancel = false;
    switch (below(8)) {
    case 0:
        ledger_[entry].may_give_up = true;
        f = std::move(f).timeout(between(1ms, 2s));
        break;
    case 1:
        ledger_[entry].may_give_up = true;
        stop = std::stop_source();
        f = std::move(f).stop_on(stop.get_token());
        break;
    case 2:
        ledger_[entry].may_give_up = true;
        cancel = true;
        break;
    default: break;
    }
    auto result = std::move(f).then([this, &p, entry, done, asked = p.c->session_id()](future<T> finished) mutable {
        kazoo::result<T> r = std::move(finished).result();
        const bool session_went = p.c && asked != session_id::none && p.c->session_id() != asked;
        if (r && ledger_[entry].in_order && session_went && ledger_[entry].connection > p.connections_at_loss)
            counts_.add(client_counts::writes_that_outlived_their_session);
        ledger_.complete(entry, r.error(), r.outcome());
        if (!r && r.outcome() == outcome::unknown) counts_.add(client_counts::unknown_outcomes);
        if (r.error() == errc::operation_timeout) counts_.add(client_counts::deadlines_passed);
        if (r.error() == errc::cancelled) counts_.add(client_counts::cancelled);
        if (ledger_[entry].in_order && r.error() == errc::connection_loss && r.outcome() == outcome::not_applied)
            counts_.add(client_counts::not_applied_behind_lost_write);
        done(r);
    });
    if (stop.stop_possible()) world.after(between(0ms, 500ms), [stop]() mutable { stop.request_stop(); });
    if (cancel) {
        auto kept = std::make_shared<future<void>>(std::move(result));
        world.after(between(0ms, 100ms), [kept, m = p.inside] { m->execute([kept] { kept->cancel(); }); });
    }
}

void storm::one_operation(player& p) {
    switch (below(12)) {
    case 0:
    case 1: return read_something(p);
    case 2: return write_in_transaction(p);
    case 3: return use_own_nodes(p);
    default: return write_something(p);
    }
}

void storm::make_folders(player& p) {
    const auto ensure = [&](const std::string& path) {
        const std::size_t i = ledger_.open(p.number, "ensure_path", true);
        ledger_[i].tracked = false;
        begin(p, i, p.c->async_ensure_path(path));
    };
    for (const char* folder : folders) ensure(folder);
    for (std::uint64_t i = 0; i < shared_nodes; ++i) ensure(shared_node(i));
    ensure("/m/" + std::to_string(p.number));
    const std::size_t i = ledger_.open(p.number, "create", true);
    ledger_[i].tracked = false;
    begin(p, i, p.c->async_create(protected_node, "x", {.acl = acls::creator_all()}));
}

void storm::write_something(player& p) {
    const auto again_later = [this, &p](auto& r) {
        if (r.error() == errc::no_node && p.c) make_folders(p);
    };
    const auto open = [&](std::string_view what, bool in_order) {
        const std::size_t i = ledger_.open(p.number, what, true);
        ledger_[i].in_order = in_order;
        return i;
    };
    switch (below(8)) {
    case 0: { // a node of its own
        const std::size_t i = open("create", true);
        constexpr std::array modes{create_mode::persistent, create_mode::ephemeral, create_mode::persistent_sequential,
                                   create_mode::ephemeral_sequential};
        const create_mode mode = modes[below(modes.size())];
        const std::string path = "/t/" + ledger::token(i) + "-";
        const std::string data(below(4) == 0 ? below(20'000) : 1, 'x');
        if (below(2) == 0)
            begin(p, i, p.c->async_create(path, data, {.mode = mode}), again_later);
        else
            begin(p, i, p.c->async_create_with_stat(path, data, {.mode = mode}), again_later);
        return;
    }
    case 1: { // that is found again
        const std::size_t i = open("protected create", false);
        ledger_[i].repeated = true;
        const auto mode = below(2) == 0 ? create_mode::ephemeral_sequential : create_mode::persistent_sequential;
        const std::string path = "/q/" + ledger::token(i) + "-";
        begin(p, i, p.c->async_create(path, "x", {.mode = mode, .make_parents = true, .protect = true}),
              [this, i, &p](auto& r) {
                  if (r && ledger_[i].connection < p.inside->connections_tried())
                      counts_.add(client_counts::creates_adopted);
              });
        return;
    }
    case 2: { // below what is not there yet
        const std::size_t i = open("create with parents", false);
        const std::string path = "/t/deep-" + std::to_string(i) + "/" + ledger::token(i);
        const bool protect = ledger_[i].repeated = below(2) == 0;
        begin(p, i, p.c->async_create(path, "x", {.make_parents = true, .protect = protect}));
        return;
    }
    case 3: { // created and removed, one behind the other
        const std::size_t made = open("create", true);
        const std::string path = "/t/" + ledger::token(made);
        begin(p, made, p.c->async_create(path), again_later);
        const std::size_t gone = open("remove", false); // its path has the other one's token
        begin(p, gone, p.c->async_remove_if_exists(path));
        ledger_[gone].tracked = false;
        return;
    }
    case 4: { // an ACL
        const std::size_t i = ledger_.open(p.number, "set_acl", true);
        ledger_[i].tracked = false; // the server's log does not tell whose it was
        begin(p, i, p.c->async_set_acl("/a", acls::open_unsafe()), again_later);
        return;
    }
    case 5: { // with a version that may be the right one
        const std::size_t i = open("set with version", false);
        begin(p, i, p.c->async_set(shared_node(below(shared_nodes)), ledger::token(i), version(below(6))), again_later);
        return;
    }
    default: {
        const std::string path = shared_node(below(shared_nodes));
        // One that is refused leaves no trace that could be matched.
        const std::size_t i = open("set", inside().server().nodes().find(path) != nullptr);
        begin(p, i, p.c->async_set(path, ledger::token(i)), again_later);
        return;
    }
    }
}

void storm::write_in_transaction(player& p) {
    const std::size_t i = ledger_.open(p.number, "transaction", true);
    const std::string own = "/m/" + std::to_string(p.number);
    auto t = p.c->transaction();
    t.set(own, ledger::token(i)).check("/s", version::any).create("/t/m-" + std::to_string(i));
    if (below(4) == 0) t.remove("/t/not-there");
    begin(p, i, t.async_commit());
}

/// One write that goes, one that does not fit into the socket, and some that wait behind it.
void storm::fill_the_socket(player& p) {
    const auto create = [this, &p](std::size_t size) {
        if (!p.c) return;
        const std::size_t i = ledger_.open(p.number, "create", true);
        ledger_[i].in_order = true;
        const std::string data(size, 'x');
        begin(p, i, p.c->async_create("/t/" + ledger::token(i), data));
    };
    p.inside->execute([create] { create(1); });
    inside().after(1ms, [m = p.inside, create] { m->execute([create] { create(20'000); }); });
    for (int i = 0; i < 3; ++i)
        inside().after(between(2ms, 4ms), [m = p.inside, create] { m->execute([create] { create(1); }); });
}

void storm::use_own_nodes(player& p) {
    if (!p.authenticated || p.own_nodes.empty()) {
        const std::size_t i = ledger_.open(p.number, "add_auth", true);
        ledger_[i].tracked = false;
        p.c->async_add_auth("digest", "user:secret")
            .then([this, i, &p](future<void> f) {
                const auto r = std::move(f).result();
                ledger_.complete(i, r.error(), outcome::not_applied);
                if (!r) return;
                if (!p.authenticated) p.reconnects_at_auth = p.reconnects;
                p.authenticated = true;
            })
            .detach();
        if (!p.authenticated) return;
        const std::size_t made = ledger_.open(p.number, "create", true);
        const std::string path = "/p/" + ledger::token(made);
        begin(p, made, p.c->async_create(path, "x", {.acl = acls::creator_all()}), [path, &p](auto& r) {
            if (r) p.own_nodes.push_back(path);
        });
        return;
    }
    const std::string path = below(2) == 0 ? protected_node : p.own_nodes[below(p.own_nodes.size())];
    const auto check = [this, path, &p](auto& r) {
        if (r.error() == errc::no_auth) complain(p.name() + " is not known any more to " + path);
        if (r && p.reconnects > p.reconnects_at_auth) counts_.add(client_counts::credentials_replayed);
    };
    const std::size_t i = ledger_.open(p.number, "own node", false);
    if (below(2) == 0) {
        begin(p, i, p.c->async_get(path), check);
    } else {
        ledger_[i].write = true;
        begin(p, i, p.c->async_set(path, ledger::token(i)), check);
    }
}

void storm::read_something(player& p) {
    const auto open = [&](std::string_view what) { return ledger_.open(p.number, what, false); };
    const std::string path = shared_node(below(shared_nodes));
    switch (below(9)) {
    case 0: return begin(p, open("get"), p.c->async_get(path));
    case 1: return begin(p, open("exists"), p.c->async_exists(path));
    case 2: return begin(p, open("get_children"), p.c->async_get_children("/t"));
    case 3: return begin(p, open("get_children"), p.c->async_get_children_with_stat("/s"));
    case 4: return begin(p, open("get_acl"), p.c->async_get_acl(path));
    case 5: return begin(p, open("sync"), p.c->async_sync(path));
    case 6: return begin(p, open("wait_connected"), p.c->async_wait_connected());
    case 7: // a watch that nobody waits for
        return begin(p, open("watch"), p.c->async_watch(path));
    default: {
        auto reads = p.c->multi_read();
        reads.get(path).get_children("/t").get("/not-there");
        return begin(p, open("multi_read"), reads.async_run());
    }
    }
}

} // namespace kazoo::testkit
