#pragma once
// How often each thing that a storm is about has happened. What never happened was not tested.
#include <array>
#include <cstdint>
#include <iomanip>
#include <ostream>
#include <string_view>
#include <vector>

namespace kazoo::testkit {

/// `Things` has an enumeration `what`, whose last value is `count`, and `names` for the others.
template <class Things> class counts : public Things {
  public:
    using what = typename Things::what;
    static constexpr std::size_t size = Things::count;

    void add(what w, std::uint64_t n = 1) noexcept { counts_[w] += n; }
    std::uint64_t operator[](what w) const noexcept { return counts_[w]; }
    counts& operator+=(const counts& other) noexcept {
        for (std::size_t i = 0; i < size; ++i) counts_[i] += other.counts_[i];
        return *this;
    }
    std::vector<std::string_view> missing() const {
        std::vector<std::string_view> none;
        for (std::size_t i = 0; i < size; ++i)
            if (counts_[i] == 0) none.push_back(Things::names[i]);
        return none;
    }
    friend std::ostream& operator<<(std::ostream& out, const counts& c) {
        for (std::size_t i = 0; i < size; ++i) out << std::setw(34) << Things::names[i] << ' ' << c.counts_[i] << '\n';
        return out;
    }

  private:
    std::array<std::uint64_t, size> counts_{};
};

} // namespace kazoo::testkit
