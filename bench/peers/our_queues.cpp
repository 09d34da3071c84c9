// kazoo::queue.
#include "peers/peers.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/queue.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <exception>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>

namespace bench {

namespace {

/// A session with a queue.
struct user {
    kazoo::client client;
    kazoo::queue queue;

    user(const target& t, const kazoo::queue_options& o) : client(t.address, options()), queue(client, t.queue(), o) {
        client.wait_connected();
    }
    user(const user&) = delete;
    user& operator=(const user&) = delete;
    ~user() { client.close(); }

    static kazoo::client_options options() {
        kazoo::client_options o;
        o.session_timeout = std::chrono::seconds(30);
        return o;
    }
};

/// An item says which one it is.
std::string item(std::size_t number) {
    std::string data = std::to_string(number);
    data.resize(data_size, ' ');
    return data;
}

class our_passer final : public passer {
  public:
    our_passer(const target& t, std::size_t consumers, bool receipts) : producer_(t, kept(receipts)) {
        for (std::size_t i = 0; i < consumers; ++i) consumers_.emplace_back(t, kept(receipts));
    }

    void pass(std::size_t count, latencies& l) override {
        std::stop_source over;
        std::atomic<std::size_t> rest = count;
        std::vector<std::exception_ptr> failures(consumers_.size());
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = 0; i < consumers_.size(); ++i)
                threads.emplace_back([&, i] {
                    try {
                        while (const auto taken = consumers_[i].queue.pop(over.get_token())) {
                            l.finish(std::stoul(taken->str()));
                            if (--rest == 0) over.request_stop();
                        }
                    } catch (...) {
                        failures[i] = std::current_exception();
                        over.request_stop();
                    }
                });
            fill(count, l);
        }
        for (const auto& f : failures)
            if (f) std::rethrow_exception(f);
    }

  private:
    static kazoo::queue_options kept(bool receipts) {
        kazoo::queue_options o;
        o.receipts = receipts;
        return o;
    }

    void fill(std::size_t count, latencies& l) {
        std::deque<kazoo::future<void>> under_way;
        for (std::size_t i = 0; i < count; ++i) {
            l.start(i);
            under_way.push_back(producer_.queue.async_push(item(i)));
            for (; under_way.size() == most_pushes; under_way.pop_front()) std::move(under_way.front()).get();
        }
        for (auto& push : under_way) std::move(push).get();
    }

    user producer_;
    std::deque<user> consumers_;
};

} // namespace

std::unique_ptr<passer> connect_our_passer(const target& t, std::size_t consumers, bool receipts) {
    return std::make_unique<our_passer>(t, consumers, receipts);
}

} // namespace bench
