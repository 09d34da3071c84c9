#pragma once
// TLS as a filter on another stream.
#include "loop/byte_stream.hpp"
#include "net/asio.hpp"
#include "net/fork_generation.hpp"

#include <kazoo/tls.hpp>

#include <functional>
#include <memory>
#include <string>

namespace kazoo::net {

class tls_engine;

/// Opened when hands are shaken. The settings' files are read by then, so that whatever is wrong with them is told by
/// on_open().
class tls_stream final : public detail::byte_stream, detail::byte_stream_events {
  public:
    /// Makes the stream below, which has its events here.
    using below = std::function<std::unique_ptr<detail::byte_stream>(detail::byte_stream_events&)>;
    /// `host`: who the server must be.
    tls_stream(kazoo_asio::io_context&, const below&, std::shared_ptr<const tls_options>, std::string host,
               detail::byte_stream_events&);
    tls_stream(const tls_stream&) = delete;
    tls_stream& operator=(const tls_stream&) = delete;
    ~tls_stream() override;

    detail::io_result read_some(std::span<char> into) noexcept override;
    detail::io_result write_some(std::string_view from) noexcept override;
    void want_read() noexcept override;
    void want_write() noexcept override;
    bool input_waits() const noexcept override;
    std::string why() const override;

  private:
    /// Calls the stream back from the loop if it still lives.
    struct recall;
    /// What the stream below had for us.
    enum class pulled : unsigned char {
        some,
        nothing,
        end ///< or an error
    };

    // detail::byte_stream_events
    void on_open(std::error_code) noexcept override;
    void on_readable() noexcept override;
    void on_writable() noexcept override;

    void shake_hands() noexcept;
    void opened() noexcept;
    pulled pull() noexcept;
    bool push() noexcept;
    bool has_news() noexcept;
    void find_last_words() noexcept;
    void announce_input() noexcept;
    void tell_reader() noexcept;
    bool over() const noexcept { return code_ || ended_; }
    void end(std::string_view what) noexcept;
    void fail(std::error_code, std::string_view why) noexcept;
    void fail() noexcept;

    const std::uint64_t generation_ = fork_generation();
    const std::shared_ptr<const tls_options> options_;
    const std::string host_;
    detail::byte_stream_events& events_;
    std::shared_ptr<recall> recall_; ///< with the call under way, which may outlive this
    std::unique_ptr<tls_engine> engine_;
    bool open_ = false;
    bool waits_to_read_ = false, waits_to_write_ = false;
    bool recalled_ = false;          ///< the event for who waits to read is on its way
    bool write_needs_input_ = false; ///< the server must finish what it was saying first
    bool ended_ = false;             ///< in order
    std::error_code code_;           ///< of the failure
    std::error_code broken_;         ///< why nothing can be sent any more; it fails behind what had come
    std::string why_;
    std::unique_ptr<detail::byte_stream> below_; ///< declared last: it may be what keeps the loop
};

} // namespace kazoo::net
