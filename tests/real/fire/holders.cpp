// Locks, permits and leaderships: at no moment too many hold.
#include "real/fire/members.hpp"
#include "testing/wait_until.hpp"

#include <kazoo/recipe/election.hpp>
#include <kazoo/recipe/semaphore.hpp>
#include <kazoo/recipe/shared_mutex.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>

namespace kazoo::test::fire {

namespace {

/// Takes something, holds it for some milliseconds, gives it back.
class holder : public member {
  public:
    /// The fencing token, if it holds at this moment. Any thread.
    virtual zxid held() const = 0;

  protected:
    /// Waits for it; false when told to stop.
    virtual bool acquire(std::stop_token) = 0;
    virtual void release() = 0;

  private:
    bool turn(const std::stop_token& stop, chance& c) override {
        if (!acquire(stop)) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(below(20'000, c)));
        release();
        return true;
    }
};

/// Those that held all the time from the end of one look at everybody to the beginning of the next one, so at one
/// moment: a grant that holds() speaks for twice was held in between.
std::vector<const holder*> together(const std::vector<const holder*>& all) {
    std::vector<zxid> first;
    for (const holder* h : all) first.push_back(h->held());
    std::vector<const holder*> found;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (first[i] != zxid::none && all[i]->held() == first[i]) found.push_back(all[i]);
    return found;
}

class reader final : public holder {
  public:
    reader(const client& c, const std::string& path) : lock_(c, path) {}
    ~reader() override { end(); }
    zxid held() const override {
        const zxid token = lock_.fencing_token_shared();
        return lock_.holds_shared() && lock_.fencing_token_shared() == token ? token : zxid::none;
    }

  private:
    bool acquire(std::stop_token stop) override { return lock_.lock_shared(std::move(stop)); }
    void release() override { lock_.unlock_shared(); }
    shared_mutex lock_;
};

class writer final : public holder {
  public:
    writer(const client& c, const std::string& path) : lock_(c, path) {}
    ~writer() override { end(); }
    zxid held() const override {
        const zxid token = lock_.fencing_token();
        return lock_.holds() && lock_.fencing_token() == token ? token : zxid::none;
    }

  private:
    bool acquire(std::stop_token stop) override { return lock_.lock(std::move(stop)); }
    void release() override { lock_.unlock(); }
    shared_mutex lock_;
};

/// Of something that is handed out as an object: permits, leaderships.
template <class Grant> class grant_holder : public holder {
  public:
    zxid held() const override {
        const std::lock_guard lock(mutex_);
        return grant_ && grant_->holds() ? grant_->fencing_token() : zxid::none;
    }

  private:
    virtual std::optional<Grant> take(std::stop_token) = 0;
    bool acquire(std::stop_token stop) override {
        auto got = take(std::move(stop));
        const std::lock_guard lock(mutex_);
        grant_ = std::move(got);
        return grant_.has_value();
    }
    void release() override {
        const std::lock_guard lock(mutex_);
        grant_.reset();
    }
    mutable std::mutex mutex_;
    std::optional<Grant> grant_;
};

class permit_taker final : public grant_holder<permit> {
  public:
    permit_taker(const client& c, const std::string& path, std::size_t permits) : pool_(c, path, permits) {}
    ~permit_taker() override { end(); }

  private:
    std::optional<permit> take(std::stop_token stop) override { return pool_.acquire(std::move(stop)); }
    semaphore pool_;
};

class candidate final : public grant_holder<leadership> {
  public:
    candidate(const client& c, const std::string& path) : election_(c, path) {}
    ~candidate() override { end(); }

  private:
    std::optional<leadership> take(std::stop_token stop) override { return election_.stand(std::move(stop)); }
    election election_;
};

/// Holders of one thing.
class trial_of_holders : public trial_of_members {
  public:
    trial_of_holders(std::string name, std::string path) : name_(std::move(name)), path_(std::move(path)) {}

    void look() override {
        const auto holding = together(holders_);
        if (holding.size() > at_most(holding)) ++overlaps_;
        most_ = std::max(most_.load(), holding.size());
    }
    void check(const client&, std::mt19937_64&) override { EXPECT_EQ(overlaps_, 0u) << name_; }
    std::string report(const client& sober) override {
        EXPECT_EQ(overlaps_, 0u) << name_;
        EXPECT_GE(most_, enough_) << name_ << ": so many should have held it together at some moment";
        EXPECT_TRUE(testkit::wait_until([&] { return sober.get_children(path_).empty(); }, recovery))
            << name_ << " left nodes behind";
        return name_ + ": " + std::to_string(all_turns()) + " turns, up to " + std::to_string(most_) + " at once";
    }

  protected:
    template <class Holder, class... Arguments> void add_holder(Arguments&&... arguments) {
        holders_.push_back(&add<Holder>(std::forward<Arguments>(arguments)...));
    }
    void expect_together(std::size_t n) { enough_ = n; }
    const std::string& path() const noexcept { return path_; }

  private:
    /// Of those that hold it together, how many may.
    virtual std::size_t at_most(const std::vector<const holder*>&) const = 0;

    const std::string name_, path_;
    std::vector<const holder*> holders_;
    std::atomic<std::size_t> overlaps_{0}, most_{0};
    std::size_t enough_ = 0;
};

constexpr std::size_t writers_are_every = 3;

class shared_lock_trial final : public trial_of_holders {
  public:
    explicit shared_lock_trial(const gated_clients& clients) : trial_of_holders("shared_mutex", "/shared") {
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (i % writers_are_every == 0)
                add_holder<writer>(clients[i]->zk(), path());
            else
                add_holder<reader>(clients[i]->zk(), path());
        }
        expect_together(2);
    }

  private:
    std::size_t at_most(const std::vector<const holder*>& holding) const override {
        const auto writes = [](const holder* h) { return dynamic_cast<const writer*>(h) != nullptr; };
        return std::ranges::any_of(holding, writes) ? 1 : holding.size();
    }
};

class counted_trial final : public trial_of_holders {
  public:
    counted_trial(std::string name, std::string path, std::size_t most)
        : trial_of_holders(std::move(name), std::move(path)), most_(most) {
        expect_together(most);
    }
    using trial_of_holders::add_holder;

  private:
    std::size_t at_most(const std::vector<const holder*>&) const override { return most_; }
    const std::size_t most_;
};

} // namespace

std::unique_ptr<trial> readers_and_writers(const gated_clients& clients) {
    return std::make_unique<shared_lock_trial>(clients);
}

std::unique_ptr<trial> permits(const gated_clients& clients) {
    constexpr std::size_t permits = 2;
    auto t = std::make_unique<counted_trial>("semaphore", "/pool", permits);
    for (const auto& c : clients) t->add_holder<permit_taker>(c->zk(), "/pool", permits);
    return t;
}

std::unique_ptr<trial> leaders(const gated_clients& clients) {
    auto t = std::make_unique<counted_trial>("election", "/election", 1);
    for (const auto& c : clients) t->add_holder<candidate>(c->zk(), "/election");
    return t;
}

} // namespace kazoo::test::fire
