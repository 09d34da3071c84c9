// Kazoo for Python and we share out one set on one real server; some of each are killed.
#include "real/other_clients.hpp"
#include "shared/backend.hpp"
#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::debian_python;
using kazoo::test::eventually;
using kazoo::test::kazoo_worker;
using kazoo::testkit::process;
using ::testing::IsEmpty;

namespace {

using items_of = std::map<std::string, std::string>;

/// Members of both kinds, each a process, that write to one file what they have and when they give it back.
class crowd {
  public:
    crowd() {
        process probe({debian_python, "-c", "import kazoo"}, folder_.path() / "probe.log");
        EXPECT_TRUE(probe.wait_exit(60s));
        EXPECT_EQ(probe.how_it_ended(), "exit code 0") << "the Debian package python3-kazoo is missing";
    }
    ~crowd() {
        for (auto& [name, p] : members_) p->signal(SIGKILL);
    }
    crowd(const crowd&) = delete;
    crowd& operator=(const crowd&) = delete;

    /// One of Python's if its name begins so.
    void add(const std::string& name) {
        std::vector<std::string> words{KAZOO_LOCK_WORKER};
        if (name.starts_with("python")) words = {debian_python, "-B", kazoo_worker};
        const std::vector<std::string> rest{"partition", zk_.address(), "/sets", name, file(), items()};
        words.insert(words.end(), rest.begin(), rest.end());
        members_[name] = std::make_unique<process>(words, folder_.path() / (name + ".log"));
    }
    void kill(const std::string& name) {
        members_.at(name)->signal(SIGKILL);
        EXPECT_TRUE(members_.at(name)->wait_exit(30s));
        members_.erase(name);
        killed_.insert(name);
    }
    /// Until each who lives has what falls to it by kazoo's own function.
    bool shares_out() {
        return eventually([&] { return has_now() == due(); });
    }
    /// Who had something that somebody else, who was not killed, had not given back.
    std::vector<std::string> violations() {
        (void)has_now();
        return violations_;
    }
    std::string story() const {
        std::ifstream in(file());
        return {std::istreambuf_iterator<char>(in), {}};
    }

  private:
    static const std::vector<std::string>& all() {
        static const std::vector<std::string> sorted{"100%", "a b", "eu", "us", "x", "y", "\xc3\xa4"};
        return sorted;
    }
    static std::string items() {
        std::string joined;
        for (const auto& i : all()) joined += (joined.empty() ? "" : ",") + i;
        return joined;
    }
    std::string file() const { return (folder_.path() / "told").string(); }
    items_of due() const {
        items_of each;
        std::size_t first = 0;
        for (const auto& [name, p] : members_) {
            std::string& mine = each[name];
            for (std::size_t i = first; i < all().size(); i += members_.size())
                mine += (mine.empty() ? "" : ",") + all()[i];
            ++first;
        }
        return each;
    }
    items_of has_now() {
        items_of now;
        violations_.clear();
        std::ifstream in(file());
        for (std::string line; std::getline(in, line) && !in.eof();) {
            const std::size_t at = line.find(' ');
            const std::string name = line.substr(0, at), what = line.substr(at + 1);
            now.erase(name);
            if (what == "gives") continue;
            const std::string mine = what.substr(std::min(what.size(), std::string("has ").size()));
            for (const auto& [other, theirs] : now)
                if (!killed_.contains(other) && overlap(mine, theirs)) violations_.push_back(line + " beside " + other);
            now[name] = mine;
        }
        for (const auto& name : killed_) now.erase(name);
        return now;
    }
    static bool overlap(const std::string& one, const std::string& other) {
        return std::ranges::any_of(all(), [&](const std::string& i) {
            const auto in = [&](const std::string& list) {
                return ("," + list + ",").find("," + i + ",") != std::string::npos;
            };
            return in(one) && in(other);
        });
    }

    const kazoo::testkit::temporary_directory folder_;
    const kazoo::testkit::real_server zk_;
    std::map<std::string, std::unique_ptr<process>> members_;
    std::set<std::string> killed_;
    std::vector<std::string> violations_;
};

TEST(set_partitioner_python, A23_both_share_out_one_set_while_some_of_each_are_killed) {
    crowd c;
    c.add("python-1");
    ASSERT_TRUE(c.shares_out()) << c.story();
    c.add("ours-1");
    ASSERT_TRUE(c.shares_out()) << c.story();
    c.add("python-2");
    c.add("ours-2");
    ASSERT_TRUE(c.shares_out()) << c.story();
    c.kill("python-1");
    ASSERT_TRUE(c.shares_out()) << c.story();
    c.kill("ours-2");
    ASSERT_TRUE(c.shares_out()) << c.story();
    c.add("python-3");
    c.add("ours-3");
    ASSERT_TRUE(c.shares_out()) << c.story();
    c.kill("ours-1");
    c.kill("ours-3");
    ASSERT_TRUE(c.shares_out()) << c.story();
    c.add("ours-4");
    c.kill("python-2");
    c.kill("python-3");
    ASSERT_TRUE(c.shares_out()) << c.story();
    EXPECT_THAT(c.violations(), IsEmpty()) << c.story();
}

} // namespace
