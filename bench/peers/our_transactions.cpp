// kazoo's transactions, with receipts and without.
#include "peers/future_ring.hpp"
#include "peers/peers.hpp"

#include <kazoo/client.hpp>
#include <kazoo/receipts.hpp>
#include <stdexcept>

namespace bench {

namespace {

/// Whatever the operation: a transaction that sets the node's data.
class our_transactions final : public peer {
  public:
    our_transactions(const target& t, commit_style style)
        : node_(t.node()), style_(style), client_(t.address), receipts_(client_, t.root + "/receipts", many()) {
        client_.wait_connected();
    }

    void pipelined(operation, std::size_t count, std::size_t window, latencies& l) override {
        const std::string data(data_size, 'x');
        const auto plain = [&] { return client_.transaction().set(node_, data).async_commit(); };
        const auto with_receipt = [&] { return receipts_.async_commit(client_.transaction().set(node_, data)); };
        if (style_ == commit_style::plain)
            run_futures(plain, count, window, l);
        else
            run_futures(with_receipt, count, window, l);
    }
    std::size_t get() override { throw std::logic_error("transactions only"); }
    std::size_t children() override { throw std::logic_error("transactions only"); }

  private:
    static kazoo::receipts_options many() {
        kazoo::receipts_options o;
        o.most_nodes = most_transactions;
        return o;
    }

    const std::string node_;
    const commit_style style_;
    const kazoo::client client_;
    kazoo::receipts receipts_;
};

} // namespace

std::unique_ptr<peer> connect_our_transactions(const target& t, commit_style style) {
    return std::make_unique<our_transactions>(t, style);
}

} // namespace bench
