#include "soak_store.hpp"

#include <array>
#include <fcntl.h>
#include <poll.h>
#include <set>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace kazoo::test::soak {

using testkit::checked;
using testkit::unique_fd;

fenced_store::fenced_store(const std::string& socket_path)
    : listener_(checked(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket")) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_path.size() >= sizeof address.sun_path) throw std::runtime_error("too long: " + socket_path);
    socket_path.copy(address.sun_path, socket_path.size());
    checked(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
    checked(::listen(listener_.get(), 16), "listen");
    std::array<int, 2> wake{};
    checked(::pipe2(wake.data(), O_CLOEXEC), "pipe");
    wake_reader_ = unique_fd(wake[0]);
    wake_writer_ = unique_fd(wake[1]);
    thread_ = std::thread([this] { serve(); });
}

fenced_store::~fenced_store() {
    wake_writer_.reset();
    thread_.join();
}

// -- serving ----------------------------------------------------------------------------------------------------------

void fenced_store::serve() {
    for (;;) {
        std::vector<pollfd> waiting{{wake_reader_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
        for (const unique_fd& socket : sockets_) waiting.push_back({socket.get(), POLLIN, 0});
        checked(::poll(waiting.data(), waiting.size(), -1), "poll");
        if (waiting[0].revents != 0) return;
        std::set<int> ended;
        for (std::size_t i = 2; i < waiting.size(); ++i)
            if (waiting[i].revents != 0 && !serve_one(waiting[i].fd)) ended.insert(waiting[i].fd);
        std::erase_if(sockets_, [&](const unique_fd& socket) { return ended.contains(socket.get()); });
        if (waiting[1].revents != 0)
            sockets_.emplace_back(checked(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
    }
}

bool fenced_store::serve_one(int socket) {
    message m{};
    const std::lock_guard lock(mutex_);
    if (::recv(socket, &m, sizeof m, 0) != sizeof m) {
        if (caught_ == socket) caught_.reset();
        return false;
    }
    const answer a = judge(m);
    if (a.accepted && m.what == step::enter && to_catch_ == m.worker) {
        to_catch_.reset();
        caught_ = socket;
        changed_.notify_all();
    } else {
        send_answer(socket, a);
    }
    return true;
}

void fenced_store::send_answer(int socket, const answer& a) {
    // One that was killed meanwhile does not hear it.
    static_cast<void>(::send(socket, &a, sizeof a, MSG_NOSIGNAL));
}

// -- judging ----------------------------------------------------------------------------------------------------------

answer fenced_store::judge(const message& m) {
    if (m.what != step::refused) return {accept_write(m), stopping_};
    // Somebody else had the lock already, so ours was gone: no pause and no load is an excuse for not knowing.
    if (m.still_holds) violation(m, "holds() is true after a later holder has written");
    if (!m.saw_lost) violation(m, "lost() was not requested");
    return {true, stopping_};
}

bool fenced_store::accept_write(const message& m) {
    const turn_id turn{m.worker, m.turn};
    if (m.token < last_token_) {
        ++refused_;
        return false;
    }
    if (m.token > last_token_) {
        if (m.what != step::enter) violation(m, "left without having entered");
        if (inside_) ++displaced_;
        last_token_ = m.token;
        last_turn_ = turn;
        inside_ = true;
    } else {
        if (!(turn == last_turn_)) violation(m, "two turns with one token");
        if (m.what != step::leave || !inside_) violation(m, "a turn of two holders");
        inside_ = false;
        ++turns_[m.worker];
        changed_.notify_all();
    }
    return true;
}

void fenced_store::violation(const message& m, const std::string& what) {
    violations_.push_back("worker " + std::to_string(m.worker) + ", turn " + std::to_string(m.turn) + ", token " +
                          std::to_string(m.token) + ": " + what);
}

// -- asking -----------------------------------------------------------------------------------------------------------

fenced_store::turn_counts fenced_store::turns() const {
    const std::lock_guard lock(mutex_);
    return turns_;
}

std::uint64_t fenced_store::refused() const {
    const std::lock_guard lock(mutex_);
    return refused_;
}

std::uint64_t fenced_store::displaced() const {
    const std::lock_guard lock(mutex_);
    return displaced_;
}

std::vector<std::string> fenced_store::violations() const {
    const std::lock_guard lock(mutex_);
    return violations_;
}

bool fenced_store::catch_holder(std::uint32_t wanted, std::chrono::seconds limit) {
    std::unique_lock lock(mutex_);
    to_catch_ = wanted;
    const bool caught = changed_.wait_for(lock, limit, [this] { return caught_.has_value(); });
    to_catch_.reset();
    return caught;
}

void fenced_store::release_holder() {
    const std::lock_guard lock(mutex_);
    if (caught_) send_answer(*caught_, {true, stopping_});
    caught_.reset();
}

void fenced_store::stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
}

} // namespace kazoo::test::soak
