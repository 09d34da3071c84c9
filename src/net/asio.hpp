#pragma once
// The only include of Asio. Renamed, because a program that links us statically may bring another version of Asio,
// and the linker would mix the two.
#include <version> // before Asio: its configuration asks libstdc++'s macros, and all files must get the same answers

#define asio kazoo_asio
#include <asio/bind_allocator.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#undef asio
