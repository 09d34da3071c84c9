// rm
#include "menu.hpp"
#include "output.hpp"
#include "path_argument.hpp"
#include "show.hpp"
#include "subtree.hpp"
#include "usage_error.hpp"

#include <kazoo/bulk.hpp>
#include <kazoo/error.hpp>

#include <cstdint>
#include <cstdio>
#include <string>

namespace kz {

namespace {

struct rm_arguments {
    std::string path;
    bool recursive = false;
    std::int32_t version = -1;
};

/// One line on a terminal, written over and over; nothing elsewhere.
class progress_line {
  public:
    ~progress_line() {
        if (shown_) std::fputs("\r\033[K", stderr);
    }
    void show(const char* what, std::size_t count) {
        if (!terminal_ || count % 1000 != 0) return;
        std::fprintf(stderr, "\r%s %zu\033[K", what, count);
        shown_ = true;
    }

  private:
    bool terminal_ = is_terminal(2), shown_ = false;
};

/// Removes what is there now, the deepest first; nodes that others remove meanwhile are fine. Returns how many it
/// removed.
std::size_t remove_subtree(const kazoo::client& client, const std::string& top) {
    progress_line line;
    const auto nodes = read_subtree(client, top, {.progress = [&](std::size_t known) { line.show("found", known); }});
    std::size_t removed = 0;
    // A request behind a failed one is still tried; the error that counts is the first, at the deepest node.
    const auto done = kazoo::bulk(
        nodes.size(), [&](std::size_t i) { return client.async_remove_if_exists(nodes[nodes.size() - 1 - i].path); },
        [&](std::size_t, const kazoo::result<bool>& reply) {
            if (reply && *reply) line.show("removed", ++removed);
        });
    done.rethrow();
    return removed;
}

std::size_t remove_recursively(const kazoo::client& client, const std::string& top) {
    constexpr int rounds = 10; // others may go on creating children: try again, but not for ever
    for (int round = 1;; ++round) {
        try {
            return remove_subtree(client, top);
        } catch (const kazoo::not_empty_error&) {
            if (round == rounds) throw;
        }
    }
}

exit_code rm(const settings& s, const rm_arguments& o) {
    // In a chroot it is the chroot's own node: whoever was given a part of the tree does not mean to end it.
    if (o.path == "/") throw usage_error("the root cannot be removed");
    if (s.json) require_output();
    const connection client(s);
    std::size_t removed = 1;
    if (o.recursive)
        removed = remove_recursively(client, o.path);
    else
        client.remove(o.path, static_cast<kazoo::version>(o.version));
    if (s.json)
        print(std::move(json().begin_object().member("path", o.path).member("removed", removed).end_object()).line());
    return exit_code::ok;
}

} // namespace

void add_rm_command(menu& m) {
    const auto o = std::make_shared<rm_arguments>();
    auto* command = m.add("rm", "Remove a node",
                          "  kz rm /app/config\n"
                          "  kz rm /app/config --version 3    only if nobody has changed it since version 3\n"
                          "  kz rm -r /app                    with all that is below\n",
                          rm, o);
    add_path(*command, o->path, "The node; not /, whether the servers' root or a chroot's")->required();
    auto* recursive = command->add_flag("-r,--recursive", o->recursive, "With all nodes below it");
    command->add_option("--version", o->version, "The version that is expected; -1: any")
        ->type_name("VERSION")
        ->capture_default_str()
        ->excludes(recursive);
}

} // namespace kz
