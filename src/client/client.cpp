#include <kazoo/client.hpp>

#include "client/blocking.hpp"
#include "client/composed/create.hpp"
#include "client/requests/operations.hpp"
#include "client/requests/rooted_path.hpp"
#include "client/requests/watch_states.hpp"
#include "session/host_list.hpp"

namespace kazoo {

namespace {

/// A credential from the options: refused ones end the client.
class required_credential final : public session::credential {
  public:
    explicit required_credential(const kazoo::credential& a) {
        scheme = a.scheme;
        secret = a.secret;
        required = true;
    }
    void on_accepted() noexcept override {}
    void on_refused(errc) noexcept override {}
};

void require(bool good, std::string_view what) {
    if (!good) throw error(make_error_code(errc::bad_arguments), outcome::not_applied, "client", {}, what);
}

void check(const client_options& o) {
    require(o.session_timeout.count() > 0, "client_options::session_timeout must be positive");
    require(o.session_timeout <= std::chrono::milliseconds(INT32_MAX), "client_options::session_timeout is too long");
    require(o.server_tick.count() >= 0, "client_options::server_tick must not be negative");
    require(o.session_timeout - o.server_tick >= o.server_tick / 2,
            "client_options::session_timeout must be at least one and a half of client_options::server_tick");
    require(o.operation_timeout.count() > 0, "client_options::operation_timeout must be positive");
    require(o.close_timeout.count() >= 0, "client_options::close_timeout must not be negative");
    require(o.max_waiting_requests > 0, "client_options::max_waiting_requests must be positive");
    require(o.max_waiting_bytes > 0, "client_options::max_waiting_bytes must be positive");
    require(o.max_request_bytes > 0 && o.max_request_bytes <= INT32_MAX,
            "client_options::max_request_bytes must be between 1 and 2^31-1");
    require(o.max_reply_bytes > 0 && o.max_reply_bytes <= INT32_MAX,
            "client_options::max_reply_bytes must be between 1 and 2^31-1");
    const retry_policy& r = o.reconnect;
    require(r.initial_delay.count() > 0, "client_options::reconnect.initial_delay must be positive");
    require(r.initial_delay <= std::chrono::milliseconds(INT32_MAX),
            "client_options::reconnect.initial_delay is too long");
    require(r.max_delay >= r.initial_delay, "client_options::reconnect.max_delay must not be less than initial_delay");
    require(r.factor >= 1.0, "client_options::reconnect.factor must not be less than 1");
    require(r.jitter >= 0.0 && r.jitter <= 1.0, "client_options::reconnect.jitter must be between 0 and 1");
}

session::config to_config(session::host_spec hosts, const client_options& o) {
    session::config c;
    c.hosts = std::move(hosts);
    c.timeout = o.session_timeout;
    c.randomize_hosts = o.randomize_hosts;
    c.read_only = o.read_only;
    c.server_tick = o.server_tick;
    c.reconnect = o.reconnect;
    c.max_reply_bytes = o.max_reply_bytes;
    c.log_threshold = o.log.write ? o.log.threshold : log_level::off;
    return c;
}

} // namespace

namespace detail {

core_handle::core_handle(const core_handle& o) noexcept : core_(o.core_) {
    if (core_ == nullptr) return;
    core_->retain();
    core_->add_handle();
}

core_handle::core_handle(core_handle&& o) noexcept : core_(std::exchange(o.core_, nullptr)) {}

core_handle& core_handle::operator=(core_handle o) noexcept {
    std::swap(core_, o.core_);
    return *this;
}

core_handle::~core_handle() {
    if (core_ != nullptr) core_->drop_handle();
}

} // namespace detail

// -- session ----------------------------------------------------------------------------------------------------------

client::client(std::string_view hosts, client_options opts) : core_(nullptr) {
    check(opts);
    session::host_spec spec = session::parse_hosts(hosts);
    root_ = spec.chroot;
    std::vector<std::shared_ptr<session::credential>> credentials;
    for (const kazoo::credential& a : opts.credentials) credentials.push_back(std::make_shared<required_credential>(a));
    auto config = to_config(std::move(spec), opts);
    auto core = detail::core::start(std::move(config), std::move(opts), std::move(credentials));
    core->add_handle();
    core_ = detail::core_handle(core.release());
}

client::client(detail::core_handle core, std::string root) noexcept : core_(std::move(core)), root_(std::move(root)) {}

session_state client::state() const noexcept { return core_->board().state(); }

kazoo::session_id client::session_id() const noexcept { return core_->board().identity().id; }

std::chrono::milliseconds client::negotiated_timeout() const noexcept {
    return core_->board().identity().negotiated_timeout;
}

std::string client::server() const { return core_->board().server(); }

std::string client::last_failures() const { return core_->board().last_failures(); }

future<void> client::async_wait_connected() const { return future<void>(core_->board().wait_connected(*core_)); }
future<void> client::async_try_connect() const { return future<void>(core_->board().try_connect(*core_)); }
void client::wait_connected(detail::time_limit limit) const { async_wait_connected().get_for(limit); }
void client::wait_connected() const { async_wait_connected().get(); }

subscription client::on_state(std::function<void(session_state)> f) const {
    return subscription(core_->board().add_listener(std::move(f)));
}

std::stop_token client::session_token() const { return core_->board().session_token(); }

client client::chroot(std::string_view path) const {
    const detail::rooted_path below(root_, path);
    if (!below.defect().empty())
        throw_error(make_error_code(errc::invalid_path), outcome::not_applied, "chroot", path, below.defect());
    return {core_, below.full() == "/" ? std::string() : std::string(below.full())};
}

future<void> client::async_close() const { return future<void>(core_->close()); }

void client::close() const {
    auto closed = async_close();
    if (!core_->on_callback_thread()) std::move(closed).get_for(std::chrono::nanoseconds::max());
}

// -- asynchronous operations ------------------------------------------------------------------------------------------

namespace {

detail::handle_view here(const detail::core_handle& core, const std::string& root) noexcept { return {*core, root}; }

bool takes_several_requests(const create_options& o) noexcept { return o.make_parents || o.protect; }

} // namespace

future<std::string> client::async_create(std::string_view path, data_view data, create_options o) const {
    if (takes_several_requests(o)) return detail::start_careful_create(here(core_, root_), path, data, o);
    return detail::start_create(here(core_, root_), path, data, o.mode, o.acl);
}

future<created_node> client::async_create_with_stat(std::string_view path, data_view data, create_options o) const {
    if (takes_several_requests(o)) return detail::start_careful_create_with_stat(here(core_, root_), path, data, o);
    return detail::start_create_with_stat(here(core_, root_), path, data, o.mode, o.acl);
}

future<node> client::async_get(std::string_view path) const { return detail::start_get(here(core_, root_), path); }

future<node_stat> client::async_set(std::string_view path, data_view data, version expected) const {
    return detail::start_set(here(core_, root_), path, data, expected);
}

future<void> client::async_remove(std::string_view path, version expected) const {
    return detail::start_remove(here(core_, root_), path, expected);
}

future<std::optional<node_stat>> client::async_exists(std::string_view path) const {
    return detail::start_exists(here(core_, root_), path);
}

future<std::vector<std::string>> client::async_get_children(std::string_view path) const {
    return detail::start_get_children(here(core_, root_), path);
}

future<child_list> client::async_get_children_with_stat(std::string_view path) const {
    return detail::start_get_children_with_stat(here(core_, root_), path);
}

future<acl_list> client::async_get_acl(std::string_view path) const {
    return detail::start_get_acl(here(core_, root_), path);
}

future<node_stat> client::async_set_acl(std::string_view path, acl_view acl, acl_version expected) const {
    return detail::start_set_acl(here(core_, root_), path, acl, expected);
}

future<void> client::async_sync(std::string_view path) const { return detail::start_sync(here(core_, root_), path); }

future<void> client::async_add_auth(std::string_view scheme, std::string_view secret) const {
    return detail::start_add_auth(here(core_, root_), scheme, secret);
}

future<std::optional<node>> client::async_get_if_exists(std::string_view path) const {
    return detail::start_get_if_exists(here(core_, root_), path);
}

future<bool> client::async_remove_if_exists(std::string_view path, version expected) const {
    return detail::start_remove_if_exists(here(core_, root_), path, expected);
}

future<bool> client::async_ensure_path(std::string_view path, acl_view acl) const {
    return detail::start_ensure_path(here(core_, root_), path, acl);
}

future<watched<node>> client::async_watch(std::string_view path) const {
    return detail::start_watch(here(core_, root_), path);
}

future<watched<std::optional<node_stat>>> client::async_watch_exists(std::string_view path) const {
    return detail::start_watch_exists(here(core_, root_), path);
}

future<watched<child_list>> client::async_watch_children(std::string_view path) const {
    return detail::start_watch_children(here(core_, root_), path);
}

future<watch_stream> client::async_add_watch(std::string_view path, watch_mode mode) const {
    return detail::start_add_watch(here(core_, root_), path, mode);
}

// -- blocking operations ----------------------------------------------------------------------------------------------

std::string client::create(std::string_view path, data_view data, create_options o) const {
    return detail::blocking(*core_, [&] { return async_create(path, data, o); });
}

created_node client::create_with_stat(std::string_view path, data_view data, create_options o) const {
    return detail::blocking(*core_, [&] { return async_create_with_stat(path, data, o); });
}

node client::get(std::string_view path) const {
    return detail::blocking(*core_, [&] { return async_get(path); });
}

node_stat client::set(std::string_view path, data_view data, version expected) const {
    return detail::blocking(*core_, [&] { return async_set(path, data, expected); });
}

void client::remove(std::string_view path, version expected) const {
    detail::blocking(*core_, [&] { return async_remove(path, expected); });
}

std::optional<node_stat> client::exists(std::string_view path) const {
    return detail::blocking(*core_, [&] { return async_exists(path); });
}

std::vector<std::string> client::get_children(std::string_view path) const {
    return detail::blocking(*core_, [&] { return async_get_children(path); });
}

child_list client::get_children_with_stat(std::string_view path) const {
    return detail::blocking(*core_, [&] { return async_get_children_with_stat(path); });
}

acl_list client::get_acl(std::string_view path) const {
    return detail::blocking(*core_, [&] { return async_get_acl(path); });
}

node_stat client::set_acl(std::string_view path, acl_view acl, acl_version expected) const {
    return detail::blocking(*core_, [&] { return async_set_acl(path, acl, expected); });
}

void client::sync(std::string_view path) const {
    detail::blocking(*core_, [&] { return async_sync(path); });
}

void client::add_auth(std::string_view scheme, std::string_view secret) const {
    detail::blocking(*core_, [&] { return async_add_auth(scheme, secret); });
}

std::optional<node> client::get_if_exists(std::string_view path) const {
    return detail::blocking(*core_, [&] { return async_get_if_exists(path); });
}

bool client::remove_if_exists(std::string_view path, version expected) const {
    return detail::blocking(*core_, [&] { return async_remove_if_exists(path, expected); });
}

bool client::ensure_path(std::string_view path, acl_view acl) const {
    return detail::blocking(*core_, [&] { return async_ensure_path(path, acl); });
}

watched<node> client::watch(std::string_view path) const {
    return detail::blocking(*core_, [&] { return async_watch(path); });
}

watched<std::optional<node_stat>> client::watch_exists(std::string_view path) const {
    return detail::blocking(*core_, [&] { return async_watch_exists(path); });
}

watched<child_list> client::watch_children(std::string_view path) const {
    return detail::blocking(*core_, [&] { return async_watch_children(path); });
}

watch_stream client::add_watch(std::string_view path, watch_mode mode) const {
    return detail::blocking(*core_, [&] { return async_add_watch(path, mode); });
}

} // namespace kazoo
