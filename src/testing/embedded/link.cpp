#include "testing/embedded/link.hpp"

#include "net/tls_use.hpp"

#include <stdexcept>
#include <system_error>

namespace kazoo::testkit {
namespace {

net::tls_context context_of(const tls_options& o) {
    const net::tls_use use;
    try {
        if (use) return net::make_server_context(o);
    } catch (const net::tls_settings_error& e) {
        throw std::invalid_argument(e.what());
    }
    throw std::invalid_argument("the process ends");
}

} // namespace

tls_listener::tls_listener(const tls_options& o) : options(o), context(context_of(options)) {}

link::link(tcp::socket s, const tls_listener* secure) : socket(std::move(s)) {
    if (secure) tls_ = std::make_unique<net::tls_engine>(secure->options, secure->context);
}

// -- in ---------------------------------------------------------------------------------------------------------------

bool link::take(std::span<char> buffer) {
    std::error_code error;
    const std::size_t n = socket.read_some(kazoo_asio::buffer(buffer.data(), buffer.size()), error);
    if (error) return error == kazoo_asio::error::would_block;
    const std::string_view bytes(buffer.data(), n);
    if (tls_) return tls_->feed(bytes);
    plain_ = bytes;
    return true;
}

std::string_view link::heard(std::span<char> buffer) {
    if (!tls_) return std::exchange(plain_, {});
    if (over_ || !shake_hands()) return {};
    const net::tls_engine::step step = tls_->read(buffer);
    over_ = step.state == verdict::ended || step.state == verdict::failed;
    return {buffer.data(), step.bytes};
}

/// Whether that is done.
bool link::shake_hands() {
    if (shaken_) return true;
    const verdict step = tls_->shake_hands();
    shaken_ = step == verdict::done;
    over_ = step == verdict::failed;
    if (shaken_) peer_ = tls_->peer();
    return shaken_;
}

// -- out --------------------------------------------------------------------------------------------------------------

std::string_view link::outgoing(std::string_view unsent) {
    if (!tls_) return unsent;
    if (tls_->sealed().empty() && shaken_ && !unsent.empty()) in_record_ = tls_->write(unsent).bytes;
    return tls_->sealed();
}

std::size_t link::sent(std::size_t bytes) {
    if (!tls_) return bytes;
    tls_->sent(bytes);
    return tls_->sealed().empty() ? std::exchange(in_record_, 0) : 0;
}

void link::close() {
    open = false;
    std::error_code ignored;
    if (tls_ && shaken_) {
        tls_->close();
        socket.write_some(kazoo_asio::buffer(tls_->sealed().data(), tls_->sealed().size()), ignored);
    }
    socket.close(ignored);
}

} // namespace kazoo::testkit
