#pragma once
// What is at one path, now and after each change: read with a one-shot watch, told if it is new, until told to stop.
#include "recipe/parts/mailbox.hpp"
#include "recipe/parts/reading.hpp"
#include "recipe/parts/recipe_object.hpp"
#include "recipe/support.hpp"

#include <kazoo/recipe/watch_function.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::recipe {

struct follow_rules {
    std::string_view recipe; ///< for errors; static storage
    /// Once, with an error that waiting cannot mend. None: it is logged.
    std::function<void(const error&)> on_error{};
};

/// The part that the user's object holds.
class follower : public recipe_object {
  public:
    using recipe_object::recipe_object;
    /// Any thread: no call runs and none comes when this returns, but for the one it is called in.
    void stop() noexcept;
    /// Any thread. Whether calls may come.
    virtual bool active() const noexcept = 0;

  private:
    virtual void end_calls() noexcept = 0;
    std::atomic<bool> stopped_{false};
};

/// `Value` is node, child_list, or what the children of a node stand for.
template <class Value> class follower_of final : public follower {
  public:
    using function = kazoo::detail::watch_function<std::optional<Value>>;

    /// How the node is read and watched: read_or_await(), or read_and_watch(), by which a missing node is the last
    /// thing told. A reading without a watch is the last one.
    using reader = std::function<task<reading<Value>>(pinned_handle, std::string node, bool behind_a_loss)>;

    static std::shared_ptr<follower> start(const client&, std::string_view path, follow_rules, reader, function);
    follower_of(const client& c, std::string_view path, follow_rules r, reader read)
        : follower(c, r.recipe, path), rules_(std::move(r)), read_(std::move(read)) {}
    bool active() const noexcept override { return calls_->active(); }

  private:
    void end_calls() noexcept override { calls_->end(); }
    void tell(const function&, const news<std::optional<Value>>&);
    void put_end(const std::error_code&) noexcept;
    static task<void> follow(std::shared_ptr<follower_of>);

    const follow_rules rules_;
    const reader read_;
    ref<mailbox<std::optional<Value>>> calls_;
};

extern template class follower_of<node>;
extern template class follower_of<child_list>;
extern template class follower_of<std::vector<std::string>>;

} // namespace kazoo::recipe
