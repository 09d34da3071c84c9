// Serves a client's numbers to Prometheus, at http://127.0.0.1:PORT/metrics, until its standard input ends.
//
// Prints:
//   metrics at http://127.0.0.1:PORT/metrics
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

// -- from numbers to text, format 0.0.4 -------------------------------------------------------------------------------

double seconds(std::chrono::nanoseconds d) { return std::chrono::duration<double>(d).count(); }

class exposition {
  public:
    exposition() { out_.precision(12); }
    void begin(std::string_view name, std::string_view type, std::string_view help) {
        out_ << "# HELP " << name << ' ' << help << "\n# TYPE " << name << ' ' << type << '\n';
    }
    template <class Number> void sample(std::string_view name, std::string_view labels, Number value) {
        out_ << name << labels << ' ' << value << '\n';
    }
    template <class Number>
    void single(std::string_view name, std::string_view type, std::string_view help, Number value) {
        begin(name, type, help);
        sample(name, "", value);
    }
    void histogram(const std::string& name, std::string_view help, const kazoo::duration_histogram& h) {
        begin(name, "histogram", help);
        std::uint64_t up_to_here = 0;
        for (std::size_t i = 0; i < h.counts.size(); ++i) {
            up_to_here += h.counts[i];
            std::ostringstream limit;
            if (i + 1 < h.counts.size())
                limit << "{le=\"" << seconds(kazoo::duration_histogram::upper_bound(i)) << "\"}";
            else
                limit << "{le=\"+Inf\"}";
            sample(name + "_bucket", limit.str(), up_to_here);
        }
        sample(name + "_sum", "", seconds(h.sum));
        sample(name + "_count", "", up_to_here);
    }
    std::string text() const { return out_.str(); }

  private:
    std::ostringstream out_;
};

/// In braces; `more` is what stands behind the first label. Names and codes need no escapes.
template <class Value> std::string label(std::string_view name, const Value& value, std::string_view more = "") {
    std::ostringstream out;
    out << '{' << name << "=\"" << value << '"' << more << '}';
    return out.str();
}

std::string to_prometheus(const kazoo::client_metrics& m) {
    exposition e;
    e.begin("kazoo_operations_total", "counter", "Requests that have ended.");
    for (const auto& o : m.operations) {
        e.sample("kazoo_operations_total", label("operation", o.name, ",result=\"succeeded\""), o.succeeded);
        e.sample("kazoo_operations_total", label("operation", o.name, ",result=\"failed\""), o.failed);
    }
    e.begin("kazoo_operation_sent_bytes_total", "counter", "Bytes of requests that were answered.");
    for (const auto& o : m.operations)
        e.sample("kazoo_operation_sent_bytes_total", label("operation", o.name), o.bytes_sent);
    e.begin("kazoo_operation_received_bytes_total", "counter", "Bytes of their answers.");
    for (const auto& o : m.operations)
        e.sample("kazoo_operation_received_bytes_total", label("operation", o.name), o.bytes_received);
    e.begin("kazoo_errors_total", "counter", "Requests that failed, by code.");
    for (const auto& error : m.errors)
        e.sample("kazoo_errors_total", label("code", static_cast<int>(error.code)), error.count);
    e.sample("kazoo_errors_total", label("code", "other"), m.other_errors);
    e.single("kazoo_sent_bytes_total", "counter", "Bytes that sockets took.", m.bytes_sent);
    e.single("kazoo_received_bytes_total", "counter", "Bytes that came from sockets.", m.bytes_received);
    e.histogram("kazoo_queue_wait_seconds", "From a call until its request leaves, a sample.", m.queue_wait);
    e.histogram("kazoo_round_trip_seconds", "From sending a request until its answer.", m.round_trip);
    e.single("kazoo_queue_length", "gauge", "Requests that wait.", m.waiting);
    e.single("kazoo_in_flight", "gauge", "Requests without an answer.", m.in_flight);
    e.single("kazoo_connections_total", "counter", "Connections on which a session was opened or resumed.",
             m.connections);
    e.begin("kazoo_connections_lost_total", "counter", "Connections that ended, by cause.");
    for (std::size_t i = 0; i < m.disconnects.size(); ++i)
        e.sample("kazoo_connections_lost_total", label("cause", static_cast<kazoo::disconnect>(i)), m.disconnects[i]);
    e.single("kazoo_failed_attempts_total", "counter", "Attempts to connect that failed.", m.failed_attempts);
    e.single("kazoo_sessions_total", "counter", "Sessions that servers have granted.", m.sessions);
    e.single("kazoo_sessions_lost_total", "counter", "Sessions that were over before we closed them.", m.sessions_lost);
    e.single("kazoo_watches", "gauge", "Watches that are set.", m.watches);
    e.single("kazoo_watches_fired_total", "counter", "Events that watches were told.", m.events);
    e.begin("kazoo_state_seconds", "gauge", "How long the session has been in its present state.");
    e.sample("kazoo_state_seconds", label("state", m.state), seconds(m.in_state));
    return e.text();
}

// -- as much of HTTP as a scrape needs --------------------------------------------------------------------------------

/// A socket that listens on loopback, at a port of its own.
int listen_on_loopback(std::uint16_t& port) {
    const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address = reinterpret_cast<sockaddr*>(&at);
    socklen_t size = sizeof(at);
    if (listening < 0 || ::bind(listening, address, size) != 0 || ::listen(listening, 8) != 0 ||
        ::getsockname(listening, address, &size) != 0)
        throw std::runtime_error("cannot listen on 127.0.0.1");
    port = ntohs(at.sin_port);
    return listening;
}

void answer(int peer, const kazoo::client& zk) {
    const timeval patience{.tv_sec = 1, .tv_usec = 0}; // a peer that says nothing must not keep others waiting
    ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    std::string request;
    char buffer[1024];
    while (request.find("\r\n\r\n") == std::string::npos && request.size() < 16 * sizeof(buffer)) {
        const ssize_t n = ::recv(peer, buffer, sizeof(buffer), 0);
        if (n <= 0) return;
        request.append(buffer, static_cast<std::size_t>(n));
    }
    const bool found = request.starts_with("GET /metrics ");
    const std::string body = found ? to_prometheus(zk.metrics()) : "only /metrics is here\n";
    const std::string reply = std::string("HTTP/1.1 ") + (found ? "200 OK" : "404 Not Found") +
                              "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nConnection: close\r\n" +
                              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    for (std::string_view rest = reply; !rest.empty();) {
        const ssize_t n = ::send(peer, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        rest.remove_prefix(static_cast<std::size_t>(n));
    }
}

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client zk(servers.hosts());
    zk.create("/app", "", kazoo::create_mode::ephemeral);
    for (int i = 0; i < 3; ++i) zk.get("/app");
    static_cast<void>(zk.async_get("/none").result()); // fails: no node
    auto watch = zk.watch("/app");

    std::uint16_t port = 0;
    const int listening = listen_on_loopback(port);
    std::cout << "metrics at http://127.0.0.1:" << port << "/metrics" << std::endl;
    pollfd waiting[] = {{.fd = listening, .events = POLLIN, .revents = 0}, {.fd = 0, .events = POLLIN, .revents = 0}};
    while (::poll(waiting, 2, -1) > 0 && waiting[1].revents == 0) {
        const int peer = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
        if (peer < 0) continue;
        answer(peer, zk);
        ::close(peer);
    }
    ::close(listening);
}
