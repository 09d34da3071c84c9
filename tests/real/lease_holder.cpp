#include "real/lease_holder.hpp"

#include <ctime>
#include <stdexcept>
#include <utility>

namespace kazoo::test::lease {

moment now() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void seen_moment::first(moment at) {
    moment::rep never = 0;
    value_.compare_exchange_strong(never, at.count());
}

void seen_moment::last(moment at) {
    for (auto before = value_.load(); before < at.count() && !value_.compare_exchange_weak(before, at.count());) {
    }
}

holder::holder(std::string name, std::string_view hosts, const client_options& session)
    : name_(std::move(name)),
      timeout_(
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(session.session_timeout))),
      zk_(hosts, session),
      lock_(zk_, "/lease/" + name_) {}

void holder::begin() {
    session_made_ = zk_.async_create(session_node(), "", {.mode = create_mode::ephemeral});
    locked_ = lock_.async_lock();
}

void holder::wait_until_it_holds() {
    std::move(session_made_).get();
    std::move(locked_).get();
    if (zk_.negotiated_timeout() != timeout_) throw std::runtime_error("the servers do not grant this session timeout");
    session_ = zk_.session_id();
    on_lost_.emplace(lock_.lost(), note_loss{&lost_});
    const auto contenders = lock_.contenders();
    if (contenders.size() != 1) throw std::runtime_error("nobody else should want this lock");
    lock_node_ = contenders.front().path;
    established_ = true;
}

bool holder::look() {
    const moment before = now();
    const bool holds = lock_.holds();
    if (holds) certain_.last(before);
    return holds;
}

void holder::on_deleted(std::string_view path) {
    if (!established_ || (path != session_node() && path != lock_node_)) return;
    const moment at = now();
    gone_.first(at);
    if (path == session_node()) expired_.first(at);
    look();
}

bool holder::lives() const {
    return expired() == moment::zero() && zk_.state() == session_state::connected && zk_.session_id() == session_;
}

} // namespace kazoo::test::lease
