#include "client/composed/create.hpp"

#include "client/composed/janitor.hpp"
#include "client/composed/protected_name.hpp"
#include "task/repetition.hpp"
#include "task/root_task.hpp"
#include "task/task_signal.hpp"

#include <kazoo/path.hpp>

namespace kazoo::detail {

namespace {

using acl_copy = std::vector<acl>;

acl_copy copy_of(acl_view a) { return {a.entries().begin(), a.entries().end()}; }

bool is_ephemeral(create_mode m) noexcept {
    return m == create_mode::ephemeral || m == create_mode::ephemeral_sequential;
}

/// What was made so far stays, or may: nobody can say "not applied" of the whole.
template <class T> [[noreturn]] void rethrow_half_done(const result<T>& r, bool half_done) {
    if (!half_done) r.rethrow();
    failure f = r.why();
    f.exception = nullptr;
    f.outcome = outcome::unknown;
    f.rethrow();
}

/// Makes the node and what is missing above it. True if it was there. `target` is absolute: the handle's root may be
/// missing too (C36). `made_some` becomes true as soon as one of them may have been made here.
task<bool> ensure_path(core& c, std::string target, acl_copy acl, bool& made_some) {
    const handle_view h{c, {}};
    std::vector<std::string> missing{std::move(target)};
    bool existed = true;
    repetition creates;
    while (!missing.empty()) {
        auto made = co_await as_result(start_create(h, missing.back(), "", create_mode::persistent, acl));
        if (made || made.outcome() == outcome::unknown) made_some = true;
        if (made || made.error() == errc::node_exists) {
            existed = !made;
            missing.pop_back();
        } else if (made.error() == errc::no_auth || made.error() == errc::not_read_only) {
            // Servers ask whether we may create before they look whether there is anything to create.
            const auto there = co_await as_result(start_exists(h, missing.back()));
            if (!there || !there.value()) rethrow_half_done(made, made_some);
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

task<bool> ensure_path(core& c, std::string target, acl_copy acl) {
    bool made_some = false;
    co_return co_await ensure_path(c, std::move(target), std::move(acl), made_some);
}

struct create_plan {
    std::string root, path, folder, id;
    bytes data;
    acl_copy acl, parent_acl;
    create_mode mode;
    bool make_parents;
};

/// What protected creates without an answer have left behind, or will: looked for when this goes.
class leftovers_of {
  public:
    leftovers_of(handle_view h, const create_plan& plan) noexcept : handle_(h), plan_(plan) {}
    leftovers_of(const leftovers_of&) = delete;
    leftovers_of& operator=(const leftovers_of&) = delete;
    ~leftovers_of() {
        if (!possible_) return;
        try {
            remove_protected_later(handle_, plan_.folder, plan_.id, kept_);
        } catch (const std::bad_alloc&) {
            handle_.owner.log(log_level::warn, "no memory to clean up after a create");
        }
    }
    bool possible() const noexcept { return possible_; }
    void expect() noexcept { possible_ = possible_ || !plan_.id.empty(); }
    created_node keep(created_node node) noexcept {
        kept_ = node.stat.created;
        return node;
    }

  private:
    const handle_view handle_;
    const create_plan& plan_;
    bool possible_ = false;
    zxid kept_ = zxid::none;
};

task<created_node> careful_create(core& c, std::shared_ptr<const create_plan> plan) {
    if (plan->path.empty())
        throw_error(make_error_code(errc::invalid_path), outcome::not_applied, "create", "/",
                    "a protected node needs a name");
    const pinned_handle zk(c, plan->root);
    const handle_view left = is_ephemeral(plan->mode) ? handle_view(zk) : handle_view{c, plan->root};
    const data_view data = plan->data.is_null() ? data_view(null) : data_view(plan->data.str());
    bool perhaps_made = false; // by the last try
    bool made_parents = false;
    leftovers_of unanswered(left, *plan);
    repetition tries;
    for (;;) {
        if (perhaps_made) {
            auto search = co_await as_result(find_protected(zk, plan->folder, plan->id, is_ephemeral(plan->mode)));
            if (search && *search) co_return unanswered.keep(**std::move(search));
            if (!search && search.error() != errc::no_node) { // without its folder it is not there now
                if (search.error() == errc::connection_loss && co_await tries.again(search.error())) continue;
                rethrow_half_done(search, true); // what failed is the search: the create may have been applied
            }
            perhaps_made = false;
        }
        auto made = co_await as_result(start_create_with_stat(zk, plan->path, data, plan->mode, plan->acl));
        if (made) co_return unanswered.keep(*std::move(made));
        if (made.error() == errc::no_node && plan->make_parents && (plan->folder != "/" || !plan->root.empty())) {
            std::string folder = path::normalize(plan->root + plan->folder);
            const auto there = co_await as_result(ensure_path(c, std::move(folder), plan->parent_acl, made_parents));
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

std::shared_ptr<const create_plan> plan_create(handle_view h, std::string_view given, data_view data,
                                               const create_options& options) {
    auto plan = std::make_shared<create_plan>();
    const bool sequential = is_sequential(options.mode);
    const std::string name = path::normalize(given, sequential);
    plan->root = h.root;
    plan->folder = path::parent(name);
    plan->path = name;
    if (options.protect) {
        plan->id = random_id(h.owner.loop());
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

} // namespace

future<std::string> start_careful_create(handle_view h, std::string_view given, data_view data,
                                         const create_options& options) {
    return spawn(h.owner, {"create", given}, path_of(careful_create(h.owner, plan_create(h, given, data, options))));
}

future<created_node> start_careful_create_with_stat(handle_view h, std::string_view given, data_view data,
                                                    const create_options& options) {
    return spawn(h.owner, {"create", given}, careful_create(h.owner, plan_create(h, given, data, options)));
}

future<bool> start_ensure_path(handle_view h, std::string_view path, acl_view acl) {
    std::string full = path::normalize(std::string(h.root).append("/").append(path));
    return spawn(h.owner, {"ensure_path", path}, ensure_path(h.owner, std::move(full), copy_of(acl)));
}

} // namespace kazoo::detail
