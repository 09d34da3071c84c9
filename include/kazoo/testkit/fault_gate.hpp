#pragma once
// A TCP gate between a client and a server that breaks the network on demand.
#include <kazoo/export.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kazoo::testkit {

/// Listens on a free loopback port and forwards each connection to a target. Every member may be called from any thread
/// and has taken effect when it returns. The destructor resets what is still connected.
class KAZOO_EXPORT fault_gate {
  public:
    /// Which way bytes travel.
    enum class direction : unsigned char {
        to_server, ///< from the client to the target
        to_client  ///< from the target to the client
    };
    /// How a connection ends.
    enum class ending : unsigned char {
        reset, ///< with a TCP reset
        fin    ///< with the orderly end of a stream
    };

    /// `target` is "127.0.0.1:2181": an IPv4 address and a port. Nobody needs to listen there yet. Throws
    /// std::invalid_argument for anything else, and std::system_error when sockets or threads cannot be had.
    explicit fault_gate(std::string_view target);
    /// Takes the gate over. The other one may only be assigned to or destroyed afterwards.
    fault_gate(fault_gate&&) noexcept;
    /// Closes the gate that it has, and takes the other one's over.
    fault_gate& operator=(fault_gate&&) noexcept;
    ~fault_gate();

    /// "127.0.0.1:port", for a client; the same for the gate's whole life.
    std::string address() const;
    /// The port that it listens on.
    std::uint16_t port() const;

    /// Ends every connection, on both sides. Bytes that were still inside the gate are lost.
    void cut(ending how = ending::reset);
    /// New connections are refused, as if no process listened.
    void refuse(bool on);
    /// New connections are accepted and then get no answer; when lifted, they go on as if nothing had been.
    void hang(bool on);
    /// Bytes of one direction stay inside the gate, the end of the stream too; when lifted, they arrive.
    void pause(direction way, bool on);
    /// Loses bytes of one direction after the next `after` ones: of connections there are, counted from now, and of new
    /// ones from their start.
    void drop(direction way, std::uint64_t after = 0);
    /// Ends drop(). Connections that have lost bytes are reset: a stream with a hole is of no use.
    void pass(direction way);
    /// Holds every byte that comes in from now on back for this long, both ways.
    void delay(std::chrono::milliseconds time);

    /// A target that refuses is tried again for this long before the client's connection ends. A client of a gate never
    /// sees a connect refused, and some do not try again when they are reset a moment later.
    void wait_for_target(std::chrono::milliseconds limit);
    /// In the first bytes that a new connection brings to the server, `text` becomes `by`, which is as long: for
    /// protocols in which a peer tells where it can be reached.
    void replace(std::string_view text, std::string_view by);

    /// Bytes handed on since the gate was made.
    std::uint64_t forwarded(direction way) const;
    /// Bytes lost through drop() since the gate was made.
    std::uint64_t dropped(direction way) const;
    /// Connections there are now.
    std::size_t connections() const;
    /// Connections there ever were.
    std::uint64_t accepted() const;

  private:
    class engine;
    std::unique_ptr<engine> engine_;
};

} // namespace kazoo::testkit
