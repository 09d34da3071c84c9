#include "client/word_exchange.hpp"

#include "util/server_texts.hpp"

#include <array>

namespace kazoo::detail {

namespace {
constexpr std::size_t longest_answer = 64u << 20;
} // namespace

void word_exchange::start() {
    stream_ = core_.connect(to_, *this);
    retain(); // until disconnect()
}

void word_exchange::disconnect() noexcept {
    if (!stream_) return;
    stream_.reset();
    release();
}

outcome word_exchange::on_abandoned() noexcept {
    retain(); // until give_up()
    core_.loop().post(give_up_);
    return outcome::not_applied;
}

void word_exchange::give_up() noexcept {
    const ref<word_exchange> self(this); // adopts on_abandoned()'s count
    disconnect();
}

void word_exchange::fail_with(errc e, std::string_view why) {
    if (claim()) {
        why_.append(to_string(to_)).append(": ").append(why);
        publish_failure(e);
    }
    disconnect();
}

std::string word_exchange::why_of(std::error_code ec) const {
    std::string why = stream_->why();
    return why.empty() ? ec.message() : why;
}

void word_exchange::on_open(std::error_code ec) noexcept {
    if (ec) return fail_with(errc::connection_loss, why_of(ec));
    on_writable();
}

void word_exchange::on_writable() noexcept {
    const io_result r = stream_->write_some(std::string_view(word_).substr(sent_));
    if (r.error) return fail_with(errc::connection_loss, why_of(r.error));
    sent_ += r.bytes;
    if (sent_ < word_.size())
        stream_->want_write();
    else
        stream_->want_read();
}

void word_exchange::on_readable() noexcept {
    std::array<char, 16 * 1024> buffer;
    const io_result r = stream_->read_some(buffer);
    if (r.error) return fail_with(errc::connection_loss, why_of(r.error));
    if (r.bytes == 0 && !r.would_block) return take_end();
    answer_.append(buffer.data(), r.bytes);
    if (answer_.size() > longest_answer) return fail_with(errc::too_large, "more than 64 MiB of answer");
    stream_->want_read();
}

void word_exchange::take_end() {
    if (answer_.empty())
        return fail_with(errc::connection_loss, "closed without an answer, as servers do that do not know the word");
    if (util::says_not_allowed(word_, answer_))
        return fail_with(errc::unimplemented, word_ + " is not allowed here (4lw.commands.whitelist)");
    if (claim()) publish(std::move(answer_));
    disconnect();
}

} // namespace kazoo::detail
