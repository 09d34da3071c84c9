// Frames that another client's serializer made, made again from their fields by ours.
#include "golden/golden.hpp"
#include "unit/proto/support.hpp"

#include <gtest/gtest.h>

namespace kazoo::proto::test {
namespace {

class reference_frames : public testing::Test {
  protected:
    /// The (first) frame of that name.
    std::string hex(const std::string& name) {
        for (const golden::exchange& e : frames_) {
            if (e.name == name) return golden::to_hex(e.steps.at(0).bytes);
        }
        ADD_FAILURE() << "no frame " << name;
        return {};
    }

    template <class... Body> std::string request(std::int32_t xid, opcode op, const Body&... body) {
        std::string out;
        put_request(out, xid, op, body...);
        return golden::to_hex(out);
    }

    const std::vector<acl_entry> open_{{31, {"world", "anyone"}}};

  private:
    std::vector<golden::exchange> frames_ = golden::read(golden::folder() / "reference_frames.txt");
};

TEST_F(reference_frames, connect) {
    std::string out;
    put_connect_request(out, {0, 0, 10'000, 0, std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16)}, false);
    EXPECT_EQ(golden::to_hex(out), hex("connect"));
}

TEST_F(reference_frames, requests_of_one_record) {
    EXPECT_EQ(request(1, opcode::create, create_request{"/a", "x", open_, create_flags::persistent}), hex("create"));
    EXPECT_EQ(request(2, opcode::remove, path_version_request{"/a", any_version}), hex("delete"));
    EXPECT_EQ(request(3, opcode::exists, path_watch_request{"/a", true}), hex("exists"));
    EXPECT_EQ(request(4, opcode::get_data, path_watch_request{"/a", false}), hex("get_data"));
    EXPECT_EQ(request(5, opcode::set_data, set_data_request{"/a", "yz", 0}), hex("set_data"));
    EXPECT_EQ(request(6, opcode::get_children2, path_watch_request{"/", true}), hex("get_children2"));
    EXPECT_EQ(request(7, opcode::sync, path_request{"/"}), hex("sync"));
    EXPECT_EQ(request(xid::auth, opcode::auth, auth_request{0, "digest", "u:p"}), hex("auth"));
    EXPECT_EQ(request(10, opcode::add_watch, add_watch_request{"/a", add_watch_mode::persistent_recursive}),
              hex("add_watch"));
}

TEST_F(reference_frames, requests_without_a_body) {
    EXPECT_EQ(request(xid::ping, opcode::ping), hex("ping"));
    EXPECT_EQ(request(8, opcode::close_session), hex("close"));
}

TEST_F(reference_frames, multi) {
    std::string out;
    {
        frame_writer w(out);
        w.put(request_header{9, static_cast<std::int32_t>(opcode::multi)});
        put_multi_op(w, {opcode::check, path_version_request{"/a", 0}});
        put_multi_op(w, {opcode::create, create_request{"/b", empty_view, open_, create_flags::persistent}});
        put_multi_end(w);
    }
    EXPECT_EQ(golden::to_hex(out), hex("multi"));
}

TEST_F(reference_frames, set_watches) {
    EXPECT_EQ(request(xid::set_watches, opcode::set_watches, set_watches_request{5, {"/a"}, {}, {}}),
              hex("set_watches"));
    EXPECT_EQ(request(xid::set_watches, opcode::set_watches2, set_watches2_request{5, {}, {}, {}, {}, {"/a"}}),
              hex("set_watches2"));
}

TEST_F(reference_frames, from_the_server) {
    std::string out;
    put_reply(out, {xid::notification, -1, 0}, watcher_event{event::created, sync_connected, "/a"});
    EXPECT_EQ(golden::to_hex(out), hex("event_created"));
    out.clear();
    put_reply(out, {0, 0, -119});
    EXPECT_EQ(golden::to_hex(out), hex("read_only_refusal"));
}

} // namespace
} // namespace kazoo::proto::test
