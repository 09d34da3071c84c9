#pragma once
// Several reasons to stop, as one.
#include <kazoo/export.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <stop_token>
#include <utility>

namespace kazoo {

/// A token that stops when any of several does: a deadline of the caller's and the end of the process, say.
///
///     kazoo::node n = zk.get("/a", kazoo::stop_when(shutdown, request.cancelled()));
///
/// It must live as long as what it should stop: nothing is requested any more once it is destroyed. Within a blocking
/// call a temporary will do. Thread safety: as std::stop_source. Does not block; throws std::bad_alloc.
template <std::size_t Count> class [[nodiscard]] stop_when {
  public:
    /// Stopped already if one of them is.
    template <std::same_as<std::stop_token>... Tokens>
        requires(sizeof...(Tokens) == Count)
    explicit stop_when(Tokens... tokens)
        : callbacks_{std::stop_callback<request>(std::move(tokens), request{source_})...} {}
    stop_when(const stop_when&) = delete;
    stop_when& operator=(const stop_when&) = delete;
    ~stop_when() = default;

    /// For what should end. Stays valid, but is not stopped any more when this object is gone.
    std::stop_token get_token() const noexcept { return source_.get_token(); }
    /// The same as get_token().
    operator std::stop_token() const noexcept { return get_token(); }

  private:
    struct request {
        std::stop_source source;
        void operator()() noexcept { source.request_stop(); }
    };
    std::stop_source source_;
    std::array<std::stop_callback<request>, Count> callbacks_;
};
/// The number of tokens follows from the call.
template <class... Tokens> stop_when(Tokens...) -> stop_when<sizeof...(Tokens)>;

} // namespace kazoo
