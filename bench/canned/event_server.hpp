#pragma once
// Many connections, one thread, epoll: one read and one write for all the requests that have come together. Clients may
// speak TLS.
#include "canned/replies.hpp"
#include "canned/tls.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace bench {

class event_server {
  public:
    /// Listens on loopback; port 0 means a free one. Throws std::system_error.
    event_server(std::uint16_t port, canned_replies replies);
    event_server(const event_server&) = delete;
    event_server& operator=(const event_server&) = delete;
    ~event_server();

    std::uint16_t port() const;
    /// Serves until `stop_descriptor` can be read.
    void run(int stop_descriptor);

  private:
    struct connection {
        bool greeted = false;
        bool closing = false;
        std::string incomplete;        ///< the beginning of a request
        std::string unsent;            ///< what the socket would not take
        std::unique_ptr<tls_side> tls; ///< if the client speaks it
    };

    void watch(int descriptor, std::uint32_t events, int epoll_operation) const;
    void accept_all();
    void serve(int descriptor, std::uint32_t events);
    /// False: the connection is over.
    bool read_and_answer(int descriptor, connection&);
    bool send_unsent(int descriptor, connection&);
    /// Answers what has come in clear.
    void answer(connection&, std::string_view fresh);
    /// Answers the whole requests at the front of `input`; returns how many bytes they took.
    std::size_t answer_requests(connection&, std::string_view input);

    int listener_ = -1;
    int epoll_ = -1;
    canned_replies replies_;
    std::unordered_map<int, connection> connections_;
    std::vector<char> buffer_;
    std::string answers_;
};

} // namespace bench
