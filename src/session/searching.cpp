// While the session is on a server without a quorum: the search for one that has it.
#include "session/session_impl.hpp"
#include "util/server_texts.hpp"

namespace kazoo::session {

bool session::impl::searches() const noexcept {
    return phase_ == phase::ready && identity_.read_only && !closing_ && !leaving_;
}

void session::impl::run_search_timer() {
    if (search_.asked() != 0) {
        disconnect_from(search_.asked(), {});
        search_.answered();
        return ask_next();
    }
    // Addresses change: the answers are for the next time.
    for (std::string& name : round_.names()) orders_.push_back(resolve_order{std::move(name)});
    search_.set_rest(round_.known_addresses());
    ask_next();
}

void session::impl::ask_next() {
    const std::optional<util::endpoint> whom = search_.next();
    if (!whom) return search_.pause(now_, random_);
    if (to_string(*whom) == to_string(current_)) return ask_next();
    search_.asks(++last_opening_, *whom, saturating_add(now_, lease_.timeout() / 3));
    orders_.push_back(connect_order{last_opening_, *whom});
}

void session::impl::take_answer(std::string_view answer) {
    disconnect_from(search_.asked(), {});
    search_.answered();
    if (!searches()) return;
    if (says_quorum(answer)) {
        log(log_level::info, to_string(search_.whom()), " has a quorum: moves there");
        move_to_ = search_.whom();
        return move("left, as another one has a quorum");
    }
    if (util::says_not_allowed(search_.word(), answer)) search_.refused();
    ask_next();
}

void session::impl::end_search() {
    if (search_.asked() != 0) disconnect_from(search_.asked(), {});
    search_.end();
}

} // namespace kazoo::session
