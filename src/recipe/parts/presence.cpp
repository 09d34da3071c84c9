#include "recipe/parts/presence.hpp"

#include "recipe/parts/in_each_session.hpp"
#include "recipe/parts/patrol.hpp"

#include <kazoo/path.hpp>

#include <new>
#include <ostream>
#include <utility>

namespace kazoo {

std::string_view to_string(presence_state s) noexcept {
    switch (s) {
    case presence_state::left: return "left";
    case presence_state::joining: return "joining";
    case presence_state::joined: return "joined";
    }
    return "unknown";
}
std::ostream& operator<<(std::ostream& out, presence_state s) { return out << to_string(s); }

namespace recipe {

/// From join() to leave(). On the loop.
struct presence::stay {
    std::string id, node;
    std::stop_source end;
    std::size_t wanted_by = 0; ///< calls of join() that have not ended
    bool kept = false;         ///< one of them has come through
    bool ever_joined = false;
    std::optional<pinned_handle> there{}; ///< the session in which it is there
    zxid created = zxid::none;            ///< when it was seen last
    bool over = false;                    ///< its task has ended
    bool lost = false;                    ///< by itself: it does not come back
    std::error_code why_over{};
    bool possible = false;        ///< there may be a node
    bool possible_before = false; ///< also without the last create
    bool unanswered = false;      ///< a create got no answer, and may be carried out late
    bool settling = false;        ///< until that cannot happen any more
    std::optional<result<bool>> removed{};

    std::uint64_t first_data = 0; ///< the number of the data when it began
    std::uint64_t data_sent = 0;  ///< of the last create
    std::uint64_t data_there = 0; ///< of what the node had as of `written`
    zxid written = zxid::none;    ///< our last change of the node that was answered
    std::error_code data_refused{};
};

presence::presence(recipe_object& of, presence_rules rules)
    : of_(of), rules_(std::move(rules)), changed_(of.owner()), wish_(of.owner()) {}

// -- on the loop: what is wanted --------------------------------------------------------------------------------------

std::shared_ptr<presence::stay> presence::begun() {
    if (stay_) return stay_;
    auto s = std::make_shared<stay>();
    s->id = rules_.new_id ? rules_.new_id() : random_id(of_.owner().loop());
    s->node = path::join(rules_.folder, s->id + rules_.tail);
    s->first_data = data_number_;
    const task_options options = of_.waiting("join", never, s->end.get_token());
    auto running = spawn(of_.owner(), options, run(of_.shared_from_this(), *this, s));
    s->over = running.ready();
    if (s->over) { // refused
        s->why_over = std::move(running).result().error();
        return s;
    }
    stays_.push_back(s);
    std::move(running).detach();
    stay_ = s;
    say(*s, presence_state::joining);
    return s;
}

void presence::end(stay& s) {
    if (stay_.get() == &s) {
        say(s, presence_state::left);
        stay_.reset();
    }
    s.end.request_stop();
    changed_.notify();
}

void presence::was_removed(stay& s) {
    s.possible = false;
    end(s);
}

std::optional<presence::standing> presence::stands() const {
    if (!stay_ || !stay_->there || !stay_->there->alive()) return std::nullopt;
    return standing{*stay_->there, stay_->node, stay_->created, stay_};
}

task<void> presence::others_removed() {
    const auto all = stays_;
    for (const auto& s : all)
        while (s != stay_ && (!s->removed || s->settling)) co_await changed_.next();
}

presence::interest::interest(presence& of) : of_(of), stay_(of.begun()) { ++stay_->wanted_by; }
presence::interest::~interest() {
    if (--stay_->wanted_by == 0 && !stay_->kept) of_.end(*stay_);
}
void presence::interest::keep() noexcept { stay_->kept = true; }

task<std::optional<presence::standing>> presence::interest::there() const {
    for (;;) {
        if (stay_->lost) co_return std::nullopt;
        if (stay_->over || of_.stay_ != stay_)
            throw_error(stay_->over ? stay_->why_over : make_error_code(errc::cancelled),
                        stay_->unanswered ? outcome::unknown : outcome::not_applied, "join", of_.of_.path());
        if (auto s = of_.stands()) co_return s;
        co_await of_.changed_.next();
    }
}

task<void> presence::join(std::shared_ptr<recipe_object> of, presence& self) {
    task_scope& scope = co_await this_scope{};
    const recipe_object::call under_way(*of, scope);
    scope.require_time();
    for (;;) {
        interest here(self);
        const auto there = co_await here.there();
        if (!there) continue; // it was over already, and nobody had heard of it: ours is another one
        scope.claim_result();
        here.keep();
        co_return;
    }
}

task<void> presence::wait_joined(std::shared_ptr<recipe_object> of, presence& self) {
    const recipe_object::call under_way(*of, co_await this_scope{});
    while (!self.joined()) co_await self.changed_.next();
}

task<bool> presence::leave(std::shared_ptr<recipe_object> of, presence& self) {
    const recipe_object::call under_way(*of, co_await this_scope{});
    const auto ours = self.stay_;
    auto all = self.stays_; // also those that other calls are ending
    std::erase_if(all, [](const auto& s) { return s->removed.has_value(); });
    if (ours) self.end(*ours);
    bool by_this_call = false;
    for (const auto& s : all) {
        while (!s->removed) co_await self.changed_.next();
        by_this_call = s->removed->value() && s == ours;
    }
    co_return by_this_call;
}

task<void> presence::change_data(std::shared_ptr<recipe_object> of, presence& self, std::string data) {
    const recipe_object::call under_way(*of, co_await this_scope{});
    self.rules_.data = std::move(data);
    const std::uint64_t number = ++self.data_number_;
    self.wish_.notify();
    const auto s = self.stay_;
    while (s && !s->over && s->data_there < number) co_await self.changed_.next();
    if (s && s->data_refused && s->data_there >= number)
        throw_error(s->data_refused, outcome::not_applied, "set_data", s->node);
}

// -- on the loop: the node --------------------------------------------------------------------------------------------

task<void> presence::run(std::shared_ptr<recipe_object> of, presence& self, std::shared_ptr<stay> s) {
    const recipe_object::call under_way(*of, co_await this_scope{});
    const auto in_one = [&self, s](pinned_handle zk, bool behind_a_loss) {
        return self.be_there(s, std::move(zk), behind_a_loss);
    };
    const auto end = co_await as_result(in_each_session(*of, in_one));
    s->why_over = end ? make_error_code(errc::cancelled) : end.error();
    s->lost = end && self.stay_ == s;
    self.clean_up(s);
    s->over = true;
    self.end(*s);
}

task<void> presence::be_there(std::shared_ptr<stay> s, pinned_handle zk, bool behind_a_loss) {
    if (behind_a_loss && rules_.one_session) co_return;
    lookout changes(of_.owner(), of_.absolute(s->node), sight::of::data);
    repetition tries;
    future<created_node> creating;
    std::optional<node_stat> mine; // as it was made in this session
    for (bool missing = true, was_made = false;;) {
        // 1. Make it, if it seems to be missing, and look at what is there, in one round trip.
        if (missing && (s->ever_joined || was_made) && !rules_.comes_back) co_return;
        if (missing) {
            s->there.reset();
            say(*s, presence_state::joining);
            creating = create(*s, zk);
        }
        auto looking = zk.async_watch_exists(s->node);
        if (std::exchange(missing, false)) {
            const auto made = co_await as_result(std::move(creating));
            note(*s, made);
            if (made) mine = made->stat;
            was_made = was_made || made;
            missing = !made && made.error() != errc::node_exists;
            if (missing) looking.cancel();
            if (made.error() == errc::no_node) {
                const auto folder = co_await as_result(zk.async_ensure_path(rules_.folder));
                if (!folder && !co_await tries.again(as_passing(folder.error()))) folder.rethrow();
            } else if (missing && !co_await tries.again(as_passing(made.error()))) {
                made.rethrow();
            }
            if (missing) continue;
        }
        auto seen = co_await as_result(std::move(looking));
        if (!seen && co_await tries.again(seen.error())) continue;
        if (seen.error() == errc::no_auth) {
            missing = !co_await stays_hidden(s, zk, mine, tries);
            continue;
        }
        if (!seen) seen.rethrow();
        missing = !seen->value;
        if (missing) continue;

        // 2. It is there. In our name, and with our data? Then we have joined.
        const node_stat there = *seen->value;
        const bool ours = there.owner == zk.id();
        const bool another = !ours || there.created != s->created; // a late create made it: ours was deleted
        if (another && s->ever_joined && !rules_.comes_back) co_return;
        if (!ours && co_await replaced(s, zk, there, tries)) continue;
        if (ours && !has_our_data(*s, there)) {
            co_await write(s, zk, there, tries);
            continue;
        }
        if (ours) {
            is_there(*s, zk, there);
        } else {
            s->there.reset();
            say(*s, presence_state::joining);
            changed_.notify();
        }

        // 3. Until something becomes of it, or other data is wanted.
        changes.watch(sight(sight::of::data, there), std::move(seen->changed));
        auto wish = wish_.next();
        co_await first_of(changes.change(), wish);
        const auto came = changes.what_came();
        if (!came && came.error() != errc::cancelled) came.rethrow();
        missing = came && came->type == event_type::deleted;
    }
}

void presence::is_there(stay& s, const pinned_handle& zk, const node_stat& there) {
    s.ever_joined = true;
    s.there = zk;
    s.created = there.created;
    say(s, presence_state::joined, zk);
    changed_.notify();
}

/// It is there, and from ZooKeeper 3.8.4 and 3.9.2 on nobody may see more of it whom its ACL keeps from reading, not
/// even we (ZOOKEEPER-2590). No event comes: it is asked again in a while. False: it may be one of an old session, and
/// is gone.
task<bool> presence::stays_hidden(std::shared_ptr<stay> s, pinned_handle zk, std::optional<node_stat> mine,
                                  repetition& tries) {
    if (!mine) {
        const auto removed = co_await as_result(zk.async_remove_if_exists(s->node));
        if (removed.error() == errc::no_auth) { // then it goes with its session
            (void)co_await as_result(pause(of_.owner(), zk.timeout()));
            co_return true;
        }
        if (!removed && !co_await tries.again(as_passing(removed.error()))) removed.rethrow();
        co_return !removed;
    }
    if (s->data_there != data_number_) {
        mine->data_version = version::any;
        co_await write(s, zk, *mine, tries);
        co_return true;
    }
    is_there(*s, zk, *mine);
    (void)co_await as_result(wish_.next().timeout(zk.timeout()));
    co_return true;
}

future<created_node> presence::create(stay& s, const pinned_handle& zk) {
    s.possible_before = std::exchange(s.possible, true);
    s.data_sent = data_number_;
    return zk.async_create_with_stat(s.node, rules_.data, {.mode = create_mode::ephemeral, .acl = rules_.acl});
}

void presence::note(stay& s, const result<created_node>& made) {
    if (made) {
        s.written = made->stat.modified;
        s.data_there = s.data_sent;
    } else if (made.outcome() == outcome::unknown) {
        s.unanswered = true;
    } else if (made.error() != errc::node_exists) {
        s.possible = s.possible_before;
    }
}

/// What nobody has written since it was made has the data that it was made with.
bool presence::has_our_data(const stay& s, const node_stat& there) const noexcept {
    const bool never_another = s.first_data == data_number_ && there.modified == there.created;
    return never_another || (s.data_there == data_number_ && there.modified == s.written);
}

/// One of an old session of ours, which those who look have seen so far. False: we may not, so it will go by itself.
task<bool> presence::replaced(std::shared_ptr<stay> s, pinned_handle zk, node_stat old, repetition& tries) {
    constexpr std::size_t removal = 0;
    transaction both = zk.transaction();
    both.remove(s->node, old.data_version);
    both.create(s->node, rules_.data, {.mode = create_mode::ephemeral, .acl = rules_.acl});
    s->possible = true;
    const auto done = co_await as_result(both.async_commit());
    if (done) co_return true;
    if (done.outcome() == outcome::unknown) s->unanswered = true;
    const auto failed = failed_index(done);
    if (failed == removal && done.error() == errc::no_auth) co_return false;
    const bool changed_meanwhile =
        failed == removal && (done.error() == errc::no_node || done.error() == errc::bad_version);
    if (!changed_meanwhile && !co_await tries.again(as_passing(done.error()))) done.rethrow();
    co_return true;
}

task<void> presence::write(std::shared_ptr<stay> s, pinned_handle zk, node_stat there, repetition& tries) {
    const std::uint64_t number = data_number_;
    const auto set = co_await as_result(zk.async_set(s->node, rules_.data, there.data_version));
    const bool changed_meanwhile = set.error() == errc::bad_version || set.error() == errc::no_node;
    if (changed_meanwhile || (!set && co_await tries.again(as_passing(set.error())))) co_return;
    if (set.error() == errc::session_expired) set.rethrow();
    s->data_refused = set.error();
    s->written = set ? set->modified : there.modified;
    s->data_there = number;
}

/// What was begun to make it is undone.
void presence::clean_up(const std::shared_ptr<stay>& s) noexcept {
    bool removing = false;
    try {
        if (s->possible) removing = begin_removal(s);
        if (s->unanswered) {
            auto removal = remove_protected(handle(of_.owner(), of_.root()), rules_.folder, s->id);
            s->settling = true;
            spawn(of_.owner(), {"clean up", s->node}, settle(of_.shared_from_this(), *this, s, std::move(removal)))
                .detach();
        }
        const bool told_to_end = s->why_over == errc::cancelled || s->why_over == errc::closed;
        if (s->ever_joined && !told_to_end) // nobody waits who could be told
            of_.owner().log(log_level::warn,
                            std::string(of_.recipe()) + " " + of_.path() +
                                " has left, as its node cannot be made again: " + s->why_over.message());
    } catch (const std::bad_alloc&) { // it goes with its session
        of_.owner().log(log_level::warn, "no memory to remove what was there");
    }
    if (!removing) is_gone(*s, result<bool>(false));
}

/// False: the client is closed, and the node goes with its session.
bool presence::begin_removal(const std::shared_ptr<stay>& s) {
    const pinned_handle zk = of_.session();
    auto first = remove_until_gone(zk, "leave", s->node);
    task_options options{"leave", s->node};
    options.is_duty = true;
    auto removal = spawn(of_.owner(), options, remove(of_.shared_from_this(), *this, s, zk, std::move(first)));
    const bool begun = !removal.ready();
    std::move(removal).detach();
    return begun;
}

/// A session that is over for us may live on at the servers, and the node with it. Nobody else has its name.
task<void> presence::remove(std::shared_ptr<recipe_object> of, presence& self, std::shared_ptr<stay> s,
                            pinned_handle zk, future<bool> removing) {
    for (;;) {
        const auto removed = co_await as_result(std::move(removing));
        const bool ended_with_session = removed && !*removed && !zk.alive() && of->owner().refusing() == errc{};
        if (!ended_with_session) co_return self.is_gone(*s, removed);
        zk = of->session();
        removing = remove_until_gone(zk, "leave", s->node);
    }
}

/// Nothing comes late any more.
task<void> presence::settle(std::shared_ptr<recipe_object>, presence& self, std::shared_ptr<stay> s,
                            future<void> removing) {
    (void)co_await as_result(std::move(removing));
    self.is_settled(*s);
}

void presence::is_gone(stay& s, result<bool> removed) noexcept {
    s.removed = std::move(removed);
    if (!s.settling) forget(s);
    changed_.notify();
}

void presence::is_settled(stay& s) noexcept {
    s.settling = false;
    if (s.removed) forget(s);
    changed_.notify();
}

void presence::forget(stay& s) noexcept {
    std::erase_if(stays_, [&s](const auto& other) { return other.get() == &s; });
}

// -- for any thread ---------------------------------------------------------------------------------------------------

future<void> presence::join(std::stop_token stop) {
    return spawn(of_.owner(), of_.waiting("join", never, std::move(stop)), join(of_.shared_from_this(), *this));
}

namespace {

task<bool> true_when_done(task<void> t) {
    co_await std::move(t);
    co_return true;
}

} // namespace

future<bool> presence::join_within(duration limit, std::stop_token stop) {
    auto joining = true_when_done(join(of_.shared_from_this(), *this));
    return spawn(of_.owner(), of_.waiting("join", of_.deadline_in(limit), std::move(stop)),
                 false_on(errc::cancelled, false_on(errc::operation_timeout, std::move(joining))));
}

future<void> presence::wait_joined(time_point deadline, std::stop_token stop) {
    task_options o = of_.waiting("wait_joined", deadline, std::move(stop));
    o.only_reads = true;
    return spawn(of_.owner(), o, wait_joined(of_.shared_from_this(), *this));
}

future<bool> presence::leave() {
    return spawn(of_.owner(), {"leave", of_.path()}, leave(of_.shared_from_this(), *this));
}

future<void> presence::set_data(std::string data) {
    return spawn(of_.owner(), {"set_data", of_.path()}, change_data(of_.shared_from_this(), *this, std::move(data)));
}

presence_state presence::state() const noexcept {
    if (of_.owner().refusing() != errc{}) return presence_state::left; // closed, or in the child of a fork
    const util::lock_guard lock(mutex_);
    if (state_ != presence_state::joined || in_->alive()) return state_;
    return rules_.comes_back ? presence_state::joining : presence_state::left;
}

void presence::say(const stay& s, presence_state now, std::optional<pinned_handle> in) {
    if (stay_.get() != &s) return;
    {
        const util::lock_guard lock(mutex_);
        in_ = std::move(in);
        if (std::exchange(state_, now) == now) return;
    }
    audience_.tell(now);
}

ref<listener> presence::on_state(std::string who, std::function<void(presence_state)> f) {
    return audience_.add(of_.owner(), std::move(who), std::move(f));
}

std::string_view presence::id() const noexcept { return stay_ ? std::string_view(stay_->id) : std::string_view(); }

} // namespace recipe

} // namespace kazoo
