#pragma once
// Just enough of the protocol, written by hand, to look at a server without the library under test.
#include "testing/gate/loopback.hpp"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace kazoo::testkit {

class raw_session {
  public:
    struct identity {
        std::int64_t id = 0;
        std::string password = std::string(16, '\0');
    };
    struct reply {
        std::int32_t error = 0;
        std::string body;
    };
    /// The server has closed the connection, as when another connection has taken the session.
    class gone : public std::runtime_error {
      public:
        gone() : std::runtime_error("the server closed the connection") {}
    };

    static constexpr std::int32_t create_opcode = 1;
    static constexpr std::int32_t exists_opcode = 3;
    static constexpr std::int32_t get_opcode = 4;
    static constexpr std::int32_t set_opcode = 5;
    static constexpr std::int32_t persistent = 0;
    static constexpr std::int32_t ephemeral = 1;

    explicit raw_session(std::uint16_t port) : raw_session(port, identity{}) {}
    raw_session(std::uint16_t port, const identity& known) : socket_(connect_within(loopback_address(port), limit)) {
        if (!socket_) throw std::runtime_error("cannot connect");
        send_frame(number<std::int32_t>(0) + number<std::int64_t>(0) + number<std::int32_t>(10'000) + number(known.id) +
                   text(known.password) + std::string(1, '\0'));
        const std::string answer = receive_frame();
        timeout_ = read<std::int32_t>(answer, 4);
        self_ = {read<std::int64_t>(answer, 8), answer.substr(20, 16)};
    }

    const identity& self() const { return self_; }
    /// 0: the server does not know this session.
    std::int32_t timeout() const { return timeout_; }

    reply create(std::string_view path, std::string_view data, std::int32_t flags) {
        const std::string open_acl =
            number<std::int32_t>(1) + number<std::int32_t>(31) + text("world") + text("anyone");
        return call(create_opcode, text(path) + text(data) + open_acl + number(flags));
    }
    reply exists(std::string_view path) { return call(exists_opcode, text(path) + std::string(1, '\0')); }
    reply set(std::string_view path, std::string_view data) { return call(set_opcode, set_request(path, data)); }
    /// Without waiting for the reply.
    void send_set(std::string_view path, std::string_view data) {
        send_frame(number(++xid_) + number(set_opcode) + set_request(path, data));
    }
    std::string get(std::string_view path) {
        const reply answer = call(get_opcode, text(path) + std::string(1, '\0'));
        if (answer.error != 0) throw std::runtime_error("get: " + std::to_string(answer.error));
        return answer.body.substr(4, static_cast<std::size_t>(read<std::int32_t>(answer.body, 0)));
    }

    /// Ends the session at the server.
    void close() {
        send_frame(number(++xid_) + number<std::int32_t>(-11));
        receive_frame();
    }

    /// Sends an exists and tells whether anything comes back within the time.
    bool answers_within(std::chrono::milliseconds time) {
        send_frame(number(++xid_) + number(exists_opcode) + text("/") + std::string(1, '\0'));
        const bool answered = readable(time);
        if (answered) receive_frame();
        return answered;
    }

  private:
    static constexpr std::chrono::seconds limit{30};

    template <class Integer> static std::string number(Integer value) {
        std::string bytes(sizeof value, '\0');
        for (std::size_t i = 0; i < sizeof value; ++i) {
            bytes[sizeof value - 1 - i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFF);
        }
        return bytes;
    }
    static std::string text(std::string_view bytes) {
        return number(static_cast<std::int32_t>(bytes.size())).append(bytes);
    }
    template <class Integer> static Integer read(const std::string& bytes, std::size_t at) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < sizeof(Integer); ++i)
            value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
        return static_cast<Integer>(value);
    }

    reply call(std::int32_t opcode, const std::string& body) {
        send_frame(number(++xid_) + number(opcode) + body);
        const std::string answer = receive_frame();
        if (read<std::int32_t>(answer, 0) != xid_) throw std::runtime_error("a reply to something else");
        return {read<std::int32_t>(answer, 12), answer.substr(16)};
    }

    static std::string set_request(std::string_view path, std::string_view data) {
        return text(path) + text(data) + number<std::int32_t>(-1);
    }

    bool readable(std::chrono::milliseconds time) const {
        pollfd wait{socket_.get(), POLLIN, 0};
        return ::poll(&wait, 1, static_cast<int>(time.count())) == 1;
    }
    void send_frame(const std::string& payload) {
        const std::string frame = text(payload);
        const ssize_t sent = ::send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) throw gone();
        if (sent != std::ssize(frame)) throw_errno("send");
    }
    std::string receive(std::size_t size) {
        std::string bytes;
        while (bytes.size() < size) {
            std::string part(size - bytes.size(), '\0');
            if (!readable(limit)) throw std::runtime_error("the server does not answer");
            const ssize_t got = ::recv(socket_.get(), part.data(), part.size(), 0);
            if (got <= 0) throw gone();
            bytes.append(part, 0, static_cast<std::size_t>(got));
        }
        return bytes;
    }
    std::string receive_frame() { return receive(static_cast<std::size_t>(read<std::int32_t>(receive(4), 0))); }

    unique_fd socket_;
    identity self_;
    std::int32_t timeout_ = 0;
    std::int32_t xid_ = 0;
};

} // namespace kazoo::testkit
