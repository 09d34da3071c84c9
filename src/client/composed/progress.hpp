#pragma once
// How far a helper has got, told to its caller's function.
#include "client/core.hpp"
#include "util/mutex.hpp"

#include <kazoo/detail/job.hpp>
#include <kazoo/detail/ref.hpp>
#include <kazoo/detail/ref_counted.hpp>
#include <kazoo/future.hpp>
#include <kazoo/tree.hpp>

#include <exception>
#include <functional>
#include <string>
#include <utility>

namespace kazoo::detail {

/// Calls the function on the callback executor, one call at a time, with the latest numbers: those in between are left
/// out while it runs.
class progress_teller final : public ref_counted<progress_teller> {
  public:
    progress_teller(core& c, std::function<void(tree_progress)> f)
        : owner_(ref<core>::share(&c)), has_function_(static_cast<bool>(f)), function_(std::move(f)) {}
    ~progress_teller() = default;
    progress_teller(const progress_teller&) = delete;
    progress_teller& operator=(const progress_teller&) = delete;

    bool has_function() const noexcept { return has_function_; }
    /// Any thread.
    void tell(tree_progress p) noexcept KAZOO_EXCLUDES(numbers_) {
        {
            const util::lock_guard lock(numbers_);
            latest_ = p;
            if (!has_function_ || std::exchange(posted_, true)) return;
        }
        retain(); // until call()
        owner_->post(call_);
    }
    /// No call is running and none will come when this returns. Not within the function.
    void end() noexcept KAZOO_EXCLUDES(running_) {
        const util::lock_guard lock(running_);
        function_ = nullptr;
    }

  private:
    void call() noexcept KAZOO_EXCLUDES(running_, numbers_) {
        const ref<progress_teller> self(this); // adopts tell()'s count
        const util::lock_guard running(running_);
        tree_progress now;
        {
            const util::lock_guard lock(numbers_);
            posted_ = false;
            now = latest_;
        }
        try {
            if (function_) function_(now);
        } catch (const std::exception& e) {
            owner_->log(log_level::error, std::string("a function that is told of progress threw: ") + e.what());
        } catch (...) {
            owner_->log(log_level::error, "a function that is told of progress threw");
        }
    }

    ref<core> owner_;
    const bool has_function_;
    util::mutex numbers_, running_;
    tree_progress latest_ KAZOO_GUARDED_BY(numbers_);
    bool posted_ KAZOO_GUARDED_BY(numbers_) = false;
    std::function<void(tree_progress)> function_ KAZOO_GUARDED_BY(running_);
    bound_job<&progress_teller::call> call_{*this};
};

/// The same for a future: it completes on the callback executor, behind what was told.
template <class T> future<T> behind(ref<progress_teller> t, future<T> work) {
    if (!t->has_function()) return work;
    return std::move(work).then([teller = std::move(t)](future<T> done) {
        teller->end();
        return std::move(done).get();
    });
}

/// What a blocking call tells its caller's function: nothing any more when it returns.
class progress_scope {
  public:
    explicit progress_scope(ref<progress_teller> t) noexcept : teller_(std::move(t)) {}
    progress_scope(const progress_scope&) = delete;
    progress_scope& operator=(const progress_scope&) = delete;
    ~progress_scope() { teller_->end(); }

  private:
    ref<progress_teller> teller_;
};

} // namespace kazoo::detail
