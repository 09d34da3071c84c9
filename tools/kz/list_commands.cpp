// ls, tree
#include "menu.hpp"
#include "number_argument.hpp"
#include "output.hpp"
#include "path_argument.hpp"
#include "show.hpp"
#include "subtree.hpp"

#include <kazoo/error.hpp>
#include <kazoo/path.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace kz {

namespace {

struct ls_arguments {
    std::string path = "/";
    bool long_format = false;
};

struct child {
    std::string name;
    kazoo::node_stat stat;
};

/// Children that go meanwhile are left out.
std::vector<child> with_stats(const kazoo::client& client, const std::string& parent, std::vector<std::string> names) {
    std::vector<child> children;
    pipelined(
        names.size(), [&](std::size_t i) { return client.async_exists(kazoo::path::join(parent, names[i])); },
        [&](std::size_t i, kazoo::future<std::optional<kazoo::node_stat>> reply) {
            if (const auto stat = std::move(reply).get()) children.push_back({std::move(names[i]), *stat});
        });
    return children;
}

std::string to_line(const child& c) {
    std::array<char, 128> columns{};
    std::snprintf(columns.data(), columns.size(), "%c %6d %8d %8d  %s  ", c.stat.ephemeral() ? 'e' : '-',
                  static_cast<int>(c.stat.data_version), static_cast<int>(c.stat.num_children),
                  static_cast<int>(c.stat.data_length), to_text(c.stat.mtime).c_str());
    return columns.data() + c.name + "\n";
}

exit_code ls(const settings& s, const ls_arguments& o) {
    const connection client(s);
    auto names = client.get_children(o.path);
    std::ranges::sort(names);
    json out;
    std::string text;
    out.begin_object().member("path", o.path).key("children").begin_array();
    if (o.long_format) {
        for (const auto& c : with_stats(client, o.path, std::move(names))) {
            write(out.begin_object().member("name", c.name).key("stat"), c.stat);
            out.end_object();
            text += to_line(c);
        }
    } else {
        for (const auto& name : names) {
            out.value(name);
            text.append(name).append("\n");
        }
    }
    print(s.json ? std::move(out.end_array().end_object()).line() : text);
    return exit_code::ok;
}

struct tree_arguments {
    std::string path = "/";
    std::size_t depth = std::numeric_limits<std::size_t>::max();
};

/// A tree as children's indices, from the list of nodes with their parents.
class outline {
  public:
    explicit outline(std::vector<subtree_node> nodes) : nodes_(std::move(nodes)), children_(nodes_.size()) {
        for (std::size_t i = 1; i < nodes_.size(); ++i) children_[nodes_[i].parent].push_back(i);
    }

    std::string text() const {
        std::string out = nodes_[0].path + "\n";
        append_children(out, 0, "");
        return out;
    }

    std::string document() const {
        json out;
        write(out, 0);
        return std::move(out).line();
    }

  private:
    std::string_view name(std::size_t i) const { return kazoo::path::basename(nodes_[i].path); }

    void append_children(std::string& out, std::size_t i, const std::string& indent) const {
        for (const std::size_t c : children_[i]) {
            const bool last = c == children_[i].back();
            out.append(indent).append(last ? "└── " : "├── ").append(name(c)).append("\n");
            append_children(out, c, indent + (last ? "    " : "│   "));
        }
    }

    void write(json& out, std::size_t i) const {
        out.begin_object().member("path", nodes_[i].path).key("children").begin_array();
        for (const std::size_t c : children_[i]) write(out, c);
        out.end_array().end_object();
    }

    std::vector<subtree_node> nodes_;
    std::vector<std::vector<std::size_t>> children_;
};

exit_code tree(const settings& s, const tree_arguments& o) {
    const connection client(s);
    const outline found(read_subtree(client, o.path, o.depth));
    print(s.json ? found.document() : found.text());
    return exit_code::ok;
}

} // namespace

void add_list_commands(menu& m) {
    const auto l = std::make_shared<ls_arguments>();
    auto* command = m.add("ls", "List a node's children, sorted",
                          "  kz ls\n"
                          "  kz ls -l /app    e(phemeral), version, children, bytes, last change, name\n",
                          ls, l);
    add_path(*command, l->path, "The node")->capture_default_str();
    command->add_flag("-l,--long", l->long_format, "With metadata");

    const auto t = std::make_shared<tree_arguments>();
    command = m.add("tree", "Draw a node and all below it",
                    "  kz tree\n"
                    "  kz tree -d 2 /app    two levels below /app\n",
                    tree, t);
    add_path(*command, t->path, "The node")->capture_default_str();
    command->add_option("-d,--depth", t->depth, "Levels below the node; all if not given")
        ->type_name("LEVELS")
        ->check(not_negative());
}

} // namespace kz
