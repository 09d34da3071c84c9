#pragma once
// Many transactions with receipts on an ensemble that suffers, and the verdict: was anybody told what is not true?
#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/ensemble.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <ostream>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace kazoo::test::receipts_trial {

struct tally {
    std::size_t transactions = 0, applied = 0, recovered = 0, refused = 0, never = 0, unknown = 0;
    std::size_t wrong = 0; ///< decisions that were not true
    tally& operator+=(const tally& more);
};
std::ostream& operator<<(std::ostream&, const tally&);

/// What one caller was told.
struct told {
    std::error_code code; ///< none: applied
    outcome what = outcome::not_applied;
    bool refused = false;
    committed_transaction done;
};

/// One client of each kind of receipts, with several transactions under way, through one gate for each server. Each
/// transaction leaves a node, so what was applied can be counted at the end.
class trial {
  public:
    trial(testkit::ensemble& zk, std::uint64_t seed);
    trial(const trial&) = delete;
    trial& operator=(const trial&) = delete;

    /// So many transactions, about a hundred a second, while faults strike one after the other. With `kill_leaders`
    /// leaders are among what is killed.
    tally run(std::size_t transactions, bool kill_leaders);
    /// How often each fault struck in the last run.
    const std::map<std::string_view, int>& faults() const noexcept { return faults_; }

  private:
    struct worker {
        std::string folder;
        std::unique_ptr<client> c;
        std::unique_ptr<receipts> r;
        std::vector<told> answers;
    };

    void add_worker(receipt_lifetime, lost_reply);
    static void work(worker&, std::size_t transactions);
    void torment(const std::stop_token&, bool kill_leaders);
    tally judge(const worker&);
    static bool true_of(const told&, const std::vector<std::string>& made, const client& witness);

    void cut();
    void lose_replies();
    void lose_requests();
    void move_there_and_back(const std::stop_token&);
    void restart(std::size_t server);
    void lose_sessions(const std::stop_token&);
    void wait(const std::stop_token&, std::chrono::milliseconds least, std::chrono::milliseconds most);
    std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(chance_); }

    testkit::ensemble& zk_;
    std::mt19937_64 chance_;
    std::vector<testkit::fault_gate> gates_;
    std::vector<std::unique_ptr<worker>> workers_;
    std::map<std::string_view, int> faults_;
    int runs_ = 0;
};

} // namespace kazoo::test::receipts_trial
