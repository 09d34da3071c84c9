#pragma once
// Somebody who waits for changes of a path. Owned by the client; the watch table holds plain pointers and the client
// takes a watcher out (session::forget) before it destroys it. All calls are made on the loop.
#include <kazoo/error.hpp>
#include <kazoo/types.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace kazoo::session {

class request;

enum class watch_kind : std::uint8_t {
    data,       ///< one-shot of getData
    exists,     ///< one-shot of exists: a data watch if the node is there, else one for its creation
    child,      ///< one-shot of getChildren
    persistent, ///< stream of addWatch mode 0
    recursive,  ///< stream of addWatch mode 1
};

class watcher {
  public:
    watch_kind kind{};
    std::string path; ///< absolute, as the server knows it (chroot included)

    /// A one-shot is out of the table when this is called; a stream stays. `path` is absolute.
    /// event_type::gap comes to streams only, with their own path.
    virtual void on_event(event_type type, std::string_view path, std::int64_t zxid) noexcept = 0;
    /// The watch is over without an event: its session is lost, the client is closed, or the server refused it.
    virtual void on_end(errc reason) noexcept = 0;

  protected:
    watcher() = default;
    watcher(const watcher&) = delete;
    watcher& operator=(const watcher&) = delete;
    virtual ~watcher() = default;

  private:
    friend class watch_table;
    friend class watcher_list;
    request* carrier_ = nullptr; ///< the request that registers it, handed over and not yet answered
    /// A one-shot that only a stream on its path can fire: its request carries no flag.
    bool served_ = false;
    // As long as the table holds it:
    watcher *previous_ = nullptr, *next_ = nullptr;
    std::uint64_t number_ = 0;    ///< in the order in which it came
    watch_kind as_{};             ///< an exists watch on an existing node is a data watch
    bool held_ = false;           ///< the table has it
    bool active_ = false;         ///< a stream's addWatch has been answered; one-shots always are
    bool sent_recursive_ = false; ///< a stream's mode on this connection
    std::int64_t since_ = 0;      ///< zxid of the reply that registered a one-shot
};

} // namespace kazoo::session
