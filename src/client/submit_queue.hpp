#pragma once
// Where callers put requests and the loop takes them: one plain mutex over encoded bytes and a FIFO of nodes.
#include "loop/loop.hpp"
#include "proto/framing.hpp"
#include "session/request.hpp"
#include "util/buffer.hpp"
#include "util/mutex.hpp"
#include "util/tally.hpp"

#include <kazoo/error.hpp>

#include <cstdint>
#include <limits>
#include <string>

namespace kazoo::detail {

/// Where a request is encoded: at its place in the queue, under the queue's lock, or apart, because it is long.
enum class encoded : bool {
    in_place,
    apart
};

/// A request of the client. The queue and the session hold one count of it until it has completed.
class queued_request : public session::request {
  public:
    virtual void retain_request() noexcept = 0;
    virtual void release_request() noexcept = 0;

  private:
    friend class submit_queue;
    std::uint64_t batch_ = 0; ///< guarded by the queue's mutex; 0: handed over
    bool withdrawn_ = false;  ///< guarded by the queue's mutex
};

/// A request that is still in here was certainly never sent. Thread-safe.
class submit_queue {
  public:
    /// What may wait, and how long one request may be. A request that is longer than `bytes` may wait alone.
    struct limits {
        std::size_t requests = std::numeric_limits<std::size_t>::max();
        std::size_t bytes = std::numeric_limits<std::size_t>::max();
        std::size_t longest = std::numeric_limits<std::int32_t>::max();
    };
    /// Without a clock nothing is timed.
    explicit submit_queue(const limits& l, const loop* clock = nullptr) noexcept : limits_(l), clock_(clock) {}

    struct verdict {
        errc refused{};         ///< errc{}: taken
        bool wake_loop = false; ///< the loop sleeps and must be told
    };

    /// Encodes one frame with the next xid and appends it. `encode(writer&)` writes the body; it runs under the lock
    /// unless it is encoded apart.
    template <class Encode> verdict push(queued_request& r, encoded where, Encode&& encode) KAZOO_EXCLUDES(mutex_) {
        if (where == encoded::apart) return push_encoded(r, encode_apart(r, encode));
        const util::lock_guard lock(mutex_);
        if (const errc e = refusal(); e != errc{}) return {e, false};
        const std::size_t start = frames_.size();
        r.xid = next_xid();
        try {
            encode_frame(frames_, r, encode);
        } catch (...) {
            frames_.resize(start);
            throw;
        }
        const std::size_t size = frames_.size() - start;
        if (const errc e = refusal(start, size); e != errc{}) {
            frames_.resize(start);
            return {e, false};
        }
        return append(r, size);
    }

    /// On the loop: takes everything, or the oldest up to `share` bytes, but one at least. False, and the loop counts
    /// as asleep, if there is nothing. Throws std::bad_alloc: then nothing was taken.
    bool take(session::request_list& requests, std::string& frames, std::size_t share = no_limit)
        KAZOO_EXCLUDES(mutex_);
    /// On the loop: puts requests that were not sent back to the front. Throws std::bad_alloc: then they stay where
    /// they are.
    void put_back(session::request_list& requests, std::string_view frames) KAZOO_EXCLUDES(mutex_);
    /// Everything, without its frames, to be failed. Later requests are refused with `from_now_on` unless that is
    /// errc{}.
    session::request_list take_all(errc from_now_on) KAZOO_EXCLUDES(mutex_);
    /// On the loop, when the session is over: what belongs to it, to be failed; the rest stays. Behind a write that
    /// fails no write stays, as applied writes are to be a prefix of the submitted ones. `write_failed`: one has that
    /// stood ahead of all that wait.
    session::request_list take_bound(bool write_failed) noexcept KAZOO_EXCLUDES(mutex_);
    /// Refuses requests from now on; what waits stays.
    void refuse(errc) KAZOO_EXCLUDES(mutex_);
    errc refusing() const KAZOO_EXCLUDES(mutex_);
    bool empty() const KAZOO_EXCLUDES(mutex_);
    /// Requests that wait.
    std::size_t size() const KAZOO_EXCLUDES(mutex_);
    /// How long requests waited until they were handed over: of one at a time, the first that comes when the one before
    /// has gone.
    const util::duration_tally& waits() const noexcept { return waits_; }
    /// Gives the memory back that a burst needed, if nothing waits.
    void give_back() KAZOO_EXCLUDES(mutex_);
    /// Bytes that the buffer of frames holds or could hold.
    std::size_t capacity() const KAZOO_EXCLUDES(mutex_);
    /// True if the request was still here: it will not be sent.
    bool withdraw(queued_request&) KAZOO_EXCLUDES(mutex_);

  private:
    static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

    template <class Encode> static void encode_frame(std::string& out, queued_request& r, Encode& encode) {
        proto::frame_writer w(out);
        w.put(proto::request_header{r.xid, static_cast<std::int32_t>(r.op)});
        encode(static_cast<proto::writer&>(w));
    }
    template <class Encode> static std::string encode_apart(queued_request& r, Encode& encode) {
        std::string frame;
        encode_frame(frame, r, encode);
        return frame;
    }
    verdict push_encoded(queued_request& r, std::string frame) KAZOO_EXCLUDES(mutex_);
    verdict append(queued_request& r, std::size_t frame_size) KAZOO_REQUIRES(mutex_);
    /// Takes requests out, with their frames: the withdrawn ones, and those that `goes(request)`. Release or fail them
    /// without the lock: that may run any code.
    template <class Goes> session::request_list sift(Goes goes) noexcept KAZOO_REQUIRES(mutex_);
    /// Returns what was withdrawn and stood between.
    session::request_list take_share(session::request_list& requests, std::string& frames, std::size_t share)
        KAZOO_REQUIRES(mutex_);
    static void release_all(session::request_list) noexcept;
    /// Why no request at all is accepted; errc{} if some are.
    errc refusal() const KAZOO_REQUIRES(mutex_) {
        return refused_ != errc{}                                 ? refused_
               : waiting_.size() - withdrawn_ >= limits_.requests ? errc::queue_full
                                                                  : errc{};
    }
    /// Why a request is not accepted whose frame would be `size` bytes long, behind the first `end` bytes.
    errc refusal(std::size_t end, std::size_t size) const KAZOO_REQUIRES(mutex_) {
        if (size - 4 > limits_.longest) return errc::too_large;
        const std::size_t waiting = end - taken_ - withdrawn_bytes_;
        const bool fits = waiting < limits_.bytes && size <= limits_.bytes - waiting;
        return fits || waiting == 0 ? errc{} : errc::queue_full;
    }
    /// 1 … INT_MAX - 1 (INT_MAX is proto::xid::own, L235), wrapping.
    std::int32_t next_xid() KAZOO_REQUIRES(mutex_) {
        last_xid_ = last_xid_ >= proto::xid::own - 1 ? 1 : last_xid_ + 1;
        return last_xid_;
    }

    /// No request leaves the queue without this.
    void leaves(const queued_request& r) noexcept KAZOO_REQUIRES(mutex_) {
        if (&r == timed_) timed_ = nullptr;
    }
    void handed_over(const queued_request&) noexcept KAZOO_REQUIRES(mutex_);

    const limits limits_;
    const loop* const clock_;
    util::duration_tally waits_;
    mutable util::mutex mutex_;
    std::string frames_ KAZOO_GUARDED_BY(mutex_);
    std::size_t taken_ KAZOO_GUARDED_BY(mutex_) = 0; ///< bytes at the front of frames_ that went with earlier shares
    session::request_list waiting_ KAZOO_GUARDED_BY(mutex_);
    std::size_t withdrawn_ KAZOO_GUARDED_BY(mutex_) = 0, withdrawn_bytes_ KAZOO_GUARDED_BY(mutex_) = 0;
    std::uint64_t batch_ KAZOO_GUARDED_BY(mutex_) = 1;
    std::int32_t last_xid_ KAZOO_GUARDED_BY(mutex_) = 0;
    const queued_request* timed_ KAZOO_GUARDED_BY(mutex_) = nullptr; ///< the one that is timed, if one is
    time_point timed_since_ KAZOO_GUARDED_BY(mutex_);
    bool loop_sleeps_ KAZOO_GUARDED_BY(mutex_) = false;
    errc refused_ KAZOO_GUARDED_BY(mutex_){};
};

} // namespace kazoo::detail
