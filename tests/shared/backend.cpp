#include "backend.hpp"

#include "client/client_access.hpp"
#include "real/raw_session.hpp"

#include <kazoo/path.hpp>

#include <atomic>

namespace kazoo::test {

void remove_tree(const client& c, const std::string& path);

void client_test::SetUp() {
    static std::atomic<int> number{0};
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    root = "/" + std::string(info->name()) + "-" + std::to_string(++number);
    client setup(server().address(), quick());
    setup.create(root);
    setup.close();
}

void client_test::TearDown() {
    client cleanup(server().address(), quick());
    remove_tree(cleanup, root);
    cleanup.close();
}

void remove_tree(const client& c, const std::string& path) {
    try {
        for (const std::string_view child : c.get_children(path)) remove_tree(c, kazoo::path::join(path, child));
    } catch (const error& e) { // what a test gave up goes in the background; what we may not read has no children
        if (e.code() != errc::no_node && e.code() != errc::no_auth) throw;
    }
    c.remove_if_exists(path);
}

void expire(const client& c) {
    const auto known = detail::client_access::identity(c);
    const std::string address = server().address();
    const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    const std::string password(known.password.begin(), known.password.end());
    for (bool taken = false;; taken = true) {
        try {
            kazoo::testkit::raw_session thief(port, {static_cast<std::int64_t>(known.id), password});
            if (thief.timeout() == 0) {
                ASSERT_TRUE(taken) << "the server does not know the session";
                return;
            }
            thief.close();
            return;
        } catch (const kazoo::testkit::raw_session::gone&) { // the client was back before the session was closed
        }
    }
}

} // namespace kazoo::test
