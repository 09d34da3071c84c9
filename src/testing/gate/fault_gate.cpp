#include "net/blocked_signals.hpp"
#include "testing/gate/gate_connection.hpp"
#include "testing/gate/loopback.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <functional>
#include <future>
#include <list>
#include <mutex>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>

namespace kazoo::testkit {

/// Everything but the jobs belongs to one thread, which sleeps in poll().
class fault_gate::engine {
  public:
    explicit engine(std::string_view target) : target_(parse_address(target)), listener_(listen_on(port_.number())) {
        std::array<int, 2> ends{};
        checked(::pipe(ends.data()), "pipe");
        wake_read_ = unique_fd(ends[0]);
        wake_write_ = unique_fd(ends[1]);
        for (const int end : ends) {
            checked(::fcntl(end, F_SETFD, FD_CLOEXEC), "fcntl");
            checked(::fcntl(end, F_SETFL, O_NONBLOCK), "fcntl");
        }
        const net::blocked_signals in_our_thread;
        thread_ = std::thread([this] { loop(); });
    }

    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;

    /// Lets the gate's thread do it, and waits for that.
    template <class Job> auto run(Job job) {
        using result = std::invoke_result_t<Job&>;
        auto task = std::make_shared<std::packaged_task<result()>>(std::move(job));
        auto done = task->get_future();
        {
            const std::lock_guard lock(mutex_);
            jobs_.push_back([task] { (*task)(); });
        }
        const char byte = 0;
        [[maybe_unused]] const ssize_t ignored = ::write(wake_write_.get(), &byte, 1); // full means: it wakes anyway
        return done.get();
    }

    ~engine() {
        run([this] { stopping_ = true; });
        thread_.join();
    }

    std::uint16_t port() const { return port_.number(); }

    // Below: on the gate's thread only.
    gate_rule& rule(direction way) { return way == direction::to_server ? to_server_ : to_client_; }
    std::uint64_t accepted() const { return accepted_; }
    std::size_t connections() const { return connections_.size(); }
    void delay(gate_clock::duration time) { delay_ = time; }
    void wait_for_target(gate_clock::duration limit) { patience_ = limit; }

    void accept_waiting() {
        while (listener_) {
            unique_fd client(::accept(listener_.get(), nullptr, nullptr));
            if (!client) return;
            ::fcntl(client.get(), F_SETFD, FD_CLOEXEC);
            ::fcntl(client.get(), F_SETFL, O_NONBLOCK);
            send_at_once(client.get());
            ++accepted_;
            gate_connection& added = connections_.emplace_back(std::move(client), to_server_, to_client_);
            if (!hanging_ && !connect(added)) {
                added.end(ending::reset);
                connections_.pop_back();
            }
        }
    }

    void cut(ending how) {
        accept_waiting();
        for (gate_connection& connection : connections_) connection.end(how);
        connections_.clear();
    }

    void refuse(bool on) {
        if (on) {
            accept_waiting(); // they were there before
            listener_.reset();
        } else if (!listener_) {
            listener_ = listen_on(port_.number());
        }
    }

    void hang(bool on) {
        accept_waiting();
        hanging_ = on;
        if (on) return;
        end_if([this](gate_connection& c) { return !c.open() && !c.connecting() && !connect(c); });
    }

    void drop(direction way, std::uint64_t after) {
        accept_waiting();
        rule(way).drop_after = after;
        for (gate_connection& connection : connections_) connection.stream(way).drop_after(after);
    }

    void pass(direction way) {
        rule(way).drop_after = gate_rule::nothing;
        end_if([way](gate_connection& c) { return c.stream(way).has_hole(); });
        for (gate_connection& connection : connections_) connection.stream(way).drop_after(gate_rule::nothing);
    }

  private:
    /// False if the connection has to end.
    bool connect(gate_connection& connection) {
        return connection.connect(target_) || connection.try_again(gate_clock::now(), patience_);
    }

    void loop() {
        while (!stopping_) {
            wait();
            run_jobs();
            accept_waiting();
            const auto now = gate_clock::now();
            end_if([&](gate_connection& c) {
                return c.retry() && *c.retry() <= now ? !connect(c) : !c.advance(now, delay_);
            });
        }
        cut(ending::reset);
    }

    void run_jobs() {
        std::array<char, 64> bytes;
        while (::read(wake_read_.get(), bytes.data(), bytes.size()) > 0) {
        }
        std::vector<std::function<void()>> jobs;
        {
            const std::lock_guard lock(mutex_);
            jobs.swap(jobs_);
        }
        for (const auto& job : jobs) job();
    }

    template <class Condition> void end_if(Condition condition) {
        std::erase_if(connections_, [&](gate_connection& connection) {
            if (!condition(connection)) return false;
            // A stream that ended both ways has been shut down already; a reset here is only for broken ones.
            const bool whole = connection.stream(direction::to_server).finished() &&
                               connection.stream(direction::to_client).finished();
            connection.end(whole ? ending::fin : ending::reset);
            return true;
        });
    }

    /// Until a socket can do what it should, bytes are due, or a job is there.
    void wait() {
        std::vector<pollfd> polled{{wake_read_.get(), POLLIN, 0}};
        if (listener_) polled.push_back({listener_.get(), POLLIN, 0});
        std::vector<gate_connection*> connecting;
        std::optional<gate_clock::time_point> earliest;
        const auto now = gate_clock::now();
        const std::size_t first_connecting = polled.size();
        for (gate_connection& connection : connections_) {
            if (connection.retry() && (!earliest || *connection.retry() < *earliest)) earliest = connection.retry();
            if (!connection.connecting()) continue;
            connecting.push_back(&connection);
            polled.push_back({connection.server().get(), POLLOUT, 0});
        }
        for (gate_connection& connection : connections_) {
            if (!connection.open()) continue;
            const gate_stream& up = connection.stream(direction::to_server);
            const gate_stream& down = connection.stream(direction::to_client);
            watch(polled, connection.client(), up.wants_read(), down.wants_write(now));
            watch(polled, connection.server(), down.wants_read(), up.wants_write(now));
            for (const auto& due : {up.due(), down.due()}) {
                if (due && *due > now && (!earliest || *due < *earliest)) earliest = due;
            }
        }
        const auto limit =
            earliest ? std::chrono::ceil<std::chrono::milliseconds>(std::max(*earliest - now, gate_clock::duration{}))
                           .count()
                     : -1;
        ::poll(polled.data(), polled.size(), static_cast<int>(limit));
        for (std::size_t i = 0; i < connecting.size(); ++i) {
            if (polled[first_connecting + i].revents == 0 || connecting[i]->connected()) continue;
            if (connecting[i]->try_again(gate_clock::now(), patience_)) continue;
            end_if([&](gate_connection& c) { return &c == connecting[i]; });
        }
    }

    static void watch(std::vector<pollfd>& polled, const unique_fd& fd, bool read, bool write) {
        const int events = (read ? POLLIN : 0) | (write ? POLLOUT : 0);
        // A socket that wants nothing is left out: poll() would report its end again and again.
        if (events != 0) polled.push_back({fd.get(), static_cast<short>(events), 0});
    }

    const sockaddr_in target_;
    const reserved_port port_;
    unique_fd listener_;
    unique_fd wake_read_;
    unique_fd wake_write_;
    std::list<gate_connection> connections_;
    gate_rule to_server_;
    gate_rule to_client_;
    gate_clock::duration delay_{};
    gate_clock::duration patience_{};
    std::uint64_t accepted_ = 0;
    bool hanging_ = false;
    bool stopping_ = false;

    std::mutex mutex_;
    std::vector<std::function<void()>> jobs_; // guarded by mutex_
    std::thread thread_;
};

fault_gate::fault_gate(std::string_view target) : engine_(std::make_unique<engine>(target)) {}
fault_gate::fault_gate(fault_gate&&) noexcept = default;
fault_gate& fault_gate::operator=(fault_gate&&) noexcept = default;
fault_gate::~fault_gate() = default;

std::string fault_gate::address() const { return loopback_name(port()); }
std::uint16_t fault_gate::port() const { return engine_->port(); }

void fault_gate::cut(ending how) {
    engine_->run([&] { engine_->cut(how); });
}

void fault_gate::refuse(bool on) {
    engine_->run([&] { engine_->refuse(on); });
}

void fault_gate::hang(bool on) {
    engine_->run([&] { engine_->hang(on); });
}

void fault_gate::pause(direction way, bool on) {
    engine_->run([&] { engine_->rule(way).paused = on; });
}

void fault_gate::drop(direction way, std::uint64_t after) {
    engine_->run([&] { engine_->drop(way, after); });
}

void fault_gate::pass(direction way) {
    engine_->run([&] { engine_->pass(way); });
}

void fault_gate::delay(std::chrono::milliseconds time) {
    engine_->run([&] { engine_->delay(time); });
}

void fault_gate::wait_for_target(std::chrono::milliseconds limit) {
    engine_->run([&] { engine_->wait_for_target(limit); });
}

void fault_gate::replace(std::string_view text, std::string_view by) {
    if (text.size() != by.size()) throw std::invalid_argument("a text can be replaced by one of the same length only");
    engine_->run([&] {
        gate_rule& rule = engine_->rule(direction::to_server);
        rule.replace = text;
        rule.by = by;
    });
}

std::uint64_t fault_gate::forwarded(direction way) const {
    return engine_->run([&] { return engine_->rule(way).forwarded; });
}

std::uint64_t fault_gate::dropped(direction way) const {
    return engine_->run([&] { return engine_->rule(way).dropped; });
}

std::size_t fault_gate::connections() const {
    return engine_->run([&] {
        engine_->accept_waiting();
        return engine_->connections();
    });
}

std::uint64_t fault_gate::accepted() const {
    return engine_->run([&] {
        engine_->accept_waiting();
        return engine_->accepted();
    });
}

} // namespace kazoo::testkit
