// TLS while its bytes are on their way. Whatever becomes of them, the client reads what the server has said or less,
// hears of the opening once, of nothing that it has not asked for, and comes to rest. Where nothing was done to them,
// both sides read everything. Behind a byte that says what kind of connection it is (tls_setting), the input is a list
// of orders of two bytes; for a stranger it is the size of the pieces, and what he says.
#define OPENSSL_SUPPRESS_DEPRECATED // RAND_set_rand_method()
#include "fuzz/tls_line.hpp"
#include "net/tls_stream.hpp"

#include <openssl/rand.h>
#include <optional>
#include <utility>

using namespace kazoo;
using fuzz::require;
using fuzz::tls_setting;

namespace {

/// An input does the same each time only if OpenSSL has the same luck.
class luck {
  public:
    static void begin() {
        static constexpr RAND_METHOD method{nullptr, give, nullptr, nullptr, give, [] { return 1; }};
        RAND_set_rand_method(&method);
        state = 1;
    }

  private:
    static int give(unsigned char* into, int size) {
        for (int i = 0; i < size; ++i) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            into[i] = static_cast<unsigned char>(state >> 56);
        }
        return 1;
    }
    static inline std::uint64_t state = 1;
};

std::shared_ptr<const tls_options> options(bool with_certificate) {
    static const test::file_folder files;
    static const auto make = [](const std::string& file) {
        auto o = std::make_shared<tls_options>();
        o->insecure = true;
        o->certificate_file = file;
        return std::shared_ptr<const tls_options>(std::move(o));
    };
    static const auto without = make({}),
                      with = make(files.put("own.pem", fuzz::shown().pem() + fuzz::shown().key_pem()));
    return with_certificate ? with : without;
}

class world final : public detail::byte_stream_events {
  public:
    explicit world(const tls_setting& s) : setting_(s) {
        if (!s.stranger) server_.emplace(s);
        const auto below = [this](detail::byte_stream_events& e) {
            return std::make_unique<fuzz::tls_line_end>(line_, e);
        };
        stream_ = std::make_unique<net::tls_stream>(io_, below, options(s.with_certificate), "localhost", *this);
        line_.filter->on_open({});
    }

    void obey(std::uint8_t order, std::uint8_t how) {
        switch (order % 14) {
        case 0: return carry(1U + how);
        case 1: return carry(SIZE_MAX);
        case 2: return touch([&] { spoil(how); });
        case 3: return server_->said.size() < enough ? server_->say(text(how)) : void();
        case 4: return client_says(text(how));
        case 5:
            if (setting_.version == TLS1_3_VERSION) return server_->renew_keys();
            return touch([&] { server_->renegotiate(); });
        case 6: return touch([&] { line_.ended = true; });
        case 7: return server_->end();
        case 8: return touch([&] { line_.to_client += static_cast<char>(how); });
        case 9: return touch([&] { line_.lose(1U + how); });
        case 10: line_.room = how; return;
        case 11: read_size_ = 1U + how, one_read_ = how % 2 == 1; return;
        case 12: return tear();
        case 13: leaves_ = touched_ = true; return;
        }
    }
    void hear_stranger(std::string_view bytes, std::size_t piece) {
        touched_ = true;
        line_.to_client = bytes;
        while (line_.arrived < line_.to_client.size()) carry(piece);
        line_.ended = true;
    }
    void come_to_rest() {
        line_.room = SIZE_MAX;
        carry_all();
        if (stream_ && line_.at_end()) require(opened_.has_value(), "the end is heard of");
        if (setting_.stranger) return require(!open(), "strangers are not believed");
        require(server_->said.starts_with(received_), "nothing is read that was not said");
        require(said_.starts_with(server_->heard), "nothing is heard that was not written");
        if (touched_) return;
        if (line_.torn) {
            require(opened_.has_value() && !waits_to_read_, "a failure is told");
            return require(received_ == reached_, "all is read that came before a failure");
        }
        require(open(), "an untouched line opens");
        client_says("the last words");
        carry_all();
        require(received_ == server_->said, "all is read");
        require(unsent_.empty() && server_->heard == said_, "all is heard");
        stream_.reset();
        carry(SIZE_MAX);
        require(server_->heard_the_end(), "the end is said");
    }

  private:
    static constexpr std::size_t enough = 1 << 16; ///< bytes on a side

    static std::string text(std::uint8_t how) { return std::string(1 + 50U * how, static_cast<char>('a' + how % 26)); }
    bool open() const { return opened_ && !*opened_; }

    template <class Do> void touch(Do deed) {
        touched_ = true;
        deed();
    }
    void spoil(std::uint8_t how) {
        if (!line_.to_client.empty()) line_.to_client[how % line_.to_client.size()] ^= static_cast<char>(1 << how % 8);
    }

    void tear() {
        carry(0);
        if (!line_.torn) reached_ = server_->said;
        line_.tear();
    }

    /// Lets the client have so many bytes more, and the server all of them.
    void carry(std::size_t bytes) {
        if (server_) {
            server_->hear(std::exchange(line_.to_server, {}));
            const std::string more = server_->take();
            if (!line_.ended) line_.to_client += more;
        }
        line_.arrive(bytes);
        if (line_.filter && line_.wants_read && client_has_news()) {
            line_.wants_read = false;
            line_.filter->on_readable();
        }
        if (line_.filter && line_.wants_write && line_.room > 0) {
            line_.wants_write = false;
            line_.filter->on_writable();
        }
        io_.poll();
        io_.restart();
    }
    void carry_all() {
        // The client reads a byte or more in each turn; OpenSSL's own messages are few.
        std::size_t turns = 8 * enough;
        do {
            require(turns-- > 0, "it comes to rest");
            carry(SIZE_MAX);
        } while (moves());
    }
    bool client_has_news() const { return line_.arrived > 0 || line_.at_end(); }
    bool moves() const {
        if (server_ && (!line_.to_server.empty() || server_->has_to_send())) return true;
        return line_.filter &&
               ((line_.wants_read && (client_has_news() || !line_.to_client.empty())) || line_.wants_write);
    }

    // -- the client ---------------------------------------------------------------------------------------------------

    static void check(const detail::io_result& r) {
        require((r.bytes > 0) + r.would_block + bool{r.error} <= 1, "a step does one thing");
    }
    void client_says(const std::string& words) {
        if (!stream_ || !open() || said_.size() + unsent_.size() > enough) return;
        unsent_ += words;
        if (!waits_to_write_) write();
    }
    void write() {
        while (!unsent_.empty()) {
            const detail::io_result r = stream_->write_some(unsent_);
            check(r);
            said_ += unsent_.substr(0, r.bytes);
            unsent_.erase(0, r.bytes);
            if (r.would_block) {
                waits_to_write_ = true;
                return stream_->want_write();
            }
            require(r.bytes > 0 || r.error, "a write does something");
            if (r.error) return unsent_.clear();
        }
    }
    void want_read() {
        waits_to_read_ = true;
        stream_->want_read();
    }
    bool leave() {
        if (leaves_) stream_.reset();
        return leaves_;
    }

    void on_open(std::error_code e) noexcept override {
        require(!opened_, "told once");
        opened_ = e;
        if (leave()) return;
        require(!e || line_.torn || !stream_->why().empty(), "a failure has a reason");
        if (!e) want_read();
    }
    void on_readable() noexcept override {
        require(std::exchange(waits_to_read_, false), "reads are announced to who waits");
        if (leave()) return;
        std::string buffer(read_size_, '\0');
        bool first = true;
        for (;;) {
            const detail::io_result r = stream_->read_some(buffer);
            check(r);
            require(!(first && r.would_block), "what is announced is there");
            first = false;
            received_.append(buffer, 0, r.bytes);
            if (r.error) return;
            if (!r.would_block && r.bytes == 0) return require(server_ && server_->ended, "an end is the server's own");
            if (r.would_block || one_read_) break;
        }
        want_read();
    }
    void on_writable() noexcept override {
        require(std::exchange(waits_to_write_, false), "room is announced to who waits");
        if (!leave()) write();
    }

    const tls_setting setting_;
    kazoo_asio::io_context io_;
    std::optional<fuzz::tls_server> server_;
    fuzz::tls_line line_;
    std::optional<std::error_code> opened_;
    std::size_t read_size_ = 1000;
    bool one_read_ = false;
    bool leaves_ = false; ///< in the next event
    bool touched_ = false;
    bool waits_to_read_ = false, waits_to_write_ = false;
    std::string said_, unsent_, received_;
    std::string reached_; ///< of what the server said, before the line was torn
    std::unique_ptr<net::tls_stream> stream_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    luck::begin();
    options(false);
    fuzz::tls_server::context(); // it draws, too
    luck::begin();
    const tls_setting setting(data[0]);
    world w(setting);
    if (setting.stranger)
        w.hear_stranger({reinterpret_cast<const char*>(data) + 2, size - 2}, 1U + data[1]);
    else
        for (std::size_t i = 1; i + 1 < std::min<std::size_t>(size, 400); i += 2) w.obey(data[i], data[i + 1]);
    w.come_to_rest();
    return 0;
}
