#pragma once
// As much of ZooKeeper's wire format as prepared frames need. Apart from the library's own codec on purpose: what the
// library is measured against must not get slower or faster with it.
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bench {

static_assert(std::endian::native == std::endian::little);

inline void store32(char* at, std::uint32_t v) noexcept {
    v = __builtin_bswap32(v);
    std::memcpy(at, &v, sizeof v);
}
inline void store64(char* at, std::uint64_t v) noexcept {
    v = __builtin_bswap64(v);
    std::memcpy(at, &v, sizeof v);
}
inline std::uint32_t load32(const char* at) noexcept {
    std::uint32_t v;
    std::memcpy(&v, at, sizeof v);
    return __builtin_bswap32(v);
}

inline void put32(std::string& out, std::uint32_t v) {
    char b[4];
    store32(b, v);
    out.append(b, sizeof b);
}
inline void put64(std::string& out, std::uint64_t v) {
    char b[8];
    store64(b, v);
    out.append(b, sizeof b);
}
/// A string or buffer.
inline void put_text(std::string& out, std::string_view s) {
    put32(out, static_cast<std::uint32_t>(s.size()));
    out += s;
}

enum opcode : std::int32_t {
    op_close = -11,
    op_create = 1,
    op_remove = 2,
    op_exists = 3,
    op_get = 4,
    op_set = 5,
    op_get_children = 8,
    op_sync = 9,
    op_ping = 11,
    op_get_children2 = 12,
    op_create2 = 15,
    op_auth = 100,
    op_set_watches = 101,
    op_set_watches2 = 105,
};

// Where things are in a frame, its length in front included.
inline constexpr std::size_t length_size = 4;
inline constexpr std::size_t xid_at = 4;           ///< of requests and replies
inline constexpr std::size_t request_body_at = 12; ///< behind xid and type
inline constexpr std::size_t reply_zxid_at = 8;
inline constexpr std::size_t reply_error_at = 16;
inline constexpr std::size_t reply_body_at = 20;
inline constexpr std::size_t reply_header_size = 16;

} // namespace bench
