#pragma once
// Many questions, of which a window is under way.
#include "task/repetition.hpp"
#include "task/task.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace kazoo::detail {

/// How many requests of one helper are under way at most. What comes back for them is what it keeps in memory.
inline constexpr std::size_t usual_window = 256;

/// Futures that are under way, the oldest first. Those that are left when this goes are given up: what was not sent yet
/// is not sent.
template <class T> class request_window {
  public:
    request_window() = default;
    request_window(const request_window&) = delete;
    request_window& operator=(const request_window&) = delete;
    ~request_window() {
        for (future<T>& f : open_) f.cancel();
    }
    bool empty() const noexcept { return open_.empty(); }
    std::size_t size() const noexcept { return open_.size(); }
    void push(future<T> f) { open_.push_back(std::move(f)); }
    future<T> pop() {
        future<T> oldest = std::move(open_.front());
        open_.pop_front();
        return oldest;
    }

  private:
    std::deque<future<T>> open_;
};

/// What is still to be asked; who takes an answer may add to it.
template <class Item> using agenda = std::shared_ptr<std::deque<Item>>;

/// Calls `ask(item)`, which gives a future, for each item, with a window of them under way, and `take(item, result)`
/// for each answer, in the order of the items. What a lost connection or a busy server prevented is asked again, in the
/// same order, so an answer is never a failure that waiting can mend. Whatever `take` throws ends it. Give lambdas
/// that capture anything a name first.
template <class Item, class Ask, class Take> task<void> ask_each(agenda<Item> items, Ask ask, Take take) {
    using value = typename std::invoke_result_t<Ask&, const Item&>::value_type;
    request_window<value> under_way;
    std::deque<Item> asked, prevented;
    std::error_code why;
    repetition tries;
    for (;;) {
        // Once something was prevented nothing more is begun: what comes behind it must stay behind it.
        while (prevented.empty() && !items->empty() && under_way.size() < usual_window) {
            asked.push_back(std::move(items->front()));
            items->pop_front();
            under_way.push(ask(asked.back()));
        }
        if (under_way.empty()) {
            if (prevented.empty()) co_return;
            if (!co_await tries.again(why)) throw_error(why, outcome::unknown, "task", {});
            items->insert(items->begin(), std::make_move_iterator(prevented.begin()),
                          std::make_move_iterator(prevented.end()));
            prevented.clear();
            continue;
        }
        auto answer = co_await as_result(under_way.pop());
        Item item = std::move(asked.front());
        asked.pop_front();
        if (!answer && repetition::may_help(answer.error())) {
            why = answer.error();
            prevented.push_back(std::move(item));
        } else {
            take(std::move(item), std::move(answer));
        }
    }
}

} // namespace kazoo::detail
