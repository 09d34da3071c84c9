#pragma once
#include <kazoo/detail/shared_state.hpp>

#include <utility>

namespace kazoo::net {

/// Jobs in order, linked through themselves.
class job_queue {
  public:
    job_queue() = default;
    job_queue(job_queue&& o) noexcept { swap(o); }
    job_queue& operator=(job_queue o) noexcept {
        swap(o);
        return *this;
    }
    ~job_queue() = default;

    void push(detail::job& j) noexcept {
        j.next = nullptr;
        *std::exchange(end_, &j.next) = &j;
    }
    bool empty() const noexcept { return first_ == nullptr; }
    detail::job* pop() noexcept {
        detail::job* j = first_;
        if (j && !(first_ = j->next)) end_ = &first_;
        return j;
    }

  private:
    void swap(job_queue& o) noexcept {
        std::swap(first_, o.first_);
        std::swap(end_, o.end_);
        if (!first_) end_ = &first_;
        if (!o.first_) o.end_ = &o.first_;
    }

    detail::job* first_ = nullptr;
    detail::job** end_ = &first_;
};

} // namespace kazoo::net
