#include "server/connection.hpp"

#include <algorithm>

namespace kazoo::server {

namespace {

/// Sent bytes in front of unsent ones are cleared away when there are at least that many.
constexpr std::size_t worth_moving = 1u << 16;

} // namespace

connection::connection(connection_id id, std::string_view address, std::size_t output_limit, connection_list& changed)
    : watcher(static_cast<std::uint64_t>(id)), address_(address), output_limit_(output_limit), changed_(changed) {
    identities.add({"ip", address_});
}

void connection::close() {
    if (!alive()) return;
    phase_ = phase::closing;
    input = {};
    changed();
}

void connection::abort() {
    if (phase_ == phase::dead) return;
    phase_ = phase::dead;
    input = {};
    output_ = {};
    sent_ = 0;
    changed();
}

void connection::notify(change_kind change, std::string_view path, const acl_list& acl) {
    if (!alive() || !allows(acl, perms::read, identities)) return;
    std::string buffer;
    path = as_java_writes(path, buffer);
    proto::put_reply(output_, {proto::xid::notification, -1, 0},
                     proto::watcher_event{static_cast<std::int32_t>(change), proto::sync_connected, path});
    ++sent_frames;
    if (unsent().size() > output_limit_)
        abort();
    else
        changed();
}

void connection::changed() {
    if (is_changed) return;
    is_changed = true;
    changed_.push_back(this);
}

void connection::sent(std::size_t bytes) {
    sent_ += std::min(bytes, output_.size() - sent_);
    if (sent_ == output_.size()) {
        output_.clear();
        sent_ = 0;
        if (output_.capacity() > worth_moving * 16) output_.shrink_to_fit();
    } else if (sent_ >= worth_moving && sent_ * 2 >= output_.size()) {
        output_.erase(0, sent_);
        sent_ = 0;
    }
}

} // namespace kazoo::server
