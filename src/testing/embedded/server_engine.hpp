#pragma once
// The embedded server's sockets and clock: one thread that tells the pure server what happens and obeys it.
#include "net/asio.hpp"
#include "server/server.hpp"
#include "testing/embedded/link.hpp"
#include "testing/embedded/server_port.hpp"

#include <kazoo/testkit/server.hpp>

#include <array>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

namespace kazoo::testkit {

class server::engine {
  public:
    explicit engine(const server_options&);
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;
    ~engine();

    std::string address() const { return port_.name(); }
    std::uint16_t port() const noexcept { return port_.number(); }

    /// What f() returns or throws on the engine's thread. Everything below belongs there.
    template <class F> auto run(F f) {
        std::packaged_task<decltype(f())()> task(std::move(f));
        auto result = task.get_future();
        kazoo_asio::post(io_, std::move(task));
        return result.get();
    }

    void stop();
    void start();
    void forget_everything() { server_.emplace(config_, now()); }
    void refuse(bool on);
    void drop_connections();
    bool expire_session(std::int64_t id);
    std::vector<session_id> sessions() const;
    void advance(std::chrono::milliseconds);
    fault_id order(const fault&, const fault_target&);
    void order_at_random(std::uint64_t seed, const fault_odds&);
    bool take_back(fault_id id) { return server_->faults().take_back(static_cast<std::uint64_t>(id)); }
    void take_back_faults();
    void release();
    std::size_t hits(fault_id id) const noexcept { return server_->faults().hits(static_cast<std::uint64_t>(id)); }
    std::vector<session_facts> dump() const;
    /// Not on the engine's thread: waits until there may be more hits than then. False: `limit` is over.
    bool await_more_hits(std::uint64_t than, std::chrono::steady_clock::time_point limit);
    std::uint64_t all_hits() const noexcept { return server_->faults().all_hits(); }
    std::size_t connections() const noexcept { return links_.size(); }
    std::uint64_t accepted() const noexcept { return accepted_; }

  private:
    using tcp = kazoo_asio::ip::tcp;

    kazoo::server::moment now() const;

    void listen();
    void await_client();
    void accept();
    void open_link(int fd);
    void await_input(const std::shared_ptr<link>&);
    void take_input(const std::shared_ptr<link>&);
    void await_room(const std::shared_ptr<link>&);
    void send_output(const std::shared_ptr<link>&);
    void close(link&);
    /// Does what the server now wants. To be called after every fact.
    void obey();
    void tell_hits();
    void set_alarm();

    kazoo::server::config config_;
    const std::unique_ptr<const tls_listener> secure_; ///< null: it speaks plainly
    server_port port_;
    kazoo_asio::io_context io_{1};
    tcp::acceptor acceptor_{io_};
    kazoo_asio::steady_timer alarm_{io_}, pause_{io_};
    time_point armed_ = never;
    std::optional<kazoo::server::server> server_;
    bool running_ = true, refuses_ = false;
    std::uint64_t accepted_ = 0;
    std::unordered_map<kazoo::server::connection_id, std::shared_ptr<link>> links_;
    std::vector<kazoo::server::connection_id> changed_;
    std::array<char, 256 * 1024> buffer_;
    std::chrono::milliseconds ahead_{0}; ///< of the machine's clocks
    std::mutex hits_mutex_;
    std::condition_variable more_hits_;
    std::uint64_t told_hits_ = 0; ///< guarded by hits_mutex_
    std::thread thread_;
};

} // namespace kazoo::testkit
