// What a client may send: the payload of one frame, read as a connect request and as header and body of every request.
#include "fuzz/reencode.hpp"

using namespace kazoo;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view in(reinterpret_cast<const char*>(data), size);
    fuzz::check_first_frame<proto::connect_request>(in, proto::get_connect_request, proto::put_connect_request);
    proto::reader reader(in);
    proto::request_header header;
    reader.get(header);
    if (reader.ok()) fuzz::check_bodies<golden::request_bodies>(reader.rest());
    return 0;
}
