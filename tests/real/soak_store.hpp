#pragma once
// The store that the workers of the soak write to, and the judge of what they do.
#include "real/soak_protocol.hpp"
#include "testing/unique_fd.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace kazoo::test::soak {

/// Accepts a write unless a greater fencing token was seen. Serves until it is destroyed.
class fenced_store {
  public:
    using turn_counts = std::map<std::uint32_t, std::uint64_t>;

    explicit fenced_store(const std::string& socket_path);
    ~fenced_store();

    /// Turns that were finished with an accepted write.
    turn_counts turns() const;
    std::uint64_t refused() const;
    /// Turns that were not finished when a later holder wrote.
    std::uint64_t displaced() const;
    /// What must not happen, in words.
    std::vector<std::string> violations() const;

    /// Waits until this worker is inside, and lets it wait for the answer to its first write. False: it never was.
    bool catch_holder(std::uint32_t wanted, std::chrono::seconds limit);
    /// Gives the one that was caught its answer.
    void release_holder();
    /// Tells every worker to end after its turn.
    void stop();

  private:
    struct turn_id {
        std::uint32_t worker;
        std::uint64_t turn;
        friend bool operator==(const turn_id&, const turn_id&) = default;
    };

    void serve();
    /// False when the connection has ended.
    bool serve_one(int socket);
    answer judge(const message&);
    bool accept_write(const message&);
    void violation(const message&, const std::string& what);
    void send_answer(int socket, const answer&);

    testkit::unique_fd listener_, wake_reader_, wake_writer_;
    std::vector<testkit::unique_fd> sockets_; ///< of the serving thread

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::int64_t last_token_ = -1;
    turn_id last_turn_{};
    bool inside_ = false;
    turn_counts turns_;
    std::uint64_t refused_ = 0, displaced_ = 0;
    std::vector<std::string> violations_;
    std::optional<std::uint32_t> to_catch_; ///< a worker
    std::optional<int> caught_;             ///< its socket
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace kazoo::test::soak
