// Who a connection is.
#include "server/processor.hpp"

#include "util/digest.hpp"

namespace kazoo::server {

namespace {

/// A client may authenticate any number of times; a connection's memory is bounded.
constexpr std::size_t max_identities = 1000;

} // namespace

void processor::authenticate(const request& r) {
    proto::auth_request q;
    if (!proto::decode(r.body, q)) return r.from.close();
    bool accepted = r.from.identities.all().size() < max_identities;
    if (q.scheme == "digest" && !proto::is_null(q.credential) && accepted) {
        const std::string_view user = q.credential.substr(0, q.credential.find(':'));
        std::string id = std::string(user) + ":" + util::sha1_base64(q.credential);
        if (id == config_.super_digest) r.from.identities.add({"super", ""});
        r.from.identities.add({"digest", std::move(id)});
    } else if (q.scheme != "ip") { // the address is known since the connection was opened
        accepted = false;
    }
    // Unlike all other replies it carries no transaction number.
    reply(r.from, r.xid, 0, accepted ? errc{} : errc::auth_failed);
    if (!accepted) r.from.close();
}

/// What a server without SASL does with it: it accepts everything, and answers with a null token.
void processor::answer_sasl(const request& r) {
    proto::token_record q;
    if (!proto::decode(r.body, q) || proto::is_null(q.token)) return r.from.close();
    proto::put_reply(r.from.output(), {r.xid, 0, 0}, proto::token_record{proto::null_view});
    sent(r.from);
}

} // namespace kazoo::server
