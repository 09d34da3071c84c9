#include "net/sasl_worker.hpp"

#include "net/thread.hpp"

#include <new>
#include <system_error>
#include <utility>

namespace kazoo::net {

namespace {
/// A KDC that hangs keeps the thread of a step longer than an attempt lasts.
constexpr int most_steps = 4;
} // namespace

struct sasl_worker::dialogue {
    dialogue(std::string host, std::shared_ptr<detail::sasl_means> m)
        : means(std::move(m)), client(std::move(host), {means, &means->options}) {}
    const std::shared_ptr<detail::sasl_means> means;
    sasl_client client;                               ///< used by one thread at a time
    std::function<void(const util::sasl_step&)> done; ///< on the loop; empty: nobody wants to hear it any more
};

struct sasl_worker::answer : detail::job {
    std::weak_ptr<loop_core> core;
    std::shared_ptr<dialogue> of;
    std::string said;
    util::sasl_step step;

    static void run(job* j) noexcept {
        const std::unique_ptr<answer> self(static_cast<answer*>(j));
        if (const auto done = std::exchange(self->of->done, {})) done(self->step);
    }
    void ask() noexcept {
        try {
            step = of->client.step(said);
        } catch (const std::bad_alloc&) { // there was none for the text of an error
            step.why = "out of memory";
        }
        --of->means->under_way;
    }
    static void send(std::unique_ptr<answer> self) noexcept {
        const auto living = self->core.lock();
        if (living && living->try_post(*self)) static_cast<void>(self.release());
    }
};

sasl_worker::sasl_worker(const std::shared_ptr<loop_core>& core, std::string host,
                         std::shared_ptr<detail::sasl_means> means)
    : core_(core), dialogue_(std::make_shared<dialogue>(std::move(host), std::move(means))) {}

sasl_worker::~sasl_worker() { dialogue_->done = {}; }

void sasl_worker::step(std::string said, std::function<void(const util::sasl_step&)> done) {
    dialogue_->done = std::move(done);
    auto a = std::make_unique<answer>();
    a->job::run = &answer::run;
    a->core = core_;
    a->of = dialogue_;
    a->said = std::move(said);
    std::atomic<int>& under_way = dialogue_->means->under_way;
    if (under_way >= most_steps) {
        a->step.why = "the mechanism has not answered in earlier attempts yet";
        return answer::send(std::move(a));
    }
    ++under_way;
    try {
        thread steps;
        steps.start("kazoo-sasl", [raw = a.get()] {
            std::unique_ptr<answer> owner(raw);
            owner->ask();
            answer::send(std::move(owner));
        });
        static_cast<void>(a.release());
        steps.detach(); // nothing can end a step that hangs
    } catch (const std::system_error& no_thread) {
        --under_way;
        a->step.why = no_thread.code().message();
        answer::send(std::move(a));
    } catch (const std::bad_alloc&) {
        --under_way;
        throw;
    }
}

} // namespace kazoo::net
