#include "watch_tree.hpp"

#include "output.hpp"
#include "show.hpp"

#include <kazoo/error.hpp>
#include <kazoo/recipe/tree_cache.hpp>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>

namespace kz {

namespace {

/// From the cache's listeners to us, who print: output may block, or fail.
class news {
  public:
    void add(const kazoo::tree_event& e) {
        const std::lock_guard lock(mutex_);
        events_.push_back(e);
        came_.notify_one();
    }
    void fail(std::exception_ptr e) {
        const std::lock_guard lock(mutex_);
        failed_ = std::move(e);
        came_.notify_one();
    }
    /// Nothing when a stop is requested; throws what has ended the cache.
    std::optional<kazoo::tree_event> next(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        if (!came_.wait(lock, stop, [this] { return !events_.empty() || failed_; })) return std::nullopt;
        if (events_.empty()) std::rethrow_exception(failed_);
        kazoo::tree_event e = std::move(events_.front());
        events_.pop_front();
        return e;
    }

  private:
    std::mutex mutex_;
    std::condition_variable_any came_;
    std::deque<kazoo::tree_event> events_;
    std::exception_ptr failed_;
};

void show(const settings& s, const kazoo::tree_event& e) {
    const bool of_node = !e.node.path.empty();
    if (!s.json) return print(std::string(to_string(e.type)) + (of_node ? " " + e.node.path : "") + "\n");
    json out;
    out.begin_object().member("type", to_string(e.type)).key("path");
    if (of_node) {
        out.value(e.node.path);
        write_data(out, e.node.data);
        write(out.key("stat"), e.node.stat);
    } else {
        out.null();
    }
    print(std::move(out.end_object()).line());
}

} // namespace

void watch_tree(const settings& s, const kazoo::client& client, const std::string& path, std::uint64_t count,
                const std::stop_token& stop) {
    news told;
    kazoo::tree_cache cache(client, path);
    const auto events = cache.on_event([&](const kazoo::tree_event& e) { told.add(e); });
    const auto faults = cache.on_fault([&](const kazoo::tree_fault& f) {
        if (f.path.empty()) return told.fail(f.exception);
        log(s, kazoo::log_level::warn, "\"" + f.path + "\": " + f.code.message());
    });
    cache.start();
    for (std::uint64_t seen = 0; count == 0 || seen < count; ++seen) {
        const auto event = told.next(stop);
        if (!event) return;
        show(s, *event);
    }
}

} // namespace kz
