#include "client/composed/ensure_path.hpp"

#include "client/blocking.hpp"
#include "client/chroot.hpp"
#include "client/requests/create.hpp"
#include "task/repetition.hpp"
#include "task/root_task.hpp"

#include <kazoo/path.hpp>

#include <utility>

namespace kazoo {

namespace detail {

acl_copy copy_of(acl_view a) { return {a.entries().begin(), a.entries().end()}; }

task<bool> ensure_path(handle zk, std::string target, acl_copy acl, bool& made_some) {
    std::vector<std::string> missing{std::move(target)};
    bool existed = true;
    repetition creates;
    while (!missing.empty()) {
        auto made = co_await as_result(start_create(zk, missing.back(), "", create_mode::persistent, acl));
        if (made || made.outcome() == outcome::unknown) made_some = true;
        if (made || made.error() == errc::node_exists) {
            existed = !made;
            missing.pop_back();
        } else if (made.error() == errc::no_auth || made.error() == errc::not_read_only) {
            // Servers ask whether we may create before they look whether there is anything to create.
            const auto there = co_await as_result(zk.async_exists(missing.back()));
            const bool is_there = there ? there->has_value() : there.error() == errc::no_auth; // ZOOKEEPER-2590
            if (!is_there) rethrow_half_done(made, made_some);
            existed = true;
            missing.pop_back();
        } else if (made.error() == errc::no_node && missing.back() != "/") {
            missing.emplace_back(path::parent(missing.back()));
        } else if (made.error() != condition::connection || !co_await creates.again(made.error())) {
            rethrow_half_done(made, made_some);
        } // else: again; a create that was applied after all answers node_exists
    }
    co_return existed;
}

namespace {

task<bool> ensured(handle zk, std::string target, acl_copy acl) {
    bool made_some = false;
    co_return co_await ensure_path(std::move(zk), std::move(target), std::move(acl), made_some);
}

} // namespace

} // namespace detail

future<bool> node_operations::async_ensure_path(std::string_view given, acl_view acl) const {
    std::string full = detail::chroot(root()).absolute(given.empty() ? "/" : given).str();
    return detail::spawn(core(), {"ensure_path", given},
                         detail::ensured(detail::handle(*this).unrooted(), std::move(full), detail::copy_of(acl)));
}
bool client::ensure_path(std::string_view path, acl_view acl, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_ensure_path(path, acl); });
}

future<bool> node_operations::async_ensure_chroot(acl_view acl) const {
    return detail::spawn(
        core(), {"ensure_chroot", "/"},
        detail::ensured(detail::handle(*this).unrooted(), root().empty() ? "/" : root(), detail::copy_of(acl)));
}
bool client::ensure_chroot(acl_view acl, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_ensure_chroot(acl); });
}

} // namespace kazoo
