#pragma once
// One seed: clients that update a counter, remove trees and retry creates, what is done to them, and whether what they
// were told is what the server did.
#include "actor.hpp"
#include "helper_counts.hpp"
#include "storm/frame.hpp"

#include <kazoo/kazoo.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kazoo::testkit {

class helper_storm final : public storm_frame {
  public:
    explicit helper_storm(std::uint64_t seed);
    const helper_counts& counted() const noexcept { return counts_; }

  private:
    /// How a call ended, as its caller was told.
    enum class told : std::uint8_t {
        nothing_yet,
        done,
        unknown,
        not_applied
    };
    /// One update of the counter. Its name stands behind the number, if this storm can tell updates apart.
    struct update {
        std::uint64_t applied = 0;
        bool replaced = false; ///< the server has lost its disk since it began
        told end = told::nothing_yet;
    };
    /// One call of retry: a create of sequential nodes that all begin with its name.
    struct creation {
        std::uint64_t tries = 0, applied = 0;
        bool repeats_unknown = false;
        told end = told::nothing_yet;
    };
    /// The place where one client plants and removes trees.
    struct site {
        std::string top;
        std::uint64_t absences = 0;      ///< how often the top was removed
        std::uint64_t removed_by_us = 0; ///< nodes, not by late requests
        bool being_removed = false;
    };

    // -- helper_storm.cpp
    void start() override;
    std::function<void()> on_passing_client(storm_client&) override;
    void on_write(const sim_write&) override;
    void on_forget() override;
    void settle() override;
    void audit() override;
    void on_set(const sim_write&);
    void on_remove(const sim_write&);
    void on_create(const sim_write&);
    void intrude(const site&);
    void judge_updates();
    void judge_creations();
    bool is_there(const std::string& path) const { return inside().server().nodes().find(path) != nullptr; }
    std::string counter_text() const;

    // -- helper_storm_actors.cpp
    struct actors;
    friend struct actors;
    void set_to_work(storm_client&);
    void told_of(told& end, const error&);

    helper_counts counts_;
    const bool named_; ///< updates can be told apart by their data
    std::vector<std::unique_ptr<update>> updates_;
    std::map<std::string, creation, std::less<>> creations_;
    std::vector<std::unique_ptr<site>> sites_; ///< by client
    std::uint64_t forgotten_ = 0;
    std::string last_counter_;
    bool open_ = true; ///< new calls begin
};

} // namespace kazoo::testkit
