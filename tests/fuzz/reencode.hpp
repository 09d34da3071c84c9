#pragma once
// What must hold for every input that a decoder accepts.
#include "golden/operations.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace kazoo::fuzz {

using golden::read_body;

inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "violated: %s\n", what);
    std::abort();
}

/// Decodes `in` as a Body. If that works, encoding it takes as many bytes as were read (null vectors and odd bools
/// change their bytes, never their size), and from then on decoding and encoding change nothing.
template <class Body> void check_body(std::string_view in, Body body) {
    proto::reader first(in);
    if (!read_body(first, body)) return;
    const std::string once = golden::encoded(body);
    require(once.size() == in.size() - first.remaining(), "the size is kept");

    Body again{};
    proto::reader second(once);
    require(read_body(second, again) && second.done(), "what was encoded can be decoded");
    require(golden::encoded(again) == once, "the second encoding equals the first");
}

template <class Bodies> void check_bodies(std::string_view in) {
    golden::for_each_body<Bodies>([&](auto body) { check_body(in, std::move(body)); });
}

/// The same for a first frame, with functions that take it apart and put it together.
template <class Record> void check_first_frame(std::string_view in, auto&& get, auto&& put) {
    Record record;
    std::optional<bool> read_only;
    if (!get(in, record, read_only)) return;
    std::string once;
    put(once, record, read_only);
    const std::string_view payload = std::string_view(once).substr(4);
    require(payload.size() <= in.size(), "a first frame does not grow");

    Record again;
    std::optional<bool> read_only_again;
    require(get(payload, again, read_only_again), "a first frame that was encoded can be decoded");
    require(read_only == read_only_again, "the read-only byte is kept");
    std::string twice;
    put(twice, again, read_only_again);
    require(once == twice, "the second encoding equals the first");
}

} // namespace kazoo::fuzz
