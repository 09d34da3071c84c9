#include "net/tcp_stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>
#include <new>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace kazoo::net {

using kazoo_asio::ip::tcp;
using any_stream = kazoo_asio::generic::stream_protocol;

namespace {

constexpr int most_unsent = 64 << 10;

/// Asio's category for errno compares equal to no std::errc. And none of its categories gets out of here: they are
/// static objects, which may be destroyed while we still run.
std::error_code to_standard(std::error_code e) noexcept {
    if (e.category() == kazoo_asio::error::get_system_category()) return {e.value(), std::system_category()};
    const bool standard = e.category() == std::system_category() || e.category() == std::generic_category();
    return standard ? e : std::make_error_code(std::errc::io_error);
}

detail::io_result to_result(std::size_t bytes, std::error_code error) noexcept {
    if (!error || error == kazoo_asio::error::eof) return {.bytes = bytes};
    if (error == kazoo_asio::error::would_block) return {.would_block = true};
    return {.error = to_standard(error)};
}

any_stream::endpoint to_address(const util::endpoint& to, std::error_code& error) {
    if (to.is_socket()) return kazoo_asio::local::stream_protocol::endpoint(to.address); // the host list knows how long
    return tcp::endpoint(kazoo_asio::ip::make_address(to.address, error), to.port);
}

} // namespace

struct tcp_stream::connection : std::enable_shared_from_this<connection> {
    connection(kazoo_asio::io_context& i, detail::byte_stream_events& e) : io(i), socket(i), events(&e) {}

    void open(const util::endpoint&);
    std::error_code make_socket(const any_stream::endpoint&);
    void opened(std::error_code) noexcept;
    bool leads_to_itself() const noexcept;
    enum class goodbye : bool {
        orderly,
        reset
    };
    void close(goodbye) noexcept;
    void want_read() noexcept;
    void want_write() noexcept;
    detail::io_result read_some(std::span<char> into) noexcept;
    detail::io_result write_some(std::string_view from) noexcept;
    detail::io_result to_end(detail::io_result) const noexcept;

    kazoo_asio::io_context& io;
    operation_memory opening, reading, writing; ///< kept alive by the handlers
    any_stream::socket socket;
    closed_by_children in_children;
    detail::byte_stream_events* events; ///< null once the stream is gone
    bool waits_to_read = false;
    bool waits_to_write = false;
    std::error_code failure; ///< of writing

    /// Waiting for input means reading into here: a wait that reads nothing would cost an epoll_ctl each time, and a
    /// wake-up for writability with it.
    std::array<char, 4096> ahead{};
    std::size_t ahead_begin = 0, ahead_end = 0;
    detail::io_result ahead_end_result{.would_block = true}; ///< what comes behind these bytes, if it is known
    bool may_hold_more = true; ///< the socket gave all that was asked for: there may be more
};

// -- opening ----------------------------------------------------------------------------------------------------------

void tcp_stream::connection::open(const util::endpoint& to) {
    std::error_code error;
    const any_stream::endpoint peer = to_address(to, error);
    if (!error) error = make_socket(peer);
    if (error)
        kazoo_asio::post(io, opening.bind([self = shared_from_this(), error] { self->opened(error); }));
    else
        socket.async_connect(peer, opening.bind([self = shared_from_this()](std::error_code e) { self->opened(e); }));
}

std::error_code tcp_stream::connection::make_socket(const any_stream::endpoint& peer) {
    // Asio would set close-on-exec later: a program that another thread starts in between would inherit the socket.
    const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    const int descriptor = ::socket(peer.protocol().family(), type, peer.protocol().protocol());
    if (descriptor < 0) return {errno, std::system_category()};
    std::error_code error;
    try {
        socket.assign(peer.protocol(), descriptor, error);
    } catch (const std::bad_alloc&) {
        error = std::make_error_code(std::errc::not_enough_memory);
    }
    if (error) {
        ::close(descriptor);
        return error;
    }
    in_children = closed_by_children(descriptor);
    socket.non_blocking(true, error);
    if (error || peer.protocol().family() == AF_UNIX) return error;
    socket.set_option(tcp::no_delay(true), error);
    // Keeps the kernel from holding many unsent bytes: a ping could not overtake them. It does not matter if it fails.
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most_unsent, sizeof most_unsent);
    return error;
}

void tcp_stream::connection::opened(std::error_code error) noexcept {
    if (!events) return;
    if (!error && leads_to_itself()) {
        close(goodbye::reset); // an ordinary end would hold the port, which the server needs, for a minute
        error = make_error_code(std::errc::connection_refused);
    }
    events->on_open(to_standard(error));
}

/// If nobody listens on a port of this machine, the kernel may give us that very port to connect from.
bool tcp_stream::connection::leads_to_itself() const noexcept {
    std::error_code error;
    const any_stream::endpoint here = socket.local_endpoint(error);
    if (error || here.protocol().family() == AF_UNIX) return false;
    return here == socket.remote_endpoint(error) && !error;
}

void tcp_stream::connection::close(goodbye how) noexcept {
    in_children.forget();
    std::error_code ignored;
    if (how == goodbye::reset) socket.set_option(any_stream::socket::linger(true, 0), ignored);
    socket.close(ignored);
}

// -- reading and writing ----------------------------------------------------------------------------------------------

detail::io_result tcp_stream::connection::read_some(std::span<char> into) noexcept {
    if (waits_to_read) return {.would_block = true}; // it may be in `ahead` already, and not announced yet
    const std::size_t buffered = std::min(into.size(), ahead_end - ahead_begin);
    std::memcpy(into.data(), ahead.data() + ahead_begin, buffered);
    ahead_begin += buffered;
    if (buffered == into.size()) return {.bytes = buffered};
    if (!may_hold_more) return buffered > 0 ? detail::io_result{.bytes = buffered} : to_end(ahead_end_result);
    std::error_code error;
    const std::size_t n = socket.read_some(kazoo_asio::buffer(into.data() + buffered, into.size() - buffered), error);
    const detail::io_result direct = to_end(to_result(n, error));
    if (direct.bytes > 0) return {.bytes = buffered + direct.bytes};
    if (buffered == 0) return direct;
    may_hold_more = false; // the end or the error behind these bytes is told next time
    ahead_end_result = direct;
    return {.bytes = buffered};
}

/// Behind a write that failed the kernel tells the reader of an end only.
detail::io_result tcp_stream::connection::to_end(detail::io_result r) const noexcept {
    if (r.bytes == 0 && !r.would_block && !r.error) r.error = failure;
    return r;
}

detail::io_result tcp_stream::connection::write_some(std::string_view from) noexcept {
    std::error_code error;
    const std::size_t n = socket.write_some(kazoo_asio::buffer(from.data(), from.size()), error);
    const detail::io_result r = to_result(n, error);
    if (!r.error) return r;
    if (!failure) failure = r.error;
    std::error_code ignored;
    socket.shutdown(any_stream::socket::shutdown_both, ignored); // so that the read under way ends, whatever it was
    if (waits_to_read) return {.would_block = true};
    may_hold_more = true; // the peer's last words, unannounced
    return r;
}

detail::io_result tcp_stream::read_some(std::span<char> into) noexcept { return connection_->read_some(into); }
detail::io_result tcp_stream::write_some(std::string_view from) noexcept { return connection_->write_some(from); }

void tcp_stream::want_read() noexcept { connection_->want_read(); }
void tcp_stream::want_write() noexcept { connection_->want_write(); }

bool tcp_stream::input_waits() const noexcept {
    pollfd waiting{connection_->socket.native_handle(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) > 0;
}

void tcp_stream::connection::want_read() noexcept {
    if (std::exchange(waits_to_read, true)) return;
    const bool told_already = ahead_begin < ahead_end || (!may_hold_more && !ahead_end_result.would_block);
    const auto done = [self = shared_from_this()](std::error_code error, std::size_t n) {
        self->waits_to_read = false;
        if (n > 0 || error) {
            self->ahead_begin = 0;
            self->ahead_end = n;
            self->may_hold_more = n == self->ahead.size();
            self->ahead_end_result = error ? to_result(0, error) : detail::io_result{.would_block = true};
        }
        if (self->events) self->events->on_readable();
    };
    if (told_already)
        kazoo_asio::post(io, reading.bind([done] { done({}, 0); }));
    else
        socket.async_read_some(kazoo_asio::buffer(ahead), reading.bind(done));
}

void tcp_stream::connection::want_write() noexcept {
    if (failure && waits_to_read) return; // the reader is told
    if (std::exchange(waits_to_write, true)) return;
    // An error counts as an event: the next write reports it.
    socket.async_wait(any_stream::socket::wait_write, writing.bind([self = shared_from_this()](std::error_code) {
        self->waits_to_write = false;
        if (self->events) self->events->on_writable();
    }));
}

// -- life -------------------------------------------------------------------------------------------------------------

tcp_stream::tcp_stream(std::shared_ptr<loop_core> core, const util::endpoint& to, detail::byte_stream_events& events)
    : core_(std::move(core)), connection_(std::make_shared<connection>(core_->io(), events)) {
    connection_->open(to);
}

tcp_stream::~tcp_stream() {
    if (core_->forked()) {
        // In the child of a fork Asio's locks may be held by threads of the parent. The descriptor is closed already.
        static_cast<void>(new (std::nothrow) std::shared_ptr<connection>(std::move(connection_)));
        static_cast<void>(new (std::nothrow) std::shared_ptr<loop_core>(std::move(core_)));
        return;
    }
    connection_->events = nullptr;
    connection_->close(connection::goodbye::orderly);
}

} // namespace kazoo::net
