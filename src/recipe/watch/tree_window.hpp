#pragma once
// The questions of a tree_cache that are under way.
#include "recipe/support.hpp"
#include "recipe/watch/tree_image.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <variant>

namespace kazoo::recipe {

using tree_answer = std::variant<future<std::optional<node>>, future<std::optional<node_stat>>, future<child_list>>;

inline tree_answer ask(const handle& zk, const tree_question& q) {
    switch (q.what) {
    case want::read: return zk.async_get_if_exists(q.path);
    case want::list: return zk.async_get_children_with_stat(q.path);
    default: return zk.async_exists(q.path);
    }
}

/// The oldest first. What is left when this goes is given up, and put back.
class tree_window {
  public:
    struct asked {
        tree_question question;
        tree_answer answer;
    };
    /// How many may be under way: enough that neither the network nor we have to wait, and what comes back for them is
    /// what is kept in memory.
    static constexpr std::size_t most = 256;

    explicit tree_window(std::function<void(const tree_question&)> put_back) : put_back_(std::move(put_back)) {}
    tree_window(const tree_window&) = delete;
    tree_window& operator=(const tree_window&) = delete;
    ~tree_window() {
        for (asked& a : open_) {
            std::visit([](auto& f) { f.cancel(); }, a.answer);
            put_back_(a.question);
        }
    }
    bool empty() const noexcept { return open_.empty(); }
    bool has_room() const noexcept { return open_.size() < most; }
    void push(tree_question q, tree_answer a) { open_.push_back({std::move(q), std::move(a)}); }
    tree_answer& oldest() noexcept { return open_.front().answer; }
    /// How many answers have come behind the oldest one.
    std::size_t ready_behind_oldest() const noexcept {
        std::size_t n = 1;
        while (n < open_.size() && std::visit([](const auto& f) { return f.ready(); }, open_[n].answer)) ++n;
        return n - 1;
    }
    tree_question pop() {
        tree_question q = std::move(open_.front().question);
        open_.pop_front();
        return q;
    }

  private:
    const std::function<void(const tree_question&)> put_back_;
    std::deque<asked> open_;
};

} // namespace kazoo::recipe
