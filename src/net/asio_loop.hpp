#pragma once
// The real event loop: one thread that runs Asio, and two for user code.
#include "loop/loop.hpp"
#include "net/lookup.hpp"
#include "net/signal_sender.hpp"
#include "net/worker.hpp"

#include <memory>
#include <random>

namespace kazoo::net {

class loop_core;

class asio_loop final : public detail::loop {
  public:
    /// Throws std::system_error when the system is out of threads, descriptors or random numbers.
    explicit asio_loop(lookup_function);
    asio_loop(const asio_loop&) = delete;
    asio_loop& operator=(const asio_loop&) = delete;
    /// What was posted, executed and signalled before is still done. Waits for that, but not if it is called on one of
    /// the loop's own threads: then the threads that run user code finish alone. At the end of the process they do so
    /// too, as that waits for a moment only.
    ~asio_loop() override;

    time_point now() const noexcept override;
    std::chrono::system_clock::time_point wall_clock() const noexcept override {
        return std::chrono::system_clock::now();
    }
    void post(detail::job&) noexcept override;
    void signal(std::stop_source) noexcept override;
    executor& default_executor() noexcept override { return executor_; }
    std::uint64_t entropy() noexcept override KAZOO_EXCLUDES(random_mutex_);
    bool on_loop_thread() const noexcept override;
    bool on_signal_thread() const noexcept override { return signals_.is_current(); }
    bool on_default_executor() const noexcept override { return executor_.is_current(); }
    bool forked() const noexcept override;
    detail::closing_watch& closings() noexcept override { return net::closings(); }
    bool pump(bool (*done)(void*), void* arg, duration limit) noexcept override;

    detail::timer_id start_timer(time_point when, detail::job&) noexcept override;
    bool cancel_timer(detail::timer_id) noexcept override;
    std::unique_ptr<detail::byte_stream> connect(const util::endpoint&, std::shared_ptr<const tls_options>,
                                                 detail::byte_stream_events&) override;
    void resolve(const std::string& host, resolved) override;
    std::unique_ptr<detail::sasl_exchange> authenticate(const util::endpoint&,
                                                        std::shared_ptr<detail::sasl_means>) override;

  private:
    explicit asio_loop(std::shared_ptr<loop_core>);

    std::shared_ptr<ending_loop> ending_ = std::make_shared<ending_loop>(); ///< the threads hold it too
    util::mutex random_mutex_;
    std::mt19937_64 random_ KAZOO_GUARDED_BY(random_mutex_);
    std::shared_ptr<loop_core> core_; ///< with the loop's thread, which may outlive this
    worker executor_{"kazoo-callback"};
    worker signals_{"kazoo-signal"};
    signal_sender signal_sender_;
};

} // namespace kazoo::net
