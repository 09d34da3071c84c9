#pragma once
// A list of things that may be over without the list being told, such as futures that were given up.
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace kazoo::util {

/// In the order of adding. What is over (`Over{}(element)`) is dropped whenever the list has doubled: so adding costs
/// the same however many there are, and those that are over take no more room than the others.
template <class T, class Over> class pruned_list {
  public:
    void add(T element) {
        if (elements_.size() >= prune_at_) prune();
        elements_.push_back(std::move(element));
    }
    /// Those that are not over.
    const std::vector<T>& rest() {
        prune();
        return elements_;
    }
    /// All, some of which may be over; none is left.
    std::vector<T> take() noexcept {
        prune_at_ = least;
        return std::exchange(elements_, {});
    }

  private:
    static constexpr std::size_t least = 16;

    void prune() {
        std::erase_if(elements_, Over{});
        prune_at_ = std::max(least, 2 * elements_.size());
    }

    std::vector<T> elements_;
    std::size_t prune_at_ = least;
};

} // namespace kazoo::util
