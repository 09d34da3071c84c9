#pragma once
// Log lines about watches, for who misses an event: `data watch on /a: registered`, `data watch on /a: given up`.
#include "session/watcher.hpp"

#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace kazoo::session {

/// Off until it knows where to: then a line costs a look at that, and is not composed.
class watch_log {
  public:
    using sink = std::function<void(std::string_view line)>;

    void write_to(sink s) { sink_ = std::move(s); }
    explicit operator bool() const noexcept { return static_cast<bool>(sink_); }
    template <class... Pieces> void operator()(const watcher& who, const Pieces&... pieces) const {
        if (!sink_) return;
        try {
            std::string line(to_string(who.kind));
            line.append(" watch on ").append(who.path).append(": ");
            (line.append(pieces), ...);
            sink_(line);
        } catch (const std::bad_alloc&) { // nobody needs the line so much
        }
    }

  private:
    sink sink_;
};

} // namespace kazoo::session
