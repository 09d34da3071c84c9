#pragma once
// Which records an operation's request and reply are made of: for tests and fuzzers that take frames as they come.
#include "proto/framing.hpp"
#include "proto/multi.hpp"

#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace kazoo::golden {

/// The whole body of a multi or multiRead request, as one record.
struct multi_request {
    std::vector<proto::multi_op> ops;

    friend void write_body(proto::writer& out, const multi_request& request) {
        for (const proto::multi_op& op : request.ops) put_multi_op(out, op);
        put_multi_end(out);
    }
    friend bool read_body(proto::reader& in, multi_request& request) {
        proto::multi_op op;
        for (bool more = true; get_multi_op(in, op, more);) {
            if (!more) return true;
            request.ops.push_back(std::move(op));
        }
        return false;
    }
};

struct multi_reply {
    std::vector<proto::multi_result> results;

    friend void write_body(proto::writer& out, const multi_reply& reply) {
        for (const proto::multi_result& result : reply.results) put_multi_result(out, result);
        put_multi_end(out);
    }
    friend bool read_body(proto::reader& in, multi_reply& reply) {
        proto::multi_result result;
        for (bool more = true; get_multi_result(in, result, more);) {
            if (!more) return true;
            reply.results.push_back(result);
        }
        return false;
    }
};

struct nothing {
    using jute_record = void;
    static void fields(auto&, auto&& f) { f(); }
};

template <class Record>
    requires requires { typename Record::jute_record; }
void write_body(proto::writer& out, const Record& record) {
    out.put(record);
}
template <class Record>
    requires requires { typename Record::jute_record; }
bool read_body(proto::reader& in, Record& record) {
    in.get(record);
    return in.ok();
}

template <class Body> std::string encoded(const Body& body) {
    std::string out;
    proto::writer w(out);
    write_body(w, body);
    return out;
}

using request_bodies =
    std::tuple<nothing, proto::create_request, proto::create_ttl_request, proto::path_version_request,
               proto::path_watch_request, proto::set_data_request, proto::path_request, proto::set_acl_request,
               proto::reconfig_request, proto::watches_request, proto::add_watch_request, proto::auth_request,
               proto::set_watches_request, proto::set_watches2_request, proto::token_record, multi_request>;

using reply_bodies =
    std::tuple<nothing, proto::path_reply, proto::path_stat_reply, proto::stat_reply, proto::data_reply,
               proto::acl_reply, proto::names_reply, proto::children2_reply, proto::count_reply, proto::error_reply,
               proto::who_am_i_reply, proto::token_record, proto::watcher_event, multi_reply>;

/// Calls f with an empty body of every type of the tuple.
template <class Tuple, class F> void for_each_body(F&& f) {
    [&]<class... Body>(std::type_identity<std::tuple<Body...>>) { (f(Body{}), ...); }(std::type_identity<Tuple>{});
}

/// Calls f with an empty request body of the operation's type; false if there is no such operation.
template <class F> bool with_request_body(proto::opcode op, F&& f) {
    using enum proto::opcode;
    switch (op) {
    case create:
    case create2:
    case create_container: return f(proto::create_request{}), true;
    case create_ttl: return f(proto::create_ttl_request{}), true;
    case remove:
    case check: return f(proto::path_version_request{}), true;
    case exists:
    case get_data:
    case get_children:
    case get_children2: return f(proto::path_watch_request{}), true;
    case set_data: return f(proto::set_data_request{}), true;
    case get_acl:
    case sync:
    case get_ephemerals:
    case get_all_children_number: return f(proto::path_request{}), true;
    case set_acl: return f(proto::set_acl_request{}), true;
    case reconfig: return f(proto::reconfig_request{}), true;
    case check_watches:
    case remove_watches: return f(proto::watches_request{}), true;
    case add_watch: return f(proto::add_watch_request{}), true;
    case auth: return f(proto::auth_request{}), true;
    case set_watches: return f(proto::set_watches_request{}), true;
    case set_watches2: return f(proto::set_watches2_request{}), true;
    case sasl: return f(proto::token_record{}), true;
    case multi:
    case multi_read: return f(multi_request{}), true;
    case ping:
    case who_am_i:
    case close_session: return f(nothing{}), true;
    case notification:
    case delete_container:
    case create_session:
    case error: return false;
    }
    return false;
}

/// The same for the reply to that operation.
template <class F> bool with_reply_body(proto::opcode op, F&& f) {
    using enum proto::opcode;
    switch (op) {
    case notification: return f(proto::watcher_event{}), true;
    case create:
    case sync: return f(proto::path_reply{}), true;
    case create2:
    case create_container:
    case create_ttl: return f(proto::path_stat_reply{}), true;
    case exists:
    case set_data:
    case set_acl: return f(proto::stat_reply{}), true;
    case get_data:
    case reconfig: return f(proto::data_reply{}), true;
    case get_acl: return f(proto::acl_reply{}), true;
    case get_children:
    case get_ephemerals: return f(proto::names_reply{}), true;
    case get_children2: return f(proto::children2_reply{}), true;
    case get_all_children_number: return f(proto::count_reply{}), true;
    case add_watch: return f(proto::error_reply{}), true;
    case who_am_i: return f(proto::who_am_i_reply{}), true;
    case sasl: return f(proto::token_record{}), true;
    case multi:
    case multi_read: return f(multi_reply{}), true;
    case remove:
    case check:
    case check_watches:
    case remove_watches:
    case auth:
    case set_watches:
    case set_watches2:
    case ping:
    case close_session: return f(nothing{}), true;
    case delete_container:
    case create_session:
    case error: return false;
    }
    return false;
}

} // namespace kazoo::golden
