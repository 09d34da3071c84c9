#include "client/callback_fifo.hpp"

namespace kazoo::detail {

namespace {

thread_local const callback_fifo* running_fifo = nullptr;

struct running {
    explicit running(const callback_fifo* f) noexcept : outer(running_fifo) { running_fifo = f; }
    ~running() { running_fifo = outer; }
    running(const running&) = delete;
    running& operator=(const running&) = delete;
    const callback_fifo* outer;
};

} // namespace

bool callback_fifo::on_this_thread() const noexcept { return running_fifo == this; }

void callback_fifo::post(job& j) noexcept {
    j.next = nullptr;
    {
        const util::lock_guard lock(mutex_);
        (last_ ? last_->next : first_) = &j;
        last_ = &j;
        if (draining_) return;
        draining_ = true;
    }
    hand_over();
}

void callback_fifo::hand_over() noexcept {
    executor_.execute([this, alive = ref<context>::share(&owner_)] { drain(); });
}

void callback_fifo::drain() noexcept {
    job* batch = nullptr;
    {
        const util::lock_guard lock(mutex_);
        batch = first_;
        first_ = last_ = nullptr;
    }
    {
        const running mark(this);
        while (batch != nullptr) {
            job* const next = batch->next; // the job may be gone when it returns
            batch->run(batch);
            batch = next;
        }
    }
    {
        const util::lock_guard lock(mutex_);
        if (first_ == nullptr) {
            draining_ = false;
            return;
        }
    }
    hand_over(); // what came meanwhile waits its turn behind other clients of the executor
}

} // namespace kazoo::detail
