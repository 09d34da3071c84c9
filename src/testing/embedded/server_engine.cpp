#include "testing/embedded/server_engine.hpp"

#include "net/blocked_signals.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <random>
#include <sys/socket.h>
#include <utility>

namespace kazoo::testkit {
namespace {

using std::chrono::milliseconds;

kazoo::server::config to_config(const server_options& o) {
    std::random_device device;
    kazoo::server::config c;
    c.tick = o.tick;
    if (o.min_session_timeout.count() > 0) c.min_session_timeout_ms = static_cast<int>(o.min_session_timeout.count());
    if (o.max_session_timeout.count() > 0) c.max_session_timeout_ms = static_cast<int>(o.max_session_timeout.count());
    c.max_connections_per_address = o.max_connections_per_address;
    c.max_request_bytes = o.max_request_bytes;
    c.output_limit = std::max(c.output_limit, 2 * o.max_request_bytes); // what came in can go out
    c.extended_types = o.ttl_nodes;
    c.metadata_needs_permission = o.metadata_needs_permission;
    c.container_check = o.container_check;
    c.four_letter_words = o.four_letter_words;
    c.certificates = o.tls.has_value();
    c.seed = std::uint64_t{device()} << 32 | device();
    return c;
}

/// An IPv4 client of a server on all addresses is one to an `ip` ACL too.
std::string seen_address(const kazoo_asio::ip::address& a) {
    if (!a.is_v6() || !a.to_v6().is_v4_mapped()) return a.to_string();
    return kazoo_asio::ip::make_address_v4(kazoo_asio::ip::v4_mapped, a.to_v6()).to_string();
}

} // namespace

server::engine::engine(const server_options& o)
    : config_(to_config(o)), secure_(o.tls ? std::make_unique<tls_listener>(*o.tls) : nullptr), port_(o.host, o.port) {
    server_.emplace(config_, now());
    listen();
    const net::blocked_signals in_our_thread;
    thread_ = std::thread([this] {
        const auto work = kazoo_asio::make_work_guard(io_);
        io_.run();
    });
}

server::engine::~engine() {
    io_.stop();
    thread_.join();
}

kazoo::server::moment server::engine::now() const {
    const auto wall = std::chrono::system_clock::now().time_since_epoch() + ahead_;
    const auto steady = std::chrono::steady_clock::now().time_since_epoch() + ahead_;
    return {time_point(std::chrono::duration_cast<duration>(steady)),
            std::chrono::duration_cast<milliseconds>(wall).count()};
}

// -- what a test can do to it -----------------------------------------------------------------------------------------

void server::engine::stop() {
    running_ = false;
    std::error_code ignored;
    acceptor_.close(ignored);
    drop_connections();
    alarm_.cancel();
    armed_ = never;
}

void server::engine::start() {
    if (running_) return;
    if (!refuses_) listen();
    running_ = true;
    server_->restart(now());
    obey();
}

void server::engine::refuse(bool on) {
    if (std::exchange(refuses_, on) == on || !running_) return;
    std::error_code ignored;
    if (on)
        acceptor_.close(ignored);
    else
        listen();
}

void server::engine::drop_connections() {
    while (!links_.empty()) close(*std::shared_ptr(links_.begin()->second));
    obey();
}

bool server::engine::expire_session(std::int64_t id) {
    const bool found = server_->expire_session(id, now());
    obey();
    return found;
}

std::vector<session_id> server::engine::sessions() const {
    std::vector<session_id> ids;
    for (const std::int64_t id : server_->sessions()) ids.push_back(session_id{id});
    return ids;
}

// -- connections ------------------------------------------------------------------------------------------------------

void server::engine::listen() {
    acceptor_.assign(port_.endpoint().protocol(), port_.listen());
    await_client();
}

void server::engine::await_client() {
    acceptor_.async_wait(tcp::acceptor::wait_read, [this](std::error_code closed) {
        if (!closed && acceptor_.is_open()) accept();
    });
}

void server::engine::accept() {
    for (;;) {
        // Asio would let a program inherit it that another thread starts at this moment.
        const int fd = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            open_link(fd);
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != ECONNABORTED && errno != EINTR) { // no descriptors left: the client would wake us at once
            pause_.expires_after(milliseconds(100));
            pause_.async_wait([this](std::error_code stopped) {
                if (!stopped && acceptor_.is_open()) accept();
            });
            return obey();
        }
    }
    await_client();
    obey();
}

void server::engine::open_link(int fd) {
    std::shared_ptr<link> l;
    try {
        l = std::make_shared<link>(tcp::socket(io_, port_.endpoint().protocol(), fd), secure_.get());
    } catch (const net::tls_settings_error&) { // the process ends, and OpenSSL is gone: nobody is served any more
        return;
    }
    std::error_code error;
    l->socket.non_blocking(true, error);
    l->socket.set_option(tcp::no_delay(true), error);
    const tcp::endpoint peer = l->socket.remote_endpoint(error);
    if (error) return; // gone already
    ++accepted_;
    l->id = server_->open(seen_address(peer.address()), now());
    links_.emplace(l->id, l);
    await_input(l);
}

void server::engine::await_input(const std::shared_ptr<link>& l) {
    if (l->awaits_input || !server_->wants_input(l->id)) return;
    l->awaits_input = true;
    l->socket.async_wait(tcp::socket::wait_read, [this, l](std::error_code) {
        l->awaits_input = false;
        if (l->open) take_input(l);
    });
}

void server::engine::take_input(const std::shared_ptr<link>& l) {
    const bool more = l->take(buffer_);
    for (;;) {
        const std::string_view part = l->heard(buffer_);
        if (std::string peer = l->take_peer(); !peer.empty()) server_->identify(l->id, {"x509", std::move(peer)});
        if (part.empty()) break;
        server_->receive(l->id, part, now());
    }
    if (secure_) send_output(l); // TLS has more to say than the server
    if (l->open && (!more || l->over())) close(*l);
    obey();
    if (l->open) await_input(l);
}

void server::engine::await_room(const std::shared_ptr<link>& l) {
    l->awaits_room = true;
    l->socket.async_wait(tcp::socket::wait_write, [this, l](std::error_code) {
        l->awaits_room = false;
        if (!l->open) return;
        send_output(l);
        obey();
    });
}

void server::engine::send_output(const std::shared_ptr<link>& l) {
    while (!l->awaits_room) {
        const std::string_view out = l->outgoing(server_->unsent(l->id));
        if (out.empty()) break;
        std::error_code error;
        const std::size_t n = l->socket.write_some(kazoo_asio::buffer(out.data(), out.size()), error);
        if (error == kazoo_asio::error::would_block) {
            await_room(l);
        } else if (error) {
            close(*l);
            return;
        } else {
            server_->sent(l->id, l->sent(n), now());
        }
    }
    if (server_->finished(l->id))
        close(*l);
    else
        await_input(l);
}

void server::engine::close(link& l) {
    l.close();
    server_->closed(l.id, now());
    links_.erase(l.id);
}

// -- the server's wishes ----------------------------------------------------------------------------------------------

void server::engine::obey() {
    tell_hits();
    for (;;) {
        changed_.clear();
        server_->take_changed(changed_);
        if (changed_.empty()) break;
        for (const auto id : changed_)
            if (const auto found = links_.find(id); found != links_.end()) send_output(std::shared_ptr(found->second));
    }
    if (running_ && server_->deadline() < armed_) set_alarm();
}

void server::engine::tell_hits() {
    const std::uint64_t now = all_hits();
    const std::lock_guard lock(hits_mutex_);
    if (std::exchange(told_hits_, now) != now) more_hits_.notify_all();
}

void server::engine::set_alarm() {
    armed_ = server_->deadline();
    alarm_.expires_at(std::chrono::steady_clock::time_point(armed_.time_since_epoch() - ahead_));
    alarm_.async_wait([this](std::error_code cancelled) {
        if (cancelled || !running_) return;
        armed_ = never;
        server_->on_time(now());
        obey();
    });
}

} // namespace kazoo::testkit
