#pragma once
// Requests of established sessions: decode, check, change, reply.
#include "server/config.hpp"
#include "server/connection.hpp"
#include "server/database.hpp"
#include "server/moment.hpp"

#include "proto/multi.hpp"

namespace kazoo::server {

/// A write that took a transaction number, successful or not.
struct processed_write {
    std::int64_t session = 0; ///< 0: the server itself (containers, TTL nodes)
    std::int32_t xid = 0;     ///< 0: the server itself, such as the expiry of a session
    proto::opcode type{};     ///< create_session and close_session are writes too
    std::string_view path;    ///< with the number of a sequential node; empty for a multi and for sessions
    std::int64_t zxid = 0;
    errc error{}; ///< of a multi: that of the operation that failed
};

class observer {
  public:
    virtual void on_processed(const processed_write&) = 0;

  protected:
    ~observer() = default;
};

struct request {
    connection& from;
    std::int32_t xid = 0;
    proto::opcode type{};
    std::string_view body;
    std::int64_t wall_ms = 0;
};

class processor {
  public:
    processor(const config&, database&, observer*);

    bool read_only = false; ///< writes and syncs are refused

    /// Anything but close_session, which is the session's business.
    void process(const request&);

    // Changes that no client asked for, or that sessions bring with them.
    std::int64_t open_session(std::int64_t session, std::int64_t wall_ms);
    std::int64_t close_session(std::int64_t session, std::int32_t xid, std::int64_t wall_ms);
    void remove_mortal(std::string_view path, std::int64_t wall_ms);

    void reply(connection&, std::int32_t xid, std::int64_t zxid, errc) const;
    /// A reply without an error, its body made of records and values.
    template <class... Body> void reply_with(const request& r, const Body&... body) const {
        proto::put_reply(r.from.output(), {r.xid, database_.zxid(), 0}, body...);
        sent(r.from);
    }

  private:
    // A handler that returns anything but errc{} has written no reply.
    errc dispatch(const request&);

    errc exists(const request&);
    errc get_data(const request&);
    errc get_acl(const request&);
    errc get_children(const request&);
    errc count_children(const request&);
    errc get_ephemerals(const request&);
    errc who_am_i(const request&);
    errc multi_read(const request&);
    void put_read_result(proto::writer&, const request&, const proto::multi_op&) const;
    errc sync(const request&);

    errc set_watches(const request&);
    errc add_watch(const request&);
    errc check_watches(const request&);
    errc remove_watches(const request&);

    void write(const request&);
    errc prepare(const request&, std::string_view& path);
    void multi(const request&);
    errc prepare_multi(std::string_view body, const author&, std::vector<proto::multi_op>& ops, std::size_t& failed);
    errc reconfigure(const request&);
    void authenticate(const request&);
    void answer_sasl(const request&);

    errc readable(const request&, std::string_view path, perms, const znode*& node) const;
    void report(const request&, std::string_view path, std::int64_t zxid, errc) const;
    void sent(connection&) const;

    const config& config_;
    database& database_;
    observer* observer_;
    draft draft_;
};

} // namespace kazoo::server
