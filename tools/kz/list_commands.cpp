// ls, tree
#include "menu.hpp"
#include "number_argument.hpp"
#include "output.hpp"
#include "path_argument.hpp"
#include "show.hpp"
#include "subtree.hpp"

#include <kazoo/bulk.hpp>
#include <kazoo/error.hpp>
#include <kazoo/path.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
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
    std::error_code unreadable; ///< instead of the metadata
};

/// Children that go meanwhile are left out. Some servers keep metadata from those who may not read (ZOOKEEPER-2590).
std::vector<child> with_stats(const kazoo::client& client, const std::string& parent, const kazoo::child_names& names) {
    std::vector<child> children;
    kazoo::bulk(
        names.size(), [&](std::size_t i) { return client.async_exists(kazoo::path::join(parent, names[i])); },
        [&](std::size_t i, kazoo::result<std::optional<kazoo::node_stat>> reply) {
            if (reply.error() == kazoo::errc::no_auth)
                children.push_back({std::string(names[i]), {}, reply.error()});
            else if (const auto stat = std::move(reply).value())
                children.push_back({std::string(names[i]), *stat, {}});
        });
    return children;
}

std::string to_line(const child& c) {
    std::array<char, 128> columns{};
    if (c.unreadable) {
        std::snprintf(columns.data(), columns.size(), "? %6c %8c %8c  %-20c  ", '?', '?', '?', '?');
        return columns.data() + c.name + "  [" + c.unreadable.message() + "]\n";
    }
    std::snprintf(columns.data(), columns.size(), "%c %6d %8d %8d  %s  ", c.stat.ephemeral() ? 'e' : '-',
                  static_cast<int>(c.stat.data_version), static_cast<int>(c.stat.num_children),
                  static_cast<int>(c.stat.data_length), to_text(c.stat.mtime).c_str());
    return columns.data() + c.name + "\n";
}

/// Says so if some nodes were not read.
exit_code result_of(const std::string& command, const std::string& path, std::size_t unreadable) {
    if (unreadable == 0) return exit_code::ok;
    const std::string nodes = std::to_string(unreadable) + (unreadable == 1 ? " node" : " nodes");
    std::fputs(("kz: " + command + " \"" + path + "\": " + nodes + " could not be read\n").c_str(), stderr);
    return exit_code::error;
}

exit_code ls(const settings& s, const ls_arguments& o) {
    const connection client(s);
    auto names = client.get_children(o.path);
    names.sort();
    json out;
    std::string text;
    std::size_t unreadable = 0;
    out.begin_object().member("path", o.path).key("children").begin_array();
    if (o.long_format) {
        for (const auto& c : with_stats(client, o.path, names)) {
            out.begin_object().member("name", c.name);
            if (c.unreadable)
                out.member("error", c.unreadable.message());
            else
                write(out.key("stat"), c.stat);
            out.end_object();
            text += to_line(c);
            unreadable += c.unreadable ? 1 : 0;
        }
    } else {
        for (const auto& name : names) {
            out.value(name);
            text.append(name).append("\n");
        }
    }
    print(s.json ? std::move(out.end_array().end_object()).line() : text);
    return result_of("ls", o.path, unreadable);
}

struct tree_arguments {
    std::string path = "/";
    std::size_t depth = subtree_reading{}.depth;
};

/// The nodes in the order in which they are drawn: each ahead of what is below it.
class outline {
  public:
    explicit outline(std::vector<subtree_node> nodes) : nodes_(std::move(nodes)), children_(nodes_.size()) {
        for (std::size_t i = 1; i < nodes_.size(); ++i) {
            family& of_parent = children_[nodes_[i].parent]; // whose children follow each other
            if (of_parent.begin == 0) of_parent.begin = i;
            of_parent.end = i + 1;
        }
    }

    std::string text() const {
        std::string out;
        walk([&](const subtree_node& n, const std::vector<family>& open) {
            for (std::size_t level = 1; level + 1 < open.size(); ++level)
                out.append(open[level].begin == open[level].end ? "    " : "│   ");
            if (open.size() > 1) out.append(open.back().begin == open.back().end ? "└── " : "├── ");
            out.append(open.size() > 1 ? kazoo::path::basename(n.path) : n.path);
            if (n.unreadable) out.append("  [").append(n.unreadable.message()).append("]");
            out += '\n';
        });
        return out;
    }

    std::string lines() const {
        std::string out;
        walk([&](const subtree_node& n, const std::vector<family>&) {
            json line;
            line.begin_object().member("path", n.path);
            if (n.unreadable) line.member("error", n.unreadable.message());
            out += std::move(line.end_object()).line();
        });
        return out;
    }

    std::size_t unreadable() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(nodes_, [](const subtree_node& n) { return bool(n.unreadable); }));
    }

  private:
    struct family {
        std::size_t begin = 0, end = 0;
    };

    /// Calls visit(node, open): for the node's level and those above, which brothers are still to come. Without
    /// recursion, as trees may be deep.
    template <class Visit> void walk(Visit visit) const {
        std::vector<family> open{{0, 1}};
        while (!open.empty()) {
            if (open.back().begin == open.back().end) {
                open.pop_back();
                continue;
            }
            const std::size_t i = open.back().begin++;
            visit(nodes_[i], open);
            open.push_back(children_[i]);
        }
    }

    std::vector<subtree_node> nodes_;
    std::vector<family> children_;
};

exit_code tree(const settings& s, const tree_arguments& o) {
    const connection client(s);
    const outline found(read_subtree(client, o.path, {.depth = o.depth, .goes_on = true}));
    print(s.json ? found.lines() : found.text());
    return result_of("tree", o.path, found.unreadable());
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
    command =
        m.add("tree", "Draw a node and all below it",
              "  kz tree\n"
              "  kz tree -d 2 /app    two levels below /app\n"
              "  kz --json tree /app | jq -r .path\n"
              "\n"
              "JSON is a line for each node, in the order in which they are drawn. A node whose children may not\n"
              "be listed is marked ([...], \"error\" in JSON); kz goes on, says at the end how many there were, and\n"
              "ends with exit code 1.\n",
              tree, t);
    add_path(*command, t->path, "The node")->capture_default_str();
    command->add_option("-d,--depth", t->depth, "Levels below the node; all if not given")
        ->type_name("LEVELS")
        ->check(not_negative());
}

} // namespace kz
