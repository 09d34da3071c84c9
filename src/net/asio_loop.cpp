#include "net/asio_loop.hpp"

#include "net/clock.hpp"
#include "net/loop_core.hpp"
#include "net/make_loop.hpp"
#include "net/sasl_worker.hpp"
#include "net/tcp_stream.hpp"
#include "net/tls_stream.hpp"

#include <array>
#include <new>
#include <system_error>
#include <utility>

namespace kazoo::net {
namespace {

/// Numbers that no other process has. Drawn once, so that later nothing can fail.
std::mt19937_64 seeded() {
    try {
        std::random_device device;
        std::array<std::random_device::result_type, 8> words{};
        for (auto& w : words) w = device();
        std::seed_seq seeds(words.begin(), words.end());
        return std::mt19937_64(seeds);
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& e) {
        throw std::system_error(make_error_code(std::errc::resource_unavailable_try_again),
                                std::string("no random numbers: ") + e.what());
    }
}

std::shared_ptr<loop_core> make_core(lookup_function lookup) {
    prepare_exit();
    try {
        return std::make_shared<loop_core>(lookup);
    } catch (const std::system_error& e) {
        throw std::system_error(e.code(), "cannot make an event loop");
    }
}

} // namespace

std::unique_ptr<detail::loop> make_loop(lookup_function lookup) { return std::make_unique<asio_loop>(lookup); }

asio_loop::asio_loop(std::shared_ptr<loop_core> core) : random_(seeded()), core_(std::move(core)) {}

asio_loop::asio_loop(lookup_function lookup) : asio_loop(make_core(lookup)) {
    core_->start(ending_); // if this throws, the destructor ends what runs already
    executor_.start(ending_);
    signals_.start(ending_);
}

asio_loop::~asio_loop() {
    if (core_->forked()) { // Asio's locks may be held by threads of the parent
        static_cast<void>(new (std::nothrow) std::shared_ptr<loop_core>(std::move(core_)));
        return;
    }
    const bool outside = !core_->is_current() && !executor_.is_current() && !signals_.is_current();
    ending_->begin();
    ending_.reset();
    core_->stop();
    using then = worker::then;
    executor_.stop(outside && !process_ends() ? then::wait : then::leave);
    signals_.stop(then::leave); // it may run a user's stop callback that waits for the thread that destroys us
    if (outside) closings().wait_if_process_ends();
}

time_point asio_loop::now() const noexcept { return loop_time(); }
void asio_loop::post(detail::job& j) noexcept { core_->post(j); }
bool asio_loop::on_loop_thread() const noexcept { return loop_core::on_loop_thread(); }
bool asio_loop::forked() const noexcept { return core_->forked(); }
bool asio_loop::pump(bool (*)(void*), void*, duration) noexcept { return false; }

void asio_loop::signal(std::stop_source source) noexcept { signal_sender_.send(signals_, std::move(source)); }

std::uint64_t asio_loop::entropy() noexcept {
    const util::lock_guard lock(random_mutex_);
    return random_();
}

detail::timer_id asio_loop::start_timer(time_point when, detail::job& j) noexcept {
    return core_->start_timer(when, j);
}

bool asio_loop::cancel_timer(detail::timer_id id) noexcept { return core_->cancel_timer(id); }

std::unique_ptr<detail::byte_stream> asio_loop::connect(const util::endpoint& to,
                                                        std::shared_ptr<const tls_options> tls,
                                                        detail::byte_stream_events& events) {
    const auto tcp = [&](detail::byte_stream_events& e) { return std::make_unique<tcp_stream>(core_, to, e); };
    if (!tls) return tcp(events);
    const std::string& host = to.host.empty() ? to.address : to.host;
    return std::make_unique<tls_stream>(core_->io(), tcp, std::move(tls), host, events);
}

std::unique_ptr<detail::sasl_exchange> asio_loop::authenticate(const util::endpoint& at,
                                                               std::shared_ptr<detail::sasl_means> means) {
    return std::make_unique<sasl_worker>(core_, at.host.empty() ? at.address : at.host, std::move(means));
}

void asio_loop::resolve(const std::string& host, resolved done) { core_->resolve(host, std::move(done)); }

} // namespace kazoo::net
