#include "proto/framing.hpp"

namespace kazoo::proto {

namespace {

template <class Record> void put_first_frame(std::string& out, const Record& record, std::optional<bool> read_only) {
    frame_writer w(out);
    w.put(record);
    if (read_only) w.put(*read_only);
}

template <class Record> bool get_first_frame(std::string_view in, Record& record, std::optional<bool>& read_only) {
    reader r(in);
    r.get(record);
    read_only.reset();
    if (r.ok() && r.remaining() > 0) {
        bool flag = false;
        r.get(flag);
        read_only = flag;
    }
    return r.ok();
}

} // namespace

void put_connect_request(std::string& out, const connect_request& request, std::optional<bool> read_only) {
    put_first_frame(out, request, read_only);
}

void put_connect_response(std::string& out, const connect_response& response, std::optional<bool> read_only) {
    put_first_frame(out, response, read_only);
}

bool get_connect_request(std::string_view payload, connect_request& request, std::optional<bool>& read_only) {
    return get_first_frame(payload, request, read_only);
}

bool get_connect_response(std::string_view payload, connect_response& response, std::optional<bool>& read_only) {
    return get_first_frame(payload, response, read_only);
}

} // namespace kazoo::proto
