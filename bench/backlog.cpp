#include "backlog.hpp"

#include "stopwatch.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/queue.hpp>

#include <chrono>
#include <cstdio>
#include <deque>
#include <string>
#include <utility>

namespace bench {

namespace {

constexpr std::size_t pushed_at_once = 500;
constexpr std::size_t pushes_under_way = 20;

void fill(kazoo::queue& q, std::size_t items) {
    const std::vector<std::string> some(pushed_at_once, std::string(data_size, 'x'));
    std::deque<kazoo::future<void>> pushes;
    for (std::size_t i = 0; i < items; i += pushed_at_once) {
        pushes.push_back(q.async_push_all(some));
        for (; pushes.size() > pushes_under_way; pushes.pop_front()) std::move(pushes.front()).get();
    }
    for (auto& p : pushes) std::move(p).get();
}

double microseconds_of_a_pop(kazoo::queue& q) {
    const auto start = steady::now();
    q.pop();
    return std::chrono::duration<double, std::micro>(steady::now() - start).count();
}

} // namespace

void measure_backlog(const target& t, const backlog& b) {
    kazoo::client_options o;
    o.session_timeout = std::chrono::seconds(30);
    for (const std::size_t items : b.waiting) {
        const std::string path = t.root + "/backlog-" + std::to_string(items);
        {
            const kazoo::client producer(t.address, o);
            kazoo::queue q(producer, path);
            fill(q, items + b.pops + 1);
            producer.close();
        }
        const kazoo::client consumer(t.address, o);
        consumer.wait_connected();
        kazoo::queue q(consumer, path);
        const double first = microseconds_of_a_pop(q);
        std::vector<double> rest;
        for (std::size_t i = 0; i < b.pops; ++i) rest.push_back(microseconds_of_a_pop(q));
        q.push("urgent", 0);
        const auto start = steady::now();
        const bool ahead = q.pop() == "urgent";
        const double urgent = std::chrono::duration<double, std::micro>(steady::now() - start).count();
        std::printf("%7zu waiting: the first pop %9.0f us; each behind it p50 %5.0f us, p99 %5.0f us; "
                    "a later item of a smaller priority comes %s, in %.0f us\n",
                    items, first, quantile(rest, 0.5), quantile(rest, 0.99), ahead ? "first" : "LATER", urgent);
        std::fflush(stdout);
        consumer.close();
    }
}

} // namespace bench
