#pragma once
// The seam between the client and connections: what one can be told, and what it tells.
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace kazoo::detail {

/// What one non-blocking read or write did. No bytes, no error and not would_block: the peer closed (reads only).
struct io_result {
    std::size_t bytes = 0;
    bool would_block = false;
    std::error_code error;
};

/// Receives the events of one stream, on the loop. May destroy the stream from inside.
class byte_stream_events {
  public:
    /// Once, with an empty code when the stream can be used.
    virtual void on_open(std::error_code) noexcept = 0;
    /// Once per want_read() / want_write(). Of a failure only the reader is told where both are due.
    virtual void on_readable() noexcept = 0;
    virtual void on_writable() noexcept = 0;

  protected:
    ~byte_stream_events() = default;
};

/// A connection being opened or open. Used on the loop only. Destroying it closes it at once; no event follows.
class byte_stream {
  public:
    virtual ~byte_stream() = default;
    /// Gives nothing while an on_readable() is due: the bytes may be on their way with it.
    virtual io_result read_some(std::span<char> into) noexcept = 0;
    /// A peer that hangs up may have said why: behind a failure read_some() still gives what had come before it. If
    /// that is on its way with an on_readable(), the failure is told behind it, by read_some(), and this would block.
    virtual io_result write_some(std::string_view from) noexcept = 0;
    /// One on_readable() when read_some() would not block. Asking again before it came changes nothing.
    virtual void want_read() noexcept = 0;
    virtual void want_write() noexcept = 0;
    /// Whether there is input now that neither read_some() has given out nor an event under way will announce.
    virtual bool input_waits() const noexcept = 0;
    /// What it can say of its failure beyond the code; empty if that says all.
    virtual std::string why() const { return {}; }
};

} // namespace kazoo::detail
