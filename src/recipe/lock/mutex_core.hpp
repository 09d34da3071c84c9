#pragma once
// What a kazoo::mutex and its tasks share.
#include "recipe/parts/acquisition_line.hpp"
#include "recipe/parts/held_lock.hpp"
#include "recipe/parts/lock_node.hpp"
#include "recipe/support.hpp"
#include "util/mutex.hpp"

#include <kazoo/recipe/mutex.hpp>

#include <memory>
#include <string>
#include <vector>

namespace kazoo::recipe {

/// How one session's try to get a lock ended.
enum class verdict {
    acquired,
    taken,
    node_gone,
    session_over
};

/// Tasks keep it alive, and the memory of the client, never the session.
class mutex_core : public std::enable_shared_from_this<mutex_core> {
  public:
    static std::shared_ptr<mutex_core> make(const client&, std::string_view path, mutex_options);
    mutex_core(const client&, std::string_view path, mutex_options);

    // -- any thread ---------------------------------------------------------------------------------------------------
    future<void> lock();
    future<bool> lock(std::stop_token);
    /// False when the time is over or a stop is requested.
    future<bool> lock_within(std::chrono::nanoseconds, std::stop_token);
    future<bool> try_lock();
    /// Throws std::bad_alloc: then it is given up all the same, as by give_up().
    future<bool> unlock();
    /// The same without a result, and needs no memory.
    void give_up() noexcept;
    /// The user's object is destroyed: ends waits and gives the lock up.
    void abandon() noexcept;

    bool holds() const noexcept;
    std::stop_token lost() const;
    zxid fencing_token() const noexcept;
    node_check check() const;
    future<std::vector<contender>> contenders();
    const std::string& path() const noexcept { return path_; }

  private:
    using place = std::unique_ptr<acquisition_line::place>;

    /// What follows on the loop when the lock is given up. Made with the lock: giving up must not fail.
    struct release final : job {
        explicit release(std::shared_ptr<held_lock> h) noexcept : job{&run, nullptr}, lock(std::move(h)) {}
        static void run(job*) noexcept;
        std::shared_ptr<mutex_core> owner; ///< set when it is posted
        std::shared_ptr<held_lock> lock;
        bool node_stays = false; ///< the removal of the node has not begun
    };
    /// Whether an acquisition waits for others.
    enum class wait : bool {
        no,
        yes
    };

    core& owner() const noexcept { return *core_; }
    time_point deadline_in(std::chrono::nanoseconds) const noexcept;
    task_options waiting(time_point deadline = never, std::stop_token = {}) const;
    /// The coroutines stand in mutex.cpp.
    static task<bool> acquire(std::shared_ptr<mutex_core>, wait);
    /// Whether the lock, whose node stands first, is ours and will be for a while.
    bool would_last(const lock_node&) const noexcept;
    /// Waits until it is certain whether the lock is ours, and tells.
    task<bool> becomes_certain(lock_node&);
    task<void> change_of(pinned_handle, std::string node);
    task<verdict> contend(lock_node&, acquisition_line::place&, wait);
    lock_node_name new_name() const;
    void hold(lock_node&, place) KAZOO_EXCLUDES(mutex_);
    std::shared_ptr<held_lock> held() const noexcept KAZOO_EXCLUDES(mutex_);
    std::unique_ptr<release> take_held() noexcept KAZOO_EXCLUDES(mutex_);
    void post(std::unique_ptr<release>) noexcept;
    void end() noexcept;

    const ref<core> core_;
    const std::string root_, path_, folder_;
    const mutex_options options_;
    const std::vector<std::string> marks_;
    const std::unique_ptr<certainty_claim> claim_;
    acquisition_line line_; ///< on the loop
    place holder_;          ///< on the loop: where the present holder stands in the line
    mutable util::mutex mutex_;
    std::unique_ptr<release> held_ KAZOO_GUARDED_BY(mutex_); ///< null: the object is not locked
    /// What follows on the loop when the object goes.
    bound_job<&mutex_core::end> ending_{*this};
    std::shared_ptr<mutex_core> until_ended_;
};

} // namespace kazoo::recipe
