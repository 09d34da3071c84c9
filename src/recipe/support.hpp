#pragma once
// What recipes stand on: coroutines on the client's loop, handles of one session, names that are found again, clean-up
// in the background. Recipes include this, util and the public headers, nothing else; the names below are all they may
// use.
#include "client/callback_line.hpp"
#include "client/certainty_claim.hpp"
#include "client/chroot.hpp"
#include "client/client_access.hpp"
#include "client/composed/janitor.hpp"
#include "client/composed/protected_name.hpp"
#include "client/composed/receipts_core.hpp"
#include "client/composed/update.hpp"
#include "client/composed/waiting_line.hpp"
#include "client/handle.hpp"
#include "client/listener.hpp"
#include "future/ready.hpp"
#include "loop/post.hpp"
#include "task/all_of.hpp"
#include "task/first_of.hpp"
#include "task/repetition.hpp"
#include "task/root_task.hpp"
#include "task/task_signal.hpp"
#include "util/clock.hpp"

#include <kazoo/transaction.hpp>

#include <optional>
#include <utility>

namespace kazoo::recipe {

using namespace util::time;

// -- tasks ------------------------------------------------------------------------------------------------------------
using detail::all_of;
using detail::as_passing;
using detail::as_result;
using detail::first_of;
using detail::interruptible;
using detail::interruptible_list;
using detail::pause;
using detail::repeat;
using detail::repetition;
using detail::spawn;
using detail::task;
using detail::task_options;
using detail::task_scope;
using detail::task_signal;
using detail::this_scope;
using detail::waiting_line;
using detail::without_answer;

// -- the client -------------------------------------------------------------------------------------------------------
using detail::chroot;
using detail::client_access;
using detail::core;
using detail::handle;
using detail::is_connected;
using detail::listener;
using detail::listener_for;
using detail::pinned_handle;
using detail::ready;
using detail::session_board;

// -- what is ours -----------------------------------------------------------------------------------------------------
using detail::certainty_claim;
using detail::granted;
using detail::grants;
using detail::offered_node;

// -- writes that are done once ----------------------------------------------------------------------------------------
using detail::read_for_update;
using detail::receipts_core;
using detail::set_once;

// -- clean-up ---------------------------------------------------------------------------------------------------------
using detail::find_protected;
using detail::random_id;
using detail::remove_protected;
using detail::remove_protected_later;
using detail::remove_until_gone;

// -- functions of users -----------------------------------------------------------------------------------------------
using detail::callback_line;

// -- the loop ---------------------------------------------------------------------------------------------------------
using detail::bound_job;
using detail::context;
using detail::job;
using detail::ref;

/// A task whose failure with `excused` is the answer false.
inline task<bool> false_on(errc excused, task<bool> t) {
    const auto r = co_await as_result(std::move(t));
    if (!r && r.error() != excused) r.rethrow();
    co_return r && *r;
}

/// Which operation of a transaction was refused; nothing if it was done, or failed for another reason.
template <class T> std::optional<std::size_t> failed_index(const result<T>& r) {
    try {
        if (!r) r.rethrow();
    } catch (const transaction_error& e) {
        return e.failed_index();
    } catch (...) {
    }
    return std::nullopt;
}

/// A task whose failure with `excused` is the answer nothing.
template <class T> task<std::optional<T>> nothing_on(errc excused, task<std::optional<T>> t) {
    auto r = co_await as_result(std::move(t));
    if (!r && r.error() != excused) r.rethrow();
    if (!r) co_return std::nullopt;
    co_return *std::move(r);
}
/// The answer of a task that gives one unless it fails.
template <class T> task<T> must_be(task<std::optional<T>> t) {
    auto r = co_await std::move(t);
    co_return *std::move(r);
}

} // namespace kazoo::recipe
