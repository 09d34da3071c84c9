#include "guard.hpp"

#include "line_up.hpp"

#include <kazoo/recipe/semaphore.hpp>
#include <kazoo/recipe/shared_mutex.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace kz {

namespace {

std::string described(const kazoo::contender& c) {
    const std::string session = "session " + kazoo::to_string(c.owner);
    return c.identifier.empty() ? session : printable(c.identifier) + " (" + session + ")";
}

std::string held_by(const std::vector<kazoo::contender>& holders) {
    constexpr std::size_t named = 3;
    std::string all;
    for (std::size_t i = 0; i < std::min(holders.size(), named); ++i)
        all += (i == 0 ? "held by " : ", ") + described(holders[i]);
    return holders.size() <= named ? all : all + " and " + std::to_string(holders.size() - named) + " more";
}

class lock_guard : public guard {
  public:
    lock_guard(const kazoo::client& c, const std::string& path, const std::string& identifier)
        : client_(c), lock_(c, path, {.identifier = identifier}) {}

    std::vector<kazoo::contender> contenders(std::chrono::nanoseconds limit,
                                             const std::stop_token& stop) const override {
        return lock_.async_contenders().get_for(limit, stop);
    }

  protected:
    bool is_ours(const kazoo::contender& c) const { return c.owner == client_.session_id(); }
    const kazoo::client client_;
    kazoo::shared_mutex lock_;
};

class exclusive final : public lock_guard {
  public:
    using lock_guard::lock_guard;

    void acquire(const std::stop_token& stop) override { lock_.async_lock().get(stop); }
    bool acquire_until(std::chrono::steady_clock::time_point deadline, const std::stop_token& stop) override {
        return lock_.async_try_lock_until(deadline).get(stop);
    }
    bool try_acquire(std::chrono::nanoseconds limit, const std::stop_token& stop) override {
        return lock_.async_try_lock().get_for(limit, stop);
    }
    bool holds() const override { return lock_.holds(); }
    std::stop_token lost() const override { return lock_.lost(); }
    kazoo::zxid token() const override { return lock_.fencing_token(); }
    void release() override { lock_.unlock(); }
    std::string in_the_way(std::vector<kazoo::contender> line) const override {
        auto behind = std::find_if(line.begin(), line.end(), [](const auto& c) { return !c.shared; });
        if (behind == line.begin() && behind != line.end() && !is_ours(*behind)) ++behind;
        line.erase(behind, line.end());
        return held_by(line);
    }
};

class shared final : public lock_guard {
  public:
    using lock_guard::lock_guard;

    void acquire(const std::stop_token& stop) override { lock_.async_lock_shared().get(stop); }
    bool acquire_until(std::chrono::steady_clock::time_point deadline, const std::stop_token& stop) override {
        return lock_.async_try_lock_shared_until(deadline).get(stop);
    }
    bool try_acquire(std::chrono::nanoseconds limit, const std::stop_token& stop) override {
        return lock_.async_try_lock_shared().get_for(limit, stop);
    }
    bool holds() const override { return lock_.holds_shared(); }
    std::stop_token lost() const override { return lock_.lost_shared(); }
    kazoo::zxid token() const override { return lock_.fencing_token_shared(); }
    void release() override { lock_.unlock_shared(); }
    std::string in_the_way(std::vector<kazoo::contender> line) const override {
        const auto ours = std::find_if(line.begin(), line.end(), [this](const auto& c) { return is_ours(c); });
        const auto one = std::find_if(line.begin(), ours, [](const auto& c) { return !c.shared; });
        if (one == ours) return {};
        return one == line.begin() ? held_by({*one}) : described(*one) + " is ahead";
    }
};

class permit final : public guard {
  public:
    permit(const kazoo::client& c, const std::string& path, std::size_t permits, const std::string& identifier)
        : semaphore_(c, path, permits, {.identifier = identifier}) {}

    void acquire(const std::stop_token& stop) override { permit_ = semaphore_.async_acquire().get(stop); }
    bool acquire_until(std::chrono::steady_clock::time_point deadline, const std::stop_token& stop) override {
        permit_ = semaphore_.async_try_acquire_until(deadline).get(stop);
        return permit_.has_value();
    }
    bool try_acquire(std::chrono::nanoseconds limit, const std::stop_token& stop) override {
        permit_ = semaphore_.async_try_acquire().get_for(limit, stop);
        return permit_.has_value();
    }
    bool holds() const override { return permit_->holds(); }
    std::stop_token lost() const override { return permit_->lost(); }
    kazoo::zxid token() const override { return permit_->fencing_token(); }
    void release() override { permit_->release(); }
    std::vector<kazoo::contender> contenders(std::chrono::nanoseconds limit,
                                             const std::stop_token& stop) const override {
        return semaphore_.async_holders().get_for(limit, stop);
    }
    std::string in_the_way(std::vector<kazoo::contender> holders) const override { return held_by(holders); }

  private:
    kazoo::semaphore semaphore_;
    std::optional<kazoo::permit> permit_;
};

} // namespace

std::unique_ptr<guard> exclusive_lock(const kazoo::client& c, const std::string& path, const std::string& identifier) {
    return std::make_unique<exclusive>(c, path, identifier);
}

std::unique_ptr<guard> shared_lock(const kazoo::client& c, const std::string& path, const std::string& identifier) {
    return std::make_unique<shared>(c, path, identifier);
}

std::unique_ptr<guard> semaphore_permit(const kazoo::client& c, const std::string& path, std::size_t permits,
                                        const std::string& identifier) {
    return std::make_unique<permit>(c, path, permits, identifier);
}

} // namespace kz
