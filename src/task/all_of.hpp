#pragma once
// Waiting for several futures, all of which are wanted.
#include "task/task.hpp"

#include <tuple>
#include <utility>
#include <vector>

namespace kazoo::detail {

/// A function, and no argument-dependent look-up: futures of strings would find std::all_of.
struct all_of_function {
    /// How all of them ended, in their order. They are under way already, so it does not matter which is waited for
    /// first, and one that fails costs none of the others. When the task is told to end those that have not ended fail.
    template <class T> task<std::vector<result<T>>> operator()(std::vector<future<T>> futures) const {
        return in_order(std::move(futures));
    }
    /// The same for futures of different types: `auto [a, b] = co_await all_of(std::move(f), std::move(g));`
    template <class... T> task<std::tuple<result<T>...>> operator()(future<T>... futures) const {
        return one_by_one(std::move(futures)...);
    }

  private:
    template <class T> static task<std::vector<result<T>>> in_order(std::vector<future<T>> futures) {
        std::vector<result<T>> results;
        results.reserve(futures.size());
        for (future<T>& f : futures) results.push_back(co_await as_result(std::move(f)));
        co_return results;
    }
    static task<std::tuple<>> one_by_one() { co_return std::tuple<>(); }
    template <class First, class... Rest>
    static task<std::tuple<result<First>, result<Rest>...>> one_by_one(future<First> first, future<Rest>... rest) {
        std::tuple<result<First>> head(co_await as_result(std::move(first)));
        auto tail = co_await one_by_one(std::move(rest)...);
        co_return std::tuple_cat(std::move(head), std::move(tail));
    }
};
inline constexpr all_of_function all_of;

} // namespace kazoo::detail
