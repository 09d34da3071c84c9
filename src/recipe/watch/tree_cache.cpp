#include <kazoo/recipe/tree_cache.hpp>

#include "recipe/support.hpp"
#include "recipe/watch/tree_cache_core.hpp"
#include "recipe/watch/tree_window.hpp"
#include "util/backoff.hpp"

#include <optional>
#include <ostream>
#include <variant>

namespace kazoo {

namespace recipe {

namespace {

/// The first pause before what could not be read is tried again. Pauses grow to the session's timeout.
constexpr std::chrono::milliseconds shortest_interval{100};

/// Whether nothing more will be answered.
bool is_the_end(std::error_code e) noexcept {
    return e == errc::closed || e == errc::auth_failed || e == errc::cancelled || e == errc::forked;
}

/// Whether what failed so can succeed in this session or in the next one.
bool may_come(std::error_code e) noexcept { return e == errc::session_expired || repetition::may_help(e); }

} // namespace

// -- the loop's side: each event is a question, each answer may bring more --------------------------------------------

task<void> tree_cache_core::live(std::shared_ptr<tree_cache_core> self) {
    task_scope& scope = co_await this_scope{};
    const call here(*self, scope);
    const auto ended = co_await as_result(follow(self));
    self->end(ended.error());
}

/// One recursive watch tells of everything. What is read is read behind it.
task<void> tree_cache_core::follow(std::shared_ptr<tree_cache_core> self) {
    task_scope& scope = co_await this_scope{};
    const handle zk(self->owner(), self->root());
    std::optional<watch_stream> stream;
    for (repetition tries; !stream;) {
        auto set = co_await as_result(zk.async_add_watch(self->node(), watch_mode::persistent_recursive));
        if (set)
            stream.emplace(*std::move(set));
        else if (set.error() != errc::session_expired && !co_await tries.again(set.error()))
            set.rethrow();
    }
    self->is_watched();
    spawn(scope, {self->recipe(), self->path()}, reading(self)).detach();
    spawn(scope, {self->recipe(), self->path()}, ask_again(self)).detach();
    for (;;) {
        const watch_event event = co_await stream->async_next();
        self->on_watch_event(event);
        self->work_.notify();
    }
}

/// From here on each broken connection is followed by a gap.
void tree_cache_core::is_watched() {
    const util::lock_guard lock(mutex_);
    interruptions_ = owner().board().interruptions();
    epoch_read_ = owner().board().epoch();
}

void tree_cache_core::on_watch_event(const watch_event& e) {
    if (e.type != event_type::gap) {
        const util::lock_guard lock(mutex_);
        return image_.touch(e.type, e.path);
    }
    const util::lock_guard lock(mutex_);
    const std::uint64_t interruptions = owner().board().interruptions();
    if (fresh_) stale_since_ = interruptions == interruptions_ ? now() : owner().board().interrupted_at();
    fresh_ = false;
    interruptions_ = interruptions;
    const std::uint64_t epoch = owner().board().epoch();
    if (std::exchange(epoch_read_, epoch) != epoch) initialized_ = false;
    image_.begin_round();
}

task<void> tree_cache_core::reading(std::shared_ptr<tree_cache_core> self) {
    const auto ended = co_await as_result(read_all(self));
    self->end(ended.error());
}

using tree_result =
    std::variant<result<std::optional<kazoo::node>>, result<std::optional<node_stat>>, result<child_list>>;

/// Events that came ahead of an answer may wait for the loop's next turn.
task<void> events_first() { co_return; }

/// Reads what is to be read, with a window of requests under way. Each session begins with a sync that was answered:
/// its server may be older than the one before, and so may the next one of a session that has seen nothing yet.
task<void> tree_cache_core::read_all(std::shared_ptr<tree_cache_core> self) {
    std::optional<pinned_handle> zk;
    tree_window window([&self](const tree_question& q) {
        const util::lock_guard lock(self->mutex_);
        self->image_.prevented(q);
    });
    std::error_code prevented;
    std::size_t heard = 0; // the events that came ahead of so many answers have been taken
    for (repetition tries;;) {
        if (window.empty() && !prevented && (!zk || client_access::expired(*zk))) {
            zk.emplace(self->session());
            const auto caught_up = co_await as_result(zk->async_sync(self->node()));
            const bool nobody_is_ahead = caught_up.error() == errc::not_read_only; // of a server without a quorum
            if (!caught_up && !nobody_is_ahead) {
                if (is_the_end(caught_up.error())) caught_up.rethrow();
                prevented = caught_up.error();
                zk.reset();
            }
        }
        // Once something was prevented nothing more is begun until all that is under way has ended.
        while (!prevented && window.has_room() && !client_access::expired(*zk)) {
            auto q = self->next_question();
            if (!q) break;
            auto answer = ask(*zk, *q);
            window.push(*std::move(q), std::move(answer));
        }
        if (window.empty() && !prevented) {
            co_await self->work_.next();
        } else if (window.empty()) {
            const std::error_code why = std::exchange(prevented, {});
            if (why != errc::session_expired && !co_await tries.again(why))
                throw_error(why, outcome::not_applied, self->recipe(), self->path());
        } else {
            std::optional<tree_result> answer;
            if (auto* const data = std::get_if<future<std::optional<kazoo::node>>>(&window.oldest()))
                answer = co_await as_result(std::move(*data));
            else if (auto* const stat = std::get_if<future<std::optional<node_stat>>>(&window.oldest()))
                answer = co_await as_result(std::move(*stat));
            else
                answer = co_await as_result(std::move(std::get<future<child_list>>(window.oldest())));
            if (heard == 0) {
                heard = 1 + window.ready_behind_oldest();
                co_await events_first();
            }
            --heard;
            const auto take = [&](auto& r) { return self->take(window, std::move(r), prevented); };
            prevented = std::visit(take, *answer);
        }
        self->look_at_round();
    }
}

std::optional<tree_question> tree_cache_core::next_question() {
    const util::lock_guard lock(mutex_);
    return image_.next_question();
}

/// Returns what has prevented an answer, this one or one before it. Throws if there will be no more answers.
template <class Answer>
std::error_code tree_cache_core::take(tree_window& window, result<Answer> r, std::error_code prevented) {
    if (!r && is_the_end(r.error())) r.rethrow();
    look_at_state(); // first what led to it
    const tree_question q = window.pop();
    const util::lock_guard lock(mutex_);
    if (!r && may_come(r.error())) {
        image_.prevented(q);
        return r.error();
    }
    if (!r && r.error() != errc::no_node) {
        image_.take_error(q, static_cast<errc>(r.error().value()));
    } else if constexpr (std::is_same_v<Answer, child_list>) {
        r ? image_.take(q, *r) : image_.take_missing(q);
    } else {
        r && *r ? image_.take(q, **std::move(r)) : image_.take_missing(q);
    }
    return prevented;
}

/// Whether everything has been compared.
void tree_cache_core::look_at_round() {
    {
        const util::lock_guard lock(mutex_);
        if (life_ != life::started) return;
        if (image_.has_to_ask_again()) unread_.notify();
        if (fresh_ || !image_.round_is_over()) return;
        fresh_ = true;
        if (std::exchange(initialized_, true)) return;
        ever_initialized_ = true;
    }
    tell_of_state(tree_change::initialized);
    changed_.notify();
}

/// Tells what has become of the connection since the last look.
void tree_cache_core::look_at_state() {
    const session_board& board = owner().board();
    const std::uint64_t interruptions = board.interruptions(), epoch = board.epoch();
    if (up_ && interruptions == interruptions_told_ && epoch == epoch_told_) return;
    if (!is_started()) return;
    if (std::exchange(interruptions_told_, interruptions) != interruptions && std::exchange(up_, false))
        tell_of_state(tree_change::suspended);
    if (std::exchange(epoch_told_, epoch) != epoch) {
        up_ = false;
        tell_of_state(tree_change::lost);
    }
    if (!up_ && is_connected(board.state())) {
        up_ = true;
        tell_of_state(tree_change::reconnected);
    }
}

bool tree_cache_core::is_started() const {
    const util::lock_guard lock(mutex_);
    return life_ == life::started;
}

/// No event comes for what we may not read, nor when that changes.
task<void> tree_cache_core::ask_again(std::shared_ptr<tree_cache_core> self) {
    const task_scope& scope = co_await this_scope{};
    std::optional<util::backoff> intervals;
    for (time_point asked = self->now();;) {
        if (!self->has_to_ask_again()) co_await self->unread_.next();
        if (!intervals) intervals.emplace(shortest_interval, self->session().timeout());
        (void)intervals->starts_over(self->now() - asked);
        (void)co_await as_result(pause(self->owner(), intervals->next()));
        scope.require_time();
        asked = self->now();
        const util::lock_guard lock(self->mutex_);
        self->image_.ask_again();
        self->work_.notify();
    }
}

bool tree_cache_core::has_to_ask_again() const {
    const util::lock_guard lock(mutex_);
    return image_.has_to_ask_again();
}

task<void> tree_cache_core::wait(std::shared_ptr<tree_cache_core> self) {
    task_scope& scope = co_await this_scope{};
    const call here(*self, scope);
    for (;;) {
        {
            const util::lock_guard lock(self->mutex_);
            if (self->life_ == life::ended)
                throw_error(self->why_ended_, outcome::not_applied, "wait_initialized", self->path());
            if (self->initialized_) co_return;
        }
        co_await self->changed_.next();
    }
}

} // namespace recipe

tree_cache::tree_cache(client c, std::string_view path, tree_cache_options options)
    : client_(std::move(c)), core_(recipe::tree_cache_core::make(client_, path, std::move(options))) {}
tree_cache::~tree_cache() { core_->close(); }

void tree_cache::start() { core_->start(client_); }
void tree_cache::close() noexcept { core_->close(); }
future<void> tree_cache::async_wait_initialized() const { return core_->wait_initialized(); }
void tree_cache::wait_initialized(time_limit limit, const std::stop_token& stop) const {
    async_wait_initialized().get_for(limit, stop);
}
void tree_cache::wait_initialized(const std::stop_token& stop) const { async_wait_initialized().get(stop); }

std::optional<cached_node> tree_cache::get(std::string_view path) const { return core_->get(path); }
std::optional<std::vector<std::string>> tree_cache::children(std::string_view path) const {
    return core_->children(path);
}
std::size_t tree_cache::size() const noexcept { return core_->size(); }
tree_state tree_cache::state() const noexcept { return core_->state(); }
std::optional<std::chrono::nanoseconds> tree_cache::stale() const noexcept { return core_->stale(); }

subscription tree_cache::on_event(std::function<void(const tree_event&)> f) {
    return subscription(core_->on_event(std::move(f)));
}
subscription tree_cache::on_fault(std::function<void(const tree_fault&)> f) {
    return subscription(core_->on_fault(std::move(f)));
}

const std::string& tree_cache::path() const noexcept { return core_->path(); }

std::string_view to_string(tree_change c) noexcept {
    switch (c) {
    case tree_change::node_added: return "node_added";
    case tree_change::node_updated: return "node_updated";
    case tree_change::node_removed: return "node_removed";
    case tree_change::suspended: return "suspended";
    case tree_change::reconnected: return "reconnected";
    case tree_change::lost: return "lost";
    case tree_change::initialized: return "initialized";
    }
    return "unknown";
}

std::string_view to_string(tree_state s) noexcept {
    switch (s) {
    case tree_state::latent: return "latent";
    case tree_state::loading: return "loading";
    case tree_state::current: return "current";
    case tree_state::suspended: return "suspended";
    case tree_state::lost: return "lost";
    case tree_state::rereading: return "rereading";
    case tree_state::ended: return "ended";
    }
    return "unknown";
}

std::ostream& operator<<(std::ostream& out, tree_change c) { return out << to_string(c); }
std::ostream& operator<<(std::ostream& out, tree_state s) { return out << to_string(s); }

std::ostream& operator<<(std::ostream& out, const cached_node& n) {
    out << n.path << ": " << node{n.data, n.stat};
    return n.unreadable ? out << ", " << n.unreadable.message() : out;
}

std::ostream& operator<<(std::ostream& out, const tree_event& e) {
    out << e.type;
    return e.node.path.empty() ? out : out << ' ' << e.node;
}

} // namespace kazoo
