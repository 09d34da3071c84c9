#pragma once
// Those who want to hear of each change of something.
#include "recipe/parts/mailbox.hpp"
#include "recipe/support.hpp"
#include "util/mutex.hpp"
#include "util/pruned_list.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace kazoo::recipe {

/// Each in a mailbox of its own: while its function runs, newer values replace each other. Any thread.
template <class Value> class audience {
  public:
    /// Hears of what is told from now on, not after close(). `who`: for the log. In the child of a fork it has ended.
    ref<listener> add(core& c, std::string who, std::function<void(const Value&)> f) KAZOO_EXCLUDES(mutex_) {
        auto tell = [f = std::move(f)](const news<Value>& n) {
            if (n.read) f(n.read->value);
        };
        ref<told> l(new told(c, std::move(who), std::move(tell)));
        if (c.loop().forked()) { // where the mutex may be locked for ever
            l->end();
            return l;
        }
        const util::lock_guard lock(mutex_);
        listening_.add(l);
        return l;
    }
    /// One call at a time, or nobody knows which value is the newer one.
    void tell(const Value& now) KAZOO_EXCLUDES(mutex_) {
        std::vector<ref<told>> listening;
        {
            const util::lock_guard lock(mutex_);
            listening = listening_.rest();
        }
        for (const auto& l : listening) l->put(now, {});
    }

  private:
    using told = mailbox<Value>;
    struct has_ended {
        bool operator()(const ref<told>& l) const noexcept { return !l->active(); }
    };
    util::mutex mutex_;
    util::pruned_list<ref<told>, has_ended> listening_ KAZOO_GUARDED_BY(mutex_);
};

} // namespace kazoo::recipe
