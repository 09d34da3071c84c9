// ZooKeeper's own C client. Pipelined: each completion submits the next operation, on the client's completion thread.
#define THREADED // the blocking half of its interface
#include "event.hpp"
#include "peers/peers.hpp"

#include <array>
#include <atomic>
#include <stdexcept>
#include <zookeeper/zookeeper.h>

namespace bench {

namespace {

constexpr int session_timeout = 30'000;

void require(int code, const char* what) {
    if (code != ZOK) throw std::runtime_error(std::string(what) + ": " + zerror(code));
}

/// One measured phase. Completions carry no room for a pointer to it besides the operation's number, so it is global.
struct pipeline {
    zhandle_t* handle;
    operation op;
    std::size_t count;
    latencies* times;
    std::string path;
    std::string data;
    std::atomic<std::size_t> submitted{0}, completed{0};
    std::atomic<int> failure{ZOK};
    event finished{};

    static pipeline* current;

    /// The next operation, unless all are on their way.
    void submit() {
        const std::size_t i = submitted.fetch_add(1);
        if (i >= count) return;
        times->start(i);
        const void* const number = reinterpret_cast<const void*>(i);
        if (const int code = send(number); code != ZOK) complete(code, number);
    }
    int send(const void* number) const {
        const auto length = static_cast<int>(data.size());
        switch (op) {
        case operation::get: return zoo_aget(handle, path.c_str(), 0, on_data, number);
        case operation::exists: return zoo_aexists(handle, path.c_str(), 0, on_stat, number);
        case operation::set: return zoo_aset(handle, path.c_str(), data.data(), length, -1, on_stat, number);
        case operation::create:
            return zoo_acreate(handle, path.c_str(), data.data(), length, &ZOO_OPEN_ACL_UNSAFE, ZOO_SEQUENCE, on_string,
                               number);
        }
        return ZBADARGUMENTS;
    }
    void complete(int code, const void* number) {
        times->finish(reinterpret_cast<std::size_t>(number));
        if (code != ZOK) failure = code;
        submit();
        if (completed.fetch_add(1) + 1 == count) finished.set();
    }

    static void on_data(int code, const char*, int, const Stat*, const void* number) {
        current->complete(code, number);
    }
    static void on_stat(int code, const Stat*, const void* number) { current->complete(code, number); }
    static void on_string(int code, const char*, const void* number) { current->complete(code, number); }
};
pipeline* pipeline::current = nullptr;

class c_peer final : public peer {
  public:
    c_peer(const target& t, c_lookups lookups) : target_(t), node_(t.node()), crowd_(t.crowd()) {
        zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
        handle_ = zookeeper_init(t.address.c_str(), on_event, session_timeout, nullptr, this, 0);
        if (handle_ == nullptr) throw std::runtime_error("zookeeper_init failed");
        if (lookups == c_lookups::when_needed)
            require(zoo_set_servers_resolution_delay(handle_, -1), "zoo_set_servers_resolution_delay");
        connected_.wait();
    }
    c_peer(const c_peer&) = delete;
    c_peer& operator=(const c_peer&) = delete;
    ~c_peer() override { zookeeper_close(handle_); }

    void pipelined(operation op, std::size_t count, std::size_t window, latencies& l) override {
        pipeline p{.handle = handle_,
                   .op = op,
                   .count = count,
                   .times = &l,
                   .path = op == operation::create ? target_.created() : node_,
                   .data = std::string(data_size, 'x')};
        pipeline::current = &p;
        for (std::size_t i = 0; i < window; ++i) p.submit();
        p.finished.wait();
        require(p.failure, "an operation failed");
    }
    std::size_t get() override {
        std::array<char, 4096> buffer;
        int size = buffer.size();
        require(zoo_get(handle_, node_.c_str(), 0, buffer.data(), &size, nullptr), "get");
        return static_cast<std::size_t>(size);
    }
    std::size_t children() override {
        String_vector names{};
        require(zoo_get_children(handle_, crowd_.c_str(), 0, &names), "get_children");
        const auto count = static_cast<std::size_t>(names.count);
        deallocate_String_vector(&names);
        return count;
    }

  private:
    static void on_event(zhandle_t*, int type, int state, const char*, void* self) {
        if (type == ZOO_SESSION_EVENT && state == ZOO_CONNECTED_STATE) static_cast<c_peer*>(self)->connected_.set();
    }

    const target target_;
    const std::string node_, crowd_;
    event connected_;
    zhandle_t* handle_ = nullptr;
};

} // namespace

std::unique_ptr<peer> connect_c(const target& t, c_lookups lookups) { return std::make_unique<c_peer>(t, lookups); }

} // namespace bench
