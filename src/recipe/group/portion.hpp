#pragma once
// What a partition has in its hand: the locks of its items, and the news of the party.
#include "recipe/parts/grant.hpp"
#include "recipe/parts/possession.hpp"
#include "recipe/parts/recipe_object.hpp"
#include "recipe/support.hpp"

#include <kazoo/client.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::recipe {

/// One share and the locks that were taken of it so far. What has been taken is given back when this goes.
struct taking {
    std::vector<std::string> items;
    std::vector<std::unique_ptr<possession>> locks;          ///< null: not yet
    std::shared_ptr<fate> common = std::make_shared<fate>(); ///< of all locks: they are lost together
    std::size_t first = 0; ///< the one that was taken first: it is certain no longer than the others
    std::size_t begun = 0, taken = 0;
    std::exception_ptr failure{};

    explicit taking(std::vector<std::string> i) : items(std::move(i)), locks(items.size()) {}
    bool complete() const noexcept { return taken == items.size(); }
    void took(std::size_t i, std::unique_ptr<possession> p) noexcept {
        if (taken++ == 0) first = i;
        locks[i] = std::move(p);
    }
    bool all_hold() const noexcept;
};

/// An object's turn: the next call of acquire() waits until it has ended.
class turn final : job {
  public:
    /// On the loop.
    turn(std::shared_ptr<recipe_object> of, waiting_line& line)
        : job{&run, nullptr}, of_(std::move(of)), place_(line) {}
    waiting_line::place& place() noexcept { return place_; }
    /// Any thread; not in the child of a fork.
    static void end(std::unique_ptr<turn>) noexcept;

  private:
    static void run(job*) noexcept;

    const std::shared_ptr<recipe_object> of_; ///< what the place stands in
    waiting_line::place place_;
};

/// What was told of the party since it has settled.
struct party_news {
    explicit party_news(context& c) noexcept : told(c) {}
    task_signal told;         ///< on the loop: something that who takes locks may wait for
    bool changed = false;     ///< on the loop
    std::stop_source revoked; ///< requested when the party has changed
};

/// Any thread may call const members; the others one at a time, and nothing beside them.
class portion {
  public:
    /// On the loop. `watching`: ends when it is dropped. `on_end(true)` is called at a loss, `on_end(false)` when it is
    /// given back, on any thread; in the child of a fork neither.
    portion(std::shared_ptr<recipe_object> of, std::unique_ptr<turn>, taking all, const party_news&,
            future<void> watching, std::function<void(bool lost)> on_end);
    portion(const portion&) = delete;
    portion& operator=(const portion&) = delete;
    ~portion();

    /// None of one that was given back, or lost.
    static const std::vector<std::string>& items(const std::unique_ptr<portion>&) noexcept;
    bool holds() const noexcept;
    zxid fencing_token(std::string_view item) const noexcept;
    /// Of none as of one that was given back: stopped already; throws errc::not_held.
    static std::stop_token revoked(const std::unique_ptr<portion>&);
    static std::stop_token lost(const std::unique_ptr<portion>&);
    static node_check check(const std::unique_ptr<portion>&, std::string_view item);

    void give_back() noexcept;
    /// True when all locks are removed. Throws std::bad_alloc: given back all the same.
    future<bool> async_give_back();

  private:
    struct parts;
    const std::unique_ptr<possession>* lock_of(std::string_view item) const noexcept;
    void end() noexcept;

    const std::shared_ptr<recipe_object> of_;
    std::unique_ptr<parts> parts_; ///< none: given back
};

} // namespace kazoo::recipe
