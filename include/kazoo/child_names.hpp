#pragma once
// The names of a node's children.
#include <kazoo/export.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo {

namespace util {
class shared_block;
}
namespace detail {
class name_table;
}

/// Names of children, not paths, in the order that the server chose: a container of std::string_view, whose text is one
/// piece of memory, for a long list that of the reply itself. The views are valid as long as this object or a copy of
/// it lives; turn into std::string what must live longer. Moves and copies are cheap: copies share their memory. Thread
/// safety: as of standard containers; copies may be used on several threads.
class KAZOO_EXPORT child_names {
  public:
    using value_type = std::string_view;             ///< a name
    using reference = const std::string_view&;       ///< names cannot be changed in place
    using const_reference = const std::string_view&; ///< the same
    using iterator = const std::string_view*;        ///< random access
    using const_iterator = const std::string_view*;  ///< the same
    using size_type = std::size_t;                   ///< of size()
    using difference_type = std::ptrdiff_t;          ///< between iterators

    child_names() noexcept = default; ///< none
    /// Copies the names: for tests of code that takes child_names.
    child_names(std::initializer_list<std::string_view> names);
    /// Copies the names.
    explicit child_names(std::span<const std::string> names);
    /// Shares the memory of the other one.
    child_names(const child_names& other) noexcept;
    /// Takes the names over; the other one is empty afterwards.
    child_names(child_names&& other) noexcept
        : memory_(std::exchange(other.memory_, nullptr)),
          names_(std::exchange(other.names_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}
    /// Lets go of its own names and has the other one's.
    child_names& operator=(child_names other) noexcept {
        std::swap(memory_, other.memory_);
        std::swap(names_, other.names_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~child_names() {
        if (memory_ != nullptr) release();
    }

    /// Whether there are no names.
    bool empty() const noexcept { return size_ == 0; }
    /// The number of names.
    std::size_t size() const noexcept { return size_; }
    /// The first name. Iterators are valid as long as this object is not sorted, assigned to or destroyed.
    const_iterator begin() const noexcept { return names_; }
    /// Behind the last name.
    const_iterator end() const noexcept { return names_ + size_; }
    /// A name. Precondition: i < size().
    std::string_view operator[](std::size_t i) const& noexcept { return names_[i]; }
    /// The first name. Precondition: not empty().
    std::string_view front() const& noexcept { return names_[0]; }
    /// The last name. Precondition: not empty().
    std::string_view back() const& noexcept { return names_[size_ - 1]; }
    std::string_view operator[](std::size_t) const&& = delete; ///< would dangle: keep the names in a variable
    std::string_view front() const&& = delete;
    std::string_view back() const&& = delete;

    /// Sorts the names by their bytes. Views got before stay valid, iterators do not; copies keep their order. Throws
    /// std::bad_alloc, only if there are copies.
    void sort();
    /// Whether there is such a name. Looks at one after the other.
    bool contains(std::string_view name) const noexcept { return std::find(begin(), end(), name) != end(); }
    /// Copies every name.
    operator std::vector<std::string>() const { return {begin(), end()}; }

    /// The same names in the same order.
    friend bool operator==(const child_names& a, const child_names& b) noexcept {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }
    /// The same names in the same order, in any range of text.
    template <std::ranges::input_range Range>
        requires(!std::same_as<Range, child_names> &&
                 std::convertible_to<std::ranges::range_reference_t<const Range&>, std::string_view>)
    friend bool operator==(const child_names& a, const Range& b) {
        return std::ranges::equal(a, b, [](std::string_view x, std::string_view y) { return x == y; });
    }

  private:
    friend class detail::name_table;
    void release() noexcept;

    util::shared_block* memory_ = nullptr; ///< a count of it
    std::string_view* names_ = nullptr;    ///< in the memory
    std::size_t size_ = 0;
};

} // namespace kazoo
