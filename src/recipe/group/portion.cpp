#include "recipe/group/portion.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::recipe {

bool taking::all_hold() const noexcept {
    return std::ranges::all_of(locks, [](const auto& l) { return l && l->holds(); });
}

void turn::end(std::unique_ptr<turn> t) noexcept {
    core& c = t->of_->owner();
    c.loop().post(*t.release());
}

void turn::run(job* j) noexcept {
    const auto of = static_cast<turn*>(j)->of_; // outlives the place
    const std::unique_ptr<turn> self(static_cast<turn*>(j));
}

struct portion::parts {
    using end_teller = std::shared_ptr<const std::function<void(bool lost)>>;
    /// Runs on the loop's signal thread. Who gives back meanwhile waits for it: no user code runs in it.
    struct loss_teller {
        core& owner;
        end_teller on_end;
        std::stop_source revoked;
        void operator()() const noexcept {
            (*on_end)(true);
            owner.loop().signal(revoked);
        }
    };
    parts(core& owner, std::unique_ptr<turn> t, taking a, const party_news& n, future<void> w, end_teller e)
        : its_turn(std::move(t)),
          all(std::move(a)),
          watching(std::move(w)),
          on_end(std::move(e)),
          revoked(n.revoked),
          on_loss(all.common->lost.get_token(), loss_teller{owner, on_end, revoked}) {}

    std::unique_ptr<turn> its_turn;
    taking all;
    future<void> watching;
    const end_teller on_end;
    const std::stop_source revoked;
    const std::stop_callback<loss_teller> on_loss;
};

portion::portion(std::shared_ptr<recipe_object> of, std::unique_ptr<turn> t, taking all, const party_news& n,
                 future<void> watching, std::function<void(bool)> on_end)
    : of_(std::move(of)),
      parts_(std::make_unique<parts>(of_->owner(), std::move(t), std::move(all), n, std::move(watching),
                                     std::make_shared<const std::function<void(bool)>>(std::move(on_end)))) {}

portion::~portion() { give_back(); }

const std::vector<std::string>& portion::items(const std::unique_ptr<portion>& p) noexcept {
    static const std::vector<std::string> none;
    return p && p->holds() ? p->parts_->all.items : none;
}

bool portion::holds() const noexcept {
    if (!parts_ || of_->forked()) return false;
    const taking& all = parts_->all;
    return all.locks.empty() || all.locks[all.first]->holds();
}

const std::unique_ptr<possession>* portion::lock_of(std::string_view item) const noexcept {
    if (!holds()) return nullptr;
    const auto& mine = parts_->all.items;
    const auto at = std::ranges::find(mine, item);
    return at == mine.end() ? nullptr : &parts_->all.locks[static_cast<std::size_t>(at - mine.begin())];
}

zxid portion::fencing_token(std::string_view item) const noexcept {
    const auto* lock = lock_of(item);
    return lock != nullptr ? (*lock)->fencing_token() : zxid::none;
}

std::stop_token portion::revoked(const std::unique_ptr<portion>& p) {
    if (p && p->parts_) return p->parts_->revoked.get_token();
    std::stop_source over;
    over.request_stop();
    return over.get_token();
}

std::stop_token portion::lost(const std::unique_ptr<portion>& p) {
    if (p && p->parts_) return p->parts_->all.common->lost.get_token();
    return revoked(nullptr);
}

node_check portion::check(const std::unique_ptr<portion>& p, std::string_view item) {
    const auto* lock = p ? p->lock_of(item) : nullptr;
    if (lock == nullptr)
        throw_error(make_error_code(errc::not_held), outcome::not_applied, "check", p ? p->of_->path() : "", item);
    return possession::check(*lock);
}

void portion::give_back() noexcept {
    if (!parts_) return;
    if (of_->forked()) return (void)parts_.release(); // nothing of it can be used or destroyed here
    for (const auto& lock : parts_->all.locks) lock->give_back();
    end();
}

namespace {

task<bool> all_removed(std::vector<future<bool>> removals) {
    bool all = true;
    for (auto& r : removals) {
        const bool removed = co_await std::move(r);
        all = all && removed;
    }
    co_return all;
}

} // namespace

future<bool> portion::async_give_back() {
    if (!parts_) return ready(of_->owner(), "release", false);
    std::vector<future<bool>> removals;
    if (of_->forked()) {
        give_back();
        return spawn(of_->owner(), {"release", of_->path()}, all_removed({})); // fails
    }
    try {
        removals.reserve(parts_->all.locks.size());
        for (const auto& lock : parts_->all.locks) removals.push_back(lock->async_give_back("release"));
        auto removing = spawn(of_->owner(), {"release", of_->path()}, all_removed(std::move(removals)));
        end();
        return removing;
    } catch (...) { // no memory
        give_back();
        throw;
    }
}

void portion::end() noexcept {
    const auto p = std::move(parts_);
    (*p->on_end)(false);
    turn::end(std::move(p->its_turn)); // behind the removals
}

} // namespace kazoo::recipe
