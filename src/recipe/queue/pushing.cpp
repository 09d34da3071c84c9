#include "recipe/queue/pushing.hpp"

#include "recipe/queue/entry.hpp"

#include <kazoo/path.hpp>
#include <kazoo/receipts.hpp>
#include <kazoo/transaction.hpp>

#include <utility>

namespace kazoo::recipe {

namespace {

std::shared_ptr<receipts_core> receipts_of_pushing(const client& c, const recipe_object& of) {
    return std::make_shared<receipts_core>(c, of.node() + "-__receipts__", receipts_options());
}

} // namespace

std::vector<item_data> one_item(data_view d) {
    std::vector<item_data> all;
    all.push_back(d.is_null() ? item_data() : std::string(d.text()));
    return all;
}

std::vector<item_data> each_item(std::span<const std::string> items) { return {items.begin(), items.end()}; }

pushing::pushing(const client& c, recipe_object& of, std::string folder, bool with_receipts,
                 std::vector<kazoo::acl> acl)
    : of_(of),
      folder_(std::move(folder)),
      acl_(std::move(acl)),
      receipts_(with_receipts ? receipts_of_pushing(c, of) : nullptr) {}

pushing::~pushing() {
    if (receipts_) receipts_->abandon();
}

future<void> pushing::push(std::vector<item_data> items, std::int32_t priority, bool limited, std::stop_token stop) {
    if (priority < 0 || priority > 999)
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, "push", of_.path(),
                    "priorities are from 0 to 999, and not " + std::to_string(priority));
    task_options o{.name = "push", .path = of_.path()};
    o.stop = std::move(stop);
    o.is_wait = limited;
    if (limited) o.deadline = of_.operation_deadline();
    return spawn(of_.owner(), o, push(of_.shared_from_this(), *this, std::move(items), priority));
}

task<void> pushing::push(std::shared_ptr<recipe_object> of, pushing& self, std::vector<item_data> items,
                         std::int32_t priority) {
    if (items.empty()) co_return;
    const std::string prefix = path::join(self.folder_, entry_prefix(priority));
    for (bool made = false;;) {
        auto committing = self.commit(items, prefix);
        const auto done = co_await as_result(std::move(committing));
        if (done) co_return;
        const bool applied_never = done.outcome() == outcome::not_applied;
        if (applied_never && done.error() == errc::no_node && !made) {
            co_await self.make_folder();
            made = true;
        } else if (!applied_never || done.error() != errc::session_expired) {
            try {
                done.rethrow();
            } catch (const error& e) {
                throw_error(e.code(), e.outcome(), "push", of->path(), e.detail());
            }
        }
    }
}

task<void> pushing::commit(std::vector<item_data> items, std::string prefix) {
    const handle zk(of_.owner(), of_.root());
    for (repetition tries;;) {
        transaction all = zk.transaction();
        for (const item_data& d : items)
            all.create(prefix, view_of(d), {.mode = create_mode::persistent_sequential, .acl = acl_});
        if (receipts_) {
            auto committing = receipts_->committing(std::move(all));
            co_await std::move(committing);
            co_return;
        }
        auto committing = all.async_commit();
        const auto done = co_await as_result(std::move(committing));
        if (done) co_return;
        if (done.outcome() == outcome::unknown || !co_await tries.again(done.error())) done.rethrow();
    }
}

task<void> pushing::make_folder() {
    const handle zk(of_.owner(), of_.root());
    const create_options options{.acl = acls::open_unsafe(), .make_parents = true};
    const auto create = [&] { return zk.async_create(folder_, "", options); };
    const auto made = co_await as_result(repeat(create));
    if (!made && made.error() != errc::node_exists) made.rethrow();
}

} // namespace kazoo::recipe
