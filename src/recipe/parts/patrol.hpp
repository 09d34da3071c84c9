#pragma once
// Servers tell of a change only those who may read the node at that moment, and whoever sets a permission tells nobody.
// So nobody rests on an event alone: the patrol of a client goes round and asks for the metadata of what is waited for,
// which needs no permission before ZooKeeper 3.8.4 and 3.9.2.
#include "recipe/parts/sight.hpp"
#include "recipe/support.hpp"

#include <list>
#include <memory>
#include <optional>
#include <string>

namespace kazoo::recipe {

class lookout;

/// One for all lookouts of a client: one request at a time. Each is looked after once in a session's timeout; where
/// there are many, in turn, at most a hundred times a second. On the loop.
class patrol : public std::enable_shared_from_this<patrol> {
  public:
    static std::shared_ptr<patrol> of(core&);
    explicit patrol(core& c) : core_(ref<core>::share(&c)) {}
    patrol(const patrol&) = delete;
    patrol& operator=(const patrol&) = delete;

    using place = std::list<lookout*>::iterator;
    place add(lookout&);
    void remove(place) noexcept;

  private:
    static task<void> go_round(std::shared_ptr<patrol>);
    duration pace() const;

    const ref<core> core_;
    std::list<lookout*> posts_; ///< who is looked after next stands first
    lookout* visited_ = nullptr;
    bool under_way_ = false;
};

/// One place where something is waited for, after it was read. On the loop; each for one wait at a time.
class lookout {
  public:
    lookout(core& c, std::string absolute_path, sight::of what);
    lookout(const lookout&) = delete;
    lookout& operator=(const lookout&) = delete;
    ~lookout();

    /// What was seen, and the watch that was set with it.
    void watch(sight seen, future<watch_event> change) {
        seen_ = seen;
        change_ = std::move(change);
    }
    /// To be waited for with first_of(), which leaves it here.
    future<watch_event>& change() noexcept { return change_; }
    /// Precondition: change() is ready. The event, or how the watch failed; errc::cancelled: the patrol has seen
    /// something new, of which no event came.
    result<watch_event> what_came() { return std::move(change_).result(); }

  private:
    friend class patrol;
    void hear(const std::optional<node_stat>& now) noexcept {
        if (change_.valid() && sight(what_, now) != seen_) change_.cancel();
    }

    /// From 3.8.4 and 3.9.2 on metadata needs the permission to read (ZOOKEEPER-2590).
    void may_see_nothing() noexcept {
        if (change_.valid()) change_.cancel();
    }

    const std::string path_;
    const sight::of what_;
    sight seen_;
    future<watch_event> change_;
    const std::shared_ptr<patrol> patrol_;
    const patrol::place place_;
};

} // namespace kazoo::recipe
