// A member under its leader.
#include "server/member.hpp"

#include <utility>

namespace kazoo::server {

void member::follow(member& leader, std::uint64_t channel, moment now) {
    role_ = role::following;
    leader_ = leader.id_;
    channel_ = channel;
    reign_ = leader.reign_;
    leader_heard_ = now.at;
    touches_.clear();
    log_ = leader.log_; // what only this one has, nobody was told of
    commit_up_to(leader.decided_, now);
    leader.admit(*this, channel, now);
}

void member::take_as_follower(message m, moment now) {
    using enum message::kind;
    switch (m.what) {
    case proposal:
        log_.push_back(std::move(m.entry));
        return send(leader_, {.what = ack, .position = log_.size()}, channel_);
    case commit: return commit_up_to(m.position, now);
    case ping: {
        message answer{.what = ping};
        for (const auto& touched : std::exchange(touches_, {})) answer.touches.push_back(touched);
        return send(leader_, std::move(answer), channel_);
    }
    case sync: return clients_.synced(m.connection, now);
    case revalidate: return clients_.validated(m.connection, m.session, m.valid, now);
    case goodbye: return look(now);
    case request:
    case ack: return;
    }
}

} // namespace kazoo::server
