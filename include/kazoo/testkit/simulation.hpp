#pragma once
// A world in one thread: clients, a server, the network between them and time itself, all decided by one number.
#include <kazoo/event_loop.hpp>
#include <kazoo/export.hpp>
#include <kazoo/types.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kazoo::testkit {

class sim_machine;
class sim_world;

/// What a simulated world is like. Plain data with defaults.
struct simulation_options {
    std::uint64_t seed = 1; ///< decides everything that is left to chance
    /// Sessions expire in steps of it.
    std::chrono::milliseconds tick{50};
    std::chrono::milliseconds min_session_timeout{500};    ///< a shorter request is raised to this
    std::chrono::milliseconds max_session_timeout{60'000}; ///< a longer request is lowered to this
    std::chrono::microseconds shortest_delay{100};         ///< bytes travel at least so long, each way
    std::chrono::microseconds longest_delay{2'000};        ///< and at most so long
    /// Servers that serve reads from what they have: behind the leader by this much, until a sync or a client's own
    /// write. The first address is the leader's, the next ones are theirs.
    std::size_t followers = 0;
    std::chrono::microseconds shortest_lag{0}; ///< followers are at least so far behind
    std::chrono::microseconds longest_lag{0};  ///< and at most so far
    /// Not 0, and best 3: instead of that an ensemble with everything that decides over sessions: a leader that counts
    /// their time, followers that tell it whom they have heard, a majority that decides each change, elections. The
    /// addresses are those of its members 0, 1 and 2.
    std::size_t members = 0;
    /// Whoever may not read a node cannot learn its metadata either: as ZooKeeper from 3.8.4 and 3.9.2 on
    /// (ZOOKEEPER-2590).
    bool metadata_needs_permission = false;
    /// So many ticks without a word, and a leader or a follower gives up and drops its clients.
    int sync_limit = 5;
};

/// Which way bytes travel.
enum class flow : std::uint8_t {
    to_server, ///< from a machine to the server
    to_client  ///< from the server to a machine
};

/// A computer in a simulation: one event loop, its callback thread, its signal thread, and its cable to the server.
/// A handle, cheap to copy, valid as long as the simulation.
class KAZOO_EXPORT machine {
  public:
    /// For client_options::loop. The loop ends with its last client and the last pointer to it.
    std::shared_ptr<event_loop> loop() const;

    /// Nothing runs here any more; time and the server go on. What has come meanwhile waits: timers come first then.
    void pause(bool on) const;
    /// Ends its connections. Bytes that are under way are lost.
    void cut() const;
    /// Loses what its connections send in one direction behind the next `bytes` ones, then ends them.
    void cut_behind(flow way, std::uint64_t bytes) const;
    /// New connections are refused.
    void refuse(bool on) const;
    /// New connections get no answer.
    void hang(bool on) const;
    /// Bytes of one direction are held back, the end of a connection too; when lifted, they arrive.
    void silence(flow way, bool on) const;
    /// What was sent on a connection and had not arrived when it ended may still be executed: some requests of it, in
    /// their order, up to a session timeout later, when the session has come back and beside what is newer. That is
    /// what an ensemble can do with them. Not with simulation_options::members.
    void late(bool on) const;
    /// Bytes travel up to this much longer.
    void slow_down(std::chrono::nanoseconds more) const;
    /// The server's first answer on each new connection takes up to this much longer: what ends the handshake, or the
    /// answer to a four-letter word.
    void slow_handshakes(std::chrono::nanoseconds more) const;
    /// Its wall clock, which leases go by, is so far ahead of the world's, which begins on the first day of 2020.
    void set_clock_error(std::chrono::nanoseconds ahead) const;
    /// New connections lead to this server whatever the address: 0 is the leader, then come the followers.
    void lead_to(std::size_t server) const;
    /// Host names cannot be looked up.
    void fail_lookups(bool on) const;

    /// Connections that its clients have, or are making.
    std::size_t connections() const;

  private:
    friend class simulation;
    explicit machine(std::shared_ptr<sim_machine>) noexcept;

    std::shared_ptr<sim_machine> impl_;
};

/// The world. Blocking calls of the clients in it make it go on, and run_for() and run_until() do. With the same
/// options and the same calls, everything happens again in exactly the same way. Outlives its clients.
class KAZOO_EXPORT simulation {
  public:
    /// A world whose servers run already, at time 0.
    explicit simulation(const simulation_options& = {});
    simulation(const simulation&) = delete;
    simulation& operator=(const simulation&) = delete;
    ~simulation();

    /// One more computer, with a network of its own.
    machine add_machine();
    /// The host string for a client: the server by its three addresses.
    static std::string addresses();
    /// The host string for a client: the server by a name that must be looked up.
    static std::string hosts();

    /// The world's time since its beginning.
    std::chrono::nanoseconds now() const;
    /// Makes the world go on for so long in its own time.
    void run_for(std::chrono::nanoseconds);
    /// Until `done()` or until the limit has passed; tells which.
    bool run_until(const std::function<bool()>& done, std::chrono::nanoseconds limit = std::chrono::minutes(10));

    /// As if the server was killed: connections end and new ones are refused. Its sessions do not age meanwhile.
    void stop_server();
    /// Comes back with its nodes and sessions.
    void start_server();
    /// As if the server had lost its disk.
    void forget_everything();
    /// As if its time was over. False: there is no such session.
    bool expire_session(session_id);
    /// As if somebody else had come with its id and password, and gone: it loses its connection. False: there is no
    /// such session.
    bool take_over_session(session_id);
    /// As if the ensemble had lost its majority: connections end, then reads are served to those who set
    /// client_options::read_only, in sessions that end with this; or it has one again. Other sessions do not age
    /// meanwhile, and cannot be expired or taken over. Stopping the server ends it. Not with
    /// simulation_options::members.
    void set_read_only(bool on);
    /// Sessions that have not ended or expired.
    std::vector<session_id> sessions() const;

    // -- an ensemble: simulation_options::members is not 0 ------------------------------------------------------------
    /// What one member says to another one waits, as behind a broken cable; when it is lifted, it arrives.
    void hold_members(std::size_t from, std::size_t to, bool on);
    /// The connection between two members breaks, and what is held on it is lost.
    void disconnect_members(std::size_t one, std::size_t other);
    /// Nothing runs on that member any more. What has come meanwhile waits.
    void pause_member(std::size_t member, bool on);
    /// As if it was killed: it keeps its disk.
    void stop_member(std::size_t member);
    /// Comes back with what is on its disk.
    void start_member(std::size_t member);
    /// The member that leads a majority. Another one may believe for a while that it does.
    std::optional<std::size_t> leader() const;
    /// When a majority had decided the end of this session, as now() counts.
    std::optional<std::chrono::nanoseconds> end_of(session_id) const;

    /// A number for everything that has happened so far.
    std::uint64_t trace_hash() const;
    /// What happened last, a line each.
    std::string last_events() const;
    /// For the library's own tests: sim_world is no part of the kit.
    sim_world& world() const noexcept { return *world_; }

  private:
    std::unique_ptr<sim_world> world_;
};

} // namespace kazoo::testkit
