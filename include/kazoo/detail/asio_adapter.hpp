#pragma once
// What kazoo/asio.hpp and kazoo/boost_asio.hpp have in common. Not for direct use.
#include <kazoo/detail/asio_waits.hpp>
#include <kazoo/future.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace kazoo::detail {

/// A handler needs a value beside an error, too: T(), or nothing where T has no such value.
template <class T> using asio_value = std::conditional_t<std::is_default_constructible_v<T>, T, std::optional<T>>;

template <class T> struct asio_signature {
    using type = void(std::exception_ptr, asio_value<T>);
};
template <> struct asio_signature<void> {
    using type = void(std::exception_ptr);
};

/// Calls the handler with what became of `done`.
template <class T, class Handler> void complete_asio_handler(Handler&& handler, future<T> done) {
    std::exception_ptr failure;
    if constexpr (std::is_void_v<T>) {
        try {
            std::move(done).get();
        } catch (...) {
            failure = std::current_exception();
        }
        std::move(handler)(failure);
    } else {
        asio_value<T> value{};
        try {
            value = std::move(done).get();
        } catch (...) {
            failure = std::current_exception();
        }
        std::move(handler)(failure, std::move(value));
    }
}

/// A handler of an Asio program and the future that it waits for. Asio is where the functions of one of the two
/// libraries are found.
template <class Asio, class T, class Handler>
class asio_operation final : public ref_counted<asio_operation<Asio, T, Handler>, asio_wait>, continuation, job {
    friend class ref_counted<asio_operation, asio_wait>; // destroys it
    using executor_type = decltype(Asio::get_executor(std::declval<const Handler&>()));
    using slot_type = decltype(Asio::get_cancellation_slot(std::declval<const Handler&>()));
    using work_type = decltype(Asio::make_work_guard(std::declval<const executor_type&>()));

  public:
    static void start(Handler handler, future<T> f) {
        const auto slot = Asio::get_cancellation_slot(handler);
        const ref<asio_operation> self(new asio_operation(std::move(handler), f));
        // Ahead of attach(): the operation may complete, and clear the slot, before this function is left.
        if (slot.is_connected()) slot_type(slot).assign([state = self->state_](auto) { state->fail(errc::cancelled); });
        if (self->waits_ && !self->waits_->add(*self)) return self->drop();
        self->retain(); // until resume()
        if (!self->state_->attach(*self)) completed(self.get());
    }

  private:
    /// All that may belong to the execution context, or refer to it.
    struct parts {
        Handler handler;
        executor_type executor;
        slot_type slot;
        work_type work;
    };
    /// What the executor runs.
    struct completion {
        using allocator_type = decltype(Asio::get_allocator(std::declval<const Handler&>()));
        allocator_type get_allocator() const noexcept { return Asio::get_allocator(handler); }

        Handler handler;
        slot_type slot;
        future<T> done;

        void operator()() {
            if (slot.is_connected()) slot.clear();
            complete_asio_handler<T>(std::move(handler), std::move(done));
        }
    };
    /// While it lives, the execution context does.
    class visit {
      public:
        visit(const std::shared_ptr<asio_waits>& waits, asio_wait& w) noexcept
            : waits_(waits.get()), allowed_(waits_ == nullptr || waits_->enter(w)) {}
        ~visit() {
            if (allowed_ && waits_ != nullptr) waits_->leave();
        }
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;
        explicit operator bool() const noexcept { return allowed_; }

      private:
        asio_waits* waits_;
        bool allowed_;
    };

    /// If it throws, the future is what it was.
    asio_operation(Handler handler, future<T>& f) : continuation{&completed}, job{&resume, nullptr} {
        auto executor = Asio::get_executor(handler);
        auto slot = Asio::get_cancellation_slot(handler);
        if (auto* const context = Asio::get_context(executor)) waits_ = Asio::wait_service(*context).waits();
        auto work = Asio::make_work_guard(executor);
        parts_.emplace(std::move(handler), std::move(executor), std::move(slot), std::move(work));
        state_ = future_access::state_of(std::move(f));
    }
    ~asio_operation() override {
        if (state_) state_->abandon_interest();
    }

    static void completed(continuation* c) noexcept {
        auto* const self = static_cast<asio_operation*>(c);
        self->state_->post(*self);
    }
    static void resume(job* j) noexcept {
        const ref<asio_operation> self(static_cast<asio_operation*>(j)); // adopts start()'s count
        const visit allowed(self->waits_, *self);
        if (!allowed) return; // the context has gone, or is going, and takes the handler with it
        parts p = *std::move(self->parts_);
        self->parts_.reset();
        try {
            Asio::post(p.executor,
                       completion{std::move(p.handler), std::move(p.slot), make_future(std::move(self->state_))});
        } catch (...) { // it cannot be told: the handler has been destroyed
        }
    }
    void drop() noexcept override {
        state_->fail(errc::cancelled);
        parts_.reset();
    }

    ref<shared_state<T>> state_;
    std::shared_ptr<asio_waits> waits_; ///< empty: nobody tells of the end of this executor's context
    std::optional<parts> parts_;
};

template <class Asio, class T> struct asio_initiation {
    template <class Handler> void operator()(Handler handler, future<T> f) const {
        asio_operation<Asio, T, Handler>::start(std::move(handler), std::move(f));
    }
};

} // namespace kazoo::detail
