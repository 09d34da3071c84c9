#pragma once
#include "golden/operations.hpp"

#include <cstring>
#include <deque>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kazoo::proto::test {

using golden::read_body;

/// Bytes in a heap block of exactly their size, so that AddressSanitizer sees a read of one byte more.
class exact_buffer {
  public:
    explicit exact_buffer(std::string_view bytes)
        : block_(std::make_unique_for_overwrite<char[]>(bytes.size())), size_(bytes.size()) {
        if (size_ > 0) std::memcpy(block_.get(), bytes.data(), size_);
    }
    std::string_view view() const { return {block_.get(), size_}; }

  private:
    std::unique_ptr<char[]> block_;
    std::size_t size_;
};

/// Seeded values of every field type. Keeps the text that the views point to.
class generator {
  public:
    explicit generator(std::uint32_t seed) : engine_(seed) {}

    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_); }

    void fill(bool& v) { v = below(2) == 1; }
    void fill(std::int32_t& v) { v = integer<std::int32_t>(); }
    void fill(std::int64_t& v) { v = integer<std::int64_t>(); }
    void fill(std::string_view& v) {
        switch (below(6)) {
        case 0: v = null_view; break;
        case 1: v = empty_view; break;
        default: v = text(1 + below(40));
        }
    }
    template <class T> void fill(std::vector<T>& items) {
        items.resize(below(5));
        for (T& item : items) fill(item);
    }
    template <class Record>
        requires requires { typename Record::jute_record; }
    void fill(Record& r) {
        Record::fields(r, [this](auto&... field) { (this->fill(field), ...); });
    }
    void fill(golden::multi_request& request) {
        request.ops.resize(below(6));
        for (multi_op& op : request.ops) fill(op);
    }
    void fill(golden::multi_reply& reply) {
        reply.results.resize(below(6));
        for (multi_result& result : reply.results) fill(result);
    }
    void fill(multi_op& op) {
        using enum opcode;
        constexpr opcode types[] = {create, create2,  create_container, create_ttl,  remove,
                                    check,  set_data, get_data,         get_children};
        op.type = types[below(std::size(types))];
        golden::with_request_body(op.type, [&](auto body) {
            if constexpr (std::is_constructible_v<decltype(op.body), decltype(body)>) {
                fill(body);
                op.body = std::move(body);
            }
        });
    }
    void fill(multi_result& result) {
        using enum opcode;
        constexpr opcode types[] = {error, create, create2, set_data, remove, check, get_data, get_children};
        result.type = types[below(std::size(types))];
        switch (result.type) {
        case error: fill(result.err); break;
        case create: fill(result.path); break;
        case create2: fill(result.path), fill(result.stat); break;
        case set_data: fill(result.stat); break;
        case get_data: fill(result.data), fill(result.stat); break;
        case get_children: fill(result.children); break;
        default: break;
        }
    }

  private:
    template <class Int> Int integer() {
        constexpr Int edges[] = {0, 1, -1, std::numeric_limits<Int>::min(), std::numeric_limits<Int>::max()};
        if (below(3) == 0) return edges[below(std::size(edges))];
        return std::uniform_int_distribution<Int>(std::numeric_limits<Int>::min(),
                                                  std::numeric_limits<Int>::max())(engine_);
    }
    std::string_view text(std::size_t size) {
        std::string& s = texts_.emplace_back(size, '\0');
        for (char& c : s) c = static_cast<char>(below(256));
        return s;
    }

    std::mt19937 engine_;
    std::deque<std::string> texts_;
};

// Equality that keeps null apart from empty, unlike std::string_view's.
inline bool same(bool a, bool b) { return a == b; }
inline bool same(std::int32_t a, std::int32_t b) { return a == b; }
inline bool same(std::int64_t a, std::int64_t b) { return a == b; }
inline bool same(std::string_view a, std::string_view b) { return is_null(a) == is_null(b) && a == b; }
template <class Record>
    requires requires { typename Record::jute_record; }
bool same(const Record& a, const Record& b);
bool same(const multi_op& a, const multi_op& b);
bool same(const multi_result& a, const multi_result& b);
template <class T> bool same(const std::vector<T>& a, const std::vector<T>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const T& x, const T& y) { return same(x, y); });
}
template <class Record>
    requires requires { typename Record::jute_record; }
bool same(const Record& a, const Record& b) {
    bool equal = true;
    Record::fields(a, [&](const auto&... of_a) {
        Record::fields(b, [&](const auto&... of_b) { equal = (same(of_a, of_b) && ...); });
    });
    return equal;
}
inline bool same(const multi_op& a, const multi_op& b) {
    if (a.type != b.type || a.body.index() != b.body.index()) return false;
    return std::visit([&](const auto& body) { return same(body, std::get<std::decay_t<decltype(body)>>(b.body)); },
                      a.body);
}
inline bool same(const multi_result& a, const multi_result& b) {
    return a.type == b.type && a.err == b.err && same(a.path, b.path) && a.stat == b.stat && same(a.data, b.data) &&
           same(a.children, b.children);
}
inline bool same(const golden::multi_request& a, const golden::multi_request& b) { return same(a.ops, b.ops); }
inline bool same(const golden::multi_reply& a, const golden::multi_reply& b) { return same(a.results, b.results); }

/// Bodies of both directions, and the records that stand in front of them.
using all_records = decltype(std::tuple_cat(
    golden::request_bodies{}, golden::reply_bodies{},
    std::tuple<request_header, reply_header, connect_request, connect_response, stat, id, acl_entry, multi_header>{}));

} // namespace kazoo::proto::test
