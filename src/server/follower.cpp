#include "server/follower.hpp"

namespace kazoo::server {

void follower::hear(const database_step& s) {
    step& next =
        ahead_.emplace_back(step{.txn = s.txn, .what = {}, .ended_session = s.ended_session, .path = {}, .data = {}});
    if (s.what == nullptr) return;
    next.what = *s.what;
    next.path = s.what->path;
    if (!proto::is_null(s.what->data)) next.data = s.what->data;
}

void follower::catch_up(std::int64_t zxid) {
    while (!ahead_.empty() && ahead_.front().txn.zxid <= zxid) {
        step s = std::move(ahead_.front());
        ahead_.pop_front();
        database_.follow(s.txn);
        if (s.what) {
            s.what->path = s.path;
            s.what->data = s.data ? std::string_view(*s.data) : proto::null_view;
            database_.apply(*s.what, s.txn);
        }
        if (s.ended_session != 0) database_.remove_ephemerals(s.ended_session, s.txn);
    }
}

} // namespace kazoo::server
