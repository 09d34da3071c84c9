#pragma once
// What a kazoo::tree_cache, its tasks and its readers share.
#include "recipe/parts/recipe_object.hpp"
#include "recipe/watch/tree_image.hpp"
#include "recipe/watch/tree_listeners.hpp"
#include "recipe/watch/tree_window.hpp"
#include "util/mutex.hpp"

#include <kazoo/recipe/tree_cache.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kazoo::recipe {

class tree_cache_core final : public recipe_object, tree_teller {
  public:
    static std::shared_ptr<tree_cache_core> make(const client&, std::string_view path, tree_cache_options);
    tree_cache_core(const client&, std::string_view path, tree_cache_options);

    // -- any thread ---------------------------------------------------------------------------------------------------
    void start(const client&) KAZOO_EXCLUDES(mutex_);
    void close() noexcept KAZOO_EXCLUDES(mutex_);
    future<void> wait_initialized();
    std::optional<cached_node> get(std::string_view path) const KAZOO_EXCLUDES(mutex_);
    std::optional<std::vector<std::string>> children(std::string_view path) const KAZOO_EXCLUDES(mutex_);
    std::size_t size() const noexcept KAZOO_EXCLUDES(mutex_);
    tree_state state() const noexcept KAZOO_EXCLUDES(mutex_);
    std::optional<duration> stale() const noexcept KAZOO_EXCLUDES(mutex_);
    ref<listener> on_event(std::function<void(const tree_event&)>);
    ref<listener> on_fault(std::function<void(const tree_fault&)>);

  private:
    enum class life : std::uint8_t {
        latent,
        started,
        ended
    };

    // -- tree_cache.cpp: the coroutines
    static task<void> live(std::shared_ptr<tree_cache_core>);
    static task<void> follow(std::shared_ptr<tree_cache_core>);
    static task<void> reading(std::shared_ptr<tree_cache_core>);
    static task<void> read_all(std::shared_ptr<tree_cache_core>);
    static task<void> ask_again(std::shared_ptr<tree_cache_core>);
    static task<void> wait(std::shared_ptr<tree_cache_core>);

    // -- on the loop
    void on_watch_event(const watch_event&) KAZOO_EXCLUDES(mutex_);
    std::optional<tree_question> next_question() KAZOO_EXCLUDES(mutex_);
    template <class Answer>
    std::error_code take(tree_window&, result<Answer>, std::error_code prevented) KAZOO_EXCLUDES(mutex_);
    void is_watched() KAZOO_EXCLUDES(mutex_);
    bool has_to_ask_again() const KAZOO_EXCLUDES(mutex_);
    bool is_started() const KAZOO_EXCLUDES(mutex_);
    void look_at_round() KAZOO_EXCLUDES(mutex_);
    void look_at_state() KAZOO_EXCLUDES(mutex_);
    void end(std::error_code) KAZOO_EXCLUDES(mutex_);
    void tell_of_state(tree_change) KAZOO_EXCLUDES(mutex_);

    void tell(tree_change, const cached_entry&) override KAZOO_REQUIRES(mutex_);
    void tell_fault(const cached_entry&, errc) override KAZOO_REQUIRES(mutex_);
    void tell_thrown();
    std::string within(std::string_view path) const;

    const tree_cache_options options_;
    tree_listeners<tree_event> events_;
    tree_listeners<tree_fault> faults_;
    task_signal work_, changed_, unread_; ///< on the loop: something to ask; initialized or ended; not all was read

    // -- on the loop: what listeners know of the connection
    bool up_ = true;
    std::uint64_t interruptions_told_ = 0, epoch_told_ = 0;
    std::uint64_t epoch_read_ = 0; ///< the session in which everything was read, or is being

    mutable util::mutex mutex_;
    mutable tree_image image_ KAZOO_GUARDED_BY(mutex_);
    life life_ KAZOO_GUARDED_BY(mutex_) = life::latent;
    bool initialized_ KAZOO_GUARDED_BY(mutex_) = false; ///< and told, since the start and the last loss
    bool ever_initialized_ KAZOO_GUARDED_BY(mutex_) = false;
    bool fresh_ KAZOO_GUARDED_BY(mutex_) = false;              ///< everything has been compared since the last gap
    std::uint64_t interruptions_ KAZOO_GUARDED_BY(mutex_) = 0; ///< those that were made good, or are being
    time_point stale_since_ KAZOO_GUARDED_BY(mutex_){};        ///< if it is not fresh
    std::error_code why_ended_ KAZOO_GUARDED_BY(mutex_);
    subscription states_ KAZOO_GUARDED_BY(mutex_);
};

} // namespace kazoo::recipe
