#pragma once
// The clients of one member of an ensemble: what they say, and what waits for the quorum.
//
// As in a real one, reads, pings and watches are served from the member's own nodes; a session's requests are answered
// in their order, so all of them wait behind a write or a sync that is not decided.
#include "server/ensemble_messages.hpp"
#include "server/processor.hpp"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace kazoo::server {

/// What a member can ask of its ensemble, for its clients.
class quorum_side {
  public:
    virtual std::int64_t new_session_id() = 0;
    virtual void touch(std::int64_t session, std::int32_t timeout_ms, moment now) = 0;
    /// A write, an end or a beginning of a session; member_clients::decided() is the answer.
    virtual void submit(log_entry, moment now) = 0;
    /// False: here it is a plain read. Otherwise member_clients::synced() is the answer.
    virtual bool ask_sync(connection_id, moment now) = 0;
    /// member_clients::validated() is the answer.
    virtual void revalidate(connection_id, std::int64_t session, std::int32_t timeout_ms, moment now) = 0;

  protected:
    ~quorum_side() = default;
};

class member_clients {
  public:
    member_clients(const config&, database&, processor&, quorum_side&, connection_list& changed);

    // -- facts about connections --------------------------------------------------------------------------------------
    /// `welcome`: the member serves. If not, the connection is closed at once.
    void open(connection_id, std::string_view address, bool welcome);
    void receive(connection_id, std::string_view bytes, moment now);
    void sent(connection_id, std::size_t count, moment now);
    void closed(connection_id);
    void drop_all();

    // -- what the quorum answers ----------------------------------------------------------------------------------
    void session_opened(connection_id, std::int64_t session, moment now);
    void validated(connection_id, std::int64_t session, bool valid, moment now);
    void synced(connection_id, moment now);
    /// `reply`: whole frames. Does nothing if the connection is gone.
    void decided(connection_id, std::string_view reply, moment now);
    void moved(connection_id);
    /// Closes its connection, behind `reply` if it is the one that asked for it.
    void session_ended(std::int64_t session, connection_id asked, std::string_view reply);

    const connection* find(connection_id) const noexcept;
    std::int64_t session_of(connection_id) const noexcept;

  private:
    struct waiting {
        std::int32_t xid = 0;
        proto::opcode type{};
        std::string body;
        bool for_quorum = false; ///< not decided yet
    };
    struct client {
        connection wire;
        std::deque<waiting> line;
        std::int64_t asks_for = 0; ///< the session of a handshake that is not answered
        client(connection_id id, std::string_view address, const config& c, connection_list& changed)
            : wire(id, address, c.output_limit, changed) {}
    };

    client* living(connection_id) noexcept;
    void consume(client&, moment now);
    void shake_hands(client&, std::string_view payload, moment now);
    void answer_handshake(client&, std::int64_t session, moment now);
    void take_request(client&, std::string_view payload, moment now);
    void serve_line(client&, moment now);
    void give(client&, std::string_view frames);
    void drop(client&);

    const config& config_;
    database& database_;
    processor& processor_;
    quorum_side& quorum_;
    connection_list& changed_;
    std::map<connection_id, std::unique_ptr<client>> clients_;
};

} // namespace kazoo::server
