#include "modes.hpp"

#include "real/soak_protocol.hpp"
#include "testing/unique_fd.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/mutex.hpp>

#include <chrono>
#include <random>
#include <stop_token>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

namespace lock_worker {

namespace {

using namespace std::chrono_literals;
using namespace kazoo::test::soak;
using kazoo::testkit::checked;
using kazoo::testkit::unique_fd;

/// The store, as a worker sees it.
class remote_store {
  public:
    explicit remote_store(const std::string& path)
        : socket_(checked(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket")) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        checked(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
    }

    answer tell(const message& m) {
        answer a{};
        checked(static_cast<int>(::send(socket_.get(), &m, sizeof m, MSG_NOSIGNAL)), "send to the store");
        const auto got = checked(static_cast<int>(::recv(socket_.get(), &a, sizeof a, 0)), "receive from the store");
        if (got != sizeof a) throw std::runtime_error("the store is gone");
        return a;
    }

  private:
    unique_fd socket_;
};

bool requested_within(const std::stop_token& token, std::chrono::seconds limit) {
    for (auto waited = 0ms; !token.stop_requested() && waited < limit; waited += 1ms) std::this_thread::sleep_for(1ms);
    return token.stop_requested();
}

/// Writes without asking holds() first, as a worker does that was stopped between the question and the write.
answer write_turn(remote_store& store, const kazoo::mutex& mutex, message m, std::chrono::microseconds work) {
    const std::stop_token lost = mutex.lost();
    m.what = step::enter;
    answer a = store.tell(m);
    if (a.accepted) {
        std::this_thread::sleep_for(work);
        m.what = step::leave;
        a = store.tell(m);
    }
    if (a.accepted) return a;
    m.what = step::refused;
    m.still_holds = mutex.holds();
    m.saw_lost = requested_within(lost, 10s);
    return store.tell(m);
}

} // namespace

int soak(const std::vector<std::string>& arguments) {
    remote_store store(arguments[2]);
    kazoo::client_options options;
    options.session_timeout = std::chrono::milliseconds(std::stoi(arguments[4]));
    options.reconnect.max_delay = 200ms;
    const kazoo::client zk(arguments[0], options);
    kazoo::mutex mutex(zk, arguments[1], {.identifier = arguments[3]});
    message m{};
    m.worker = static_cast<std::uint32_t>(std::stoul(arguments[3]));
    std::minstd_rand chance(m.worker + 1);
    std::uniform_int_distribution<int> microseconds(0, 2000);
    for (bool stop = false; !stop; ++m.turn) {
        mutex.lock();
        m.token = static_cast<std::int64_t>(mutex.fencing_token());
        stop = write_turn(store, mutex, m, std::chrono::microseconds(microseconds(chance))).stop;
        mutex.unlock();
    }
    zk.close();
    return 0;
}

} // namespace lock_worker
