// What a server may send: the payload of one frame, read as a connect response and as header and body of every reply.
#include "client/requests/names.hpp"
#include "fuzz/reencode.hpp"

#include <cstring>
#include <vector>

using namespace kazoo;

namespace {

/// Names of children, copied and in place, are what plain strings are.
void check_names(std::string_view in) {
    std::vector<std::string> expected;
    proto::reader plain(in), copying(in);
    plain.get(expected);
    child_names copied, kept;
    fuzz::require(detail::get_names(copying, nullptr, copied) == plain.ok(), "names are refused when strings are");
    if (!plain.ok()) return;
    fuzz::require(copied == expected && copying.remaining() == plain.remaining(), "names are what strings are");
    util::block_share memory = util::shared_block::make(in.size());
    std::memcpy(memory->data(), in.data(), in.size());
    proto::reader in_place({memory->data(), in.size()});
    fuzz::require(detail::get_names(in_place, memory.get(), kept), "names in place are read when copies are");
    memory.reset();
    fuzz::require(kept == expected, "names keep the memory that they lie in");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view in(reinterpret_cast<const char*>(data), size);
    fuzz::check_first_frame<proto::connect_response>(in, proto::get_connect_response, proto::put_connect_response);
    proto::reader reader(in);
    proto::reply_header header;
    reader.get(header);
    if (!reader.ok()) return 0;
    fuzz::check_bodies<golden::reply_bodies>(reader.rest());
    check_names(reader.rest());
    return 0;
}
