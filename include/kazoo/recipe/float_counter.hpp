#pragma once
// kazoo::counter for numbers with a fraction, wire-compatible with Counter of Python's kazoo whose default is a float.
#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo {

namespace recipe {
/// What a counter shares with its tasks.
template <class Number> class counter_core;
} // namespace recipe

/// How a float_counter behaves: as counter_options say.
struct float_counter_options {
    double initial = 0;            ///< the number of a node that is missing or empty
    bool receipts = false;         ///< whether changes travel with a receipt
    std::vector<kazoo::acl> acl{}; ///< of the node, where it is made
};

/// A number with a fraction that is changed by all who name the same path. Guarantee, *What happens when*, limits and
/// thread safety are those of kazoo::counter (kazoo/recipe/counter.hpp), and these:
///
/// - *what a double cannot hold exactly* is rounded, as everywhere: changes in another order may give another sum.
/// - *the sum of two finite numbers is too large*, or is no number: errc::bad_arguments, and nothing is written. An
///   infinity that somebody has put there is one that may be read and compared.
/// - *the text in the node*: what Python writes is read exactly, and what is written is what Python writes: the
/// shortest
///   text that is read as the same number.
class KAZOO_EXPORT float_counter {
  public:
    /// Asks nobody anything. Throws kazoo::error (errc::invalid_path). The object keeps a handle of the client, and so
    /// the session, alive.
    float_counter(client c, std::string_view path, float_counter_options options = {});
    float_counter(const float_counter&) = delete;
    float_counter& operator=(const float_counter&) = delete;
    /// Does not block.
    ~float_counter();

    /// As counter::load().
    double load(const std::stop_token& stop = {}) const;
    /// As counter::async_load(). Does not block.
    future<double> async_load(std::stop_token stop = {}) const;
    /// As counter::fetch_add().
    double fetch_add(double n, const std::stop_token& stop = {});
    /// As counter::async_fetch_add(). Does not block.
    future<double> async_fetch_add(double n, std::stop_token stop = {});
    /// fetch_add(n), but gives what the number is then.
    double operator+=(double n) { return fetch_add(n) + n; }
    /// fetch_add(-n), but gives what the number is then.
    double operator-=(double n) { return *this += -n; }
    /// As counter::compare_exchange(); numbers are compared with ==.
    bool compare_exchange(double& expected, double desired, const std::stop_token& stop = {});
    /// As counter::async_compare_exchange(). Does not block.
    future<std::optional<double>> async_compare_exchange(double expected, double desired, std::stop_token stop = {});

    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    client client_;
    std::shared_ptr<recipe::counter_core<double>> core_;
};

} // namespace kazoo
