// A stream cut into frames: the frames may not depend on how the bytes arrive. The first byte says how they do.
#include "fuzz/reencode.hpp"

#include <algorithm>
#include <memory>

using namespace kazoo;

namespace {

constexpr std::size_t limit = 4096;

struct outcome {
    std::vector<std::string> payloads;
    bool bad_length = false;
    friend bool operator==(const outcome&, const outcome&) = default;
};

/// Feeds `step` bytes at a time, each time from a heap block of exactly the bytes that wait.
outcome frames_of(std::string_view stream, std::size_t step) {
    outcome result;
    std::string waiting;
    while (!stream.empty() && !result.bad_length) {
        waiting += stream.substr(0, step);
        stream.remove_prefix(std::min(step, stream.size()));
        const auto block = std::make_unique<char[]>(waiting.size());
        std::ranges::copy(waiting, block.get());
        std::string_view rest(block.get(), waiting.size());
        for (;;) {
            const proto::frame f = proto::next_frame(rest, limit);
            result.bad_length = f.state == proto::frame::status::bad_length;
            if (f.state != proto::frame::status::complete) break;
            fuzz::require(f.payload.size() == f.length && f.length <= limit, "a frame is as long as it says");
            result.payloads.emplace_back(f.payload);
            rest.remove_prefix(4 + f.length);
        }
        waiting.erase(0, waiting.size() - rest.size());
    }
    return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
    const outcome whole = frames_of(stream, std::max<std::size_t>(stream.size(), 1));
    fuzz::require(frames_of(stream, 1 + data[0] % 16) == whole, "the frames do not depend on how the bytes arrive");
    return 0;
}
