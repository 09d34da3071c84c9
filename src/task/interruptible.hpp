#pragma once
// What goes on upon the loop and can be told to end, and lists of it.
#include <kazoo/error.hpp>

#include <utility>

namespace kazoo::detail {

/// In one list at most, and out of it when it goes. On the loop only.
class interruptible {
  public:
    interruptible() = default;
    interruptible(const interruptible&) = delete;
    interruptible& operator=(const interruptible&) = delete;

    virtual void interrupt(errc reason) noexcept = 0;

  protected:
    virtual ~interruptible() { place_.leave(); }
    void leave() noexcept { place_.leave(); }

  private:
    friend class interruptible_list;
    struct place {
        explicit place(interruptible* of) noexcept : owner(of) {}
        void leave() noexcept {
            previous->next = next;
            next->previous = previous;
            previous = next = this;
        }
        interruptible* const owner;
        place *previous = this, *next = this;
    };
    place place_{this};
};

/// In the order of adding; adding and leaving take the same time however many there are.
class interruptible_list {
  public:
    interruptible_list() = default;
    interruptible_list(const interruptible_list&) = delete;
    interruptible_list& operator=(const interruptible_list&) = delete;

    bool empty() const noexcept { return ends_.next == &ends_; }
    void add(interruptible& i) noexcept {
        i.place_.previous = std::exchange(ends_.previous, &i.place_);
        i.place_.previous->next = &i.place_;
        i.place_.next = &ends_;
    }
    /// Each may leave when it is told.
    void interrupt_all(errc reason) noexcept {
        for (auto* p = ends_.next; p != &ends_;) std::exchange(p, p->next)->owner->interrupt(reason);
    }

  private:
    interruptible::place ends_{nullptr};
};

} // namespace kazoo::detail
