#pragma once
// One client's socket, with TLS on it if the server speaks that.
#include "net/asio.hpp"
#include "net/tls_engine.hpp"
#include "server/server.hpp"

#include <kazoo/tls.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kazoo::testkit {

/// What the clients of a server that speaks TLS have in common.
struct tls_listener {
    /// Reads the files. Throws std::invalid_argument, which names what is wrong.
    explicit tls_listener(const tls_options&);

    tls_options options;
    net::tls_context context;
};

class link {
  public:
    using tcp = kazoo_asio::ip::tcp;
    /// `secure`: null for one that speaks plainly; it outlives this.
    link(tcp::socket, const tls_listener* secure);

    /// Takes what has come on the socket, once; `buffer` may hold it. False: no more will come.
    bool take(std::span<char> buffer);
    /// The next part of what the client has said, in `buffer`; empty if that is all.
    std::string_view heard(std::span<char> buffer);
    /// Whose certificate the client has shown. Once; then, before that and without one empty.
    std::string take_peer() { return std::exchange(peer_, {}); }
    /// TLS has come to its end, in order or not.
    bool over() const noexcept { return over_; }

    /// The next bytes for the socket, if `unsent` is what the client is to be told.
    std::string_view outgoing(std::string_view unsent);
    /// So many of them are on their way. Returns how much of what the client is to be told has left with them.
    std::size_t sent(std::size_t bytes);

    /// By TLS the client is told, if there is room.
    void close();

    tcp::socket socket;
    kazoo::server::connection_id id{};
    bool open = true;
    bool awaits_input = false, awaits_room = false;

  private:
    using verdict = net::tls_engine::verdict;
    bool shake_hands();

    std::unique_ptr<net::tls_engine> tls_; ///< null: none
    bool shaken_ = false, over_ = false;
    std::size_t in_record_ = 0; ///< of what the client is to be told
    std::string_view plain_;    ///< what has come, without TLS
    std::string peer_;
};

} // namespace kazoo::testkit
