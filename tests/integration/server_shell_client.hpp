#pragma once
// A client without our protocol code: bytes put together by hand.
#include "plain_peer.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace kazoo::testkit {

class frame_writer {
  public:
    frame_writer& int32(std::int32_t v) { return number(static_cast<std::uint32_t>(v), 4); }
    frame_writer& int64(std::int64_t v) { return number(static_cast<std::uint64_t>(v), 8); }
    frame_writer& boolean(bool v) { return number(v ? 1 : 0, 1); }
    frame_writer& buffer(std::string_view s) {
        int32(static_cast<std::int32_t>(s.size()));
        bytes_ += s;
        return *this;
    }
    /// With its length in front.
    std::string frame() const {
        frame_writer whole;
        return whole.buffer(bytes_).bytes_;
    }

  private:
    frame_writer& number(std::uint64_t v, int size) {
        for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) bytes_ += static_cast<char>(v >> shift & 0xff);
        return *this;
    }
    std::string bytes_;
};

class frame_reader {
  public:
    explicit frame_reader(std::string bytes) : bytes_(std::move(bytes)) {}
    std::int32_t int32() { return static_cast<std::int32_t>(number(4)); }
    std::int64_t int64() { return static_cast<std::int64_t>(number(8)); }
    std::string buffer() {
        const auto size = static_cast<std::size_t>(int32());
        at_ += size;
        return bytes_.substr(at_ - size, size);
    }
    bool at_end() const { return at_ == bytes_.size(); }

  private:
    std::uint64_t number(std::size_t size) {
        std::uint64_t v = 0;
        for (; size > 0; --size) v = v << 8 | static_cast<unsigned char>(bytes_.at(at_++));
        return v;
    }
    std::string bytes_;
    std::size_t at_ = 0;
};

class shell_client {
  public:
    explicit shell_client(std::uint16_t port) : peer(port) {}

    /// The negotiated timeout; 0 when the server does not know the session.
    std::int32_t shake_hands(std::int32_t timeout_ms) {
        peer.send(
            frame_writer().int32(0).int64(0).int32(timeout_ms).int64(session).buffer(password).boolean(false).frame());
        frame_reader r = receive();
        EXPECT_EQ(r.int32(), 0);
        const std::int32_t timeout = r.int32();
        session = r.int64();
        password = r.buffer();
        return timeout;
    }
    frame_reader receive() {
        frame_reader length(peer.receive(4));
        return frame_reader(peer.receive(static_cast<std::size_t>(length.int32())));
    }
    /// A reply without its header, which must be that of `xid` and tell `error`.
    frame_reader reply(std::int32_t xid, std::int32_t error = 0) {
        frame_reader r = receive();
        EXPECT_EQ(r.int32(), xid);
        r.int64();
        EXPECT_EQ(r.int32(), error);
        return r;
    }

    void send_create(std::int32_t xid, std::string_view path, std::string_view data, std::int32_t flags = 0) {
        peer.send(frame_writer()
                      .int32(xid)
                      .int32(1)
                      .buffer(path)
                      .buffer(data)
                      .int32(1)
                      .int32(31)
                      .buffer("world")
                      .buffer("anyone")
                      .int32(flags)
                      .frame());
    }
    static std::string get(std::int32_t xid, std::string_view path, bool watch = false) {
        return frame_writer().int32(xid).int32(4).buffer(path).boolean(watch).frame();
    }
    static std::string set(std::int32_t xid, std::string_view path, std::string_view data) {
        return frame_writer().int32(xid).int32(5).buffer(path).buffer(data).int32(-1).frame();
    }

    plain_peer peer;
    std::int64_t session = 0;
    std::string password = std::string(16, '\0');
};

} // namespace kazoo::testkit
