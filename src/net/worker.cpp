#include "net/worker.hpp"

#include <atomic>
#include <new>
#include <utility>

namespace kazoo::net {
namespace {

thread_local const void* current = nullptr;

} // namespace

struct worker::shared {
    util::mutex mutex;
    util::condition changed;
    std::vector<std::function<void()>> waiting KAZOO_GUARDED_BY(mutex);
    bool started KAZOO_GUARDED_BY(mutex) = false;
    bool stopping KAZOO_GUARDED_BY(mutex) = false;
};

worker::worker(const char* name) : name_(name), shared_(std::make_shared<shared>()) {}

void worker::execute(std::function<void()> work) {
    if (generation_ != fork_generation()) return;
    const util::lock_guard lock(shared_->mutex);
    if (shared_->stopping) return;
    if (!shared_->started) {
        thread_.start(name_, [shared = shared_] { run(*shared); });
        shared_->started = true;
    }
    shared_->waiting.push_back(std::move(work));
    if (shared_->waiting.size() == 1) shared_->changed.notify_one();
}

bool worker::is_current() const noexcept { return current == shared_.get(); }

void worker::stop(bool wait) noexcept {
    if (generation_ != fork_generation()) {
        // The mutex may be held by a thread that does not exist here, and the work belongs to the parent.
        static_cast<void>(new (std::nothrow) std::shared_ptr<shared>(std::move(shared_)));
        return;
    }
    {
        const util::lock_guard lock(shared_->mutex);
        shared_->stopping = true;
        shared_->changed.notify_one();
    }
    if (wait)
        thread_.end();
    else
        thread_.detach();
}

void worker::run(shared& s) {
    current = &s;
    const auto generation = fork_generation();
    std::vector<std::function<void()>> batch;
    for (;;) {
        {
            util::lock_guard lock(s.mutex);
            while (s.waiting.empty() && !s.stopping) s.changed.wait(lock);
            if (s.waiting.empty()) return;
            batch.swap(s.waiting);
        }
        for (auto& work : batch) {
            try {
                std::exchange(work, nullptr)();
            } catch (...) { // the client reports what its callbacks throw; here only the process is saved
            }
            if (generation != fork_generation()) return; // work forked and returned: the rest is the parent's
        }
        batch.clear();
    }
}

} // namespace kazoo::net
