// Text commands in place of a connect request. The expected texts are a real 3.8.0 server's.
#include "support.hpp"

#include <gmock/gmock.h>

namespace kazoo::server::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

std::string ask(world& w, std::string_view word) {
    client c(w);
    c.send(word);
    std::string text(w.subject.unsent(c.id()));
    w.subject.sent(c.id(), text.size(), w.now);
    EXPECT_TRUE(c.finished() || text.empty());
    c.leave();
    return text;
}

TEST(four_letter_words, ruok_and_isro_answer_without_a_newline) {
    world w;
    EXPECT_EQ(ask(w, "ruok"), "imok");
    EXPECT_EQ(ask(w, "isro"), "rw");
}

TEST(four_letter_words, srvr_describes_the_server) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    c.create("/a");
    const std::string text = ask(w, "srvr");
    EXPECT_TRUE(text.starts_with("Zookeeper version: 3.8.0-")) << text;
    EXPECT_THAT(text, HasSubstr("\nConnections: 2\nOutstanding: 0\nZxid: 0x2\nMode: standalone\nNode count: 6\n"));
}

TEST(four_letter_words, stat_lists_the_connections_too) {
    world w;
    client c(w, "10.1.2.3");
    ASSERT_TRUE(c.connect());
    EXPECT_THAT(ask(w, "stat"), HasSubstr("\nClients:\n /10.1.2.3:1[1](queued=0,recved=1,sent=1)\n"));
}

TEST(four_letter_words, mntr_is_a_table_of_numbers) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    c.create("/e", proto::create_flags::ephemeral);
    c.add_watch("/e", 0);
    const std::string text = ask(w, "mntr");
    for (const auto* line : {"zk_version\t3.8.0-", "zk_server_state\tstandalone\n", "zk_znode_count\t6\n",
                             "zk_ephemerals_count\t1\n", "zk_watch_count\t2\n", "zk_global_sessions\t1\n",
                             "zk_approximate_data_size\t46\n", "zk_num_alive_connections\t2\n"})
        EXPECT_THAT(text, HasSubstr(line));
}

TEST(four_letter_words, envi_names_the_version) {
    world w;
    EXPECT_TRUE(ask(w, "envi").starts_with("Environment:\nzookeeper.version=3.8.0-"));
}

TEST(four_letter_words, what_is_not_allowed_says_so) {
    world w;
    EXPECT_EQ(ask(w, "conf"), "conf is not executed because it is not in the whitelist.\n");
    config c = test_config();
    c.four_letter_words = {"srvr"};
    world strict(c);
    EXPECT_EQ(ask(strict, "ruok"), "ruok is not executed because it is not in the whitelist.\n");
}

TEST(four_letter_words, unknown_words_are_closed_without_text) {
    world w;
    client c(w);
    c.send("abcd");
    EXPECT_TRUE(c.finished());
}

TEST(four_letter_words, arrive_in_pieces) {
    world w;
    client c(w);
    for (const char letter : std::string_view("ruok")) {
        EXPECT_EQ(w.subject.unsent(c.id()), "");
        c.send({&letter, 1});
    }
    EXPECT_EQ(w.subject.unsent(c.id()), "imok");
}

TEST(four_letter_words, mean_nothing_after_the_handshake) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    c.send("ruok");
    EXPECT_EQ(w.subject.unsent(c.id()), "");
    EXPECT_TRUE(c.finished()) << "as a length it is too large";
}

} // namespace
} // namespace kazoo::server::test
