#include "client/submit_queue.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kazoo::detail {

submit_queue::verdict submit_queue::append(queued_request& r, std::size_t frame_size) {
    r.frame_size = static_cast<std::uint32_t>(frame_size);
    r.batch_ = batch_;
    r.withdrawn_ = false;
    waiting_.push_back(r);
    if (timed_ == nullptr && clock_ != nullptr) {
        timed_ = &r;
        timed_since_ = clock_->now();
    }
    const bool wake = loop_sleeps_;
    loop_sleeps_ = false;
    return {errc{}, wake};
}

submit_queue::verdict submit_queue::push_encoded(queued_request& r, std::string frame) {
    const util::lock_guard lock(mutex_);
    if (const errc e = refusal(); e != errc{}) return {e, false};
    if (const errc e = refusal(frames_.size(), frame.size()); e != errc{}) return {e, false};
    r.xid = next_xid();
    proto::store_be32(frame.data() + 4, static_cast<std::uint32_t>(r.xid));
    frames_.append(frame);
    return append(r, frame.size());
}

template <class Goes> session::request_list submit_queue::sift(Goes goes) noexcept {
    session::request_list kept, gone;
    std::size_t from = std::exchange(taken_, 0), to = 0;
    while (!waiting_.empty()) {
        auto& r = static_cast<queued_request&>(waiting_.pop_front());
        if (r.withdrawn_ || goes(r)) {
            r.batch_ = 0;
            leaves(r);
            gone.push_back(r);
        } else {
            std::memmove(frames_.data() + to, frames_.data() + from, r.frame_size);
            to += r.frame_size;
            kept.push_back(r);
        }
        from += r.frame_size;
    }
    waiting_ = std::move(kept);
    frames_.resize(to);
    util::give_back(frames_);
    withdrawn_ = withdrawn_bytes_ = 0;
    return gone;
}

void submit_queue::handed_over(const queued_request& r) noexcept {
    if (&r != timed_) return;
    waits_.add(clock_->now() - timed_since_);
    timed_ = nullptr;
}

void submit_queue::release_all(session::request_list gone) noexcept {
    while (!gone.empty()) static_cast<queued_request&>(gone.pop_front()).release_request();
}

bool submit_queue::take(session::request_list& requests, std::string& frames, std::size_t share) {
    session::request_list gone;
    {
        const util::lock_guard lock(mutex_);
        if (withdrawn_ == 0 && taken_ == 0 && frames_.size() <= share) {
            ++batch_;
            frames.swap(frames_);
            frames_.clear();
            requests.swap(waiting_);
            if (timed_ != nullptr) handed_over(*timed_);
        } else {
            gone = take_share(requests, frames, share);
        }
        loop_sleeps_ = requests.empty();
    }
    release_all(std::move(gone));
    return !requests.empty();
}

session::request_list submit_queue::take_share(session::request_list& requests, std::string& frames,
                                               std::size_t share) {
    session::request_list gone;
    frames.clear();
    const std::size_t first = waiting_.empty() ? 0 : waiting_.front()->frame_size; // sent even if longer than the share
    frames.reserve(std::min(std::max(share, first), frames_.size() - taken_));
    std::size_t copied = taken_;
    const auto copy = [&]() KAZOO_REQUIRES(mutex_) {
        frames.append(frames_, copied, taken_ - copied);
        copied = taken_;
    };
    while (!waiting_.empty()) {
        auto& r = static_cast<queued_request&>(*waiting_.front());
        if (!requests.empty() && frames.size() + taken_ - copied + r.frame_size > share) break;
        waiting_.pop_front();
        if (r.withdrawn_) {
            copy();
            copied += r.frame_size;
            leaves(r);
            gone.push_back(r);
            --withdrawn_;
            withdrawn_bytes_ -= r.frame_size;
        } else {
            r.batch_ = 0;
            handed_over(r);
            requests.push_back(r);
        }
        taken_ += r.frame_size;
    }
    copy();
    if (taken_ > frames_.size() / 2) frames_.erase(0, std::exchange(taken_, 0)); // less is moved than was taken
    return gone;
}

void submit_queue::put_back(session::request_list& requests, std::string_view frames) {
    const util::lock_guard lock(mutex_);
    frames_.replace(0, taken_, frames);
    taken_ = 0;
    session::request_list all;
    while (!requests.empty()) {
        auto& r = static_cast<queued_request&>(requests.pop_front());
        r.batch_ = batch_;
        all.push_back(r);
    }
    all.splice_back(waiting_);
    waiting_ = std::move(all);
}

session::request_list submit_queue::take_all(errc from_now_on) {
    const util::lock_guard lock(mutex_);
    if (from_now_on != errc{}) refused_ = from_now_on;
    ++batch_;
    frames_.clear();
    util::give_back(frames_);
    taken_ = withdrawn_ = withdrawn_bytes_ = 0;
    timed_ = nullptr;
    session::request_list all;
    all.swap(waiting_);
    return all;
}

session::request_list submit_queue::take_bound(bool write_failed) noexcept {
    const util::lock_guard lock(mutex_);
    return sift([&](const queued_request& r) {
        const bool goes = !r.outlives_session || (r.is_write && write_failed);
        write_failed = write_failed || (goes && r.is_write);
        return goes;
    });
}

void submit_queue::refuse(errc e) {
    const util::lock_guard lock(mutex_);
    refused_ = e;
}

errc submit_queue::refusing() const {
    const util::lock_guard lock(mutex_);
    return refused_;
}

bool submit_queue::empty() const {
    const util::lock_guard lock(mutex_);
    return waiting_.size() == withdrawn_;
}

std::size_t submit_queue::size() const {
    const util::lock_guard lock(mutex_);
    return waiting_.size() - withdrawn_;
}

void submit_queue::give_back() {
    const util::lock_guard lock(mutex_);
    if (frames_.empty()) util::give_back(frames_);
}

std::size_t submit_queue::capacity() const {
    const util::lock_guard lock(mutex_);
    return frames_.capacity();
}

bool submit_queue::withdraw(queued_request& r) {
    session::request_list gone;
    {
        const util::lock_guard lock(mutex_);
        if (r.batch_ != batch_ || r.withdrawn_) return false;
        r.withdrawn_ = true;
        ++withdrawn_;
        withdrawn_bytes_ += r.frame_size;
        // Without a connection nobody takes anything for a long time: callers that give up must not pile up.
        const bool many = withdrawn_ > 64 && withdrawn_ > waiting_.size() / 2;
        const bool much = withdrawn_bytes_ > (64 << 10) && withdrawn_bytes_ > frames_.size() / 2;
        if (many || much) gone = sift([](const queued_request&) { return false; });
    }
    release_all(std::move(gone));
    return true;
}

} // namespace kazoo::detail
