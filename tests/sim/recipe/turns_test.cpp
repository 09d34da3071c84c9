// Calls of one object, made one directly behind the other, get what they want in their order, however they are made.
#include "sim/scene.hpp"

#include <kazoo/recipe/election.hpp>
#include <kazoo/recipe/locking_queue.hpp>
#include <kazoo/recipe/mutex.hpp>
#include <kazoo/recipe/semaphore.hpp>
#include <kazoo/recipe/shared_mutex.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

namespace kazoo::testkit {
namespace {

/// Whether a call has got what it was made for. Keeps that.
using has_it = std::function<bool()>;

template <class T> struct asked {
    future<T> answer;
    std::optional<result<T>> got{};

    bool has() {
        if (!got && answer.ready()) got.emplace(std::move(answer).result());
        if (!got || !*got) return false;
        if constexpr (std::is_void_v<T>)
            return true;
        else if constexpr (requires { static_cast<bool>(**got); })
            return static_cast<bool>(**got);
        else
            return true;
    }
};
template <class T> has_it has_got(future<T> f) {
    auto a = std::make_shared<asked<T>>(asked<T>{std::move(f)});
    return [a] { return a->has(); };
}

template <class Object> using ways = std::vector<std::function<has_it(Object&)>>;

/// Each way before each other one. `make`: gives an object with nothing in it that is held.
template <class Make, class Object> void in_order(scene& s, Make make, const ways<Object>& all) {
    for (std::size_t first = 0; first < all.size(); ++first)
        for (std::size_t second = 0; second < all.size(); ++second) {
            SCOPED_TRACE(testing::Message() << "way " << first << " before way " << second);
            const auto object = make("/turns/" + std::to_string(first) + "-" + std::to_string(second));
            const has_it one = all[first](*object), other = all[second](*object);
            s.world.run_for(100ms);
            EXPECT_TRUE(one());
            EXPECT_FALSE(other());
        }
}

const std::stop_source never;

TEST(turns, of_a_mutex) {
    scene s;
    const auto make = [&](const std::string& path) { return std::make_unique<mutex>(s.c, path); };
    in_order(s, make,
             ways<mutex>{
                 [](mutex& m) { return has_got(m.async_lock()); },
                 [](mutex& m) { return has_got(m.async_lock(never.get_token())); },
                 [](mutex& m) { return has_got(m.async_try_lock_for(10s)); },
                 [](mutex& m) { return has_got(m.async_try_lock_for(0s)); },
                 [](mutex& m) { return has_got(m.async_try_lock()); },
             });
}

/// Those who share it exclude nobody who shares it.
TEST(turns, of_a_shared_mutex) {
    scene s;
    const auto make = [&](const std::string& path) { return std::make_unique<shared_mutex>(s.c, path); };
    const ways<shared_mutex> alone{
        [](shared_mutex& m) { return has_got(m.async_lock()); },
        [](shared_mutex& m) { return has_got(m.async_try_lock_for(10s)); },
        [](shared_mutex& m) { return has_got(m.async_try_lock()); },
    };
    in_order(s, make, alone);
    for (std::size_t i = 0; i < alone.size(); ++i) {
        for (const auto shared : {0, 1, 2})
            for (const bool shared_first : {false, true}) {
                SCOPED_TRACE(testing::Message() << i << ' ' << shared << ' ' << shared_first);
                const auto m = make("/shared/" + std::to_string(i) + std::to_string(shared) +
                                    std::to_string(static_cast<int>(shared_first)));
                const auto share = [&] {
                    return shared == 0   ? has_got(m->async_lock_shared())
                           : shared == 1 ? has_got(m->async_try_lock_shared_for(10s))
                                         : has_got(m->async_try_lock_shared());
                };
                const has_it one = shared_first ? share() : alone[i](*m);
                const has_it other = shared_first ? alone[i](*m) : share();
                s.world.run_for(100ms);
                EXPECT_TRUE(one());
                EXPECT_FALSE(other());
            }
    }
}

TEST(turns, of_a_semaphore) {
    scene s;
    const auto make = [&](const std::string& path) { return std::make_unique<semaphore>(s.c, path, 1); };
    in_order(s, make,
             ways<semaphore>{
                 [](semaphore& m) { return has_got(m.async_acquire()); },
                 [](semaphore& m) { return has_got(m.async_acquire(never.get_token())); },
                 [](semaphore& m) { return has_got(m.async_try_acquire_for(10s)); },
                 [](semaphore& m) { return has_got(m.async_try_acquire()); },
             });
}

TEST(turns, of_an_election) {
    scene s;
    const auto make = [&](const std::string& path) { return std::make_unique<election>(s.c, path); };
    in_order(s, make,
             ways<election>{
                 [](election& e) { return has_got(e.async_stand()); },
                 [](election& e) { return has_got(e.async_stand(never.get_token())); },
                 [](election& e) { return has_got(e.async_stand_for(10s)); },
             });
}

TEST(turns, of_those_who_wait_at_a_locking_queue) {
    scene s;
    const auto make = [&](const std::string& path) {
        locking_queue(s.c, path).push("the only one");
        return std::make_unique<locking_queue>(s.c, path);
    };
    in_order(s, make,
             ways<locking_queue>{
                 [](locking_queue& q) { return has_got(q.async_get()); },
                 [](locking_queue& q) { return has_got(q.async_get(never.get_token())); },
                 [](locking_queue& q) { return has_got(q.async_try_get_for(10s)); },
             });
}

} // namespace
} // namespace kazoo::testkit
