// count, ephemerals, whoami, config, command: what servers tell beside nodes
#include "menu.hpp"
#include "output.hpp"
#include "path_argument.hpp"
#include "show.hpp"

#include <kazoo/error.hpp>

#include <string>

namespace kz {

namespace {

struct nothing_to_choose {};

exit_code count(const settings& s, const path_options& o) {
    const connection client(s);
    const std::size_t nodes = client.count_descendants(o.path);
    if (s.json)
        print(std::move(json().begin_object().member("path", o.path).member("count", nodes).end_object()).line());
    else
        print(std::to_string(nodes) + "\n");
    return exit_code::ok;
}

exit_code whoami(const settings& s, const nothing_to_choose&) {
    const connection client(s);
    json out;
    std::string text;
    out.begin_object().key("identities").begin_array();
    for (const auto& i : client.who_am_i()) {
        out.begin_object().member("scheme", i.scheme).member("id", i.id).end_object();
        text.append(i.scheme).append(":").append(i.id).append("\n");
    }
    print(s.json ? std::move(out.end_array().end_object()).line() : text);
    return exit_code::ok;
}

exit_code config(const settings& s, const nothing_to_choose&) {
    const connection client(s);
    const kazoo::ensemble_config c = client.get_config();
    if (!s.json) {
        print(c.text.empty() ? "" : c.text + "\n");
        return exit_code::ok;
    }
    json out;
    out.begin_object().member("version", static_cast<std::int64_t>(c.version)).key("members").begin_array();
    for (const auto& m : c.members) out.begin_object().member("id", m.id).member("address", m.address).end_object();
    print(std::move(out.end_array().end_object()).line());
    return exit_code::ok;
}

struct command_options {
    std::string word, server;
};

/// Without a session, if the server is named: one without a quorum answers too.
exit_code command(const settings& s, const command_options& o) {
    const std::string answer = [&] {
        if (o.server.empty()) return connection(s).command(o.word);
        const kazoo::client client(o.server, {.operation_timeout = s.timeout()});
        return client.command(o.word, o.server);
    }();
    if (s.json)
        print(std::move(json().begin_object().member("word", o.word).member("answer", answer).end_object()).line());
    else
        print(answer.ends_with('\n') ? answer : answer + "\n");
    return exit_code::ok;
}

} // namespace

void add_server_commands(menu& m) {
    const auto counted = std::make_shared<path_options>();
    counted->path = "/";
    auto* c = m.add<path_options>("count", "Count the nodes below one, at any depth",
                                  "  kz count\n"
                                  "  kz count /app\n",
                                  count, counted);
    add_path(*c, counted->path, "The node")->capture_default_str();
    const auto nothing = std::make_shared<nothing_to_choose>();
    m.add<nothing_to_choose>("whoami", "Print who kz is to the server: SCHEME:ID, a line each",
                             "  kz whoami\n"
                             "  kz --auth digest:joe:secret whoami\n",
                             whoami, nothing);
    m.add<nothing_to_choose>("config", "Print what the ensemble is made of; nothing for a standalone server",
                             "  kz config\n"
                             "  kz --json config\n",
                             config, nothing);
    const auto asked = std::make_shared<command_options>();
    c = m.add<command_options>("command", "Ask a server with a four-letter word, and print its answer",
                               "  kz command srvr\n"
                               "  kz command mntr zk2:2181\n"
                               "\n"
                               "Servers answer the words in 4lw.commands.whitelist; by default srvr alone.\n",
                               command, asked);
    c->add_option("WORD", asked->word, "Four small letters")->type_name("")->required();
    c->add_option("SERVER", asked->server, "HOST:PORT; not given: the one that kz connects to")->type_name("");
}

} // namespace kz
