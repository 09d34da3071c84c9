#include "client/callback_fifo.hpp"

namespace kazoo::detail {

namespace {

constexpr unsigned patience = 8;
constexpr std::chrono::milliseconds shortest_pause{20};

thread_local const callback_fifo* running_fifo = nullptr;

struct running {
    explicit running(const callback_fifo* f) noexcept : outer(running_fifo) { running_fifo = f; }
    ~running() { running_fifo = outer; }
    running(const running&) = delete;
    running& operator=(const running&) = delete;
    const callback_fifo* outer;
};

} // namespace

callback_fifo::callback_fifo(context& owner, executor* runs_on) noexcept
    : owner_(owner), executor_(runs_on), main_(this), pauses_(shortest_pause, shortest_pause * (1 << patience)) {}

callback_fifo::callback_fifo(context& owner, const callback_fifo& main) noexcept
    : owner_(owner),
      executor_(main.executor_),
      main_(&main),
      pauses_(shortest_pause, shortest_pause * (1 << patience)) {}

bool callback_fifo::on_this_thread() const noexcept { return running_fifo != nullptr && running_fifo->main_ == this; }

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
    if (executor_ == nullptr) {
        owner_.retain(); // until drain_on_loop()
        return owner_.post_to_loop(drain_);
    }
    try {
        executor_->execute([this, alive = ref<context>::share(&owner_)] { drain(); });
    } catch (...) { // no memory, or an executor that does not keep its contract
        return try_later();
    }
}

void callback_fifo::drain_on_loop() noexcept {
    const ref<context> alive(&owner_); // adopts hand_over()'s count
    drain();
}

void callback_fifo::try_later() noexcept {
    if (++failures_ > patience) { // it will not come back: let go of the client
        start_small();
        const util::lock_guard lock(mutex_);
        draining_ = false; // the next post tries again
        return;
    }
    owner_.retain(); // until retry()
    owner_.post_to_loop(plan_retry_);
}

void callback_fifo::plan_retry() noexcept { owner_.start_timer(pauses_.next(), retry_); }

void callback_fifo::retry() noexcept {
    const ref<context> alive(&owner_); // adopts try_later()'s count
    hand_over();
}

void callback_fifo::start_small() noexcept {
    failures_ = 0;
    pauses_.reset();
}

void callback_fifo::drain() noexcept {
    job* batch = nullptr;
    {
        const util::lock_guard lock(mutex_);
        start_small();
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
    hand_over(); // what came meanwhile: once more, so that other clients of this executor get their turn first
}

} // namespace kazoo::detail
