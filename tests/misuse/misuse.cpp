// What the compiler must refuse, and a line of what it must say: the cure. `WRONG` picks one; 0 must compile.
//
// Says 1: std::move(f).get()
// Says 2: std::move(f).get_for(limit)
// Says 3: std::move(f).result()
// Says 4: std::move(f).then(function)
// Says 5: co_await std::move(f)
// Says 6: std::move(s).on_event(f)
// Says 7: version expected = version::any
// Says 8: acl_version expected = acl_version::any
// Says 9: needs a kazoo::client among its parameters
// Says 10: numbers are not data
// Says 11: say kazoo::null
#include <kazoo/kazoo.hpp>

#include <chrono>
#include <cstdint>
#include <future>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace {

kazoo::future<int> length_of([[maybe_unused]] const kazoo::client& zk, kazoo::future<kazoo::node> f) {
#if WRONG == 5
    const kazoo::node n = co_await f;
#else
    const kazoo::node n = co_await std::move(f);
#endif
    co_return n.stat.data_length;
}

#if WRONG == 9
kazoo::future<int> number() { co_return 1; }
#endif

} // namespace

void use(const kazoo::client& zk) {
    auto f = zk.async_get("/a");
#if WRONG == 1
    f.get();
#elif WRONG == 2
    f.get_for(std::chrono::seconds(1));
#elif WRONG == 3
    (void)f.result();
#elif WRONG == 4
    f.then([](kazoo::future<kazoo::node>) {});
#endif
    length_of(zk, std::move(f)).get();

    auto s = zk.add_watch("/a");
#if WRONG == 6
    s.on_event([](const kazoo::watch_event&) {});
#else
    const auto subscription = std::move(s).on_event([](const kazoo::watch_event&) {});
#endif

#if WRONG == 7
    zk.set("/a", "x", 3);
#elif WRONG == 8
    zk.set_acl("/a", {}, zk.get("/a").stat.data_version);
#elif WRONG == 10
    zk.set("/a", 1);
#elif WRONG == 11
    zk.set("/a", nullptr);
#endif
    zk.set("/a", "x", kazoo::version{3});
    zk.set("/a", std::vector<std::uint8_t>{1, 2, 3});
    zk.set("/a", std::vector<std::byte>{});
    zk.set("/a", std::span<const unsigned char>());
    zk.set("/a", zk.get("/b").data);
}

/// Both libraries without a prefix, apart from the names that both have (doc/operations.md).
namespace both_open {

using namespace std;
using namespace kazoo;

void restart(const client& zk) {
    kazoo::mutex only_one(zk, "/jobs/restart");
    const unique_lock lock(only_one);
    const node before = zk.get("/jobs/state");
    zk.create("/jobs/log", before.data, create_mode::ephemeral);
    zk.set("/jobs/state", string("restarting"), before.stat.data_version);
    kazoo::future<vector<transaction_result>> done = zk.transaction().remove("/jobs/log").async_commit();
    const result<vector<transaction_result>> r = std::move(done).result_for(1s);
    if (!r && r.error() == condition::retryable && r.outcome() == outcome::unknown)
        throw_error(r.error(), r.outcome(), "", "");
}

} // namespace both_open
