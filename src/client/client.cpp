#include <kazoo/client.hpp>
#include <kazoo/coroutine.hpp>

#include "client/chroot.hpp"
#include "client/client_access.hpp"
#include "client/config_follower.hpp"
#include "client/url_options.hpp"
#include "session/host_list.hpp"
#include "util/backoff.hpp"

#include <algorithm>
#include <chrono>

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

/// What is asked of the servers, who have the last word.
std::chrono::milliseconds session_timeout(const client_options& o) {
    constexpr std::chrono::milliseconds longest(INT32_MAX);
    return std::min(std::chrono::ceil<std::chrono::milliseconds>(std::chrono::nanoseconds(o.session_timeout)), longest);
}

/// They go to libraries for C.
bool has_zero(const std::string& text) { return text.find('\0') != std::string::npos; }

void check(const sasl_options& o) {
    if (const auto* digest = std::get_if<sasl_digest_md5>(&o)) {
        require(!digest->user.empty(), "client_options::sasl: user must not be empty");
        require(!digest->password.empty(), "client_options::sasl: password must not be empty");
        require(!has_zero(digest->user) && !has_zero(digest->password),
                "client_options::sasl: user and password must be without zero bytes");
        return;
    }
    const auto& kerberos = std::get<sasl_gssapi>(o);
    require(!kerberos.service.empty() && kerberos.service.find_first_of("/@") == std::string::npos,
            "client_options::sasl: service must be a name without '/' and '@'");
    for (const std::string* text : {&kerberos.service, &kerberos.principal, &kerberos.keytab, &kerberos.ticket_cache})
        require(!has_zero(*text), "client_options::sasl: names must be without zero bytes");
}

void check(const client_options& o) {
    require(session_timeout(o).count() > 0, "client_options::session_timeout must be positive");
    const std::chrono::nanoseconds tick = o.server_tick;
    require(session_timeout(o) - tick >= tick / 2,
            "client_options::session_timeout must be at least one and a half of client_options::server_tick");
    require(o.max_waiting_requests > 0, "client_options::max_waiting_requests must be positive");
    require(o.max_waiting_bytes > 0, "client_options::max_waiting_bytes must be positive");
    require(o.max_request_bytes > 0 && o.max_request_bytes <= INT32_MAX,
            "client_options::max_request_bytes must be between 1 and 2^31-1");
    require(o.max_reply_bytes > 0 && o.max_reply_bytes <= INT32_MAX,
            "client_options::max_reply_bytes must be between 1 and 2^31-1");
    if (o.tls) {
        require(o.tls->lowest <= o.tls->highest, "client_options::tls: lowest must not be above highest");
        require(o.tls->key_file.empty() || !o.tls->certificate_file.empty(),
                "client_options::tls: key_file needs a certificate_file");
    }
    if (o.sasl) check(*o.sasl);
    const std::string_view defect = util::defect_of(o.reconnect);
    require(defect.empty(), std::string("client_options::reconnect.").append(defect));
}

session::config to_config(session::host_spec hosts, const client_options& o) {
    session::config c;
    c.hosts = std::move(hosts);
    detail::reach_as_said(c.hosts.hosts, o);
    c.timeout = session_timeout(o);
    c.randomize_hosts = o.randomize_hosts;
    c.read_only = o.read_only;
    c.sasl = o.sasl.has_value();
    c.server_tick = o.server_tick;
    c.reconnect = o.reconnect;
    c.max_reply_bytes = o.max_reply_bytes;
    if (o.resume.id != session_id::none)
        c.resume = session::identity{
            .id = o.resume.id, .password = o.resume.password, .negotiated_timeout = o.resume.negotiated_timeout};
    c.log_threshold = o.log.threshold;
    return c;
}

} // namespace

namespace detail {

core_handle::core_handle(const core_handle& o) noexcept : core_(o.core_), keeps_(o.keeps_) {
    if (core_ == nullptr) return;
    core_->retain();
    if (keeps_ == keeps::session) core_->add_handle();
}

core_handle::core_handle(core_handle&& o) noexcept : core_(std::exchange(o.core_, nullptr)), keeps_(o.keeps_) {}

core_handle& core_handle::operator=(core_handle o) noexcept {
    std::swap(core_, o.core_);
    std::swap(keeps_, o.keeps_);
    return *this;
}

core_handle::~core_handle() {
    if (core_ == nullptr) return;
    if (keeps_ == keeps::session)
        core_->drop_handle();
    else
        core_->release();
}

} // namespace detail

detail::context& detail::context_of(const node_operations& h) noexcept { return client_access::core_of(h); }

node_operations::node_operations(detail::core_handle core, std::string root, std::uint64_t epoch) noexcept
    : core_(std::move(core)), root_(std::move(root)), epoch_(epoch) {}

// -- session ----------------------------------------------------------------------------------------------------------

namespace {

client open(std::string_view hosts, client_options opts) {
    session::host_spec spec = session::parse_hosts(hosts);
    detail::take_url_options(spec, opts);
    check(opts);
    if (!opts.log.write) opts.log.threshold = detail::threshold_from_environment(opts.log.threshold);
    std::string root = spec.chroot;
    std::vector<std::shared_ptr<session::credential>> credentials;
    for (const credential& c : opts.credentials) credentials.push_back(std::make_shared<required_credential>(c));
    auto config = to_config(std::move(spec), opts);
    const bool insecure = opts.tls && opts.tls->insecure, follows = opts.follow_config;
    auto core = detail::core::start(std::move(config), std::move(opts), std::move(credentials));
    core->add_handle();
    detail::core& started = *core;
    client made = detail::client_access::make({core.release(), detail::core_handle::keeps::session}, std::move(root));
    if (follows) detail::follow_config(detail::handle(started, {}));
    if (insecure) started.log(log_level::warn, "TLS without verification (insecure): whoever answers is believed");
    return made;
}

} // namespace

client::client(std::string_view hosts, client_options opts) : client(open(hosts, std::move(opts))) {}

client::client(detail::core_handle core, std::string root) noexcept
    : node_operations(std::move(core), std::move(root)) {}

session_state client::state() const noexcept { return core().board().state(); }

kazoo::session_id client::session_id() const noexcept { return core().board().identity().id; }

std::chrono::milliseconds client::negotiated_timeout() const noexcept {
    return core().board().identity().negotiated_timeout;
}

std::string client::server() const { return core().board().server(); }

std::string client::hosts() const { return core().board().hosts(); }

void client::set_hosts(std::string_view hosts) const {
    session::host_spec spec = session::parse_hosts(hosts);
    if (!spec.options.empty()) session::refuse_hosts("options cannot change", spec.options.front().name);
    if (!spec.chroot.empty() && spec.chroot != core().first_chroot())
        session::refuse_hosts("the chroot cannot change", spec.chroot);
    core().set_hosts(std::move(spec.hosts));
}

void client::remove_auth(std::string_view scheme, std::string_view secret) const {
    core().remove_credential(std::string(scheme), std::string(secret));
}

std::string client::last_failures() const { return core().board().last_failures(); }

future<void> client::async_wait_connected() const { return detail::make_future(core().board().wait_connected(core())); }
future<void> client::async_try_connect() const { return detail::make_future(core().board().try_connect(core())); }
void client::wait_connected(time_limit limit, const std::stop_token& stop) const {
    async_wait_connected().get_for(limit, stop);
}
void client::wait_connected(const std::stop_token& stop) const { async_wait_connected().get(stop); }

client_metrics client::metrics() const { return core().metrics(); }
void client::set_log_threshold(log_level level) const { core().set_log_threshold(level); }

subscription client::on_state(std::function<void(session_state)> f) const {
    return subscription(core().board().add_listener(std::move(f)));
}

std::stop_token client::session_token() const { return core().board().session_token(); }

client client::chroot(std::string_view path) const {
    const auto below = detail::chroot(root()).absolute(path);
    if (!below.defect().empty())
        throw_error(make_error_code(errc::invalid_path), outcome::not_applied, "chroot", path, below.defect());
    return {detail::client_access::handle_of(*this), below.view() == "/" ? std::string() : below.str()};
}

future<void> client::async_close() const { return detail::make_future(core().close()); }

future<session_ticket> client::async_detach() const { return detail::make_future(core().detach()); }

session_ticket client::detach(const std::stop_token& stop) const {
    return async_detach().get_for(std::chrono::nanoseconds::max(), stop);
}

void client::close() const {
    auto closed = async_close();
    if (!core().on_callback_thread()) std::move(closed).get_for(std::chrono::nanoseconds::max());
}

} // namespace kazoo
