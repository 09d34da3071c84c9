// Four-letter words, and what is read from them.
#include "client/client_access.hpp"
#include "client/word_exchange.hpp"
#include "session/host_list.hpp"
#include "task/root_task.hpp"
#include "util/server_texts.hpp"

#include <algorithm>

namespace kazoo {

namespace detail {

namespace {

using addresses = std::vector<std::string>;

class lookup final : public shared_state<addresses> {
  public:
    using shared_state::shared_state;
    std::string_view operation() const noexcept override { return "command"; }
    std::string_view detail() const noexcept override { return why_; }
    void take(const std::string& host, std::error_code ec, addresses found) {
        if (!claim()) return;
        if (!ec && !found.empty()) return publish(std::move(found));
        why_ = host + ": " + (ec ? ec.message() : "no address");
        publish_failure(errc::no_hosts);
    }

  private:
    std::string why_;
};

future<addresses> look_up(core& c, const std::string& host) {
    ref<lookup> asked(new lookup(c));
    if (session::needs_no_lookup(host))
        asked->take(host, {}, {host});
    else
        c.loop().resolve(
            host, [asked, host](std::error_code ec, addresses found) { asked->take(host, ec, std::move(found)); });
    return make_future<addresses>(std::move(asked));
}

future<std::string> exchange(core& c, util::endpoint to, std::string word) {
    ref<word_exchange> asked(new word_exchange(c, std::move(to), std::move(word)));
    asked->start();
    return make_future<std::string>(std::move(asked));
}

bool is_word(std::string_view w) noexcept {
    return w.size() == 4 && std::all_of(w.begin(), w.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

[[noreturn]] void refuse(errc e, std::string_view why) {
    throw_error(make_error_code(e), outcome::not_applied, "command", {}, why);
}

/// Of the server that was named, which is reached as the client's are.
session::host_port whom(core& c, const std::string& server) {
    session::host_spec spec;
    try {
        spec = session::parse_hosts(server);
    } catch (const error& e) {
        refuse(errc::bad_hosts, e.detail());
    }
    if (spec.hosts.size() != 1 || !spec.chroot.empty() || !spec.options.empty())
        refuse(errc::bad_hosts, "a command goes to one HOST:PORT");
    session::host_port to = std::move(spec.hosts.front());
    to.tls = (to.tls || c.all_by_tls()) && !to.is_socket();
    return to;
}

/// Of the server that the session is connected to.
util::endpoint present_server(core& c) {
    util::endpoint to = c.board().peer();
    if (to.address.empty()) refuse(errc::connection_loss, "no server is connected");
    return to;
}

task<std::string> ask(core& c, std::string word, std::string server) {
    if (!is_word(word)) refuse(errc::bad_arguments, "a command is a word of four small letters");
    if (server.empty()) {
        util::endpoint present = present_server(c);
        co_return co_await exchange(c, std::move(present), std::move(word));
    }
    const session::host_port to = whom(c, server);
    const addresses found = co_await look_up(c, to.host);
    for (std::size_t i = 0;; ++i) {
        util::endpoint address{found[i], to.port, to.host, to.tls};
        auto answer = co_await as_result(exchange(c, std::move(address), word));
        if (answer) co_return *std::move(answer);
        if (answer.error() != errc::connection_loss || i + 1 == found.size()) answer.rethrow();
    }
}

task<server_version> ask_version(core& c, std::string server) {
    const std::string answer = co_await ask(c, "srvr", std::move(server));
    std::optional<server_version> v = util::parse_version(answer);
    if (!v) refuse(errc::malformed_reply, "no version in the answer to srvr");
    co_return *std::move(v);
}

/// A server that says nothing is not waited for without end, by whoever.
template <class T> future<T> ask_within_limit(core& c, task<T> t) {
    const time_point end = saturating_add(c.loop().now(), c.operation_limit());
    return spawn(c, {.name = "command", .path = {}, .deadline = end}, std::move(t));
}

} // namespace

} // namespace detail

future<std::string> client::async_command(std::string_view word, std::string_view server) const {
    return detail::ask_within_limit(core(), detail::ask(core(), std::string(word), std::string(server)));
}
std::string client::command(std::string_view word, std::string_view server, const std::stop_token& stop) const {
    return async_command(word, server).get(stop);
}

future<kazoo::server_version> client::async_server_version(std::string_view server) const {
    return detail::ask_within_limit(core(), detail::ask_version(core(), std::string(server)));
}
kazoo::server_version client::server_version(std::string_view server, const std::stop_token& stop) const {
    return async_server_version(server).get(stop);
}

} // namespace kazoo
