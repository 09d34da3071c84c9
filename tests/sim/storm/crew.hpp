#pragma once
// A storm around recipes: each brings its crew, those who use it and the book that they are judged by. The storm of one
// recipe has one crew; the medley has them all, at the same clients.
#include "frame.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo::testkit {

class crew_storm;
using count_list = std::vector<std::pair<std::string_view, std::uint64_t>>;

class crew {
  public:
    explicit crew(crew_storm& s) noexcept : storm_(s) {}
    crew(const crew&) = delete;
    crew& operator=(const crew&) = delete;
    virtual ~crew() = default;

    // -- those who use the recipe
    /// A client came that stays: some of them are there.
    virtual void stay(storm_client&) = 0;
    /// All clients that stay have come.
    virtual void begin() {}
    /// A client came that goes in the middle of it.
    virtual void pass_by(storm_client&) = 0;
    /// Its objects at this client go.
    virtual void leave(storm_client&) {}
    /// Paths of its own whose nodes others may watch.
    virtual std::vector<std::string> places() const { return {}; }

    // -- the book: it complains of what must never be
    virtual void on_write(const sim_write&) {}
    virtual void on_turn() {}
    virtual void on_forced_end(std::int64_t /*session*/) {}
    virtual void on_forget() {}
    /// So much was done that the seed says something.
    virtual bool has_enough() const { return true; }
    /// What is not yet as it must be when nobody does anything any more, a line each.
    virtual std::vector<std::string> unsettled() const = 0;
    /// All is settled, or will never be: what watches without end goes.
    virtual void stop_watching() {}
    /// Everybody is gone.
    virtual void audit() {}
    /// What has happened.
    virtual count_list counted() const = 0;

  protected:
    sim_world& inside() const;
    duration between(duration least, duration most);
    std::uint64_t below(std::uint64_t n);
    void complain(std::string what);
    /// Whether new turns begin.
    bool open() const;
    /// Coroutines that have not ended.
    int& actors();
    crew_storm& storm() const noexcept { return storm_; }
    /// Where a path of this crew lies.
    std::string at(std::string_view path) const;
    /// For has_enough(). One crew among several has less room, and waits for nobody who is slower.
    bool is_enough(std::uint64_t done, std::uint64_t least) const;
    /// Null: there is none.
    const kazoo::server::znode* node(const std::string& path) const;
    /// How many children a node has.
    std::size_t children(const std::string& path) const;
    /// Their names in order, a blank behind each; "-" without a node.
    std::string names_at(const std::string& path) const;
    /// A line for each of these that has children.
    std::vector<std::string> not_empty(const std::vector<std::string>& paths) const;

  private:
    crew_storm& storm_;
};

template <class Things> class counting_crew : public crew {
  public:
    using crew::crew;
    count_list counted() const override {
        count_list all;
        for (std::size_t i = 0; i < Things::count; ++i)
            all.emplace_back(Things::names[i], counts_[static_cast<typename Things::what>(i)]);
        return all;
    }

  protected:
    counts<Things> counts_;
};

using crew_maker = std::unique_ptr<crew> (*)(crew_storm&);
/// By the recipe's name.
using crew_makers = std::map<std::string_view, crew_maker>;
template <class Crew> std::unique_ptr<crew> make_crew(crew_storm& s) { return std::make_unique<Crew>(s); }

class crew_storm final : public storm_frame {
  public:
    crew_storm(std::uint64_t seed, const storm_shape&, std::string top, const crew_makers&);

    const std::uint64_t seed;
    const std::string top; ///< all that the crews do is below it; empty: the root
    const std::map<std::string_view, std::unique_ptr<crew>>& crews() const noexcept { return crews_; }

    // -- what crews use
    using storm_frame::actors_;
    using storm_frame::add_client;
    using storm_frame::below;
    using storm_frame::between;
    using storm_frame::clients;
    using storm_frame::inside;
    using storm_frame::length;
    bool open() const noexcept { return open_; }
    /// Of all crews.
    std::vector<std::string> places() const;

  private:
    void start() override;
    std::function<void()> on_passing_client(storm_client&) override;
    void on_write(const sim_write&) override;
    void on_turn(const sim_machine&) override;
    void on_forced_end(std::int64_t session) override;
    void on_forget() override;
    void settle() override;
    void before_close() override;
    void audit() override;
    bool all_have_enough() const;
    std::vector<std::string> unsettled() const;
    bool is_unwatched() const;

    std::map<std::string_view, std::unique_ptr<crew>> crews_;
    bool open_ = true;
};

/// Runs that storm with so many seeds, and shows and judges what was counted.
void run_crews(const crew_makers&, const storm_shape&, const std::string& top, std::uint64_t usual);
/// The storm of one recipe. `Crew` has its name and the storm's shape.
template <class Crew> void run_crew(std::uint64_t usual) {
    run_crews({{Crew::name, make_crew<Crew>}}, Crew::shape, "", usual);
}

/// Who comes to the medley.
crew_makers& medley();
/// An object of this, and `Crew` comes to the medley.
template <class Crew> struct in_the_medley {
    in_the_medley() { medley().emplace(Crew::name, make_crew<Crew>); }
};

} // namespace kazoo::testkit
