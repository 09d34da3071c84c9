// Data for a node, whether or not it is there.
#include "client/blocking.hpp"
#include "client/composed/ensure_path.hpp"
#include "client/requests/convert.hpp"
#include "task/repetition.hpp"
#include "task/root_task.hpp"

#include <kazoo/client.hpp>

#include <memory>

namespace kazoo {

namespace detail {

namespace {

struct wanted_node {
    handle zk;
    std::string path;
    bytes data;
    create_options options; ///< its views are of what follows
    acl_copy acl, parent_acl;
    data_view view() const noexcept { return data.is_null() ? data_view(null) : data_view(data.str()); }
    create_options creating() const {
        create_options o = options;
        o.acl = acl;
        o.parent_acl = parent_acl;
        return o;
    }
};

/// What was not applied is tried again; what may have been is not: it would go over somebody else's newer data.
task<bool> may_try_again(repetition& tries, std::error_code e, outcome o) {
    if (o == outcome::unknown) co_return false;
    co_return co_await tries.again(e);
}

task<node_stat> set_or_create(std::shared_ptr<const wanted_node> w) {
    if (w->options.mode != create_mode::persistent || w->options.protect)
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, "set_or_create", w->path,
                    "it makes persistent nodes of the given name only");
    for (repetition tries;;) {
        const auto set = co_await as_result(w->zk.async_set(w->path, w->view()));
        if (set) co_return *set;
        if (set.error() != errc::no_node) {
            if (co_await may_try_again(tries, set.error(), set.outcome())) continue;
            set.rethrow();
        }
        const create_options options = w->creating();
        const auto made = co_await as_result(w->zk.async_create_with_stat(w->path, w->view(), options));
        if (made) co_return made->stat;
        if (made.error() == errc::node_exists) continue; // somebody was faster
        if (!co_await may_try_again(tries, made.error(), made.outcome())) made.rethrow();
    }
}

} // namespace

} // namespace detail

future<node_stat> node_operations::async_set_or_create(std::string_view path, data_view data,
                                                       create_options options) const {
    auto w = std::make_shared<detail::wanted_node>(detail::wanted_node{detail::handle(*this),
                                                                       std::string(path),
                                                                       {},
                                                                       options,
                                                                       detail::copy_of(options.acl),
                                                                       detail::copy_of(options.parent_acl)});
    if (!data.is_null()) w->data = bytes(std::string(data.text()));
    return detail::spawn(core(), {"set_or_create", path}, detail::set_or_create(std::move(w)));
}
node_stat client::set_or_create(std::string_view path, data_view data, create_options options,
                                const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_set_or_create(path, data, options); });
}

} // namespace kazoo
