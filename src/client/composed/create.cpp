// Creates that take several requests: missing parents, and names that are found again when the reply was lost.
#include "client/requests/create.hpp"
#include "client/blocking.hpp"
#include "client/chroot.hpp"
#include "client/composed/ensure_path.hpp"
#include "client/composed/janitor.hpp"
#include "client/composed/protected_name.hpp"
#include "client/requests/convert.hpp"
#include "task/repetition.hpp"
#include "task/root_task.hpp"
#include "task/task_signal.hpp"

#include <kazoo/path.hpp>

namespace kazoo {

namespace detail {

namespace {

struct create_plan {
    handle from;
    std::string path, folder, id;
    bytes data;
    acl_copy acl, parent_acl;
    create_mode mode;
    bool make_parents;
    std::string_view defect; ///< why there can be no such node, or empty
};

/// What protected creates without an answer have left behind, or still will. The janitor is told when this goes.
class leftovers_of {
  public:
    leftovers_of(handle zk, const create_plan& plan) noexcept : zk_(std::move(zk)), plan_(plan) {}
    leftovers_of(const leftovers_of&) = delete;
    leftovers_of& operator=(const leftovers_of&) = delete;
    ~leftovers_of() {
        if (!possible_) return;
        try {
            remove_protected_later(zk_, plan_.folder, plan_.id, kept_);
        } catch (const std::bad_alloc&) {
            zk_.owner().log(log_level::warn, "no memory to clean up after a create");
        }
    }
    bool possible() const noexcept { return possible_; }
    void expect() noexcept { possible_ = possible_ || !plan_.id.empty(); }
    created_node keep(created_node node) noexcept {
        kept_ = node.stat.created;
        return node;
    }

  private:
    const handle zk_;
    const create_plan& plan_;
    bool possible_ = false;
    zxid kept_ = zxid::none;
};

task<created_node> careful_create(std::shared_ptr<const create_plan> plan) {
    if (!plan->defect.empty())
        throw_error(make_error_code(errc::invalid_path), outcome::not_applied, "create", "", plan->defect);
    if (plan->path.empty())
        throw_error(make_error_code(errc::invalid_path), outcome::not_applied, "create", "/",
                    "a protected node needs a name");
    const pinned_handle zk = plan->from.pinned();
    const handle left = plan->mode.is_ephemeral() ? handle(zk) : plan->from;
    const data_view data = plan->data.is_null() ? data_view(null) : data_view(plan->data.str());
    bool perhaps_made = false; // by the last try
    bool made_parents = false;
    leftovers_of unanswered(left, *plan);
    repetition tries;
    for (;;) {
        if (perhaps_made) {
            auto search = co_await as_result(find_protected(zk, plan->folder, plan->id, plan->mode));
            if (search && *search) co_return unanswered.keep(**std::move(search));
            if (!search && search.error() != errc::no_node) { // without its folder it is not there now
                if (search.error() == errc::connection_loss && co_await tries.again(search.error())) continue;
                rethrow_as_unknown(search); // what failed is the search: the create may have been applied
            }
            perhaps_made = false;
        }
        auto made = co_await as_result(start_create_with_stat(zk, plan->path, data, plan->mode, plan->acl));
        if (made) co_return unanswered.keep(*std::move(made));
        if (made.error() == errc::no_node && plan->make_parents && (plan->folder != "/" || !zk.root().empty())) {
            std::string folder = chroot(zk.root()).absolute(plan->folder).str();
            const auto there = co_await as_result(
                ensure_path(plan->from.unrooted(), std::move(folder), plan->parent_acl, made_parents));
            if (!there) rethrow_half_done(there, made_parents || unanswered.possible());
            continue;
        }
        const bool unknown = made.outcome() == outcome::unknown;
        if (unknown) unanswered.expect();
        if (made.error() == errc::connection_loss && (!unknown || !plan->id.empty()) &&
            co_await tries.again(made.error())) {
            perhaps_made = unknown;
            continue;
        }
        rethrow_half_done(made, made_parents || unanswered.possible());
    }
}

} // namespace

namespace {

std::shared_ptr<const create_plan> plan_create(const node_operations& h, std::string_view given, data_view data,
                                               const create_options& options) {
    auto plan = std::make_shared<create_plan>(create_plan{.from = handle(h)});
    const naming name_form = naming_of(options.mode);
    const bool sequential = name_form == naming::sequential;
    plan->defect = chroot(h.root()).absolute(given, name_form).defect();
    const std::string name = path::normalize(given, sequential);
    plan->folder = path::parent(name);
    plan->path = name;
    if (options.protect) {
        plan->id = random_id(plan->from.owner().loop());
        const bool nameless = name == "/" && !sequential;
        plan->path = nameless ? "" : path::join(plan->folder, plan->id + std::string(path::basename(name)));
    }
    if (!data.is_null()) plan->data = bytes(std::string(data.text()));
    plan->acl = copy_of(options.acl);
    plan->parent_acl = copy_of(options.parent_acl);
    plan->mode = options.mode;
    plan->make_parents = options.make_parents;
    return plan;
}

task<std::string> path_of(task<created_node> create) {
    created_node made = co_await std::move(create);
    co_return std::move(made.path);
}

/// What is refused before it is sent takes none.
bool takes_several_requests(const create_options& o) noexcept {
    return (o.make_parents || o.protect) && defect_of(o.mode).empty();
}

} // namespace

} // namespace detail

future<std::string> node_operations::async_create(std::string_view path, data_view data, create_options o) const {
    if (!detail::takes_several_requests(o)) return detail::start_create(*this, path, data, o.mode, o.acl);
    auto creating = detail::careful_create(detail::plan_create(*this, path, data, o));
    return detail::spawn(core(), {"create", path}, detail::path_of(std::move(creating)));
}
std::string client::create(std::string_view path, data_view data, create_options o, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_create(path, data, o); });
}

future<created_node> node_operations::async_create_with_stat(std::string_view path, data_view data,
                                                             create_options o) const {
    if (!detail::takes_several_requests(o)) return detail::start_create_with_stat(*this, path, data, o.mode, o.acl);
    return detail::spawn(core(), {"create", path}, detail::careful_create(detail::plan_create(*this, path, data, o)));
}
created_node client::create_with_stat(std::string_view path, data_view data, create_options o,
                                      const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_create_with_stat(path, data, o); });
}

} // namespace kazoo
