#pragma once
// Somebody who waits for changes of a path. Counted: the request that sets the watch holds one count, the watch table
// another as long as the watch is in it. Whoever made it may let it go at any time.
#include <kazoo/detail/ref.hpp>
#include <kazoo/error.hpp>
#include <kazoo/types.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace kazoo::session {

enum class watch_kind : std::uint8_t {
    data,       ///< one-shot of getData
    exists,     ///< one-shot of exists: a data watch if the node is there, else one for its creation
    child,      ///< one-shot of getChildren
    persistent, ///< stream of addWatch mode 0
    recursive,  ///< stream of addWatch mode 1
};
std::string_view to_string(watch_kind) noexcept;

class watcher {
  public:
    watch_kind kind{};
    std::string path; ///< absolute, as the server knows it (chroot included)

    /// On the loop: whether the server set the watch, and it has not fired (a one-shot), ended or been forgotten since.
    bool registered() const noexcept { return registered_; }

    /// Any thread. The last release() destroys it.
    virtual void retain() noexcept = 0;
    virtual void release() noexcept = 0;
    /// On the loop. A one-shot is out of the table when this is called; a stream stays. `path` is absolute.
    /// event_type::gap comes to streams only, with their own path.
    virtual void on_event(event_type type, std::string_view path, std::int64_t zxid) noexcept = 0;
    /// On the loop, out of the table: the watch is over without an event, as its session is lost, the client is closed,
    /// or the server refused it.
    virtual void on_end(errc reason) noexcept = 0;

  protected:
    watcher() = default;
    watcher(const watcher&) = delete;
    watcher& operator=(const watcher&) = delete;
    virtual ~watcher() = default;

  private:
    friend class watch_table;
    friend class watcher_list;
    /// A one-shot that only a stream on its path can fire: its request carries no flag.
    bool served_ = false;
    // As long as the table holds it (a stream: from its request on):
    watcher *previous_ = nullptr, *next_ = nullptr;
    std::uint64_t number_ = 0; ///< in the order in which it came
    watch_kind as_{};          ///< an exists watch on an existing node is a data watch
    bool registered_ = false;
    bool sent_recursive_ = false; ///< a stream's mode on this connection
    std::int64_t since_ = 0;      ///< zxid of the reply that registered a one-shot
};

} // namespace kazoo::session
