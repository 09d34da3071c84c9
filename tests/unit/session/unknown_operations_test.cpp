// Servers that hang up at what they do not know: found out once, and no plain loss is taken for it.
#include "script.hpp"

#include <gtest/gtest.h>

namespace kazoo::test::unknown_operations_test {
namespace {

const std::string get = reference("get_data");
const std::string set = reference("set_data");
const std::string get_answer = hex("00000010000000010000000000000005ffffff9b");

/// A request that only newer servers know.
std::string who_am_i(std::int32_t xid) { return with_xid(hex("00000008000000010000006b"), xid); }
std::string create2(std::int32_t xid) { return with_xid(hex("00000008000000010000000f"), xid); }
std::string read(std::int32_t xid) { return with_xid(get, xid); }
std::string write(std::int32_t xid) { return with_xid(set, xid); }
std::string answer(std::int32_t xid) { return with_xid(get_answer, xid); }
std::string not_known(std::int32_t xid) { return with_xid(hex("0000001000000001fffffffffffffffffffffffa"), xid); }

void flush(world& w) { w.flush(); }

script opened() {
    script s(script::one_host());
    s.open_session();
    return s;
}

script& back(script& s, std::int64_t last_zxid = 0) {
    return s.expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(last_zxid))
        .feed(got("connect", "resume"))
        .expect("state connected");
}

TEST(unknown_operations, are_asked_for_once_on_a_server_that_says_so) {
    script s = opened();
    s.submit({who_am_i(1)})
        .write(who_am_i(1))
        .feed(not_known(1))
        .expect("reply 1 err -6")
        .expect("state suspended")
        .expect("disconnect")
        .advance(50ms);
    back(s)
        .submit({who_am_i(2), read(3)})
        .write(read(3))
        .expect("fail 2 unimplemented not_applied")
        .feed(answer(3))
        .expect("reply 3 err -101")
        .submit({who_am_i(4)})
        .then(flush)
        .expect("fail 4 unimplemented not_applied")
        .expect_nothing()
        .run();
}

TEST(unknown_operations, let_those_behind_them_be_answered_and_nothing_new_be_lost) {
    script s = opened();
    s.submit({who_am_i(1), read(2)})
        .write(who_am_i(1) + read(2))
        .feed(not_known(1))
        .expect("reply 1 err -6")
        .then([](world& w) { EXPECT_FALSE(w.subject.accepts_requests()); })
        .feed(answer(2))
        .expect("reply 2 err -101")
        .expect("state suspended")
        .expect("disconnect")
        .advance(50ms);
    back(s, 5).run();
}

TEST(unknown_operations, an_error_of_the_same_code_with_a_zxid_is_an_answer_like_others) {
    opened()
        .submit({who_am_i(1)})
        .write(who_am_i(1))
        .feed(hex("00000010000000010000000000000005fffffffa"))
        .expect("reply 1 err -6")
        .submit({who_am_i(2)})
        .write(who_am_i(2))
        .run();
}

TEST(unknown_operations, a_server_that_hangs_up_twice_at_one_does_not_know_it) {
    script s = opened();
    s.submit({who_am_i(1)})
        .write(who_am_i(1))
        .closed()
        .expect("fail 1 connection_loss not_applied")
        .expect("state suspended")
        .advance(50ms);
    back(s)
        .submit({who_am_i(2), write(3)})
        .write(who_am_i(2) + write(3))
        .closed()
        .expect("fail 2 unimplemented not_applied")
        .expect("fail 3 connection_loss unknown")
        .expect("write lost")
        .expect("state suspended")
        .advance(1s);
    back(s).submit({who_am_i(4)}).then(flush).expect("fail 4 unimplemented not_applied").expect_nothing().run();
}

TEST(unknown_operations, a_hang_up_at_a_write_proves_nothing_as_it_may_be_applied) {
    script s = opened();
    for (std::int32_t xid = 1; xid <= 3; ++xid) {
        s.submit({create2(xid)})
            .write(create2(xid))
            .closed()
            .expect("fail " + std::to_string(xid) + " connection_loss unknown")
            .expect("write lost")
            .expect("state suspended")
            .advance(1s);
        back(s);
    }
    s.run();
}

TEST(unknown_operations, a_server_that_has_served_one_knows_it_however_often_it_hangs_up) {
    script s = opened();
    s.submit({who_am_i(1)}).write(who_am_i(1)).feed(answer(1)).expect("reply 1 err -101");
    for (std::int32_t xid = 2; xid <= 4; ++xid) {
        s.submit({who_am_i(xid)})
            .write(who_am_i(xid))
            .closed()
            .expect("fail " + std::to_string(xid) + " connection_loss not_applied")
            .expect("state suspended")
            .advance(1s);
        back(s, 5);
    }
    s.run();
}

TEST(unknown_operations, an_answer_in_between_takes_the_suspicion_away) {
    script s = opened();
    s.submit({who_am_i(1)})
        .write(who_am_i(1))
        .closed()
        .expect("fail 1 connection_loss not_applied")
        .expect("state suspended")
        .advance(50ms);
    back(s)
        .submit({who_am_i(2)})
        .write(who_am_i(2))
        .feed(answer(2))
        .expect("reply 2 err -101")
        .submit({who_am_i(3)})
        .write(who_am_i(3))
        .closed()
        .expect("fail 3 connection_loss not_applied")
        .expect("state suspended")
        .run();
}

TEST(unknown_operations, a_loss_for_another_reason_in_between_takes_it_away_too) {
    script s = opened();
    s.submit({who_am_i(1)})
        .write(who_am_i(1))
        .closed()
        .expect("fail 1 connection_loss not_applied")
        .expect("state suspended")
        .advance(50ms);
    back(s)
        .submit({read(2), who_am_i(3)})
        .write(read(2) + who_am_i(3))
        .closed()
        .expect("fail 2 connection_loss not_applied")
        .expect("fail 3 connection_loss not_applied")
        .expect("state suspended")
        .advance(1s);
    back(s)
        .submit({who_am_i(4)})
        .write(who_am_i(4))
        .closed()
        .expect("fail 4 connection_loss not_applied")
        .expect("state suspended")
        .run();
}

TEST(unknown_operations, old_operations_are_never_suspected) {
    script s = opened();
    for (std::int32_t i = 1; i < 4; ++i) {
        s.submit({read(i)})
            .write(read(i))
            .closed()
            .expect("fail " + std::to_string(i) + " connection_loss not_applied")
            .expect("state suspended")
            .advance(1s);
        back(s);
    }
    s.run();
}

TEST(unknown_operations, a_server_that_went_away_may_come_back_as_a_newer_one) {
    script s = opened();
    s.submit({who_am_i(1)})
        .write(who_am_i(1))
        .feed(not_known(1))
        .expect("reply 1 err -6")
        .expect("state suspended")
        .expect("disconnect")
        .advance(50ms);
    back(s)
        .submit({who_am_i(2)})
        .then(flush)
        .expect("fail 2 unimplemented not_applied")
        .closed()
        .expect("state suspended")
        .advance(1s);
    back(s).submit({who_am_i(3)}).write(who_am_i(3)).feed(answer(3)).expect("reply 3 err -101").run();
}

} // namespace
} // namespace kazoo::test::unknown_operations_test
