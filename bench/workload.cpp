#include "workload.hpp"

#include "locks.hpp"
#include "peers/peers.hpp"
#include "queues.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <stdexcept>
#include <thread>

namespace bench {

namespace {

constexpr std::size_t get_threads = 8;
constexpr std::size_t most_operations = 20'000'000;
constexpr double shortest_warm_up = 0.05;     ///< seconds: long enough to tell the rate
constexpr double shortest_lock_warm_up = 1.0; ///< the same for locks and queues, where the server has much to compile
constexpr std::size_t timed_share = 64;       ///< of pipelined operations one in so many is timed

operation pipelined_operation(std::string_view workload_name) {
    if (workload_name == "get") return operation::get;
    if (workload_name == "set") return operation::set;
    if (workload_name == "exists") return operation::exists;
    return operation::create;
}

void expect(std::size_t wanted, std::size_t got) {
    if (wanted != got) throw std::runtime_error("expected " + std::to_string(wanted) + ", got " + std::to_string(got));
}

void repeat(std::size_t count, latencies& l, const std::function<void()>& operation) {
    for (std::size_t i = 0; i < count; ++i) {
        l.start(i);
        operation();
        l.finish(i);
    }
}

/// Runs `count` operations of one workload and appends how long single ones took.
using phase = std::function<void(std::size_t count, std::vector<double>& microseconds)>;

phase one_by_one(std::function<void()> operation) {
    return [operation](std::size_t count, std::vector<double>& microseconds) {
        latencies l(count, 1);
        repeat(count, l, operation);
        l.append_microseconds(microseconds);
    };
}

phase pipelined(peer& p, operation op, std::size_t window) {
    return [&p, op, window](std::size_t count, std::vector<double>& microseconds) {
        latencies l(count, timed_share);
        p.pipelined(op, count, window, l);
        l.append_microseconds(microseconds);
    };
}

phase on_threads(std::vector<std::function<void()>> operations) {
    return [operations](std::size_t count, std::vector<double>& microseconds) {
        const std::size_t thread_count = operations.size();
        const std::size_t each = (count + thread_count - 1) / thread_count;
        std::vector<latencies> times(thread_count, latencies(each, 1));
        std::vector<std::exception_ptr> failures(thread_count);
        {
            std::vector<std::jthread> threads;
            for (std::size_t t = 0; t < thread_count; ++t) {
                threads.emplace_back([&, t] {
                    try {
                        repeat(each, times[t], operations[t]);
                    } catch (...) {
                        failures[t] = std::current_exception();
                    }
                });
            }
        }
        for (const auto& f : failures)
            if (f) std::rethrow_exception(f);
        for (const latencies& l : times) l.append_microseconds(microseconds);
    };
}

double seconds_since(steady::time_point start) { return std::chrono::duration<double>(steady::now() - start).count(); }

/// Runs growing numbers of operations; returns the rate of the last.
double warm_up(const phase& run, std::size_t first_count, double shortest) {
    for (std::size_t count = first_count;; count *= 2) {
        std::vector<double> ignored;
        const auto start = steady::now();
        run(count, ignored);
        const double took = seconds_since(start);
        if (took >= shortest) return double(count) / took;
    }
}

figures measure_phase(const phase& run, const amount& a, std::size_t first_count, double shortest = shortest_warm_up) {
    const double rate = warm_up(run, first_count, shortest);
    figures f;
    f.operations = a.operations != 0
                       ? a.operations
                       : std::clamp(static_cast<std::size_t>(rate * a.seconds), first_count, most_operations);
    std::vector<double> microseconds;
    const double cpu = cpu_seconds();
    const auto start = steady::now();
    run(f.operations, microseconds);
    const double took = seconds_since(start);
    f.cpu_per_100k = (cpu_seconds() - cpu) * 1e5 / double(f.operations);
    f.rate = double(f.operations) / took;
    f.p50_us = quantile(microseconds, 0.5);
    f.p99_us = quantile(microseconds, 0.99);
    f.rss_peak_kb = peak_rss_kb();
    return f;
}

/// Who contends, a session each.
std::vector<lock_kind> contenders(std::string_view workload_name) {
    if (workload_name == "handoff") return std::vector(lock_sessions, lock_kind::mutex);
    if (workload_name == "lock_shared") return {lock_kind::reader};
    if (workload_name == "semaphore") return std::vector(lock_sessions, lock_kind::permit);
    if (workload_name == "readers_writers") {
        std::vector all(lock_readers, lock_kind::reader);
        all.resize(lock_sessions, lock_kind::writer);
        return all;
    }
    return {lock_kind::mutex};
}

figures measure_locks(std::string_view peer_name, const target& t, const amount& a,
                      const std::vector<lock_kind>& kinds) {
    std::vector<std::unique_ptr<locker>> lockers;
    std::vector<std::function<void()>> cycles;
    for (const lock_kind kind : kinds) {
        lockers.push_back(connect_locker(peer_name, kind, t));
        cycles.emplace_back([&locker = *lockers.back()] { locker.cycle(); });
    }
    const phase run = kinds.size() == 1 ? one_by_one(cycles[0]) : on_threads(cycles);
    return measure_phase(run, a, 64, shortest_lock_warm_up);
}

figures measure_queues(std::string_view peer_name, const target& t, const amount& a, std::size_t consumers) {
    const auto p = connect_passer(peer_name, consumers, t);
    const phase run = [&](std::size_t count, std::vector<double>& microseconds) {
        latencies l(count, 1);
        p->pass(count, l);
        l.append_microseconds(microseconds);
    };
    return measure_phase(run, a, 64, shortest_lock_warm_up);
}

/// Loads until it is warm, and once more.
figures measure_trees(const target& t) {
    const phase run = [&](std::size_t count, std::vector<double>& microseconds) {
        latencies l(count, 1);
        load_our_trees(t, count, l);
        l.append_microseconds(microseconds);
    };
    warm_up(run, 1, shortest_lock_warm_up);
    std::vector<double> microseconds;
    const double cpu = cpu_seconds();
    run(1, microseconds);
    figures f;
    f.operations = tree_size;
    f.cpu_per_100k = (cpu_seconds() - cpu) * 1e5 / double(tree_size);
    f.p50_us = f.p99_us = microseconds.front();
    f.rate = double(tree_size) / (f.p50_us / 1e6);
    f.rss_peak_kb = peak_rss_kb();
    return f;
}

} // namespace

const std::vector<workload>& all_workloads() {
    using enum ability;
    static const std::vector<workload> all{
        {"get", "async reads of a node of 100 bytes, a window of them under way", pipelined},
        {"exists", "the same, exists", pipelined},
        {"set", "async writes of 100 bytes", pipelined},
        {"create", "async creates of persistent sequential nodes of 100 bytes", pipelined},
        {"blocking_get", "one thread that reads and waits", blocking},
        {"blocking_get_8", "8 threads that do so on one session", shared},
        {"children", "one thread that reads the names of 10,000 children and waits", blocking},
        {"connect", "connect, one get, close, one after the other", blocking},
        {"transaction", "transactions that set a node of 100 bytes, 50 of them under way", transactions, 3},
        {"transaction_1", "one thread that commits such transactions and waits", transactions, 3},
        {"lock", "acquire and release a lock that nobody else wants, again and again", locks, 6},
        {"tree", "a cache of a tree of 100,001 nodes is loaded; an operation is one node", trees},
        {"handoff", "10 sessions that acquire and release one lock; each cycle is one hand-off", locks, 6},
        {"lock_shared", "acquire and release a lock to read, which nobody wants to write", shared_locks, 6},
        {"readers_writers", "8 sessions that read and 2 that write contend for one lock", shared_locks, 6},
        {"semaphore", "10 sessions that acquire and release one of 3 permits", semaphores, 6},
        {"queue", "one session fills a queue, another one empties it; an operation is an item", queues, 6},
        {"queue_8", "the same, 8 sessions empty it", queues, 6},
    };
    return all;
}

const workload& find_workload(std::string_view name) {
    for (const workload& w : all_workloads())
        if (w.name == name) return w;
    throw std::invalid_argument("no such workload: " + std::string(name));
}

figures measure(const workload& w, std::string_view peer_name, const target& t, const amount& a) {
    if (are_locks(w.needs)) return measure_locks(peer_name, t, a, contenders(w.name));
    if (w.name == "connect") {
        const auto visit = [&] { expect(data_size, connect_peer(peer_name, t)->get()); };
        return measure_phase(one_by_one(visit), a, 2);
    }
    if (w.needs == ability::trees) return measure_trees(t);
    if (w.needs == ability::queues) return measure_queues(peer_name, t, a, w.name == "queue" ? 1 : queue_consumers);
    const auto p = connect_peer(peer_name, t);
    if (w.needs == ability::pipelined)
        return measure_phase(pipelined(*p, pipelined_operation(w.name), a.window), a, 2 * a.window);
    if (w.needs == ability::transactions) {
        const std::size_t window = w.name == "transaction" ? most_transactions : 1;
        return measure_phase(pipelined(*p, operation::set, window), a, 2 * most_transactions, shortest_lock_warm_up);
    }
    if (w.name == "children") return measure_phase(one_by_one([&] { expect(child_count, p->children()); }), a, 8);
    if (w.needs == ability::blocking) return measure_phase(one_by_one([&] { expect(data_size, p->get()); }), a, 128);
    if (!p->may_share()) throw std::invalid_argument(std::string(peer_name) + " cannot share a session among threads");
    const std::function<void()> get = [&] { expect(data_size, p->get()); };
    return measure_phase(on_threads(std::vector(get_threads, get)), a, 128);
}

} // namespace bench
