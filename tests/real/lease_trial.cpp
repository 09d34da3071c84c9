#include "real/lease_trial.hpp"

#include "testing/wait_until.hpp"

#include <algorithm>
#include <atomic>
#include <iomanip>

namespace kazoo::test::lease {

using namespace std::chrono_literals;

namespace {

/// Distinguishes the nodes of trials on one ensemble.
std::string next_prefix() {
    static std::atomic<int> count = 0;
    return std::to_string(++count) + '-';
}

constexpr auto closing = 1s;

} // namespace

tally& tally::operator+=(const tally& more) {
    sessions += more.sessions;
    expired += more.expired;
    violations += more.violations;
    late_news += more.late_news;
    false_alarms += more.false_alarms;
    if (more.margin) margin = std::min(margin.value_or(*more.margin), *more.margin);
    return *this;
}

std::ostream& operator<<(std::ostream& out, const tally& t) {
    out << t.sessions << " sessions, " << t.expired << " expired, " << t.violations << " violations, " << t.late_news
        << " late news, " << t.false_alarms << " false alarms";
    if (t.margin) out << ", smallest margin " << t.margin->count() << " ms";
    return out;
}

/// Sits at one server and hears of deletions as soon as that server does. One that misses something looks again.
class trial::witness {
  public:
    witness(trial& all, const std::string& address)
        : all_(all),
          zk_(address, {.session_timeout = 40s, .close_timeout = closing}),
          events_(zk_.add_watch("/", watch_mode::persistent_recursive)),
          thread_([this](const std::stop_token& stop) { listen(stop); }) {}

    const client& zk() const { return zk_; }
    future<void> close() {
        thread_.request_stop();
        thread_.join();
        return zk_.async_close();
    }

  private:
    void listen(const std::stop_token& stop) {
        while (const auto event = events_.next(stop)) {
            if (event->type == event_type::deleted) all_.on_deleted(event->path);
            if (event->type == event_type::gap) all_.look_again(zk_);
        }
    }

    trial& all_;
    client zk_;
    watch_stream events_;
    std::jthread thread_;
};

trial::trial(testkit::ensemble& zk, std::size_t server, std::size_t second, const crowd& who) {
    const std::string here = zk[server].address();
    const std::string there = here + ',' + zk[second].address();
    const std::string prefix = next_prefix();
    client(here).ensure_path("/alive");

    client_options o;
    o.loop = std::make_shared<event_loop>();
    o.randomize_hosts = false;
    o.close_timeout = closing;
    for (const milliseconds timeout : who.timeouts) {
        o.session_timeout = timeout;
        const std::string name = prefix + std::to_string(timeout.count()) + '-';
        for (std::size_t i = 0; i < who.staying + who.moving; ++i)
            holders_.push_back(std::make_unique<holder>(name + std::to_string(i), i < who.staying ? here : there, o));
    }
    for (std::size_t i = 0; i < zk.size(); ++i) witnesses_.push_back(std::make_unique<witness>(*this, zk[i].address()));
    for (const auto& h : holders_) h->begin();
    for (const auto& h : holders_) h->wait_until_it_holds();
    begun_ = now();
    sampler_ = std::jthread([this](const std::stop_token& stop) { sample(stop); });
}

trial::~trial() {
    sampler_ = {};
    std::vector<future<void>> closed;
    for (const auto& w : witnesses_) closed.push_back(w->close());
    for (const auto& h : holders_) closed.push_back(h->close());
    for (auto& c : closed) static_cast<void>(std::move(c).result());
}

void trial::on_deleted(std::string_view path) {
    for (const auto& h : holders_) h->on_deleted(path);
}

void trial::look_again(const client& zk) {
    for (const auto& h : holders_) {
        if (!h->established()) continue;
        for (const std::string& path : {h->session_node(), h->lock_node()}) {
            const auto found = zk.async_exists(path).result();
            if (found && !*found) h->on_deleted(path);
        }
    }
}

void trial::sample(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        for (const auto& h : holders_) h->look();
        std::this_thread::sleep_for(1ms);
    }
}

bool trial::all_hold_beyond_the_first_timeout() {
    milliseconds longest{0};
    for (const auto& h : holders_) longest = std::max(longest, h->timeout());
    testkit::wait_until([&] { return now() > begun_ + longest + longest / 10; });
    return std::ranges::all_of(holders_, [](const auto& h) { return h->look() && h->lost() == moment::zero(); });
}

bool trial::all_expired() const {
    return std::ranges::all_of(holders_, [](const auto& h) { return h->expired() != moment::zero(); });
}

bool trial::all_heard_of_their_loss() const {
    return std::ranges::all_of(holders_, [](const auto& h) { return h->lost() != moment::zero(); });
}

bool trial::settled() const {
    return std::ranges::all_of(holders_, [](const auto& h) { return h->expired() != moment::zero() || h->lives(); });
}

tally trial::verdict(milliseconds timeout) const {
    tally t;
    for (const auto& h : holders_) {
        if (h->timeout() != timeout) continue;
        ++t.sessions;
        const bool was_lost = h->lost() != moment::zero();
        if (h->gone() != moment::zero() && h->last_certain() >= h->gone()) ++t.violations;
        if (h->expired() == moment::zero()) {
            if (was_lost) ++t.false_alarms;
            continue;
        }
        ++t.expired;
        if (!was_lost || h->lost() > h->gone()) ++t.late_news;
        const auto margin = std::chrono::floor<milliseconds>(h->expired() - h->last_certain());
        t.margin = std::min(t.margin.value_or(margin), margin);
    }
    return t;
}

} // namespace kazoo::test::lease
