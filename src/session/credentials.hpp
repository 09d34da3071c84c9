#pragma once
// Credentials in the order in which they were given: accepted ones go out on every connection, the others until the
// server has judged them. Replies to auth overtake those to requests, so they are matched here.
#include "session/session.hpp"

#include <deque>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace kazoo::session {

class credentials {
  public:
    enum class verdict : std::uint8_t {
        accepted, ///< by the server; or a stored one is in force again
        refused,
        final, ///< one that must be accepted was refused
        retry  ///< the server could not say
    };

    void add(std::shared_ptr<credential>);
    /// It is not sent again. One that waits for a verdict is refused: errc::cancelled.
    void remove(std::string_view scheme, std::string_view secret);
    /// Appends the auth request of every credential: the stored ones, then the waiting ones.
    template <class Send> void send_all(Send&& send) {
        for (const stored& s : accepted_) send_one({.kept = &s}, s.scheme, s.secret, send);
        for (const auto& c : waiting_) send_one({.waits = c}, c->scheme, c->secret, send);
    }
    /// Appends the auth request of the credential that was added last.
    template <class Send> void send_newest(Send&& send) {
        send_one({.waits = waiting_.back()}, waiting_.back()->scheme, waiting_.back()->secret, send);
    }
    bool all_judged() const noexcept { return on_their_way_.empty(); }
    /// The reply to the oldest credential on its way has come.
    verdict answered(std::int32_t err);
    void connection_lost() noexcept { on_their_way_.clear(); }
    /// Refuses all credentials that wait for a verdict.
    void end(errc reason);

  private:
    struct stored {
        std::string scheme, secret;
    };
    /// One of them that was sent and not answered. Neither: it was removed meanwhile.
    struct sent {
        const stored* kept = nullptr;
        std::shared_ptr<credential> waits{};
    };
    template <class Send> void send_one(sent which, const std::string& scheme, const std::string& secret, Send& send) {
        on_their_way_.push_back(std::move(which));
        send(scheme, secret);
    }

    std::list<stored> accepted_;                                    ///< a list: what is on its way points to them
    std::set<std::pair<std::string_view, std::string_view>> known_; ///< views of the accepted ones
    std::deque<std::shared_ptr<credential>> waiting_;
    std::deque<sent> on_their_way_;
};

} // namespace kazoo::session
