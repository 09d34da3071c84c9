#pragma once
// Who needs to know until when the session certainly lives.
#include "client/core.hpp"
#include "loop/post.hpp"

#include <new>
#include <string>
#include <utility>

namespace kazoo::detail {

/// As long as one exists, the client keeps asking the servers. Any thread.
class certainty_claim {
  public:
    explicit certainty_claim(core& c) : core_(ref<core>::share(&c)) {
        post_to(core_->loop(), [c = core_] { c->driver().claim_certainty(); });
    }
    certainty_claim(const certainty_claim&) = delete;
    certainty_claim& operator=(const certainty_claim&) = delete;
    ~certainty_claim() {
        if (core_->loop().forked()) return;
        try {
            post_to(core_->loop(), [c = core_] { c->driver().drop_certainty_claim(); });
        } catch (const std::bad_alloc&) { // the servers are then asked although nobody needs it any more
        }
    }

  private:
    const ref<core> core_;
};

/// A node of ours that the servers can be asked for if we may not read the root node. On the loop.
class offered_node {
  public:
    offered_node(core& c, std::string absolute_path)
        : core_(ref<core>::share(&c)), place_(c.driver().offer_node(std::move(absolute_path))) {}
    offered_node(const offered_node&) = delete;
    offered_node& operator=(const offered_node&) = delete;
    ~offered_node() { core_->driver().withdraw_node(place_); }

  private:
    const ref<core> core_;
    const session::certainty::offered_node place_;
};

} // namespace kazoo::detail
