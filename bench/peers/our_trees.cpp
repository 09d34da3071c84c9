// kazoo::tree_cache.
#include "peers/peers.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/tree_cache.hpp>
#include <stdexcept>

namespace bench {

void load_our_trees(const target& t, std::size_t count, latencies& l) {
    kazoo::client_options o;
    o.session_timeout = std::chrono::seconds(30);
    const kazoo::client client(t.address, o);
    client.wait_connected();
    for (std::size_t i = 0; i < count; ++i) {
        kazoo::tree_cache cache(client, t.tree());
        l.start(i);
        cache.start();
        cache.wait_initialized(std::chrono::minutes(10));
        l.finish(i);
        if (cache.size() != tree_size) throw std::runtime_error("loaded " + std::to_string(cache.size()) + " nodes");
    }
    client.close();
}

} // namespace bench
