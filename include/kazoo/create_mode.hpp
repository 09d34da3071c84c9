#pragma once
// How a new node lives and dies.
#include <kazoo/export.hpp>

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <limits>
#include <string>
#include <type_traits>

namespace kazoo {

/// How long a node lives, and who chooses its name: `create_mode::ephemeral`, `create_mode::ttl(1h)`. Only a mode with
/// a time to live has one.
class create_mode {
  public:
    static const create_mode persistent;            ///< stays until it is removed
    static const create_mode ephemeral;             ///< dies with the session; has no children
    static const create_mode persistent_sequential; ///< the server appends a 10-digit number
    static const create_mode ephemeral_sequential;  ///< both
    /// The servers (from 3.5) remove it when its last child has gone: up to a minute later, as they look now and then
    /// (their znode.container.checkIntervalMs). New servers may remove one that never had a child, too.
    static const create_mode container;

    /// The servers remove it when its data was not set for so long and it has no children: up to a minute later, as
    /// for containers. In milliseconds, rounded up; from 1 ms to 2^40 - 1 ms (34 years), or the create is refused
    /// with errc::bad_arguments. Needs servers from 3.5 with extendedTypesEnabled: else errc::unimplemented.
    template <class Rep, class Period>
    static constexpr create_mode ttl(std::chrono::duration<Rep, Period> time_to_live) noexcept {
        return {life::ttl, false, saturate(time_to_live)};
    }
    /// The same, and the server appends a 10-digit number.
    template <class Rep, class Period>
    static constexpr create_mode sequential_ttl(std::chrono::duration<Rep, Period> time_to_live) noexcept {
        return {life::ttl, true, saturate(time_to_live)};
    }

    /// persistent
    constexpr create_mode() noexcept = default;

    /// Whether the node dies with the session.
    constexpr bool is_ephemeral() const noexcept { return life_ == life::ephemeral; }
    /// Whether the server completes the name.
    constexpr bool is_sequential() const noexcept { return sequential_; }
    /// Whether the node goes with its last child.
    constexpr bool is_container() const noexcept { return life_ == life::container; }
    /// Whether it is a mode with a time to live.
    constexpr bool has_ttl() const noexcept { return life_ == life::ttl; }
    /// The time to live; zero for a mode that has none.
    constexpr std::chrono::milliseconds time_to_live() const noexcept { return ttl_; }

    /// Whether life, naming and time to live are equal.
    friend constexpr bool operator==(const create_mode&, const create_mode&) noexcept = default;

  private:
    enum class life : std::uint8_t {
        persistent,
        ephemeral,
        container,
        ttl
    };
    constexpr create_mode(life l, bool sequential, std::chrono::milliseconds ttl = {}) noexcept
        : life_(l), sequential_(sequential), ttl_(ttl) {}

    /// What milliseconds cannot count is more than any server takes.
    template <class Rep, class Period>
    static constexpr std::chrono::milliseconds saturate(std::chrono::duration<Rep, Period> d) noexcept {
        using real = std::chrono::duration<long double, std::milli>;
        constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 2;
        const real whole(d);
        if (whole >= real(most)) return std::chrono::milliseconds(most);
        if (!(whole >= real(-most))) return std::chrono::milliseconds(-most); // nor a number
        return std::chrono::ceil<std::chrono::milliseconds>(whole);
    }

    life life_ = life::persistent;
    bool sequential_ = false;
    std::chrono::milliseconds ttl_{0};
};

inline constexpr create_mode create_mode::persistent{life::persistent, false};
inline constexpr create_mode create_mode::ephemeral{life::ephemeral, false};
inline constexpr create_mode create_mode::persistent_sequential{life::persistent, true};
inline constexpr create_mode create_mode::ephemeral_sequential{life::ephemeral, true};
inline constexpr create_mode create_mode::container{life::container, false};
static_assert(std::is_trivially_copyable_v<create_mode> && std::is_trivially_destructible_v<create_mode>);

/// The name of the constant or function, such as "ephemeral_sequential" or "ttl(5000 ms)".
KAZOO_EXPORT std::string to_string(create_mode);
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, create_mode);

} // namespace kazoo
