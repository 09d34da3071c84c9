// A session with a server, a network and a clock that do what the input says. Whatever that is: every request completes
// at most once, and at least once by the end; time that stands still does not keep the session busy; nothing is said
// after the end.
#include "proto/framing.hpp"
#include "session/session.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace {

using namespace kazoo;
using namespace util::time;
using namespace std::chrono_literals;

void require(bool condition) {
    if (!condition) std::abort();
}

class input {
  public:
    input(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
    bool empty() const { return at_ == end_; }
    bool next_is_zero() const { return !empty() && *at_ == 0; }
    std::uint8_t byte() { return empty() ? std::uint8_t{0} : *at_++; }
    std::string_view bytes(std::size_t n) {
        n = std::min(n, static_cast<std::size_t>(end_ - at_));
        const std::string_view result(reinterpret_cast<const char*>(at_), n);
        at_ += n;
        return result;
    }

  private:
    const std::uint8_t *at_, *end_;
};

struct fuzz_watcher final : session::watcher {
    bool over = false;
    int counts = 0;
    ~fuzz_watcher() override { require(counts == 0); }
    bool is_stream() const { return kind == session::watch_kind::persistent || kind == session::watch_kind::recursive; }
    void retain() noexcept override { ++counts; }
    void release() noexcept override { --counts; }
    void on_event(event_type, std::string_view, std::int64_t) noexcept override {
        require(!over);
        over = !is_stream();
    }
    void on_end(errc) noexcept override {
        require(!over);
        over = true;
    }
};

struct fuzz_request final : session::request {
    bool done = false;
    void complete() {
        require(!done);
        done = true;
    }
    void on_reply(const session::reply& r) noexcept override {
        complete();
        volatile char sum = 0; // touches every byte that was handed out
        for (const char c : r.body) sum = static_cast<char>(sum + c);
    }
    void on_failure(errc, outcome) noexcept override { complete(); }
};

struct fuzz_credential final : session::credential {
    bool judged = false;
    void judge() {
        require(!judged);
        judged = true;
    }
    void on_accepted() noexcept override { judge(); }
    void on_refused(errc) noexcept override { judge(); }
};

class fuzz_world final : session::observer {
  public:
    explicit fuzz_world(input& in) : in_(in), recorded_(in.next_is_zero()), session_(make_config(in), *this) {}

    void run() {
        session_.start(now_);
        settle();
        if (recorded_) meet_recorded_server();
        while (!in_.empty()) {
            act(in_.byte());
            settle();
        }
        session_.abort(now_);
        settle();
        require(session_.state() == session_state::closed);
        require(session_.pending() == 0);
        require(session_.deadline() == never);
        for (const auto& r : requests_) require(r->done);
        for (const auto& c : credentials_) require(c->judged);
        over_ = true;
        session_.on_time(now_ + 1h);
        session_.on_closed(used_, {}, now_ + 1h);
    }

  private:
    static session::config make_config(input& in) {
        session::config c;
        const std::uint8_t bits = in.next_is_zero() ? std::uint8_t{0} : in.byte(); // recordings begin with a zero
        c.hosts.hosts = {{"10.0.0.1", 1}};
        if (bits & 1) c.hosts.hosts.push_back({"::1", 2});
        if (bits & 2) c.hosts.hosts.push_back({"zk", 3});
        c.read_only = (bits & 4) != 0;
        c.max_reply_bytes = (bits & 8) ? 64 : 1 << 20;
        c.timeout = (bits & 16) ? 10ms : 10s;
        c.sasl = (bits & 64) != 0;
        c.log_threshold = (bits & 32) ? log_level::wire : log_level::off;
        c.seed = bits;
        return c;
    }

    /// All the input is what a server says on one connection, to a client that has asked for a bit of everything.
    void meet_recorded_server() {
        act(7);
        act(10);
        feed(in_.bytes(4 + 37));
        for (std::uint8_t kind = 0; kind < 8; ++kind) request(kind | 8);
        act(15);
        while (!in_.empty()) {
            feed(in_.bytes(200));
            settle();
        }
    }

    void act(std::uint8_t what) {
        switch (what % 16) {
        case 0: // raw bytes from the server
            feed(in_.bytes(in_.byte()));
            break;
        case 1: { // a reply, perhaps the right one
            std::string frame;
            const std::uint8_t bits = in_.byte();
            const auto xid = bits & 1 ? next_answer_ : static_cast<std::int32_t>(static_cast<std::int8_t>(in_.byte()));
            if (bits & 1) ++next_answer_;
            static constexpr std::int32_t errors[] = {0, 0, 0, -124, -101, -6, -115, -127};
            const std::string_view body = in_.bytes(bits >> 4);
            {
                proto::frame_writer w(frame);
                w.put(proto::reply_header{xid, in_.byte(), errors[bits >> 1 & 7]});
                frame.append(body);
            }
            feed(frame);
            break;
        }
        case 2: { // an event
            std::string frame;
            proto::put_reply(frame, {proto::xid::notification, -1, 0},
                             proto::watcher_event{static_cast<std::int32_t>(in_.byte() % 6), 3, path(in_.byte())});
            feed(frame);
            break;
        }
        case 3: { // an answer to the connect request
            std::string frame;
            proto::connect_response answer;
            const std::uint8_t bits = in_.byte();
            answer.timeout_ms = bits & 1 ? 10'000 : in_.byte();
            answer.session_id = bits & 2 ? 7 : in_.byte();
            answer.password = "0123456789abcdef";
            proto::put_connect_response(frame, answer, bits & 4 ? std::optional<bool>() : (bits & 8) != 0);
            feed(frame);
            break;
        }
        case 4: now_ += std::chrono::milliseconds(in_.byte()); break;
        case 5: now_ += std::chrono::milliseconds(in_.byte() * 50); break;
        case 6: // jump to the next thing due
            if (session_.deadline() != never) now_ = std::max(now_, session_.deadline());
            session_.on_time(now_);
            break;
        case 7:
            if (!opening_.empty()) {
                const std::uint64_t opened = opening_.back();
                opening_.pop_back();
                reserve_.push_back(opened);
                session_.on_connected(opened, now_);
            }
            break;
        case 8:
            if (!opening_.empty() || open_) {
                const std::uint64_t ended = open_ ? used_ : opening_.front();
                if (!std::exchange(open_, false)) opening_.erase(opening_.begin());
                session_.on_closed(
                    ended, in_.byte() & 1 ? std::make_error_code(std::errc::connection_reset) : std::error_code(),
                    now_);
            }
            break;
        case 9: write(in_.byte()); break;
        case 10: write(~std::size_t{0}); break;
        case 11: request(in_.byte()); break;
        case 12: flush(); break;
        case 13: forget(in_.byte()); break;
        case 14: other(in_.byte()); break;
        default: // everything at once: what a sound network does
            write(~std::size_t{0});
            flush();
            write(~std::size_t{0});
            break;
        }
    }

    static std::string_view path(std::uint8_t n) {
        static constexpr std::string_view paths[] = {"/", "/a", "/a/b", "/a/b/c", "/b", "", "a", "//"};
        return paths[n % 8];
    }

    void feed(std::string_view bytes) {
        while (open_ && !bytes.empty()) {
            const std::span<char> space = session_.read_space();
            const std::size_t n = std::min(bytes.size(), space.size());
            require(n > 0);
            std::memcpy(space.data(), bytes.data(), n);
            session_.on_read(n, now_);
            bytes.remove_prefix(n);
            obey();
        }
    }

    void write(std::size_t n) {
        if (!open_) return;
        n = std::min(n, session_.output().size());
        session_.on_written(n, now_);
    }

    bool over() const {
        return session_.state() == session_state::closed || session_.state() == session_state::auth_failed;
    }

    void request(std::uint8_t bits) {
        using enum proto::opcode;
        if (over()) return; // the client refuses them itself
        auto& r = *requests_.emplace_back(std::make_unique<fuzz_request>());
        std::string frame;
        r.xid = next_xid_++;
        const std::string_view where = path(bits >> 3 & 3);
        fuzz_watcher* watcher = nullptr;
        const auto watch = [&](session::watch_kind kind) {
            watcher = watchers_.emplace_back(std::make_unique<fuzz_watcher>()).get();
            watcher->kind = kind;
            watcher->path = where;
        };
        switch (bits % 8) {
        case 0: r.op = get_data; break;
        case 1: r.op = set_data; break;
        case 2:
            r.op = get_data;
            watch(session::watch_kind::data);
            break;
        case 3:
            r.op = exists;
            watch(session::watch_kind::exists);
            break;
        case 4:
            r.op = get_children;
            watch(session::watch_kind::child);
            break;
        case 5:
        case 6:
            r.op = add_watch;
            watch(session::watch_kind::persistent);
            break;
        default:
            r.op = add_watch;
            watch(session::watch_kind::recursive);
            break;
        }
        r.is_write = r.op == set_data;
        if (watcher != nullptr) r.watcher = detail::ref<session::watcher>::share(watcher);
        if (r.op == add_watch)
            proto::put_request(frame, r.xid, r.op, proto::add_watch_request{where, 0});
        else if (r.op == set_data)
            proto::put_request(frame, r.xid, r.op, proto::set_data_request{where, "data", -1});
        else
            proto::put_request(frame, r.xid, r.op, proto::path_watch_request{where, watcher != nullptr});
        r.frame_size = static_cast<std::uint32_t>(frame.size());
        waiting_.push_back(r);
        waiting_frames_ += frame;
    }

    void flush() {
        if (!session_.accepts_requests() || waiting_.empty()) return;
        next_answer_ = std::max(next_answer_, session_.pending() == 0 ? waiting_.front()->xid : 0);
        session_.submit(waiting_, waiting_frames_);
        require(waiting_.empty() && waiting_frames_.empty());
    }

    void forget(std::uint8_t n) {
        if (watchers_.empty()) return;
        fuzz_watcher& w = *watchers_[n % watchers_.size()];
        w.over = w.over || w.registered();
        session_.forget(w);
    }

    /// A step of SASL by the server or by our side, which may be one for an older connection, or that nobody asked for.
    void step(std::uint8_t n) {
        if (n & 8) {
            static constexpr std::int32_t errors[] = {0, 0, -115, -124};
            std::string frame;
            const std::string_view token = n & 4 ? std::string_view("token") : std::string_view();
            proto::put_reply(frame, {proto::xid::own, 0, errors[n & 3]}, proto::token_record{token});
            return feed(frame);
        }
        using state = util::sasl_step::state;
        static constexpr state states[] = {state::more, state::more, state::done, state::failed};
        const std::uint64_t connection = n & 64 ? sasl_for_ : n >> 4;
        session_.on_sasl(connection, {.is = states[n & 3], .token = n & 4 ? "token" : "", .why = "so"}, now_);
    }

    void other(std::uint8_t n) {
        if (n & 128) return step(n);
        switch (n % 8) {
        case 0: session_.close(now_); break;
        case 1: session_.expire(now_); break;
        case 2: session_.abort(now_); break;
        case 3:
        case 4: {
            auto c = std::make_shared<fuzz_credential>();
            c->scheme = "digest";
            c->secret = std::string(1, static_cast<char>('a' + (n >> 4)));
            c->required = n & 8;
            credentials_.push_back(c);
            session_.add_credential(c);
            break;
        }
        case 5: session_.on_resolved("zk", {"10.0.0.9", "::9"}, now_); break;
        case 6: session_.on_resolve_failed("zk", std::make_error_code(std::errc::timed_out), now_); break;
        default: about_hosts(n >> 3); break;
        }
    }

    void about_hosts(int n) {
        switch (n % 4) {
        case 0: session_.on_resolved("zk", {}, now_); break;
        case 1: session_.set_hosts({{"10.0.0.1", 1}}, now_); break;
        case 2: session_.set_hosts({{"10.0.0.2", 2}, {"zk", 3}}, now_); break;
        default:
            session_.on_answer(asked_, n & 4 ? "rw" : "isro is not executed because it is not in the whitelist.", now_);
        }
    }

    /// Obeys orders, and checks that the session comes to rest while time stands still.
    void settle() {
        for (int turns = 0;; ++turns) {
            require(turns < 1'000);
            const bool busy = obey();
            if (session_.deadline() > now_ && !busy) break;
            session_.on_time(now_);
            if (session_.deadline() <= now_) session_.on_all_read(now_, now_);
        }
        require(session_.state() != session_state::closed || session_.pending() == 0);
        static_cast<void>(session_.last_failures());
        static_cast<void>(session_.lease_end());
    }

    bool obey() {
        bool any = false;
        for (;;) {
            const session::order order = session_.next_order();
            if (std::holds_alternative<std::monostate>(order)) return any;
            any = true;
            if (const auto* connect = std::get_if<session::connect_order>(&order)) {
                require(connect->connection > newest_);
                newest_ = connect->connection;
                opening_.push_back(newest_);
            } else if (const auto* ask = std::get_if<session::ask_order>(&order)) {
                asked_ = ask->connection;
                require(std::ranges::find(reserve_, asked_) != reserve_.end());
            } else if (const auto* use = std::get_if<session::use_order>(&order)) {
                require(!open_ && std::erase(reserve_, use->connection) == 1);
                open_ = true;
                used_ = use->connection;
                next_answer_ = 0;
            } else if (const auto* sasl = std::get_if<session::sasl_order>(&order)) {
                require(open_ && sasl->connection == used_);
                sasl_for_ = used_;
            } else if (const auto* disconnect = std::get_if<session::disconnect_order>(&order)) {
                const std::uint64_t n = disconnect->connection;
                if (open_ && n == used_)
                    open_ = false;
                else
                    require(disconnect->last_words.empty() && std::erase(opening_, n) + std::erase(reserve_, n) == 1);
            }
        }
    }

    // session::observer
    void on_state(session_state s) noexcept override {
        require(!over_);
        if (s == session_state::closed || s == session_state::auth_failed) fail_waiting(errc::closed);
    }
    void on_unsent(session::request_list& list, std::string_view frames) noexcept override {
        list.splice_back(waiting_);
        waiting_ = std::move(list);
        waiting_frames_.insert(0, frames);
    }
    void on_write_lost() noexcept override { fail_waiting(errc::connection_loss); }
    void on_refused(std::string_view why) noexcept override { require(!why.empty()); }
    void on_session_lost(const session::session_loss& loss) noexcept override { fail_waiting(loss.reason); }
    void on_certainty_over() noexcept override {}
    void on_log(log_level, std::string_view) noexcept override { require(!over_); }

    void fail_waiting(errc reason) {
        session::request_list all;
        all.swap(waiting_);
        waiting_frames_.clear();
        while (!all.empty()) all.pop_front().on_failure(reason, outcome::not_applied);
    }

    input& in_;
    const bool recorded_;
    time_point now_{1h};
    std::vector<std::uint64_t> opening_, reserve_; ///< connections, by their numbers
    std::uint64_t newest_ = 0, used_ = 0, asked_ = 0;
    std::uint64_t sasl_for_ = 0;       ///< the connection that asked for a step
    bool open_ = false, over_ = false; ///< open_: used_ is
    std::int32_t next_xid_ = 1, next_answer_ = 1;
    session::request_list waiting_;
    std::string waiting_frames_;
    std::vector<std::unique_ptr<fuzz_watcher>> watchers_; // counted by requests and session
    std::vector<std::unique_ptr<fuzz_request>> requests_;
    std::vector<std::shared_ptr<fuzz_credential>> credentials_;
    session::session session_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    input in(data, size);
    fuzz_world(in).run();
    return 0;
}
