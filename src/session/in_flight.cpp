#include "session/in_flight.hpp"

namespace kazoo::session {

void in_flight::push(request& r) noexcept {
    pending_.push_back(r);
    if (!unsent_) unsent_ = &r;
}

void in_flight::push(request_list& list) noexcept {
    if (!unsent_) unsent_ = list.front();
    pending_.splice_back(list);
}

bool in_flight::written(std::size_t n, time_point at) {
    const std::uint64_t before = sent_;
    partly_written_ += n;
    while (unsent_ && partly_written_ >= unsent_->frame_size) {
        partly_written_ -= unsent_->frame_size;
        unsent_ = unsent_->next;
        ++sent_;
    }
    if (sent_ == before) return false;
    if (!marks_.empty() && marks_.back().at == at)
        marks_.back().number = sent_;
    else
        marks_.push_back({sent_, at});
    return true;
}

request& in_flight::answer(time_point& sent) noexcept {
    sent = marks_.front().at;
    if (++answered_ == marks_.front().number) marks_.pop_front();
    return pending_.pop_front();
}

request& in_flight::take(bool& was_sent) noexcept {
    was_sent = front_sent();
    if (was_sent) {
        time_point sent;
        return answer(sent);
    }
    if (unsent_ == pending_.front()) {
        unsent_ = unsent_->next;
        partly_written_ = 0;
    }
    return pending_.pop_front();
}

} // namespace kazoo::session
