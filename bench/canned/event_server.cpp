#include "canned/event_server.hpp"

#include "wire.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace bench {

namespace {

constexpr std::size_t buffer_size = 1 << 20;
constexpr std::size_t longest_request = 4 << 20;
constexpr int backlog = 512;

int checked(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::system_category(), what);
    return result;
}

} // namespace

event_server::event_server(std::uint16_t port, canned_replies replies)
    : replies_(std::move(replies)), buffer_(buffer_size) {
    listener_ = checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    checked(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
    checked(::listen(listener_, backlog), "listen");
    epoll_ = checked(::epoll_create1(EPOLL_CLOEXEC), "epoll");
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
}

event_server::~event_server() {
    for (const auto& [descriptor, c] : connections_) ::close(descriptor);
    ::close(epoll_);
    ::close(listener_);
}

std::uint16_t event_server::port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    checked(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    return ntohs(address.sin_port);
}

void event_server::watch(int descriptor, std::uint32_t events, int epoll_operation) const {
    epoll_event e{};
    e.events = events;
    e.data.fd = descriptor;
    checked(::epoll_ctl(epoll_, epoll_operation, descriptor, &e), "epoll_ctl");
}

void event_server::run(int stop_descriptor) {
    watch(stop_descriptor, EPOLLIN, EPOLL_CTL_ADD);
    std::array<epoll_event, 256> events;
    for (;;) {
        const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
        if (count < 0 && errno != EINTR) checked(count, "epoll_wait");
        for (int i = 0; i < count; ++i) {
            const epoll_event& e = events[static_cast<std::size_t>(i)];
            if (e.data.fd == stop_descriptor) return;
            if (e.data.fd == listener_)
                accept_all();
            else
                serve(e.data.fd, e.events);
        }
    }
}

void event_server::accept_all() {
    for (;;) {
        const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) return;
        const int on = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connections_[descriptor];
        watch(descriptor, EPOLLIN, EPOLL_CTL_ADD);
    }
}

void event_server::serve(int descriptor, std::uint32_t events) {
    const auto found = connections_.find(descriptor);
    if (found == connections_.end()) return;
    connection& c = found->second;
    const bool was_blocked = !c.unsent.empty();
    bool alive = (events & EPOLLOUT) != 0 || read_and_answer(descriptor, c);
    if (alive) alive = send_unsent(descriptor, c);
    if (alive && c.closing && c.unsent.empty()) alive = false;
    if (!alive) {
        ::close(descriptor);
        connections_.erase(found);
        return;
    }
    // While answers wait, nothing more is read: the client is the slow side then.
    const bool is_blocked = !c.unsent.empty();
    if (is_blocked != was_blocked) watch(descriptor, is_blocked ? EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
}

bool event_server::read_and_answer(int descriptor, connection& c) {
    const ssize_t got = ::read(descriptor, buffer_.data(), buffer_.size());
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    const std::string_view fresh(buffer_.data(), static_cast<std::size_t>(got));
    answers_.clear();
    if (!c.tls && !c.greeted && c.incomplete.empty() && tls_side::begins(fresh)) c.tls = std::make_unique<tls_side>();
    if (!c.tls) {
        answer(c, fresh);
        c.unsent.swap(answers_);
        return true;
    }
    if (!c.tls->feed(fresh)) return false;
    while (const std::size_t n = c.tls->read(buffer_)) answer(c, {buffer_.data(), n});
    c.tls->write(answers_);
    answers_.clear(); // send_unsent() hands the buffer on
    c.tls->take(c.unsent);
    return true;
}

void event_server::answer(connection& c, std::string_view fresh) {
    if (c.incomplete.empty()) {
        c.incomplete = fresh.substr(answer_requests(c, fresh));
    } else {
        c.incomplete += fresh;
        c.incomplete.erase(0, answer_requests(c, c.incomplete));
    }
}

std::size_t event_server::answer_requests(connection& c, std::string_view input) {
    std::size_t at = 0;
    while (!c.closing && input.size() - at >= length_size) {
        const std::size_t size = load32(input.data() + at);
        if (size > longest_request) c.closing = true;
        if (c.closing || input.size() - at - length_size < size) break;
        const std::string_view request = input.substr(at + length_size, size);
        if (c.greeted)
            c.closing = !replies_.answer(request, answers_);
        else
            replies_.greet(request, answers_);
        c.greeted = true;
        at += length_size + size;
    }
    return at;
}

bool event_server::send_unsent(int descriptor, connection& c) {
    std::size_t sent = 0;
    while (sent < c.unsent.size()) {
        const ssize_t n = ::send(descriptor, c.unsent.data() + sent, c.unsent.size() - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += static_cast<std::size_t>(n);
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            return false;
    }
    if (sent == c.unsent.size()) {
        c.unsent.clear();
        answers_.swap(c.unsent); // keeps the larger buffer for the next answers
    } else {
        c.unsent.erase(0, sent);
    }
    return true;
}

} // namespace bench
