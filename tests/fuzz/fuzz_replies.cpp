// What a server may send: the payload of one frame, read as a connect response and as header and body of every reply.
#include "fuzz/reencode.hpp"

using namespace kazoo;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view in(reinterpret_cast<const char*>(data), size);
    fuzz::check_first_frame<proto::connect_response>(in, proto::get_connect_response, proto::put_connect_response);
    proto::reader reader(in);
    proto::reply_header header;
    reader.get(header);
    if (reader.ok()) fuzz::check_bodies<golden::reply_bodies>(reader.rest());
    return 0;
}
