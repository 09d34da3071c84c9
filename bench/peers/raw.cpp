// No client at all. Reads replies in large blocks and checks of each its length, xid and error, and nothing more.
#include "peers/peers.hpp"
#include "wire.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace bench {

namespace {

constexpr std::size_t buffer_size = 1 << 20;
constexpr std::uint32_t session_timeout = 30'000;
constexpr std::uint32_t persistent_sequential = 2;

ssize_t checked(ssize_t result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::system_category(), what);
    return result;
}

std::string request(opcode op, std::string_view body) {
    std::string s;
    put32(s, static_cast<std::uint32_t>(8 + body.size()));
    put32(s, 0); // the xid, filled in when it is sent
    put32(s, static_cast<std::uint32_t>(op));
    s += body;
    return s;
}

std::string path_and_no_watch(opcode op, std::string_view path) {
    std::string body;
    put_text(body, path);
    body.push_back('\0');
    return request(op, body);
}

std::string request_for(operation op, const target& t) {
    std::string body;
    switch (op) {
    case operation::get: return path_and_no_watch(op_get, t.node());
    case operation::exists: return path_and_no_watch(op_exists, t.node());
    case operation::set:
        put_text(body, t.node());
        put_text(body, std::string(data_size, 'x'));
        put32(body, static_cast<std::uint32_t>(-1)); // any version
        return request(op_set, body);
    case operation::create:
        put_text(body, t.created());
        put_text(body, std::string(data_size, 'x'));
        put32(body, 1); // one ACL entry: everything to everybody
        put32(body, 31);
        put_text(body, "world");
        put_text(body, "anyone");
        put32(body, persistent_sequential);
        return request(op_create, body);
    }
    throw std::logic_error("not an operation");
}

class raw_peer final : public peer {
  public:
    explicit raw_peer(const target& t)
        : target_(t), get_(request_for(operation::get, t)), children_(path_and_no_watch(op_get_children, t.crowd())) {
        open();
        try {
            say_hello();
        } catch (...) {
            ::close(socket_);
            throw;
        }
    }
    raw_peer(const raw_peer&) = delete;
    raw_peer& operator=(const raw_peer&) = delete;
    ~raw_peer() override {
        try {
            exchange(request(op_close, ""));
        } catch (const std::exception&) { // the session then ends by its timeout
        }
        ::close(socket_);
    }

    void pipelined(operation op, std::size_t count, std::size_t window, latencies& l) override {
        const std::string frame = request_for(op, target_);
        std::size_t sent = 0, done = 0;
        std::string out;
        while (done < count) {
            for (; sent < count && sent - done < window; ++sent) {
                l.start(sent);
                append(out, frame);
            }
            if (!out.empty()) send_some(out);
            receive();
            for (; take_reply(); ++done) l.finish(done);
        }
    }
    std::size_t get() override { return load32(exchange(get_).data() + reply_body_at); }
    std::size_t children() override { return load32(exchange(children_).data() + reply_body_at); }
    bool may_share() const override { return false; }

  private:
    void open() {
        const auto colon = target_.address.rfind(':');
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(target_.address.substr(colon + 1))));
        const std::string host = target_.address.substr(0, colon);
        if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
            throw std::invalid_argument("the raw peer wants a numeric address, not " + host);
        socket_ = static_cast<int>(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            const int error = errno;
            ::close(socket_);
            throw std::system_error(error, std::system_category(), "connect to " + target_.address);
        }
    }
    void say_hello() {
        std::string hello;
        put32(hello, 0); // protocol version
        put64(hello, 0); // last zxid
        put32(hello, session_timeout);
        put64(hello, 0); // no session yet
        put_text(hello, std::string(16, '\0'));
        hello.push_back('\0'); // not read-only
        std::string frame;
        put_text(frame, hello);
        send_all(frame);
        while (whole_frame().empty()) receive();
        taken_ += whole_frame().size();
    }

    void append(std::string& out, const std::string& frame) {
        const std::size_t at = out.size();
        out += frame;
        store32(out.data() + at + xid_at, ++last_xid_);
    }
    void send_all(std::string_view bytes) {
        while (!bytes.empty())
            bytes.remove_prefix(
                static_cast<std::size_t>(checked(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL), "send")));
    }
    /// Sends without blocking while the server waits for us to read.
    void send_some(std::string& out) {
        std::size_t sent = 0;
        while (sent < out.size()) {
            const ssize_t n = ::send(socket_, out.data() + sent, out.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n >= 0) {
                sent += static_cast<std::size_t>(n);
                continue;
            }
            if (errno != EAGAIN) checked(n, "send");
            pollfd ready{socket_, POLLIN | POLLOUT, 0};
            checked(::poll(&ready, 1, -1), "poll");
            if ((ready.revents & POLLIN) != 0) break;
        }
        out.erase(0, sent);
    }
    /// The next frame, its length included, or nothing if it is not all there.
    std::string_view whole_frame() const {
        const std::string_view there = std::string_view(buffer_.data(), have_).substr(taken_);
        if (there.size() < length_size) return {};
        const std::size_t size = length_size + load32(there.data());
        return there.size() < size ? std::string_view{} : there.substr(0, size);
    }
    void receive() {
        std::memmove(buffer_.data(), buffer_.data() + taken_, have_ - taken_);
        have_ -= std::exchange(taken_, 0);
        if (have_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
        const ssize_t n = checked(::read(socket_, buffer_.data() + have_, buffer_.size() - have_), "read");
        if (n == 0) throw std::runtime_error("the server closed the connection");
        have_ += static_cast<std::size_t>(n);
    }
    bool take_reply() {
        const std::string_view frame = whole_frame();
        if (frame.empty()) return false;
        if (frame.size() < reply_body_at || load32(frame.data() + xid_at) != ++last_answered_)
            throw std::runtime_error("an unexpected reply");
        if (const auto error = static_cast<std::int32_t>(load32(frame.data() + reply_error_at)); error != 0)
            throw std::runtime_error("error " + std::to_string(error));
        taken_ += frame.size();
        return true;
    }
    /// Valid until the next call.
    std::string_view exchange(const std::string& frame) {
        std::string out;
        append(out, frame);
        send_all(out);
        while (whole_frame().empty()) receive();
        const std::string_view reply = whole_frame();
        take_reply();
        return reply;
    }

    const target target_;
    const std::string get_, children_;
    int socket_ = -1;
    std::vector<char> buffer_ = std::vector<char>(buffer_size);
    std::size_t have_ = 0, taken_ = 0;
    std::uint32_t last_xid_ = 0, last_answered_ = 0;
};

} // namespace

std::unique_ptr<peer> connect_raw(const target& t) { return std::make_unique<raw_peer>(t); }

} // namespace bench
