#include "recipe/parts/grant.hpp"

#include <kazoo/path.hpp>

#include <new>

namespace kazoo::recipe {

namespace {

/// What is held for a shorter time costs no request that watches over its node. Most are.
constexpr std::chrono::milliseconds grace{10};

} // namespace

bool grant::would_last(const pinned_handle& zk, loss lost_when) noexcept {
    return zk.alive() && (lost_when == loss::session_over || zk.owner().board().certainty_lasts());
}

task<bool> grant::becomes_certain(pinned_handle zk, std::string node, loss lost_when) {
    const offered_node offered(zk.owner(), chroot(zk.root()).absolute(node).str());
    for (repetition looks;;) {
        if (lost_when == loss::certainty_over) {
            const auto certain = co_await as_result(zk.certainty());
            if (certain.error() == errc::session_expired) co_return false;
            if (!certain) certain.rethrow();
        }
        const auto there = co_await as_result(zk.async_exists(node)); // somebody may have deleted it meanwhile
        if (there.error() == errc::session_expired) co_return false;
        if (!there && co_await looks.again(there.error())) continue;
        if (!there && there.error() != errc::no_auth) there.rethrow(); // then it is there (ZOOKEEPER-2590)
        if (there && !*there) co_return false;
        if (would_last(zk, lost_when)) co_return true;
    }
}

grant::grant(pinned_handle zk, created_node node, loss lost_when, std::string left_id, std::shared_ptr<fate> f)
    : zk_(std::move(zk)),
      node_(std::move(node)),
      lost_when_(lost_when),
      left_id_(std::move(left_id)),
      doubts_(zk_.owner().board().doubts()),
      fate_(std::move(f)) {}

bool grant::holds() const noexcept {
    if (fate_->over.load(std::memory_order_acquire)) return false;
    return lost_when_ == loss::session_over ? zk_.alive() : zk_.certain(doubts_);
}

void grant::guard() {
    core& c = zk_.owner();
    const bool by_session = lost_when_ == loss::session_over;
    spawn(c, {"guard", node_.path}, watch_over(shared_from_this())).detach();
    (by_session ? c.session_grants() : c.certain_grants()).add(*this);
    if (by_session ? !zk_.alive() : !zk_.certain(doubts_)) on_doubt(); // since the last look at the clock
}

task<void> grant::watch_over(std::shared_ptr<grant> held) {
    core& c = held->zk_.owner();
    (void)co_await as_result(pause(c, grace));
    if (held->given_up_) co_return;
    const offered_node offered(c, held->absolute_path());
    repetition looks;
    while (!held->given_up_ && !held->fate_->over) {
        auto seen = co_await as_result(held->zk_.async_watch_exists(held->watched()));
        if (!seen && co_await looks.again(seen.error())) continue;
        if (seen.error() == errc::no_auth) { // it is there (ZOOKEEPER-2590)
            (void)co_await as_result(pause(c, held->zk_.timeout()));
            continue;
        }
        if (!seen || !seen->value || seen->value->created != held->node_.stat.created) break;
        // If we may not read our own node, no event comes.
        const auto changed = co_await as_result(std::move(seen->changed).timeout(held->zk_.timeout()));
        if (!changed && changed.error() != errc::operation_timeout) break;
    }
    // What check() names is our node: it must not stand beside what others have got.
    if (held->lose() && held->watched() != held->node_.path) held->remove_later();
}

/// What is not certainly ours is removed, so that others need not wait until the servers end the session.
void grant::on_doubt() noexcept {
    forget();
    if (given_up_) return;
    lose();
    remove_later();
}

bool grant::lose() noexcept {
    if (given_up_ || fate_->over.exchange(true)) return false;
    zk_.owner().loop().signal(fate_->lost);
    return true;
}

future<bool> grant::end() { return remove_until_gone(zk_, "unlock", node_.path); }
future<bool> grant::clean_up() { return remove_until_gone(zk_, "clean up", node_.path); }

future<bool> grant::give_up() {
    given_up_ = true; // first: nobody must take our removal for a loss
    auto removing = end();
    if (!left_id_.empty()) remove_protected_later(zk_, std::string(path::parent(node_.path)), left_id_);
    return removing;
}

void grant::remove_later() noexcept {
    try {
        clean_up().detach();
        if (given_up_ && !left_id_.empty())
            remove_protected_later(zk_, std::string(path::parent(node_.path)), left_id_);
    } catch (const std::bad_alloc&) { // it goes with its session
        zk_.owner().log(log_level::warn, "no memory to remove what was given up");
    }
}

} // namespace kazoo::recipe
