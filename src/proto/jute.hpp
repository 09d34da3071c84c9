#pragma once
// Jute, ZooKeeper's encoding: big-endian integers, length-prefixed strings and vectors, length -1 for null.
//
// Strings and buffers are std::string_view on both sides. A view whose data() is nullptr is null on the wire,
// every other view, the empty one included, is a value: ZooKeeper keeps the two apart.
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo::proto {

inline constexpr std::string_view null_view{};
inline constexpr std::string_view empty_view{""};
inline bool is_null(std::string_view v) noexcept { return v.data() == nullptr; }

inline std::uint32_t big_endian(std::uint32_t v) noexcept {
    return std::endian::native == std::endian::little ? __builtin_bswap32(v) : v;
}
inline std::uint64_t big_endian(std::uint64_t v) noexcept {
    return std::endian::native == std::endian::little ? __builtin_bswap64(v) : v;
}
inline void store_be32(char* at, std::uint32_t v) noexcept {
    v = big_endian(v);
    std::memcpy(at, &v, sizeof v);
}
inline void store_be64(char* at, std::uint64_t v) noexcept {
    v = big_endian(v);
    std::memcpy(at, &v, sizeof v);
}
inline std::uint32_t load_be32(const char* at) noexcept {
    std::uint32_t v;
    std::memcpy(&v, at, sizeof v);
    return big_endian(v);
}
inline std::uint64_t load_be64(const char* at) noexcept {
    std::uint64_t v;
    std::memcpy(&v, at, sizeof v);
    return big_endian(v);
}

/// Appends encoded values to a string owned by the caller.
class writer {
  public:
    explicit writer(std::string& out) noexcept : out_(out) {}

    void put(std::int32_t v) {
        char b[4];
        store_be32(b, static_cast<std::uint32_t>(v));
        out_.append(b, sizeof b);
    }
    void put(std::int64_t v) {
        char b[8];
        store_be64(b, static_cast<std::uint64_t>(v));
        out_.append(b, sizeof b);
    }
    void put(bool v) { out_.push_back(v ? '\1' : '\0'); }
    void put(std::string_view v) {
        is_null(v) ? put(std::int32_t{-1}) : put_size(v.size());
        out_.append(v);
    }
    template <class T> void put(const T*) = delete; // would pick the bool overload
    /// Bytes that are encoded already.
    void put_raw(std::string_view encoded) { out_.append(encoded); }
    template <class T> void put(const std::vector<T>& items) {
        put_size(items.size());
        for (const T& item : items) put(item);
    }
    template <class Record>
        requires requires { typename Record::jute_record; }
    void put(const Record& r) {
        Record::fields(r, [this](const auto&... field) { (this->put(field), ...); });
    }

  private:
    /// Callers limit a frame long before this (client_options::max_request_bytes); a larger size would go out as a
    /// negative one.
    void put_size(std::size_t n) {
        assert(n <= std::size_t{std::numeric_limits<std::int32_t>::max()});
        put(static_cast<std::int32_t>(n));
    }

    std::string& out_;
};

/// Reads encoded values; views point into the input. A failure is sticky: read everything, then ask ok().
class reader {
  public:
    explicit reader(std::string_view in) noexcept : at_(in.data()), end_(in.data() + in.size()) {}

    bool ok() const noexcept { return ok_; }
    bool done() const noexcept { return ok_ && at_ == end_; }
    std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - at_); }
    std::string_view rest() const noexcept { return {at_, remaining()}; }

    void get(std::int32_t& v) noexcept {
        if (take(4)) v = static_cast<std::int32_t>(load_be32(at_ - 4));
    }
    void get(std::int64_t& v) noexcept {
        if (take(8)) v = static_cast<std::int64_t>(load_be64(at_ - 8));
    }
    void get(bool& v) noexcept {
        if (take(1)) v = at_[-1] != 0;
    }
    void get(std::string_view& v) noexcept {
        std::int32_t n = 0;
        get(n);
        if (n < 0) {
            v = null_view;
            if (n != -1) ok_ = false;
        } else if (take(static_cast<std::size_t>(n))) {
            v = {at_ - n, static_cast<std::size_t>(n)};
        }
    }
    /// For what outlives the input; null reads as empty.
    void get(std::string& v) {
        std::string_view text;
        get(text);
        v.assign(text);
    }
    /// A null vector reads as an empty one: no operation gives the two a different meaning.
    template <class T> void get(std::vector<T>& items) {
        items.clear();
        const std::size_t n = get_count();
        items.reserve(n);
        for (std::size_t i = 0; ok_ && i < n; ++i) {
            T item{};
            get(item);
            if (ok_) items.push_back(std::move(item));
        }
    }
    /// How many items of a vector follow; none if it is null, or if it claims more than there can be.
    std::size_t get_count() noexcept {
        std::int32_t n = 0;
        get(n);
        if (n < -1) ok_ = false;
        // No item of the protocol is shorter than the length of a string, so a larger count is a lie: do not reserve
        // it.
        if (n > 0 && static_cast<std::size_t>(n) > remaining() / 4) ok_ = false;
        return ok_ && n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    template <class Record>
        requires requires { typename Record::jute_record; }
    void get(Record& r) {
        Record::fields(r, [this](auto&... field) { (this->get(field), ...); });
    }

  private:
    bool take(std::size_t n) noexcept {
        if (!ok_ || remaining() < n) return ok_ = false;
        at_ += n;
        return true;
    }

    const char* at_;
    const char* end_;
    bool ok_ = true;
};

/// Decodes one record from the front of `in`. Bytes behind it are allowed (newer servers append fields).
template <class Record> bool decode(std::string_view in, Record& out) {
    reader r(in);
    r.get(out);
    return r.ok();
}

} // namespace kazoo::proto
