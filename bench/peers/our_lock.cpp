// kazoo::mutex.
#include "locks.hpp"
#include "peers/peers.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/mutex.hpp>
#include <stdexcept>

namespace bench {

namespace {

kazoo::client_options our_options() {
    kazoo::client_options o;
    o.session_timeout = std::chrono::seconds(30);
    return o;
}

class our_locker final : public locker {
  public:
    our_locker(const target& t, release_style style)
        : client_(t.address, our_options()), mutex_(client_, t.lock()), style_(style) {
        client_.wait_connected();
    }
    ~our_locker() override { client_.close(); }

    void cycle() override {
        mutex_.lock();
        if (style_ == release_style::in_background)
            mutex_.unlock();
        else if (!mutex_.async_unlock().get())
            throw std::runtime_error("a lock was lost");
    }

  private:
    const kazoo::client client_;
    kazoo::mutex mutex_;
    const release_style style_;
};

} // namespace

std::unique_ptr<locker> connect_our_locker(const target& t, release_style style) {
    return std::make_unique<our_locker>(t, style);
}

} // namespace bench
