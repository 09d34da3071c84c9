#include "testing/embedded/server_engine.hpp"

#include <utility>

namespace kazoo::testkit {

server::server(const server_options& o) : engine_(std::make_unique<engine>(o)) {}
server::server(server&&) noexcept = default;
server& server::operator=(server&&) noexcept = default;
server::~server() = default;

std::string server::address() const { return engine_->address(); }
std::uint16_t server::port() const { return engine_->port(); }

void server::stop() {
    engine_->run([&] { engine_->stop(); });
}

void server::start() {
    engine_->run([&] { engine_->start(); });
}

void server::restart() {
    engine_->run([&] {
        engine_->stop();
        engine_->start();
    });
}

void server::restart_empty() {
    engine_->run([&] {
        engine_->stop();
        engine_->forget_everything();
        engine_->start();
    });
}

bool server::expire_session(session_id id) {
    return engine_->run([&] { return engine_->expire_session(static_cast<std::int64_t>(id)); });
}

void server::drop_connections() {
    engine_->run([&] { engine_->drop_connections(); });
}

void server::refuse(bool on) {
    engine_->run([&] { engine_->refuse(on); });
}

void server::advance(std::chrono::milliseconds time) {
    engine_->run([&] { engine_->advance(time); });
}

fault_id server::order(const fault& f, const fault_target& whom) {
    return engine_->run([&] { return engine_->order(f, whom); });
}

std::size_t server::hits(fault_id id) const {
    return engine_->run([&] { return engine_->hits(id); });
}

bool server::await_hits(fault_id id, std::size_t count, std::chrono::milliseconds limit) const {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const auto [seen, all] = engine_->run([&] { return std::pair(engine_->hits(id), engine_->all_hits()); });
        if (seen >= count) return true;
        if (!engine_->await_more_hits(all, end)) return false;
    }
}

bool server::take_back(fault_id id) {
    return engine_->run([&] { return engine_->take_back(id); });
}

void server::order_at_random(std::uint64_t seed, const fault_odds& odds) {
    engine_->run([&] { engine_->order_at_random(seed, odds); });
}

void server::release() {
    engine_->run([&] { engine_->release(); });
}

void server::take_back_faults() {
    engine_->run([&] { engine_->take_back_faults(); });
}

std::vector<session_facts> server::dump() const {
    return engine_->run([&] { return engine_->dump(); });
}

std::vector<session_id> server::sessions() const {
    return engine_->run([&] { return engine_->sessions(); });
}

std::size_t server::connections() const {
    return engine_->run([&] { return engine_->connections(); });
}

std::uint64_t server::accepted() const {
    return engine_->run([&] { return engine_->accepted(); });
}

} // namespace kazoo::testkit
