// kazoo::mutex, kazoo::shared_mutex, kazoo::semaphore.
#include "locks.hpp"
#include "peers/peers.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/mutex.hpp>
#include <kazoo/recipe/semaphore.hpp>
#include <kazoo/recipe/shared_mutex.hpp>
#include <optional>
#include <stdexcept>

namespace bench {

namespace {

struct to_own {
    kazoo::mutex mutex;

    to_own(const kazoo::client& c, const target& t) : mutex(c, t.lock()) {}
    void acquire() { mutex.lock(); }
    void release() { mutex.unlock(); }
    kazoo::future<bool> async_release() { return mutex.async_unlock(); }
};

struct to_write {
    kazoo::shared_mutex mutex;

    to_write(const kazoo::client& c, const target& t) : mutex(c, t.lock()) {}
    void acquire() { mutex.lock(); }
    void release() { mutex.unlock(); }
    kazoo::future<bool> async_release() { return mutex.async_unlock(); }
};

struct to_read {
    kazoo::shared_mutex mutex;

    to_read(const kazoo::client& c, const target& t) : mutex(c, t.lock()) {}
    void acquire() { mutex.lock_shared(); }
    void release() { mutex.unlock_shared(); }
    kazoo::future<bool> async_release() { return mutex.async_unlock_shared(); }
};

struct to_pass {
    kazoo::semaphore semaphore;
    std::optional<kazoo::permit> permit;

    to_pass(const kazoo::client& c, const target& t) : semaphore(c, t.semaphore(), semaphore_permits) {}
    void acquire() { permit = semaphore.acquire(); }
    void release() { permit->release(); }
    kazoo::future<bool> async_release() { return permit->async_release(); }
};

kazoo::client_options our_options() {
    kazoo::client_options o;
    o.session_timeout = std::chrono::seconds(30);
    return o;
}

template <class Lock> class our_locker final : public locker {
  public:
    our_locker(const target& t, release_style style)
        : client_(t.address, our_options()), lock_(client_, t), style_(style) {
        client_.wait_connected();
    }
    ~our_locker() override { client_.close(); }

    void cycle() override {
        lock_.acquire();
        if (style_ == release_style::in_background)
            lock_.release();
        else if (!lock_.async_release().get())
            throw std::runtime_error("a lock was lost");
    }

  private:
    const kazoo::client client_;
    Lock lock_;
    const release_style style_;
};

} // namespace

std::unique_ptr<locker> connect_our_locker(lock_kind kind, const target& t, release_style style) {
    switch (kind) {
    case lock_kind::mutex: return std::make_unique<our_locker<to_own>>(t, style);
    case lock_kind::reader: return std::make_unique<our_locker<to_read>>(t, style);
    case lock_kind::writer: return std::make_unique<our_locker<to_write>>(t, style);
    case lock_kind::permit: return std::make_unique<our_locker<to_pass>>(t, style);
    }
    throw std::invalid_argument("no such kind of lock");
}

} // namespace bench
