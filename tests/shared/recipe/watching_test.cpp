// Objects that watch one path and call a function: what their headers promise, against a live server.
#include "shared/mutex_test.hpp"

#include <kazoo/recipe/children_watch.hpp>
#include <kazoo/recipe/data_watch.hpp>
#include <kazoo/recipe/existing_data_watch.hpp>
#include <kazoo/recipe/patient_children_watch.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

const std::vector<acl> unreadable{{perms::create | perms::write | perms::remove | perms::admin, "world", "anyone"}};

/// Calls, as text: the data or the names, "-" for no node; behind it what led to the call.
class calls {
  public:
    auto data() {
        return [this](const std::optional<node>& n, const std::optional<watch_event>& cause) {
            add(n ? n->data.str() : "-", cause);
        };
    }
    auto children() {
        return [this](const std::optional<child_list>& l, const std::optional<watch_event>& cause) {
            std::string text = l ? "" : "-";
            for (std::size_t i = 0; l && i < l->names.size(); ++i)
                text += (i == 0 ? "" : " ") + std::string(l->names[i]);
            add(text, cause);
        };
    }
    auto errors() {
        return [this](const error& e) { add("error " + std::to_string(e.code().value()), {}); };
    }
    std::vector<std::string> all() const {
        const std::lock_guard lock(mutex_);
        return all_;
    }
    bool reach(std::size_t n) const {
        return eventually([&] { return all().size() >= n; });
    }

  private:
    void add(const std::string& text, const std::optional<watch_event>& cause) {
        const std::lock_guard lock(mutex_);
        all_.push_back(cause ? text + " " + std::string(to_string(cause->type)) : text);
    }
    mutable std::mutex mutex_;
    std::vector<std::string> all_;
};

class watching_objects : public test::mutex_test {
  protected:
    static std::uint64_t requests(const client& c) {
        std::uint64_t sum = 0;
        for (const auto& o : c.metrics().operations) sum += o.succeeded + o.failed;
        return sum;
    }
    static bool watches_become(int n) {
        return eventually([&] { return watches_at_the_server() == n; });
    }
    /// Whoever watches hears of "x" last, whatever came before.
    static bool hears_last(const calls& told, const std::string& last) {
        return eventually([&] { return !told.all().empty() && told.all().back().starts_with(last); });
    }
    calls told;
};

TEST_F(watching_objects, data_is_told_at_the_beginning_and_after_each_change) {
    const client c = connect(), other = connect();
    const data_watch w(c, "/n", told.data());
    ASSERT_TRUE(told.reach(1));
    other.create("/n", "a");
    ASSERT_TRUE(told.reach(2));
    other.set("/n", "a");
    ASSERT_TRUE(told.reach(3));
    other.remove("/n");
    ASSERT_TRUE(told.reach(4));
    other.create("/n", "b");
    ASSERT_TRUE(told.reach(5));
    EXPECT_THAT(told.all(), ElementsAre("-", "a created", "a data_changed", "- deleted", "b created"));
}

TEST_F(watching_objects, names_are_told_at_the_beginning_and_after_each_change) {
    const client c = connect(), other = connect();
    const children_watch w(c, "/g", told.children());
    ASSERT_TRUE(told.reach(1));
    other.create("/g");
    ASSERT_TRUE(told.reach(2));
    other.create("/g/b");
    ASSERT_TRUE(told.reach(3));
    other.create("/g/a");
    ASSERT_TRUE(told.reach(4));
    other.remove_tree("/g");
    ASSERT_TRUE(hears_last(told, "-"));
    other.create("/g");
    ASSERT_TRUE(hears_last(told, " created"));
    const auto all = told.all();
    EXPECT_EQ(std::vector(all.begin(), all.begin() + 4),
              (std::vector<std::string>{"-", " created", "b children_changed", "a b children_changed"}));
}

TEST_F(watching_objects, A16_an_existing_node_is_followed_to_its_end) {
    const client c = connect(), other = connect();
    const int before = watches_at_the_server();
    other.create("/n", "a");
    const existing_data_watch w(c, "/n", told.data());
    ASSERT_TRUE(told.reach(1));
    other.set("/n", "b");
    ASSERT_TRUE(told.reach(2));
    other.remove("/n");
    ASSERT_TRUE(told.reach(3));
    EXPECT_TRUE(eventually([&] { return !w.active(); }));
    EXPECT_TRUE(watches_become(before));
    calls missing;
    const existing_data_watch none(c, "/n", missing.data());
    ASSERT_TRUE(missing.reach(1));
    EXPECT_TRUE(eventually([&] { return !none.active(); }));
    EXPECT_TRUE(watches_become(before));
    EXPECT_THAT(told.all(), ElementsAre("a", "b data_changed", "- deleted"));
    EXPECT_THAT(missing.all(), ElementsAre("-"));
}

TEST_F(watching_objects, C80_until_deleted_it_ends_and_says_so) {
    const client c = connect(), other = connect();
    other.create("/g");
    const children_watch w(c, "/g", told.children(), {.until_deleted = true});
    ASSERT_TRUE(told.reach(1));
    other.remove("/g");
    ASSERT_TRUE(told.reach(2));
    EXPECT_TRUE(eventually([&] { return !w.active(); }));
    EXPECT_THAT(told.all(), ElementsAre("", "- deleted"));
}

TEST_F(watching_objects, a_cut_tells_nothing_and_costs_no_change) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    other.create("/n", "a");
    calls names;
    const data_watch w(c, "/n", told.data());
    const children_watch g(c, "/n", names.children());
    ASSERT_TRUE(told.reach(1) && names.reach(1));
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && gate.accepted() > 1; }));
    other.set("/n", "b");
    other.create("/n/x");
    ASSERT_TRUE(told.reach(2) && names.reach(2));
    EXPECT_THAT(told.all(), ElementsAre("a", "b data_changed"));
    EXPECT_THAT(names.all(), ElementsAre("", "x children_changed"));
}

TEST_F(watching_objects, a_lost_session_tells_nothing_and_costs_no_change) {
    const client c = connect(), other = connect();
    other.create("/n", "a");
    calls names;
    const data_watch w(c, "/n", told.data());
    const children_watch g(c, "/n", names.children());
    ASSERT_TRUE(told.reach(1) && names.reach(1));
    const session_id old = c.session_id();
    test::expire(c);
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && c.session_id() != old; }));
    other.set("/n", "b");
    other.create("/n/x");
    ASSERT_TRUE(hears_last(told, "b") && hears_last(names, "x"));
    EXPECT_EQ(told.all().size(), 2u);
    EXPECT_EQ(names.all().size(), 2u);
}

TEST_F(watching_objects, a_permission_that_is_missing_or_taken_away_is_told_once) {
    const client c = connect(), other = connect();
    other.create("/n", "a");
    other.create("/hidden", "a", {.acl = unreadable});
    calls hidden, names;
    const data_watch w(c, "/n", told.data(), {.on_error = told.errors()});
    const data_watch h(c, "/hidden", hidden.data(), {.on_error = hidden.errors()});
    const children_watch g(c, "/n", names.children(), {.on_error = names.errors()});
    ASSERT_TRUE(told.reach(1) && hidden.reach(1) && names.reach(1));
    other.set_acl("/n", unreadable);
    ASSERT_TRUE(told.reach(2) && names.reach(2)) << "without any event";
    EXPECT_THAT(told.all(), ElementsAre("a", "error -102"));
    EXPECT_THAT(hidden.all(), ElementsAre("error -102"));
    EXPECT_THAT(names.all(), ElementsAre("", "error -102"));
    EXPECT_TRUE(eventually([&] { return !w.active() && !h.active() && !g.active(); }));
}

TEST_F(watching_objects, C79_a_function_that_throws_is_called_once_for_each_change) {
    const client c = connect(), other = connect();
    std::atomic<int> count{0};
    const data_watch w(c, "/n", [&](const std::optional<node>&, const std::optional<watch_event>&) {
        ++count;
        throw std::invalid_argument("thrown on purpose");
    });
    ASSERT_TRUE(eventually([&] { return count == 1; }));
    other.create("/n");
    ASSERT_TRUE(eventually([&] { return count == 2; }));
    EXPECT_TRUE(w.active());
    EXPECT_EQ(count, 2);
}

TEST_F(watching_objects, a_stop_waits_for_the_call_in_progress_and_the_newest_state_is_what_a_slow_one_gets) {
    const client c = connect(), other = connect();
    other.create("/n", "0");
    std::mutex mutex;
    std::condition_variable changed;
    bool goes_on = false;
    std::vector<std::string> seen;
    std::atomic<bool> inside{false};
    data_watch w(c, "/n", [&](const std::optional<node>& n) {
        inside = true;
        std::unique_lock lock(mutex);
        seen.push_back(n->data.str());
        changed.wait(lock, [&] { return goes_on; });
        inside = false;
    });
    ASSERT_TRUE(eventually([&] { return inside.load(); }));
    for (int i = 1; i <= 50; ++i) other.set("/n", std::to_string(i));
    c.sync("/n");
    {
        const std::lock_guard lock(mutex);
        goes_on = true;
        changed.notify_all();
    }
    ASSERT_TRUE(eventually([&] {
        const std::lock_guard lock(mutex);
        return seen.back() == "50";
    }));
    {
        const std::lock_guard lock(mutex);
        EXPECT_LE(seen.size(), 4u) << "states in between replace each other";
        goes_on = false;
    }
    other.set("/n", "51");
    ASSERT_TRUE(eventually([&] { return inside.load(); }));
    std::atomic<bool> stopped{false};
    std::thread stopping([&] {
        w.stop();
        stopped = true;
    });
    EXPECT_TRUE(eventually([&] { return !w.active(); }));
    EXPECT_FALSE(stopped);
    {
        const std::lock_guard lock(mutex);
        goes_on = true;
        changed.notify_all();
    }
    stopping.join();
    EXPECT_FALSE(inside);
}

TEST_F(watching_objects, may_be_destroyed_inside_their_own_function_and_leave_no_watch) {
    const client c = connect(), other = connect();
    const int before = watches_at_the_server();
    std::mutex mutex;
    std::optional<data_watch> w;
    std::atomic<int> count{0};
    {
        const std::lock_guard lock(mutex);
        w.emplace(c, "/n", [&](const std::optional<node>&) {
            const std::lock_guard made(mutex);
            ++count;
            w.reset();
        });
    }
    ASSERT_TRUE(eventually([&] { return count == 1; }));
    EXPECT_TRUE(watches_become(before));
    other.create("/n");
    c.sync("/n");
    EXPECT_EQ(count, 1);
}

TEST_F(watching_objects, a_stop_leaves_no_watch_at_the_server) {
    const client c = connect();
    const int before = watches_at_the_server();
    c.create("/g");
    std::vector<data_watch> data;
    for (int i = 0; i < 10; ++i) data.emplace_back(c, "/n" + std::to_string(i), told.data());
    children_watch g(c, "/g", told.children());
    ASSERT_TRUE(watches_become(before + 11));
    data.clear();
    g.stop();
    EXPECT_TRUE(watches_become(before));
}

TEST_F(watching_objects, a_change_costs_one_request_and_one_watch) {
    client_options o = quick();
    o.session_timeout = 40s; // the patrol does not come by
    const client c = connect(o), other = connect();
    other.create("/n", "0");
    other.create("/g");
    const int before = watches_at_the_server();
    calls names;
    const data_watch w(c, "/n", told.data());
    const children_watch g(c, "/g", names.children());
    ASSERT_TRUE(told.reach(1) && names.reach(1));
    const auto begun = requests(c);
    for (std::size_t i = 1; i <= 10; ++i) {
        other.set("/n", std::to_string(i));
        other.create("/g/" + std::to_string(i));
        ASSERT_TRUE(told.reach(1 + i) && names.reach(1 + i));
    }
    EXPECT_EQ(requests(c) - begun, 20u);
    EXPECT_TRUE(watches_become(before + 2));
}

TEST_F(watching_objects, close_ends_them_in_silence) {
    const client c = connect(), other = connect();
    const data_watch w(c, "/n", told.data(), {.on_error = told.errors()});
    ASSERT_TRUE(told.reach(1));
    c.close();
    other.create("/n");
    EXPECT_TRUE(eventually([&] { return !w.active(); }));
    EXPECT_THAT(told.all(), ElementsAre("-"));
}

TEST_F(watching_objects, in_a_forked_child_stopping_and_destroying_do_nothing) {
    const client c = connect();
    std::optional<data_watch> w;
    w.emplace(c, "/n", told.data());
    auto patient = std::make_unique<patient_children_watch>(c, "/", 1s);
    ASSERT_TRUE(told.reach(1));
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(20);
        w->stop();
        w.reset();
        patient.reset();
        ::_exit(7);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    EXPECT_TRUE(w->active());
    c.create("/n", "a");
    ASSERT_TRUE(told.reach(2));
}

TEST_F(watching_objects, C71_a_list_settles_behind_its_last_change) {
    const client c = connect(), other = connect();
    other.create("/g");
    patient_children_watch w(c, "/g", 300ms);
    auto settling = w.async_settle();
    for (int i = 0; i < 10; ++i) other.create("/g/" + std::to_string(i));
    auto settled = std::move(settling).get_for(30s);
    if (settled.children.names.size() < 10) settled = w.settle(); // a machine under load made a pause of 300 ms
    EXPECT_EQ(settled.children.names.size(), 10u);
    EXPECT_FALSE(settled.changed.ready());
    other.remove("/g/0");
    std::move(settled.changed).get_for(30s);
}

TEST_F(watching_objects, C81_a_wait_for_a_list_ends_when_it_is_told_to_and_errors_come_out) {
    const client c = connect();
    c.create("/g");
    const int before = watches_at_the_server();
    patient_children_watch w(c, "/g", 1h), missing(c, "/missing", 1h);
    std::stop_source stop;
    auto settling = w.async_settle(stop.get_token());
    EXPECT_FALSE(w.settle_for(50ms));
    stop.request_stop();
    EXPECT_THROW((void)std::move(settling).get_for(30s), error_of<errc::cancelled>);
    EXPECT_THROW((void)missing.settle(), error_of<errc::no_node>);
    EXPECT_TRUE(watches_become(before));
}

TEST_F(watching_objects, a_list_that_settles_outlives_a_cut_and_a_lost_session) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    other.create("/g");
    patient_children_watch w(c, "/g", 1500ms);
    auto settling = w.async_settle();
    ASSERT_TRUE(eventually([&] { return c.metrics().watches > 0; })) << "it waits";
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() != session_state::connected; }));
    other.create("/g/missed");
    gate.refuse(false);
    const session_id old = c.session_id();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected; }));
    test::expire(c);
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && c.session_id() != old; }));
    auto settled = std::move(settling).get_for(30s);
    EXPECT_THAT(settled.children.names, ElementsAre("missed"));

    const session_id second = c.session_id();
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.metrics().connections >= 4; }));
    test::expire(c);
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && c.session_id() != second; }));
    EXPECT_FALSE(settled.changed.ready()) << "the list is the same";
    other.create("/g/new");
    std::move(settled.changed).get_for(30s);
}

} // namespace
