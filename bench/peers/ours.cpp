// kazoo, through its public interface alone.
#include "event.hpp"
#include "peers/future_ring.hpp"
#include "peers/peers.hpp"

#include <atomic>
#include <kazoo/client.hpp>
#include <stdexcept>

namespace bench {

namespace {

kazoo::client_options our_options(transport by) {
    kazoo::client_options o;
    o.session_timeout = std::chrono::seconds(30);
    if (by == transport::tls) { // nobody vouches for the canned server
        o.tls.emplace().insecure = true;
        o.log.threshold = kazoo::log_level::error;
    }
    return o;
}

/// Calls `use` with a function that submits one `op`.
template <class Use> void with_submitter(operation op, const kazoo::client& client, const target& t, Use use) {
    const std::string node = t.node();
    const std::string created = t.created();
    const std::string data(data_size, 'x');
    const kazoo::create_options sequential{.mode = kazoo::create_mode::persistent_sequential};
    switch (op) {
    case operation::get: return use([&] { return client.async_get(node); });
    case operation::exists: return use([&] { return client.async_exists(node); });
    case operation::set: return use([&] { return client.async_set(node, data); });
    case operation::create: return use([&] { return client.async_create(created, data, sequential); });
    }
}

template <class Submit> class continuation_chain {
  public:
    continuation_chain(Submit submit, std::size_t count, latencies& l) : submit_(submit), count_(count), times_(l) {}

    void start() {
        const std::size_t i = submitted_.fetch_add(1);
        if (i >= count_) return;
        times_.start(i);
        submit_()
            .then([this, i](auto done) {
                if (!std::move(done).result()) failed_ = true;
                times_.finish(i);
                start();
                if (completed_.fetch_add(1) + 1 == count_) finished_.set();
            })
            .detach();
    }
    void wait() {
        finished_.wait();
        if (failed_) throw std::runtime_error("an operation failed");
    }

  private:
    Submit submit_;
    const std::size_t count_;
    latencies& times_;
    std::atomic<std::size_t> submitted_ = 0, completed_ = 0;
    std::atomic<bool> failed_ = false;
    event finished_;
};

class our_peer final : public peer {
  public:
    our_peer(const target& t, completion_style style, transport by)
        : target_(t), node_(t.node()), crowd_(t.crowd()), style_(style), client_(t.address, our_options(by)) {
        client_.wait_connected();
    }
    ~our_peer() override { client_.close(); }

    void pipelined(operation op, std::size_t count, std::size_t window, latencies& l) override {
        with_submitter(op, client_, target_, [&](auto submit) {
            if (style_ == completion_style::futures) return run_futures(submit, count, window, l);
            continuation_chain chain(submit, count, l);
            for (std::size_t i = 0; i < window; ++i) chain.start();
            chain.wait();
        });
    }
    std::size_t get() override { return client_.get(node_).data.size(); }
    std::size_t children() override { return client_.get_children(crowd_).size(); }

  private:
    const target target_;
    const std::string node_, crowd_;
    const completion_style style_;
    const kazoo::client client_;
};

} // namespace

std::unique_ptr<peer> connect_ours(const target& t, completion_style style, transport by) {
    return std::make_unique<our_peer>(t, style, by);
}

} // namespace bench
