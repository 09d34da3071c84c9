// Those who use the helpers in a storm.
#include "helper_storm.hpp"

namespace kazoo::testkit {

namespace {

/// The client may have gone while a retry waited.
client& present(storm_client& p) {
    if (!p.c) throw_error(make_error_code(errc::closed), outcome::not_applied, "storm", {});
    return *p.c;
}

} // namespace

void helper_storm::told_of(told& end, const error& e) {
    end = e.outcome() == outcome::unknown ? told::unknown : told::not_applied;
    if (e.code() == errc::closed) counts_.add(helper_counts::closed);
}

struct helper_storm::actors {
    /// Adds one to the counter, again and again.
    static actor count(helper_storm& m, storm_client& p) {
        const counted_here alive(m.actors_);
        while (m.open_ && p.c) {
            co_await pause_for(*p.inside, m.between(0ms, 400ms));
            if (!p.c) co_return;
            const std::string name = m.named_ ? " " + std::to_string(m.updates_.size()) : std::string();
            m.updates_.push_back(std::make_unique<update>());
            update& u = *m.updates_.back();
            std::uint64_t tries = 0;
            const auto plus_one = [&m, &tries, name](const node& n) -> std::optional<std::string> {
                if (++tries > 1) m.counts_.add(helper_counts::computed_again);
                return std::to_string(std::stoull(n.data.str()) + 1) + name;
            };
            bool missing = false;
            try {
                auto updating = p.c->async_update("/counter", plus_one);
                if (m.below(4) == 0) updating = std::move(updating).timeout(m.between(1ms, 2s));
                co_await std::move(updating);
                u.end = told::done;
                m.counts_.add(helper_counts::updates);
            } catch (const error& e) {
                m.told_of(u.end, e);
                missing = e.code() == errc::no_node;
                if (u.end == told::not_applied) m.counts_.add(helper_counts::updates_not_applied);
                if (u.end == told::unknown) {
                    m.counts_.add(helper_counts::updates_unknown);
                    if (e.code() == errc::connection_loss) m.counts_.add(helper_counts::set_replies_lost);
                }
            }
            if (!missing || !p.c) continue;
            auto making = p.c->async_create("/counter", "0");
            try {
                co_await std::move(making);
            } catch (const error&) { // somebody else did, or next time
            }
        }
    }

    /// Plants trees and removes them.
    static actor clear(helper_storm& m, storm_client& p, site& s) {
        const counted_here alive(m.actors_);
        while (m.open_ && p.c) {
            co_await pause_for(*p.inside, m.between(0ms, 100ms));
            if (!p.c) co_return;
            auto planting = p.c->async_ensure_path(s.top);
            bool planted = true;
            try {
                co_await std::move(planting);
            } catch (const error&) {
                planted = false;
            }
            if (!p.c) co_return;
            for (std::uint64_t i = planted ? m.below(20) : 0; i > 0; --i) {
                const std::string child = s.top + "/" + std::to_string(i);
                p.c->async_create(child).detach();
                for (std::uint64_t k = m.below(8); k > 0; --k)
                    p.c->async_create(child + "/" + std::to_string(k)).detach();
            }
            co_await pause_for(*p.inside, m.between(0ms, 20ms));
            if (!p.c) co_return;
            const version expected = m.below(5) == 0 ? version{static_cast<int>(m.below(2))} : version::any;
            const std::uint64_t absences = s.absences, removed = s.removed_by_us;
            const bool was_there = m.is_there(s.top);
            s.being_removed = true;
            try {
                auto removing = p.c->async_remove_tree(s.top, expected);
                if (m.below(6) == 0) removing = std::move(removing).timeout(m.between(1ms, 300ms));
                const std::size_t answered = co_await std::move(removing);
                m.counts_.add(helper_counts::trees_removed);
                if (was_there && s.absences == absences) m.complain(p.name() + " was told that its tree is gone");
                if (answered < s.removed_by_us - removed) m.counts_.add(helper_counts::removals_over_lost_replies);
            } catch (const error& e) {
                told end = told::nothing_yet;
                m.told_of(end, e);
                if (e.code() == errc::bad_version) m.counts_.add(helper_counts::refused_by_version);
                if (e.code() == errc::operation_timeout) m.counts_.add(helper_counts::removals_given_up);
                if (end == told::not_applied && s.removed_by_us != removed)
                    m.complain(p.name() + " was told that nothing was removed: " + e.what());
            }
            s.being_removed = false;
        }
    }

    /// Makes nodes, over and over again until it succeeds.
    static actor make(helper_storm& m, storm_client& p) {
        const counted_here alive(m.actors_);
        for (std::uint64_t call = 0; m.open_ && p.c; ++call) {
            co_await pause_for(*p.inside, m.between(0ms, 300ms));
            if (!p.c) co_return;
            auto there = p.c->async_ensure_path("/retries");
            try {
                co_await std::move(there);
            } catch (const error&) {
            }
            if (!p.c) co_return;
            const std::string name = "/retries/" + std::to_string(p.number) + "x" + std::to_string(call);
            creation& c = m.creations_[name];
            c.repeats_unknown = m.below(3) == 0;
            retry_rules rules;
            rules.pauses = {.initial_delay = 5ms, .max_delay = 500ms};
            rules.across_sessions = m.below(2) == 0;
            rules.repeat_unknown = c.repeats_unknown;
            const auto attempt = [&p, &c, name] {
                ++c.tries;
                return present(p).async_create(name + "-", "", {.mode = create_mode::persistent_sequential});
            };
            const session_id before = p.c->session_id();
            try {
                auto making = async_retry(*p.c, rules, attempt);
                if (m.below(6) == 0) making = std::move(making).timeout(m.between(1ms, 1s));
                co_await std::move(making);
                c.end = told::done;
                if (c.tries > 1) m.counts_.add(helper_counts::retried_until_done);
                if (c.tries > 1 && p.c && p.c->session_id() != before)
                    m.counts_.add(helper_counts::retries_of_the_next_session);
                if (c.tries > 1 && c.repeats_unknown) m.counts_.add(helper_counts::unknown_repeated);
            } catch (const error& e) {
                // With repeated ones the last error tells of the last try alone.
                m.told_of(c.end, e);
                if (c.repeats_unknown && c.tries > 1) c.end = told::unknown;
                if (e.code() == errc::connection_loss && c.end == told::unknown && !c.repeats_unknown)
                    m.counts_.add(helper_counts::unknown_not_repeated);
                if (e.code() == errc::operation_timeout) m.counts_.add(helper_counts::retries_stopped);
            }
        }
    }
};

void helper_storm::set_to_work(storm_client& p) {
    sites_.push_back(std::make_unique<site>());
    site& s = *sites_.back();
    s.top = "/trees/" + std::to_string(p.number);
    p.inside->execute([this, &p, &s] {
        actors::count(*this, p);
        actors::clear(*this, p, s);
        actors::make(*this, p);
    });
}

} // namespace kazoo::testkit
