#include "testing/gate/gate_connection.hpp"

#include "testing/gate/loopback.hpp"

#include <algorithm>
#include <array>
#include <sys/socket.h>
#include <utility>

namespace kazoo::testkit {

namespace {

constexpr std::size_t read_size = std::size_t{64} * 1024;
constexpr std::size_t queue_limit = 16 * read_size; // past this the sender meets back pressure

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

void close_with(unique_fd& fd, fault_gate::ending how) {
    if (!fd) return;
    if (how == fault_gate::ending::reset) {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    } else {
        // Unread bytes would turn the end of the stream into a reset.
        std::array<char, 4096> unread;
        while (::recv(fd.get(), unread.data(), unread.size(), 0) > 0) {
        }
    }
    fd.reset();
}

} // namespace

bool gate_stream::wants_read() const { return !rule_.paused && !ended_ && queued_ < queue_limit; }

bool gate_stream::wants_write(gate_clock::time_point now) const {
    return !rule_.paused && !queue_.empty() && queue_.front().due <= now;
}

std::optional<gate_clock::time_point> gate_stream::due() const {
    if (rule_.paused || queue_.empty()) return std::nullopt;
    return queue_.front().due;
}

bool gate_stream::read(gate_clock::time_point now, gate_clock::duration delay) {
    if (!wants_read()) return true;
    std::array<char, read_size> buffer;
    const ssize_t got = ::recv(from_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0) return would_block();
    if (got == 0) {
        ended_ = true;
        queue_.push_back({now + delay, {}});
        return true;
    }
    if (!std::exchange(begun_, true) && !rule_.replace.empty()) {
        const auto end = buffer.begin() + got;
        const auto found = std::search(buffer.begin(), end, rule_.replace.begin(), rule_.replace.end());
        if (found != end) std::ranges::copy(rule_.by, found);
    }
    const auto all = static_cast<std::uint64_t>(got);
    const std::uint64_t kept = std::min(all, until_drop_);
    if (until_drop_ != gate_rule::nothing) until_drop_ -= kept;
    rule_.dropped += all - kept;
    hole_ = hole_ || kept < all;
    if (kept == 0) return true;
    queued_ += static_cast<std::size_t>(kept);
    queue_.push_back({now + delay, {buffer.data(), buffer.data() + kept}});
    return true;
}

bool gate_stream::write(gate_clock::time_point now) {
    while (wants_write(now)) {
        chunk& front = queue_.front();
        if (front.bytes.empty()) { // the end of the stream
            shut_ = true;
            queue_.pop_front();
            return ::shutdown(to_.get(), SHUT_WR) == 0;
        }
        const std::size_t left = front.bytes.size() - front.sent;
        const ssize_t sent = ::send(to_.get(), front.bytes.data() + front.sent, left, MSG_NOSIGNAL);
        if (sent < 0) return would_block();
        front.sent += static_cast<std::size_t>(sent);
        queued_ -= static_cast<std::size_t>(sent);
        rule_.forwarded += static_cast<std::uint64_t>(sent);
        if (front.sent < front.bytes.size()) return true;
        queue_.pop_front();
    }
    return true;
}

gate_connection::gate_connection(unique_fd client, gate_rule& to_server, gate_rule& to_client)
    : client_(std::move(client)), to_server_(to_server, client_, server_), to_client_(to_client, server_, client_) {}

bool gate_connection::connect(const sockaddr_in& server) {
    server_ = make_socket();
    retry_.reset();
    state_ = state::connecting;
    const int result = ::connect(server_.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server);
    return result == 0 || errno == EINPROGRESS;
}

bool gate_connection::connected() {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(server_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return false;
    if (connected_to_itself(server_.get())) return false;
    state_ = state::open;
    return true;
}

bool gate_connection::try_again(gate_clock::time_point now, gate_clock::duration patience) {
    constexpr std::chrono::milliseconds pause{20};
    if (!first_refusal_) first_refusal_ = now;
    if (now - *first_refusal_ >= patience) return false;
    server_.reset();
    state_ = state::held;
    retry_ = now + pause;
    return true;
}

bool gate_connection::advance(gate_clock::time_point now, gate_clock::duration delay) {
    if (!open()) return true;
    const bool sound =
        to_server_.read(now, delay) && to_client_.read(now, delay) && to_server_.write(now) && to_client_.write(now);
    return sound && !(to_server_.finished() && to_client_.finished());
}

void gate_connection::end(fault_gate::ending how) {
    close_with(client_, how);
    close_with(server_, how);
}

} // namespace kazoo::testkit
