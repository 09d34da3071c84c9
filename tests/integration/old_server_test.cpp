// Recipes on a server that does not know what they need: frames that such a server sends, from a plain socket.
#include "integration/plain_peer.hpp"

#include <kazoo/kazoo.hpp>

#include <gmock/gmock.h>

#include <future>
#include <string>
#include <thread>

namespace kazoo::testkit {
namespace {

using namespace std::chrono_literals;

std::uint32_t big_endian(std::string_view bytes) {
    std::uint32_t n = 0;
    for (const char c : bytes) n = n << 8 | static_cast<unsigned char>(c);
    return n;
}

std::string receive_frame(plain_peer& peer) {
    const std::string size = peer.receive(4);
    return size.size() < 4 ? std::string() : peer.receive(big_endian(size));
}

/// Opens a session and says of every request that it does not know it, as servers do of what is newer than they are.
void answer_unimplemented(plain_peer& peer) {
    using namespace std::string_literals;
    if (receive_frame(peer).empty()) return;
    peer.send("\0\0\0\x25\0\0\0\0\0\0\x27\x10\x10\0\x18\x51\x14\0\0\0\0\0\0\x10"s + std::string(16, 'p') + '\0');
    for (std::string request; !(request = receive_frame(peer)).empty();)
        peer.send("\0\0\0\x10"s + request.substr(0, 4) + std::string(8, '\xff') + "\xff\xff\xff\xfa"s);
}

TEST(old_server, a_tree_cache_without_recursive_watches_tells_a_fault_and_has_ended) {
    const plain_listener listener;
    std::atomic<bool> over{false};
    std::thread server([&] {
        while (!over)
            if (listener.waiting(20ms)) {
                plain_peer peer = listener.accept();
                answer_unimplemented(peer);
            }
    });
    {
        const client c(listener.address(), {.close_timeout = 100ms});
        tree_cache cache(c, "/t");
        std::promise<std::error_code> told;
        const auto faults = cache.on_fault([&](const tree_fault& f) { told.set_value(f.code); });
        cache.start();
        EXPECT_THROW(cache.wait_initialized(20s), error_of<errc::unimplemented>);
        EXPECT_EQ(cache.state(), tree_state::ended);
        EXPECT_EQ(told.get_future().get(), errc::unimplemented);
        EXPECT_EQ(cache.size(), 0U);
    }
    over = true;
    server.join();
}

} // namespace
} // namespace kazoo::testkit
