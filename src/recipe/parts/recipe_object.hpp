#pragma once
// What the shared core of every recipe has: the client, the path, and the calls on the object that are under way.
#include "recipe/support.hpp"

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace kazoo::recipe {

/// The user's object and its tasks share one. Keeps the memory of the client, never its session: the user's object has
/// a handle for that.
class recipe_object : public std::enable_shared_from_this<recipe_object> {
  public:
    /// `recipe`: for errors; static storage. Throws kazoo::error (errc::invalid_path).
    recipe_object(const client& c, std::string_view recipe, std::string_view path);
    recipe_object(const recipe_object&) = delete;
    recipe_object& operator=(const recipe_object&) = delete;
    virtual ~recipe_object() = default;

    /// A task on behalf of the object, as long as it lives: ends with errc::cancelled when the object goes. On the
    /// loop.
    class call final : interruptible {
      public:
        call(recipe_object& of, task_scope& scope) noexcept : scope_(scope) {
            of.calls_.add(*this);
            if (of.gone_) scope.fire(errc::cancelled);
        }

      private:
        void interrupt(errc reason) noexcept override { scope_.fire(reason); }
        task_scope& scope_;
    };

    // -- any thread ---------------------------------------------------------------------------------------------------
    core& owner() const noexcept { return *core_; }
    std::string_view recipe() const noexcept { return recipe_; }
    const std::string& root() const noexcept { return root_; }
    /// As the user gave it.
    const std::string& path() const noexcept { return path_; }
    /// The same, normalized; relative to root().
    const std::string& node() const noexcept { return node_; }
    std::string absolute(std::string_view path) const { return chroot(root_).absolute(path).str(); }
    /// In the child of a fork nothing runs any more, and a mutex may be locked for ever.
    bool forked() const noexcept { return owner().loop().forked(); }
    time_point now() const noexcept { return owner().loop().now(); }
    time_point deadline_in(duration limit) const noexcept { return saturating_add(now(), limit); }
    /// When an operation that waits for the servers alone ends.
    time_point operation_deadline() const noexcept { return deadline_in(owner().operation_limit()); }
    /// For a call that waits for others.
    task_options waiting(std::string_view name, time_point deadline = never, std::stop_token stop = {}) const {
        return {.name = name, .path = path_, .deadline = deadline, .stop = std::move(stop), .is_wait = true};
    }
    /// The user's object is destroyed. Does not block.
    void abandon() noexcept;

    // -- on the loop --------------------------------------------------------------------------------------------------
    /// The present session, or the next if there is none.
    pinned_handle session() const { return pinned_handle(owner(), root_); }

  protected:
    /// Gives up whatever the object holds. Any thread: called at once when the object goes, and once more on the loop,
    /// for what was acquired meanwhile.
    virtual void give_up_all() noexcept {}

  private:
    void end() noexcept;

    const ref<core> core_;
    const std::string_view recipe_;
    const std::string root_, path_, node_;
    interruptible_list calls_; ///< on the loop
    bool gone_ = false;        ///< on the loop
    bound_job<&recipe_object::end> ending_{*this};
    std::shared_ptr<recipe_object> until_ended_;
};

/// The core itself, as its tasks keep it alive.
template <class Core> std::shared_ptr<Core> shared(Core& c) noexcept {
    return std::static_pointer_cast<Core>(c.shared_from_this());
}

} // namespace kazoo::recipe
