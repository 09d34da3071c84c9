#include "net/worker.hpp"

#include "net/job_queue.hpp"

#include <new>
#include <utility>

namespace kazoo::net {
namespace {

thread_local const void* current_worker = nullptr;

struct call final : detail::job {
    explicit call(std::function<void()> f) noexcept : job{&run_once, nullptr}, work(std::move(f)) {}
    static void run_once(job* j) noexcept {
        const std::unique_ptr<call> self(static_cast<call*>(j));
        try {
            self->work();
        } catch (...) { // the client reports what its callbacks throw; here only the process is saved
        }
    }
    std::function<void()> work;
};

} // namespace

struct worker::shared {
    util::mutex mutex;
    util::condition changed;
    job_queue waiting KAZOO_GUARDED_BY(mutex);
    bool stopping KAZOO_GUARDED_BY(mutex) = false;
};

worker::worker(const char* name) : name_(name), shared_(std::make_shared<shared>()) {}

void worker::start(std::shared_ptr<ending_loop> until_ended) {
    thread_.start(name_, [shared = shared_, until_ended = std::move(until_ended)]() mutable {
        run(*shared);
        shared.reset(); // before this thread counts as ended
        until_ended.reset();
    });
}

void worker::execute(std::function<void()> work) {
    auto c = std::make_unique<call>(std::move(work));
    if (post(*c)) static_cast<void>(c.release());
}

bool worker::post(detail::job& j) noexcept {
    if (generation_ != fork_generation()) return false;
    const util::lock_guard lock(shared_->mutex);
    if (shared_->stopping) return false;
    const bool idle = shared_->waiting.empty();
    shared_->waiting.push(j);
    if (idle) shared_->changed.notify_one();
    return true;
}

bool worker::is_current() const noexcept { return current_worker == shared_.get(); }

void worker::stop(then what) noexcept {
    if (generation_ != fork_generation()) {
        // In the child of a fork: a thread of the parent may hold the mutex, and the work is the parent's.
        static_cast<void>(new (std::nothrow) std::shared_ptr<shared>(std::move(shared_)));
        return;
    }
    {
        const util::lock_guard lock(shared_->mutex);
        shared_->stopping = true;
        shared_->changed.notify_one();
    }
    if (what == then::wait)
        thread_.end();
    else
        thread_.detach();
}

void worker::run(shared& s) noexcept {
    current_worker = &s;
    const auto generation = fork_generation();
    for (;;) {
        job_queue batch;
        {
            util::lock_guard lock(s.mutex);
            while (s.waiting.empty() && !s.stopping) s.changed.wait(lock);
            if (s.waiting.empty()) return;
            batch = std::move(s.waiting);
        }
        while (detail::job* j = batch.pop()) {
            j->run(j);
            if (generation != fork_generation()) return; // work forked and returned: the rest is the parent's
        }
    }
}

} // namespace kazoo::net
