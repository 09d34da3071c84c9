#include "net/tls_stream.hpp"

#include "net/operation_memory.hpp"
#include "net/tls_engine.hpp"

#include <array>
#include <new>
#include <utility>

namespace kazoo::net {

namespace {

using verdict = tls_engine::verdict;

/// Of what comes from below before it is the others' turn: a server may send for ever what gives no bytes.
constexpr int most_pulls = 64;

} // namespace

struct tls_stream::recall : std::enable_shared_from_this<recall> {
    recall(kazoo_asio::io_context& i, tls_stream& s) : io(i), stream(&s) {}
    void call() noexcept {
        kazoo_asio::post(io, memory.bind([self = shared_from_this()] {
            if (self->stream) self->stream->tell_reader();
        }));
    }

    kazoo_asio::io_context& io;
    operation_memory memory;
    tls_stream* stream; ///< null once it is gone
};

tls_stream::tls_stream(kazoo_asio::io_context& io, const below& make_below, std::shared_ptr<const tls_options> options,
                       std::string host, detail::byte_stream_events& events)
    : options_(std::move(options)),
      host_(std::move(host)),
      events_(events),
      recall_(std::make_shared<recall>(io, *this)),
      below_(make_below(*this)) {}

tls_stream::~tls_stream() {
    if (generation_ != fork_generation()) { // threads of the parent may hold OpenSSL's locks
        static_cast<void>(engine_.release());
        return;
    }
    recall_->stream = nullptr;
    if (!open_ || code_) return;
    engine_->close();
    push();
}

// -- opening ----------------------------------------------------------------------------------------------------------

void tls_stream::on_open(std::error_code error) noexcept {
    if (error) return events_.on_open(error); // the stream below knows why
    try {
        engine_ = std::make_unique<tls_engine>(*options_, host_);
    } catch (const tls_settings_error& e) {
        fail(std::make_error_code(std::errc::invalid_argument), e.what());
    } catch (const std::bad_alloc&) {
        fail(std::make_error_code(std::errc::not_enough_memory), {});
    }
    if (code_) return events_.on_open(code_);
    shake_hands();
}

void tls_stream::shake_hands() noexcept {
    while (!code_) {
        const verdict step = engine_->shake_hands();
        if (step == verdict::failed) fail();
        push();
        if (step == verdict::done) return opened();
        if (code_) break;
        const pulled got = pull();
        if (got == pulled::nothing) return below_->want_read();
        if (got == pulled::end)
            end(engine_->heard() ? "closed by the server during the TLS handshake"
                                 : "closed by the server at the TLS handshake, without a word: it may not speak TLS");
    }
    events_.on_open(code_);
}

void tls_stream::opened() noexcept {
    open_ = true;
    events_.on_open({});
}

// -- between the two layers -------------------------------------------------------------------------------------------

tls_stream::pulled tls_stream::pull() noexcept {
    std::array<char, 16 << 10> buffer;
    const detail::io_result r = below_->read_some(buffer);
    if (r.error) {
        fail(r.error, {});
        return pulled::end;
    }
    if (r.would_block) return pulled::nothing;
    if (r.bytes == 0) return pulled::end;
    if (!engine_->feed({buffer.data(), r.bytes})) fail(std::make_error_code(std::errc::not_enough_memory), {});
    return code_ ? pulled::end : pulled::some;
}

/// Sends what is sealed. False: not all of it, and the stream below is to say when it goes on; or it broke.
bool tls_stream::push() noexcept {
    while (!broken_ && !engine_->sealed().empty()) {
        const detail::io_result r = below_->write_some(engine_->sealed());
        if (r.error) {
            broken_ = r.error;
            return false;
        }
        engine_->sent(r.bytes);
        if (r.would_block || r.bytes == 0) {
            below_->want_write();
            return false;
        }
    }
    return !broken_;
}

/// A server that hangs up may have said why.
void tls_stream::find_last_words() noexcept {
    for (int i = 0; i < most_pulls && !over(); ++i) {
        const verdict step = engine_->look();
        if (step == verdict::failed) return fail();
        if (step != verdict::needs_input || pull() != pulled::some) return;
    }
}

/// Whether a read would not block.
bool tls_stream::has_news() noexcept {
    for (int i = 0; i < most_pulls && !over(); ++i) {
        const verdict step = engine_->look();
        if (step == verdict::failed) fail();
        push();
        if (step == verdict::ended) ended_ = true;
        if (step == verdict::done || over()) return true;
        const pulled got = pull();
        if (got == pulled::nothing) return false;
        if (got == pulled::end) end("truncated: the connection ended without TLS's own end");
    }
    return over();
}

// -- reading and writing ----------------------------------------------------------------------------------------------

detail::io_result tls_stream::read_some(std::span<char> into) noexcept {
    if (!open_) return code_ ? detail::io_result{.error = code_} : detail::io_result{.would_block = true};
    if (waits_to_read_) return {.would_block = true};
    std::size_t got = 0;
    while (got < into.size() && has_news() && !over()) got += engine_->read(into.subspan(got)).bytes;
    if (got > 0) return {.bytes = got};
    if (code_) return {.error = code_};
    return {.would_block = !ended_};
}

detail::io_result tls_stream::write_some(std::string_view from) noexcept {
    if (!open_) return code_ ? detail::io_result{.error = code_} : detail::io_result{.would_block = true};
    std::size_t taken = 0;
    write_needs_input_ = false;
    while (taken < from.size() && !code_ && push()) {
        const tls_engine::step s = engine_->write(from.substr(taken));
        taken += s.bytes;
        if (s.state == verdict::failed) fail();
        if (s.state != verdict::needs_input) continue;
        if (const pulled got = pull(); got == pulled::some) continue;
        write_needs_input_ = true;
        break;
    }
    if (!code_) push();
    if (code_ && waits_to_read_) announce_input();
    if (taken > 0) return {.bytes = taken}; // part of it may be on its way, whatever became of the rest
    if (broken_ && !waits_to_read_) find_last_words();
    if (code_) return {.error = code_};
    if (broken_ && !waits_to_read_) return {.error = broken_};
    return {.would_block = true};
}

void tls_stream::want_read() noexcept {
    if (std::exchange(waits_to_read_, true)) return;
    if (over() || (open_ && engine_->may_hold_input() && has_news()))
        announce_input();
    else
        below_->want_read();
}

void tls_stream::announce_input() noexcept {
    if (!std::exchange(recalled_, true)) recall_->call();
}

void tls_stream::tell_reader() noexcept {
    recalled_ = false;
    waits_to_read_ = false;
    events_.on_readable();
}

void tls_stream::want_write() noexcept {
    waits_to_write_ = true;
    if (broken_ && waits_to_read_) return; // the reader is told
    if (write_needs_input_)
        below_->want_read();
    else
        below_->want_write();
}

bool tls_stream::input_waits() const noexcept {
    if (recalled_) return false;
    return (engine_ && engine_->may_hold_input()) || below_->input_waits();
}

void tls_stream::on_readable() noexcept {
    if (!open_) return code_ ? void() : shake_hands();
    const bool news = has_news();
    const bool over_for_writers = (broken_ || code_) && !waits_to_read_;
    if (waits_to_write_ && (write_needs_input_ || over_for_writers)) {
        if (waits_to_read_) news ? announce_input() : below_->want_read();
        waits_to_write_ = write_needs_input_ = false;
        return events_.on_writable(); // last, as it may destroy this
    }
    if (!waits_to_read_ || recalled_) return;
    if (!news) return below_->want_read();
    tell_reader();
}

void tls_stream::on_writable() noexcept {
    const bool sent = push();
    if (!open_) return; // its end comes with what the server says
    if (!sent && !code_ && !broken_) return;
    if (waits_to_write_ && !write_needs_input_ && !(broken_ && waits_to_read_)) {
        waits_to_write_ = false;
        return events_.on_writable();
    }
    if (code_ && waits_to_read_) announce_input();
}

// -- failures ---------------------------------------------------------------------------------------------------------

void tls_stream::fail() noexcept { fail(std::make_error_code(std::errc::protocol_error), engine_->failure()); }

/// The server says nothing more. If a write failed before, that is why.
void tls_stream::end(std::string_view what) noexcept {
    if (broken_) return fail(broken_, {});
    fail(std::make_error_code(std::errc::connection_reset), what);
}

/// The first one counts.
void tls_stream::fail(std::error_code code, std::string_view why) noexcept {
    if (code_) return;
    code_ = code;
    try {
        why_ = why;
    } catch (const std::bad_alloc&) { // the code says something
    }
}

std::string tls_stream::why() const { return why_.empty() ? below_->why() : why_; }

} // namespace kazoo::net
