// Kazoo for Python and we, members of the same parties on one real server.
#include "real/other_clients.hpp"
#include "shared/backend.hpp"
#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"

#include <kazoo/recipe/party.hpp>
#include <kazoo/recipe/shallow_party.hpp>

#include <gmock/gmock.h>

#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::debian_python;
using kazoo::test::eventually;
using kazoo::test::kazoo_worker;
using kazoo::testkit::process;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

/// One server and one Python, which does with parties what it is told, for the whole suite.
struct party_side {
    const kazoo::testkit::temporary_directory folder;
    const kazoo::testkit::real_server zk;
    const client ours{zk.address(), {.session_timeout = 4s}};
    std::unique_ptr<process> python;
    int number = 0;

    party_side() {
        ours.wait_connected(30s);
        process probe({debian_python, "-c", "import kazoo"}, folder.path() / "probe.log");
        EXPECT_TRUE(probe.wait_exit(60s));
        EXPECT_EQ(probe.how_it_ended(), "exit code 0") << "the Debian package python3-kazoo is missing";
        start();
    }
    std::string file() const { return (folder.path() / "told").string(); }
    void start() {
        std::ofstream(file() + ".commands", std::ios::trunc).flush();
        const std::vector<std::string> words{debian_python, "-B", kazoo_worker, "parties", zk.address(), file()};
        python = std::make_unique<process>(words, folder.path() / "log");
    }
    void kill() const {
        python->signal(SIGKILL);
        ASSERT_TRUE(python->wait_exit(30s));
    }
    std::string log() const {
        std::ifstream in(folder.path() / "log");
        return {std::istreambuf_iterator<char>(in), {}};
    }
    /// What it says when it has done so.
    std::string does(const std::string& what, const std::string& path, const std::string& name, bool shallow) {
        const std::string n = std::to_string(++number) + " ";
        std::ofstream(file() + ".commands", std::ios::app)
            << R"({"number": )" << n << R"(, "do": ")" << what << R"(", "path": ")" << path << R"(", "name": ")" << name
            << R"(", "shallow": )" << (shallow ? "true" : "false") << "}\n";
        std::string answer = "no answer: ";
        const bool answered = eventually([&] {
            std::ifstream in(file());
            for (std::string l; std::getline(in, l) && !in.eof();)
                if (l.starts_with(n)) answer = l.substr(n.size());
            return !answer.starts_with("no answer");
        });
        return answered ? answer : answer + log();
    }
};

class party_python : public ::testing::TestWithParam<bool> {
  protected:
    static void SetUpTestSuite() { side = std::make_unique<party_side>(); }
    static void TearDownTestSuite() { side.reset(); }
    void SetUp() override { path = "/parties" + std::to_string(side->number); }

    bool shallow() const { return GetParam(); }
    std::unique_ptr<gathering, void (*)(gathering*)> member(const client& c, const std::string& name) const {
        if (shallow())
            return {new shallow_party(c, path, {.identifier = name}),
                    [](gathering* g) { delete static_cast<shallow_party*>(g); }};
        return {new party(c, path, {.identifier = name}), [](gathering* g) { delete static_cast<party*>(g); }};
    }
    std::string python(const std::string& what, const std::string& name = "python") const {
        return side->does(what, path, name, shallow());
    }
    bool hears(const gathering& g, const std::vector<std::string>& who) const {
        return eventually([&] { return g.members() == who; });
    }

    std::string path;
    static std::unique_ptr<party_side> side;
};
std::unique_ptr<party_side> party_python::side;

INSTANTIATE_TEST_SUITE_P(both, party_python, ::testing::Bool(),
                         [](const auto& p) { return p.param ? "shallow" : "deep"; });

TEST_P(party_python, A22_each_sees_the_other_come_and_go) {
    const auto us = member(side->ours, "ours");
    EXPECT_EQ(python("members"), "");
    us->join();
    EXPECT_EQ(python("members"), "ours");
    EXPECT_EQ(python("join"), "done");
    EXPECT_THAT(us->members(), ElementsAre("ours", "python"));
    EXPECT_EQ(us->size(), 2u);
    EXPECT_EQ(python("members"), "ours,python");
    EXPECT_EQ(python("size"), "2");
    EXPECT_TRUE(us->leave());
    EXPECT_EQ(python("members"), "python");
    EXPECT_EQ(python("leave"), "True");
    EXPECT_THAT(us->members(), IsEmpty());
}

TEST_P(party_python, A22_nodes_are_of_the_same_kind) {
    const auto us = member(side->ours, "who");
    us->join();
    const auto ours = side->ours.get_children(path);
    ASSERT_EQ(ours.size(), 1u);
    EXPECT_EQ(python("join", "who"), "done");
    const auto both = side->ours.get_children(path);
    ASSERT_EQ(both.size(), 2u);
    std::vector<node> nodes;
    for (const std::string_view name : both) {
        EXPECT_EQ(name.size(), ours[0].size());
        EXPECT_EQ(name.substr(32), ours[0].substr(32));
        nodes.push_back(side->ours.get(path + "/" + std::string(name)));
    }
    EXPECT_EQ(nodes[0].data, nodes[1].data);
    EXPECT_NE(nodes[0].stat.owner, nodes[1].stat.owner);
    EXPECT_EQ(python("leave", "who"), "True");
}

TEST_P(party_python, who_is_killed_is_gone_for_the_other) {
    const auto us = member(side->ours, "ours");
    us->join();
    EXPECT_EQ(python("join"), "done");
    EXPECT_TRUE(hears(*us, {"ours", "python"}));
    side->kill();
    EXPECT_TRUE(hears(*us, {"ours"}));
    EXPECT_TRUE(us->joined());
    side->start();
    EXPECT_EQ(python("join"), "done");
    EXPECT_EQ(python("members"), "ours,python");

    const std::vector<std::string> words{
        KAZOO_LOCK_WORKER, "member", side->zk.address(), path, "killed", shallow() ? "shallow" : "deep"};
    process ours(words, side->folder.path() / "ours.log");
    EXPECT_TRUE(hears(*us, {"killed", "ours", "python"}));
    EXPECT_EQ(python("members"), "killed,ours,python");
    ours.signal(SIGKILL);
    ASSERT_TRUE(ours.wait_exit(30s));
    EXPECT_TRUE(eventually([&] { return python("members") == "ours,python"; }));
    EXPECT_EQ(python("leave"), "True");
}

} // namespace
