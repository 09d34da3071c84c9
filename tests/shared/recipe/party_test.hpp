#pragma once
// What the suites of parties share.
#include "shared/mutex_test.hpp"

#include <kazoo/recipe/party.hpp>
#include <kazoo/recipe/shallow_party.hpp>

#include <string>
#include <vector>

namespace kazoo::test {

class party_test : public mutex_test {
  protected:
    std::vector<std::string> members_at(const client& c) const { return nodes(c, "/p"); }
    bool becomes_joined(const gathering& g) const {
        return eventually([&] { return g.joined(); });
    }
    bool becomes(const gathering& g, presence_state s) const {
        return eventually([&] { return g.state() == s; });
    }
    static constexpr const char* an_id = "0123456789abcdef0123456789abcdef";
};

} // namespace kazoo::test
