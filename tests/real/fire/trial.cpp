#include "real/recipe_crowd.hpp"

#include <chrono>
#include <utility>

namespace kazoo::test {

using namespace std::chrono_literals;
using testkit::fault_gate;

gated_client::gated_client(testkit::ensemble& zk, const client_options& o) {
    std::string hosts;
    for (std::size_t i = 0; i < zk.size(); ++i) {
        gates_.emplace_back(zk[i].address());
        hosts += (hosts.empty() ? "" : ",") + gates_.back().address();
    }
    zk_.emplace(hosts, o);
}

void gated_client::cut() {
    for (fault_gate& gate : gates_) gate.cut();
}

void gated_client::silence(bool on) {
    for (fault_gate& gate : gates_)
        for (const auto way : {fault_gate::direction::to_server, fault_gate::direction::to_client}) {
            if (on) gate.drop(way);
            if (!on) gate.pass(way);
        }
}

void holder_loop::begin(std::uint64_t seed) {
    thread_ = std::jthread([this, seed](const std::stop_token& stop) {
        std::mt19937_64 chance(seed);
        std::uniform_int_distribution<int> microseconds(0, 20'000);
        while (acquire(stop)) {
            std::this_thread::sleep_for(std::chrono::microseconds(microseconds(chance)));
            release();
            ++turns_;
        }
    });
}

namespace {

class reader final : public holder_loop {
  public:
    reader(const client& c, const std::string& path) : lock_(c, path) {}
    ~reader() override { end(); }
    zxid held() const override {
        const zxid token = lock_.fencing_token_shared();
        return lock_.holds_shared() && lock_.fencing_token_shared() == token ? token : zxid::none;
    }

  private:
    bool acquire(std::stop_token stop) override { return lock_.lock_shared(std::move(stop)); }
    void release() override { lock_.unlock_shared(); }
    shared_mutex lock_;
};

class writer final : public holder_loop {
  public:
    writer(const client& c, const std::string& path) : lock_(c, path) {}
    ~writer() override { end(); }
    zxid held() const override {
        const zxid token = lock_.fencing_token();
        return lock_.holds() && lock_.fencing_token() == token ? token : zxid::none;
    }

  private:
    bool acquire(std::stop_token stop) override { return lock_.lock(std::move(stop)); }
    void release() override { lock_.unlock(); }
    shared_mutex lock_;
};

class taker final : public holder_loop {
  public:
    taker(const client& c, const std::string& path, std::size_t permits) : pool_(c, path, permits) {}
    ~taker() override { end(); }
    zxid held() const override {
        const std::lock_guard lock(mutex_);
        return permit_ && permit_->holds() ? permit_->fencing_token() : zxid::none;
    }

  private:
    bool acquire(std::stop_token stop) override {
        auto got = pool_.acquire(std::move(stop));
        const std::lock_guard lock(mutex_);
        permit_ = std::move(got);
        return permit_.has_value();
    }
    void release() override {
        const std::lock_guard lock(mutex_);
        permit_.reset();
    }
    semaphore pool_;
    mutable std::mutex mutex_;
    std::optional<permit> permit_;
};

} // namespace

std::unique_ptr<holder_loop> reader_of(const client& c, const std::string& path) {
    return std::make_unique<reader>(c, path);
}
std::unique_ptr<holder_loop> writer_of(const client& c, const std::string& path) {
    return std::make_unique<writer>(c, path);
}
std::unique_ptr<holder_loop> permit_taker(const client& c, const std::string& path, std::size_t permits) {
    return std::make_unique<taker>(c, path, permits);
}

gardener::gardener(const client& c, std::string tree) : zk_(c), tree_(std::move(tree)) {}

void gardener::begin(std::uint64_t seed) {
    thread_ = std::jthread([this, seed](const std::stop_token& stop) {
        std::mt19937_64 chance(seed);
        const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(chance); };
        const create_options with_parents{.make_parents = true};
        while (!stop.stop_requested()) { // asked between two: nothing of it is under way behind the end
            std::string path = tree_ + '/' + std::to_string(below(10));
            if (below(2) != 0) path += '/' + std::to_string(below(10));
            const std::string data = std::to_string(chance());
            const int what = below(10);
            std::error_code end;
            if (what < 5)
                end = zk_.async_set(path, data).result().error();
            else if (what < 8)
                end = zk_.async_create(path, data, with_parents).result().error();
            else if (what < 9)
                end = zk_.async_remove(path).result().error();
            else
                end = zk_.async_remove_tree(path).result().error();
            if (!end) ++changes_;
            std::this_thread::sleep_for(1ms);
        }
    });
}

} // namespace kazoo::test
