// The log of processed writes: what a simulation holds against what clients were told.
#include "support.hpp"

namespace kazoo::server::test {
namespace {

struct entry {
    std::int64_t session = 0;
    std::int32_t xid = 0;
    opcode type{};
    std::string path;
    std::int64_t zxid = 0;
    errc error{};
    friend bool operator==(const entry&, const entry&) = default;
};

struct log final : observer {
    std::vector<entry> entries;
    void on_processed(const processed_write& p) override {
        entries.push_back({p.session, p.xid, p.type, std::string(p.path), p.zxid, p.error});
    }
};

TEST(observer, is_told_every_write_once_in_order_the_failed_ones_too_and_no_read) {
    log seen;
    world w(test_config(), &seen);
    client c(w);
    ASSERT_TRUE(c.connect());
    const std::int64_t s = c.session;
    c.create("/a");
    c.create("/a/s-", proto::create_flags::sequential);
    c.create("/none/x");
    c.get("/a");
    c.set("/a", "1", 5);
    c.remove("/a/s-0000000000");
    c.call(opcode::reconfig, proto::reconfig_request{});
    c.call(opcode::close_session);
    EXPECT_EQ(seen.entries, (std::vector<entry>{{s, 0, opcode::create_session, "", 1, {}},
                                                {s, 1, opcode::create, "/a", 2, {}},
                                                {s, 2, opcode::create, "/a/s-0000000000", 3, {}},
                                                {s, 3, opcode::create, "/none/x", 4, errc::no_node},
                                                {s, 5, opcode::set_data, "/a", 5, errc::bad_version},
                                                {s, 6, opcode::remove, "/a/s-0000000000", 6, {}},
                                                {s, 7, opcode::reconfig, "", 7, errc::reconfig_disabled},
                                                {s, 8, opcode::close_session, "", 8, {}}}));
}

TEST(observer, is_told_of_expiry_as_a_close_without_an_xid) {
    log seen;
    world w(test_config(), &seen);
    client c(w);
    ASSERT_TRUE(c.connect());
    w.pass(3s);
    EXPECT_EQ(seen.entries.back(), (entry{c.session, 0, opcode::close_session, "", 2, {}}));
}

TEST(observer, is_told_why_a_multi_failed) {
    log seen;
    world w(test_config(), &seen);
    client c(w);
    ASSERT_TRUE(c.connect());
    std::string frame;
    {
        proto::frame_writer f(frame);
        f.put(proto::request_header{9, static_cast<std::int32_t>(opcode::multi)});
        proto::put_multi_op(f, {opcode::create, proto::create_request{"/a", "", open_to_all(), 0}});
        proto::put_multi_op(f, {opcode::remove, proto::path_version_request{"/none", -1}});
        proto::put_multi_end(f);
    }
    c.send(frame);
    EXPECT_EQ(seen.entries.back(), (entry{c.session, 9, opcode::multi, "", 2, errc::no_node}));
}

} // namespace
} // namespace kazoo::server::test
