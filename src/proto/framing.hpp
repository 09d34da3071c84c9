#pragma once
// A frame is a 4-byte length and that many bytes. Helpers to write whole frames and to cut them from a stream.
#include "proto/records.hpp"

#include <optional>
#include <span>

namespace kazoo::proto {

/// Appends one frame; the length is filled in when the object dies.
class frame_writer : public writer {
  public:
    explicit frame_writer(std::string& out) : writer(out), out_(out), start_(out.size()) { put(std::int32_t{0}); }
    frame_writer(const frame_writer&) = delete;
    frame_writer& operator=(const frame_writer&) = delete;
    ~frame_writer() { store_be32(out_.data() + start_, static_cast<std::uint32_t>(out_.size() - start_ - 4)); }

  private:
    std::string& out_;
    std::size_t start_;
};

/// One request frame: header and body (any number of records).
template <class... Body> void put_request(std::string& out, std::int32_t xid, opcode op, const Body&... body) {
    frame_writer w(out);
    w.put(request_header{xid, static_cast<std::int32_t>(op)});
    (w.put(body), ...);
}

/// Changes the last field of a request that is encoded already: whether a read sets a watch.
inline void set_watch_flag(std::span<char> request_frame, bool on) noexcept { request_frame.back() = on ? '\1' : '\0'; }
/// The same for the mode of an addWatch.
inline void set_watch_mode(std::span<char> request_frame, std::int32_t mode) noexcept {
    store_be32(request_frame.last(4).data(), static_cast<std::uint32_t>(mode));
}

/// One reply frame. A reply with an error has no body.
template <class... Body> void put_reply(std::string& out, const reply_header& header, const Body&... body) {
    frame_writer w(out);
    w.put(header);
    (w.put(body), ...);
}

/// The first frame a client sends. `read_only` is the byte that clients older than 3.4 left out.
void put_connect_request(std::string& out, const connect_request& request, std::optional<bool> read_only);
/// The first frame a server sends. A server leaves the byte out when the client did.
void put_connect_response(std::string& out, const connect_response& response, std::optional<bool> read_only);

/// Bytes behind the read_only byte are allowed: a server takes them too.
bool get_connect_request(std::string_view payload, connect_request& request, std::optional<bool>& read_only);
bool get_connect_response(std::string_view payload, connect_response& response, std::optional<bool>& read_only);

struct frame {
    enum class status : std::uint8_t {
        complete,
        incomplete,
        bad_length
    } state = status::incomplete;
    std::string_view payload; ///< set when complete
    std::size_t length = 0;   ///< the announced length, once four bytes are there
};

/// The first frame of `in`. A negative length or one above `limit` is bad_length; `length` then tells it.
inline frame next_frame(std::string_view in, std::size_t limit) noexcept {
    if (in.size() < 4) return {};
    const std::uint32_t length = load_be32(in.data());
    if (length > 0x7fffffffU || length > limit) return {frame::status::bad_length, {}, length};
    if (in.size() - 4 < length) return {frame::status::incomplete, {}, length};
    return {frame::status::complete, in.substr(4, length), length};
}

} // namespace kazoo::proto
