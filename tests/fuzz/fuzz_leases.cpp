// What may stand in the node of a lease: whatever is read as one is the same when it is written and read again.
#include "fuzz/reencode.hpp"
#include "recipe/parts/lease_record.hpp"

#include <cstdint>
#include <string_view>

using namespace kazoo;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view in(reinterpret_cast<const char*>(data), size);
    const auto record = recipe::parse_lease(in);
    if (!record || record->newer) return 0;
    fuzz::require(recipe::is_utf8(record->holder), "a name that is read can be written");
    const auto again = recipe::parse_lease(recipe::to_text(*record));
    fuzz::require(again && !again->newer, "what was written is a lease");
    fuzz::require(again->holder == record->holder && again->end == record->end, "what was written is what was read");
    return 0;
}
