#include "net/make_loop.hpp"

#include <kazoo/event_loop.hpp>

#include <utility>

namespace kazoo {

event_loop::event_loop() : loop_(net::make_loop()) {}
event_loop::event_loop(std::unique_ptr<detail::loop> loop) noexcept : loop_(std::move(loop)) {}
event_loop::~event_loop() = default;

} // namespace kazoo
