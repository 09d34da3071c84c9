#include <kazoo/retrying.hpp>

#include "client/client_access.hpp"
#include "client/handle.hpp"
#include "future/ready.hpp"
#include "task/root_task.hpp"
#include "task/task_signal.hpp"
#include "util/backoff.hpp"

#include <string>

namespace kazoo {

bool repeats(const retry_rules& rules, const error& e) {
    const std::error_code code = e.code();
    if (code == errc::closed || code == errc::cancelled) return false;
    if (rules.again) return rules.again(e);
    if (e.outcome() == outcome::unknown && !rules.repeat_unknown) return false;
    return e.retryable() || (rules.across_sessions && e.session_lost());
}

namespace detail {

namespace {

constexpr std::string_view name = "retry";

/// How often and how fast. Whoever asks for the next pause has made a try.
class retry_course {
  public:
    retry_course(core& c, const retry_rules& rules)
        : loop_(c.loop()),
          pauses_(checked(rules)),
          chance_(loop_.entropy()),
          left_(rules.attempts),
          end_(saturating_add(loop_.now(), rules.deadline)) {}

    /// Nothing: there is no other try.
    std::optional<duration> next() noexcept {
        if (--left_ == 0) return std::nullopt;
        const duration pause = pauses_.next(chance_);
        if (saturating_add(loop_.now(), pause) >= end_ && end_ != never) return std::nullopt;
        return pause;
    }

  private:
    static const retry_policy& checked(const retry_rules& rules) {
        if (rules.attempts == 0)
            throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, name, {},
                        "retry_rules::attempts must be positive");
        const std::string_view defect = util::defect_of(rules.pauses);
        if (!defect.empty())
            throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, name, {},
                        "retry_rules::pauses." + std::string(defect));
        return rules.pauses;
    }

    detail::loop& loop_;
    util::backoff pauses_;
    util::random_source chance_;
    std::size_t left_;
    time_point end_;
};

task<void> rest(duration d) {
    task_scope& scope = co_await this_scope{};
    (void)co_await as_result(pause(scope.host(), d));
    scope.require_time();
}

void require_open(core& c, const std::stop_token& stop, outcome so_far) {
    const errc e = stop.stop_requested() ? errc::cancelled : c.refusing();
    if (e != errc{}) throw_error(make_error_code(e), so_far, name, {});
}

task<void> run(core& owner, std::unique_ptr<retry_course> course, std::shared_ptr<std::function<future<bool>()>> begin,
               future<bool> trying) {
    while (co_await std::move(trying)) {
        const auto pause = course->next();
        if (!pause) co_return;
        co_await rest(*pause);
        const auto call = [begin](future<bool>) { return (*begin)(); };
        auto calling = ready(owner, name, true).then(call); // on the callback executor
        trying = co_await std::move(calling);
    }
}

} // namespace

struct retry_pauses::state {
    state(core& c, const retry_rules& rules) : owner(c), course(c, rules) {}
    core& owner;
    retry_course course;
    duration pause{};
};

retry_pauses::retry_pauses(const client& zk, const retry_rules& rules, const std::stop_token& stop)
    : state_(std::make_unique<state>(client_access::core_of(zk), rules)) {
    require_open(state_->owner, stop, outcome::not_applied);
}

retry_pauses::~retry_pauses() = default;

bool retry_pauses::begin() {
    const auto pause = state_->course.next();
    if (pause) state_->pause = *pause;
    return pause.has_value();
}

void retry_pauses::wait(const std::stop_token& stop) {
    require_open(state_->owner, stop, outcome::unknown); // of the tries before
    spawn(state_->owner, {name, {}}, rest(state_->pause)).get_for(std::chrono::nanoseconds::max(), stop);
}

future<void> run_attempts(const client& zk, const retry_rules& rules, std::function<future<bool>()> attempt) {
    core& owner = client_access::core_of(zk);
    auto course = std::make_unique<retry_course>(owner, rules);
    auto begin = std::make_shared<std::function<future<bool>()>>(std::move(attempt));
    auto first = (*begin)();
    return spawn(owner, {name, {}}, run(owner, std::move(course), std::move(begin), std::move(first)));
}

} // namespace detail

} // namespace kazoo
