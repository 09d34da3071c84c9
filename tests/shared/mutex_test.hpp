#pragma once
// What the suites of kazoo::mutex share.
#include "backend.hpp"

#include "testing/real/four_letter_word.hpp"

#include <kazoo/kazoo.hpp>

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace kazoo::test {

/// Looks at the nodes of a lock, and at what the server watches.
class mutex_test : public client_test {
  protected:
    std::vector<std::string> nodes(const client& c, const std::string& path = "/lock") const {
        return c.exists(path) ? c.get_children(path) : std::vector<std::string>();
    }
    /// The watch of a held lock's own node is set when the lock has been held for a while.
    static bool is_watched(int more_than) {
        return eventually([&] { return watches_at_the_server() > more_than; });
    }
    bool becomes_empty(const client& c) const {
        return eventually([&] { return nodes(c).empty(); });
    }
    bool has_nodes(const client& c, std::size_t n) const {
        return eventually([&] { return nodes(c).size() == n; });
    }
    static std::vector<std::string> identifiers(const mutex& m) {
        std::vector<std::string> all;
        for (const contender& c : m.contenders()) all.push_back(c.identifier);
        return all;
    }
    static int watches_at_the_server() {
        const std::string address = server().address();
        const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
        const std::string text = kazoo::testkit::ask_four_letter_word(port, "mntr", 10s);
        const std::string key = "zk_watch_count\t";
        return std::stoi(text.substr(text.find(key) + key.size()));
    }
};

inline errc code_of(const auto& result) { return static_cast<errc>(result.error().value()); }

} // namespace kazoo::test
