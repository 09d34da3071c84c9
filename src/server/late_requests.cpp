// Requests that outlived their connection.
#include "server/server.hpp"

namespace kazoo::server {

origin server::origin_of(connection_id id) const {
    const connection* c = find(id);
    if (c == nullptr || c->session == 0) return {};
    return {c->session, std::chrono::milliseconds(c->timeout_ms), c->address(), c->identities};
}

std::size_t server::receive_late(origin& from, std::string_view frames, moment now) {
    on_time(now);
    if (local_sessions_) return 0; // what waited went with the leader
    connection_list changed;
    connection nobody(connection_id{}, from.address, config_.output_limit, changed);
    nobody.identities = from.identities;
    nobody.session = from.session;
    nobody.established();
    std::size_t executed = 0;
    while (nobody.alive() && sessions_.find(from.session) != nullptr) {
        const proto::frame frame = proto::next_frame(frames, config_.max_request_bytes);
        if (frame.state != proto::frame::status::complete) break;
        executed += execute_late(nobody, frame.payload, now);
        frames.remove_prefix(4 + frame.payload.size());
    }
    from.identities = nobody.identities;
    return executed;
}

bool server::execute_late(connection& nobody, std::string_view payload, moment now) {
    proto::reader in(payload);
    proto::request_header header;
    in.get(header);
    if (!in.ok()) return false;
    const auto type = static_cast<proto::opcode>(header.type);
    if (type == proto::opcode::close_session) {
        end_session(nobody.session, header.xid, now);
        return true;
    }
    // Who it is was said to the server that was gone; what reads and watches was for the connection.
    if (!proto::is_write(type) && type != proto::opcode::auth) return false;
    processor_.process({nobody, header.xid, type, in.rest(), now.wall_ms});
    return proto::is_write(type);
}

} // namespace kazoo::server
