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
