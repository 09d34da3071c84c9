#pragma once
// A script tells what happens to a session and what it must say to that. run() plays it as written, then with the input
// cut at every byte and the output taken byte by byte, then, for every step and every way a connection can fail, up to
// that step with the failure behind it: from there the session must find its way back, and complete everything once.
#include "world.hpp"

#include <functional>

namespace kazoo::test {

class script {
  public:
    explicit script(session::config c) : config_(std::move(c)) {}

    script& start();
    /// The newest connection that is being opened is open; or the one to that address.
    script& connected(std::string address = {});
    script& closed(std::error_code ec = {}, std::string_view why = {});
    script& refused(std::string address);
    /// The session wants to write exactly this; the socket takes it all.
    script& write(std::string bytes);
    script& feed(std::string bytes);
    script& advance(duration);
    /// Puts requests, by their frames, into one batch.
    script& submit(std::vector<std::string> frames);
    /// A request that registers a watch: `name` is how its events are told.
    script& submit_watch(std::string frame, std::string name, session::watch_kind, std::string path);
    script& forget(std::string name);
    script& credential(std::string scheme, std::string secret, bool required = false);
    script& remove_credential(std::string scheme, std::string secret);
    /// Our side's step of an authentication: what it says, and whether it has heard enough.
    script& sasl(std::string token, bool done = false);
    script& sasl_fails(std::string why);
    script& close();
    script& abort();
    /// The session says this next (orders, states, completions, events).
    script& expect(std::string line);
    script& expect_nothing();
    /// Whatever else: looked at in the plain run only when it only checks.
    script& then(std::function<void(world&)>);
    /// The handshake of golden connect/new_session with the first host, up to connected.
    script& open_session();

    void run();

    static session::config one_host();

  private:
    struct how {
        std::size_t input_chunk = 0, input_split = 0, output_chunk = 0;
    };
    using step = std::function<void(world&, const how&)>;

    script& add(step s) {
        steps_.push_back(std::move(s));
        return *this;
    }
    void play(world&, std::size_t steps, const how&) const;
    void play_whole(const how&) const;
    void play_with_failure_after(std::size_t steps, int kind) const;

    session::config config_;
    std::vector<step> steps_;
    std::size_t longest_input_ = 0;
};

/// Frames of the golden transcripts: what the client sent, and what the server answered last.
std::string sent(std::string_view transcript, std::string_view exchange);
std::string got(std::string_view transcript, std::string_view exchange);
/// The n-th frame from the server on the given connection of an exchange.
std::string got(std::string_view transcript, std::string_view exchange, std::size_t n, int connection = 0);
/// One of reference_frames.txt.
std::string reference(std::string_view name);
std::string hex(std::string_view digits);
std::string to_hex(std::string_view bytes);
/// A request frame with another xid.
std::string with_xid(std::string frame, std::int32_t xid);
/// The password and id that golden connect/new_session granted, asked for again.
std::string resume_frame(std::int64_t last_zxid);

/// one_host(), but these.
session::config with_hosts(std::vector<session::host_port>);

} // namespace kazoo::test
