#pragma once
// Who waits for changes of which path, and what the server of the present connection knows of that.
//
// Up to server 3.8 a connection has one mode per path and table, and the last registration wins (from 3.9 they
// coexist): a one-shot flag would destroy a stream on the same path, and a persistent registration would destroy a
// recursive one. So the table rewrites requests on their way out and derives what the server then cannot tell.
#include "session/request.hpp"
#include "session/watch_log.hpp"
#include "session/watcher_list.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kazoo::session {

struct set_watches_batch;

/// What the table wants to be sent. To be drained after every call that may produce it.
struct watch_orders {
    struct one_shot {
        std::string path;
        watch_kind kind; ///< data, exists or child
        std::int64_t since;
    };
    std::vector<std::string> removals; ///< removeWatches, type any
    std::vector<one_shot> rearms;      ///< one-shots that lost the stream that would have served them
    bool empty() const noexcept { return removals.empty() && rearms.empty(); }
};

class watch_table {
  public:
    /// Tells in a line what becomes of each watch.
    void log_to(watch_log::sink s) { log_.write_to(std::move(s)); }

    // -- requests that register a watcher ----------------------------------------------------------------------------
    /// `r`, whose watcher is set, is being handed over; rewrites the watch flag or the mode in its frame.
    void carry(request& r, std::span<char> frame);
    /// The reply to `r` came: takes its watcher out of it, and registers it or not.
    void answered(request& r, std::int32_t err, std::int64_t zxid);
    /// There will be no reply to `r`.
    void not_answered(request& r);

    // -- events ------------------------------------------------------------------------------------------------------
    void dispatch(event_type type, std::string_view path, std::int64_t zxid);
    /// Tells every stream that it may have missed something.
    void tell_gap();

    // -- ends --------------------------------------------------------------------------------------------------------
    /// The watcher's holder gave up. Nothing happens if the watcher is not registered, not yet or not any more.
    void forget(watcher&);
    void end_one_shots(errc reason);
    void end_streams(errc reason);

    // -- connections -------------------------------------------------------------------------------------------------
    /// The connection is gone, and with it what the server knew.
    void connection_lost() noexcept;
    /// What restores everything on a new connection, in the order in which it must be sent: requests of at
    /// most so many bytes of paths, or of one path. Views into the table.
    std::vector<set_watches_batch> restore(std::size_t batch_bytes);

    watch_orders take_orders() noexcept { return std::exchange(orders_, {}); }
    bool has_orders() const noexcept { return !orders_.empty(); }
    bool empty() const noexcept { return entries_.empty(); }
    std::size_t held() const noexcept { return held_; }   ///< watchers
    std::uint64_t told() const noexcept { return told_; } ///< events, gaps included

  private:
    struct entry {
        std::array<watcher_list, 5> lists; ///< one for each watch_kind that a watcher is held as
        std::uint32_t carried = 0;         ///< one-shots whose request has not been answered
        std::size_t served = 0;            ///< one-shots held that only a stream can fire
        std::size_t sent_recursive = 0;    ///< streams held that were registered as recursive on this connection
        bool persistent = false;           ///< registered as persistent on this connection, or about to be
        bool recursive = false;
        bool left_armed = false; ///< a one-shot was given up that the server may still hold

        watcher_list& held_as(watch_kind as) noexcept { return lists[static_cast<std::size_t>(as)]; }
        std::size_t streams() noexcept {
            return held_as(watch_kind::persistent).size() + held_as(watch_kind::recursive).size();
        }
        template <class See> void each_stream(See&& see) {
            watcher_list::each_of_both(held_as(watch_kind::persistent), held_as(watch_kind::recursive), see);
        }
        bool needed() const noexcept { return carried > 0 || !std::ranges::all_of(lists, &watcher_list::empty); }
        bool registered() const noexcept { return persistent || recursive; }
        /// Whether one-shots of this kind go out without their flag and are fired by what a stream on this path gets.
        bool serves(watch_kind one_shot) const noexcept {
            return one_shot == watch_kind::child ? persistent && !recursive : registered();
        }
        /// Up to 3.8 a recursive registration ends all ChildrenChanged for its path, those of persistent holders and of
        /// earlier one-shots; but it tells of every child that comes or goes.
        bool derives_children() const noexcept { return recursive; }
    };
    struct path_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
    };
    using table = std::unordered_map<std::string, entry, path_hash, std::equal_to<>>;

    void hold(entry&, detail::ref<watcher>, watch_kind as) noexcept;
    detail::ref<watcher> release(entry&, watcher&) noexcept;
    void tell(watcher&, event_type, std::string_view path, std::int64_t zxid) noexcept;
    void log_set(const watcher&, std::string_view what) const;
    void drop_stream(table::iterator at, watcher& who);
    void refuse_stream(table::iterator at, watcher& who);
    void settle(table::iterator at);
    void rearm(entry&, watcher&);
    void fire_one_shots(table::iterator at, event_type, std::string_view path, std::int64_t zxid);
    void dispatch_above(event_type, std::string_view path, std::int64_t zxid);
    void end_all(std::initializer_list<watch_kind>, errc reason);

    table entries_;
    std::uint64_t came_ = 0; ///< counts the watchers held so far
    std::size_t held_ = 0;
    std::uint64_t told_ = 0;
    std::size_t recursive_holders_ = 0; ///< lets dispatch skip the walk to the root
    watch_orders orders_;
    watch_log log_;
};

} // namespace kazoo::session
