#pragma once
// The state of one operation's future and the request that produces it: one allocation, path included.
#include "client/core.hpp"
#include "proto/records.hpp"

#include <cstring>
#include <new>

namespace kazoo::detail {

/// What a server's error code says about a write: after a plain refusal it is not applied; any other code leaves it
/// unknown.
inline outcome outcome_of_server_error(std::int32_t err, bool is_write) noexcept {
    if (!is_write) return outcome::not_applied;
    switch (static_cast<errc>(err)) {
    case errc::marshalling_error:
    case errc::unimplemented:
    case errc::bad_arguments:
    case errc::unknown_session:
    case errc::new_config_no_quorum:
    case errc::reconfig_in_progress:
    case errc::no_node:
    case errc::no_auth:
    case errc::bad_version:
    case errc::no_children_for_ephemerals:
    case errc::node_exists:
    case errc::not_empty:
    case errc::session_expired:
    case errc::invalid_acl:
    case errc::auth_failed:
    case errc::session_moved:
    case errc::not_read_only:
    case errc::ephemeral_on_local_session:
    case errc::no_watcher:
    case errc::reconfig_disabled:
    case errc::sasl_required:
    case errc::quota_exceeded:
    case errc::throttled: return outcome::not_applied;
    default: return outcome::unknown;
    }
}

template <class T> class operation_state : public shared_state<T>, public queued_request {
  public:
    using result_type = T;

    operation_state(core& c, std::string_view name, proto::opcode opcode) noexcept
        : shared_state<T>(c), core_(c), name_(name) {
        op = opcode;
        is_write = proto::is_write(opcode);
        outlives_session = c.carries_over(is_write);
    }

    std::string_view operation() const noexcept final { return name_; }
    std::string_view path() const noexcept final { return path_; }
    std::string_view detail() const noexcept final { return defect_; }
    void set_path(std::string_view p) noexcept { path_ = p; }
    /// It is never sent in another session than the one in which it was asked for.
    void belongs_to_session() noexcept { outlives_session = false; }
    /// Fails the operation instead of submitting it; `defect` says why (static storage).
    void refuse(errc e, std::string_view defect) noexcept {
        if (!this->claim()) return;
        defect_ = defect;
        this->publish_failure(e);
    }

    void retain_request() noexcept final { shared_state_base::retain(); }
    void release_request() noexcept final { shared_state_base::release(); }

    /// It is about to be sent, or refused.
    void begin() noexcept { trace_ = core_.trace(name_, path_); }

    void on_reply(const session::reply& r) noexcept final {
        reply_memory_ = r.memory;
        const std::size_t reply_size = r.body.size() + 4 + proto::reply_header::size;
        failure f;
        const bool wanted = this->claim();
        if (wanted) reply_size_ = static_cast<std::uint32_t>(reply_size);
        const bool succeeded = wanted && read_within_memory(r, f);
        core_.counters().answered(op, frame_size, reply_size, succeeded);
        if (succeeded) {
            core_.end_trace(trace_, {{}, outcome::not_applied, frame_size, reply_size});
            this->publish_value();
        } else {
            on_undelivered();
            if (wanted) this->publish_failure(std::move(f));
        }
        release_request();
    }
    void on_failure(errc e, outcome o) noexcept final {
        if (this->claim()) this->publish_failure(e, o);
        release_request();
    }
    outcome on_abandoned() noexcept override {
        return core_.withdraw(*this) || !is_write ? outcome::not_applied : outcome::unknown;
    }

    /// There is no memory to send it: its caller gets an exception and no future.
    void not_sent() noexcept {
        if (!this->claim()) return;
        failure f;
        f.code = make_error_code(std::errc::not_enough_memory);
        this->publish_failure(std::move(f));
    }

    void on_failed(const std::error_code& code, outcome o) noexcept final {
        core_.counters().failed(op, code);
        core_.end_trace(trace_, {code, o, reply_size_ == 0 ? 0 : std::size_t{frame_size}, reply_size_});
    }

    static void operator delete(void* p) { ::operator delete(p); }

  protected:
    core& owner() const noexcept { return core_; }
    /// Fills `value` from a successful reply. False: it cannot be read.
    virtual bool decode(std::string_view body) = 0;
    /// Within decode(): what the body lies in, for values that keep it; or null.
    util::shared_block* reply_memory() const noexcept { return reply_memory_; }
    /// Whether this error is an answer (exists, no node); it sets `value` then.
    virtual bool accept_error(std::int32_t) { return false; }
    /// Fills `f` from what the decoder found, for replies whose failure is in their body.
    virtual bool failed_inside(failure&) { return false; }
    /// A reply came whose value does not reach the caller: the caller gave up before, or the reply has no value, or
    /// cannot be read.
    virtual void on_undelivered() noexcept {}

  private:
    bool read_within_memory(const session::reply& r, failure& f) noexcept {
        try {
            return read(r, f);
        } catch (const std::bad_alloc&) { // the answer has come, but there is no memory for it
            f.code = make_error_code(std::errc::not_enough_memory);
            f.outcome = is_write ? outcome::unknown : outcome::not_applied;
            return false;
        }
    }
    bool read(const session::reply& r, failure& f) {
        if (r.err != 0) {
            if (accept_error(r.err)) return true;
            f.code = std::error_code(r.err, category());
            f.outcome = outcome_of_server_error(r.err, is_write);
            return false;
        }
        if (!decode(r.body)) {
            f.code = make_error_code(errc::malformed_reply);
            f.outcome = is_write ? outcome::unknown : outcome::not_applied;
            return false;
        }
        return !failed_inside(f);
    }

    core& core_;
    std::string_view name_, path_, defect_;
    util::shared_block* reply_memory_ = nullptr;
    std::uint64_t trace_ = 0;      ///< the user's
    std::uint32_t reply_size_ = 0; ///< of the frame; 0: there was none
};

/// Allocates an operation and its path in one piece.
template <class Op, class... Args> ref<Op> make_operation(std::string_view path, Args&&... args) {
    void* const memory = ::operator new(sizeof(Op) + path.size());
    char* const tail = static_cast<char*>(memory) + sizeof(Op);
    std::memcpy(tail, path.data(), path.size());
    Op* const op = ::new (memory) Op(std::forward<Args>(args)...);
    op->set_path({tail, path.size()});
    return ref<Op>(op);
}

} // namespace kazoo::detail
