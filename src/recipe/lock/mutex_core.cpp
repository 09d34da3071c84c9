#include "recipe/lock/mutex_core.hpp"

#include "recipe/parts/lock_queue.hpp"
#include "recipe/support.hpp"

#include <kazoo/path.hpp>

#include <new>
#include <utility>

namespace kazoo::recipe {

namespace {

constexpr std::string_view own_mark = "__lock__";

std::string checked(const client& c, std::string_view path) {
    const auto p = chroot(c.root()).absolute(path);
    if (!p.defect().empty())
        throw_error(make_error_code(errc::invalid_path), outcome::not_applied, "mutex", path, p.defect());
    return std::string(path);
}

std::vector<std::string> marks_of(const mutex_options& o, std::string_view path) {
    std::vector<std::string> marks{std::string(own_mark), "__rlock__"}; // a reader excludes us too (C58)
    for (const std::string& mark : o.extra_lock_patterns) {
        if (mark.empty() || mark.find('/') != std::string::npos)
            throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, "mutex", path,
                        "a lock pattern must not be empty or contain a slash");
        marks.push_back(mark);
    }
    return marks;
}

task<std::vector<contender>> read_contenders(core& c, std::string root, std::string folder,
                                             std::vector<std::string> marks) {
    const handle h(c, root);
    auto children = co_await as_result(h.async_get_children(folder));
    if (children.error() == errc::no_node) co_return std::vector<contender>();
    if (!children) children.rethrow();
    const lock_queue queue(*std::move(children), marks);
    std::vector<future<std::optional<node>>> reads;
    for (const std::string_view name : queue.names()) reads.push_back(h.async_get_if_exists(path::join(folder, name)));
    std::vector<contender> found;
    for (std::size_t i = 0; i < reads.size(); ++i) {
        const std::string where = path::join(folder, queue.names()[i]);
        auto read = co_await as_result(std::move(reads[i]));
        if (read.error() == errc::no_auth) {
            const auto stat = co_await h.async_exists(where); // that needs no permission
            if (stat) found.push_back({{}, where, stat->owner, stat->created, true});
        } else if (!read) {
            read.rethrow();
        } else if (auto n = *std::move(read)) { // else it left meanwhile
            found.push_back({std::move(n->data).str(), where, n->stat.owner, n->stat.created});
        }
    }
    co_return found;
}

} // namespace

std::shared_ptr<mutex_core> mutex_core::make(const client& c, std::string_view path, mutex_options options) {
    return std::make_shared<mutex_core>(c, path, std::move(options));
}

mutex_core::mutex_core(const client& c, std::string_view path, mutex_options options)
    : core_(ref<core>::share(&client_access::core_of(c))),
      root_(c.root()),
      path_(checked(c, path)),
      folder_(path::normalize(path)),
      options_(std::move(options)),
      marks_(marks_of(options_, path)),
      claim_(options_.lost_when == loss::certainty_over ? std::make_unique<certainty_claim>(*core_) : nullptr),
      line_(*core_) {}

lock_node_name mutex_core::new_name() const {
    return {folder_, random_id(core_->loop()), std::string(own_mark), options_.identifier, options_.acl};
}

task_options mutex_core::waiting(time_point deadline, std::stop_token stop) const {
    return {.name = "lock", .path = path_, .deadline = deadline, .stop = std::move(stop), .is_wait = true};
}

time_point mutex_core::deadline_in(std::chrono::nanoseconds limit) const noexcept {
    return saturating_add(owner().loop().now(), limit);
}

// -- acquiring --------------------------------------------------------------------------------------------------------

future<void> mutex_core::lock() {
    return spawn(owner(), waiting(), without_answer(acquire(shared_from_this(), wait::yes)));
}

future<bool> mutex_core::lock(std::stop_token stop) {
    return spawn(owner(), waiting(never, std::move(stop)),
                 false_on(errc::cancelled, acquire(shared_from_this(), wait::yes)));
}

future<bool> mutex_core::lock_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    const bool waits = limit.count() > 0;
    auto acquiring = acquire(shared_from_this(), waits ? wait::yes : wait::no);
    return spawn(owner(), waiting(deadline_in(waits ? limit : owner().operation_limit()), std::move(stop)),
                 false_on(errc::cancelled, false_on(errc::operation_timeout, std::move(acquiring))));
}

future<bool> mutex_core::try_lock() {
    return spawn(owner(), waiting(deadline_in(owner().operation_limit())), acquire(shared_from_this(), wait::no));
}

// -- holding ----------------------------------------------------------------------------------------------------------

void mutex_core::hold(lock_node& mine, place where) {
    std::string left = mine.left_id();
    auto held = std::make_shared<held_lock>(mine.session(), mine.node(), options_.lost_when, std::move(left));
    held->guard();
    mine.keep(); // only now: from here on `held` takes care of the node
    holder_ = std::move(where);
    auto r = std::make_unique<release>(std::move(held));
    const util::lock_guard lock(mutex_);
    held_ = std::move(r);
}

std::shared_ptr<held_lock> mutex_core::held() const noexcept {
    if (owner().loop().forked()) return nullptr; // the mutex may be locked by a thread that is not in this process
    const util::lock_guard lock(mutex_);
    return held_ ? held_->lock : nullptr;
}

bool mutex_core::holds() const noexcept {
    const auto h = held();
    return h && h->holds();
}

std::stop_token mutex_core::lost() const {
    if (const auto h = held()) return h->lost();
    std::stop_source over;
    over.request_stop();
    return over.get_token();
}

zxid mutex_core::fencing_token() const noexcept {
    const auto h = held();
    return h ? h->node().stat.created : zxid::none;
}

node_check mutex_core::check() const {
    const auto h = held();
    if (!h) throw_error(make_error_code(errc::not_held), outcome::not_applied, "check", path_);
    return {chroot(root_).absolute(h->node().path).str()};
}

future<std::vector<contender>> mutex_core::contenders() {
    const auto read = [self = shared_from_this()] {
        return read_contenders(self->owner(), self->root_, self->folder_, self->marks_);
    };
    return spawn(owner(), {.name = "contenders", .path = path_, .only_reads = true}, repeat(read));
}

// -- giving up --------------------------------------------------------------------------------------------------------

std::unique_ptr<mutex_core::release> mutex_core::take_held() noexcept {
    if (owner().loop().forked()) return nullptr;
    const util::lock_guard lock(mutex_);
    return std::exchange(held_, nullptr);
}

future<bool> mutex_core::unlock() {
    auto r = take_held();
    if (!r) return ready(owner(), "unlock", false);
    try {
        auto removing = r->lock->give_up();
        post(std::move(r));
        return removing;
    } catch (const std::bad_alloc&) { // the removal may be in line already: the lock cannot be kept
        r->node_stays = true;
        post(std::move(r));
        throw;
    }
}

void mutex_core::give_up() noexcept {
    auto r = take_held();
    if (!r) return;
    try {
        r->lock->give_up().detach();
    } catch (const std::bad_alloc&) {
        r->node_stays = true;
    }
    post(std::move(r));
}

void mutex_core::post(std::unique_ptr<release> r) noexcept {
    r->owner = shared_from_this();
    owner().loop().post(*r.release());
}

void mutex_core::release::run(job* j) noexcept {
    const std::unique_ptr<release> self(static_cast<release*>(j));
    if (self->node_stays) self->lock->remove_later();
    self->lock->forget();
    self->owner->holder_.reset();
}

void mutex_core::abandon() noexcept {
    if (owner().loop().forked()) return;
    give_up();
    until_ended_ = shared_from_this();
    owner().loop().post(ending_);
}

void mutex_core::end() noexcept {
    const auto self = std::move(until_ended_);
    line_.cancel();
    give_up(); // what was acquired meanwhile
}

} // namespace kazoo::recipe
