#include "net/asio_loop.hpp"

#include "net/loop_core.hpp"
#include "net/make_loop.hpp"
#include "net/tcp_stream.hpp"

#include <new>
#include <random>
#include <utility>

namespace kazoo::net {

std::unique_ptr<detail::loop> make_loop(lookup_function lookup) { return std::make_unique<asio_loop>(lookup); }

asio_loop::asio_loop(lookup_function lookup) : core_(std::make_shared<loop_core>(lookup)) {}

asio_loop::~asio_loop() {
    if (core_->forked()) { // Asio stands as the parent's threads left it
        static_cast<void>(new (std::nothrow) std::shared_ptr<loop_core>(std::move(core_)));
        return;
    }
    const bool outside = !core_->is_current() && !executor_.is_current() && !signals_.is_current();
    core_->stop();
    executor_.stop(outside);
    signals_.stop(false); // it may be in a user's stop callback, which may wait for whoever destroys us
}

time_point asio_loop::now() const noexcept { return loop_core::now(); }
void asio_loop::post(detail::job& j) noexcept { core_->post(j); }
bool asio_loop::on_loop_thread() const noexcept { return loop_core::on_loop_thread(); }
bool asio_loop::forked() const noexcept { return core_->forked(); }
bool asio_loop::pump(bool (*)(void*), void*, duration) noexcept { return false; }

void asio_loop::signal(std::stop_source source) noexcept {
    signals_.execute([source = std::move(source)]() mutable { source.request_stop(); });
}

std::uint64_t asio_loop::entropy() noexcept {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
}

detail::timer_id asio_loop::start_timer(time_point when, detail::job& j) noexcept {
    return core_->start_timer(when, j);
}

bool asio_loop::cancel_timer(detail::timer_id id) noexcept { return core_->cancel_timer(id); }

std::unique_ptr<detail::stream> asio_loop::connect(const std::string& address, std::uint16_t port,
                                                   detail::stream_events& events) {
    return std::make_unique<tcp_stream>(core_, address, port, events);
}

void asio_loop::resolve(const std::string& host, resolved done) { core_->resolve(host, std::move(done)); }

} // namespace kazoo::net
