#pragma once
// What a tree_cache knows of the tree, what it must still ask, and what each answer means. Asks nobody by itself.
#include "recipe/watch/cached_nodes.hpp"
#include "recipe/watch/tree_filter.hpp"

#include <kazoo/child_names.hpp>
#include <kazoo/recipe/tree_cache.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kazoo::recipe {

/// Who hears what became of the tree.
class tree_teller {
  public:
    virtual void tell(tree_change, const cached_entry&) = 0;
    virtual void tell_fault(const cached_entry&, errc) = 0;

  protected:
    ~tree_teller() = default;
};

/// One request: which one `what` says, a bit of want. Each that was taken out goes back with its answer, or as
/// prevented.
struct tree_question {
    cached_entry* about;
    std::uint8_t what;
    std::string path;
};

/// Events carry no data and, before 3.9, no transaction. So each is a question: the node is read behind it, by a
/// request that was sent when the event was here, and of one node one request is under way at a time. What an answer
/// says is therefore never older than what is held, and nothing is concluded from the order of answers and events.
///
/// A *round* is the first load, or the comparison of everything after a gap. A new one costs nothing at its beginning:
/// every node knows the last round in which it was asked about.
class tree_image {
  public:
    tree_image(std::string top, tree_filter, bool with_data, tree_teller&);

    // -- what is to be asked ------------------------------------------------------------------------------------------
    std::optional<tree_question> next_question();
    /// Whether all that was there when the round began has been asked about.
    bool round_is_over() const noexcept { return open_ == 0; }

    // -- what has happened --------------------------------------------------------------------------------------------
    /// Something about this node has changed.
    void touch(event_type, std::string_view path);
    /// Changes may have been missed.
    void begin_round() noexcept;
    /// What could not be read, and a root that was missing, is asked about again.
    void ask_again() noexcept { work_.append(waiting_); }
    bool has_to_ask_again() const noexcept { return !waiting_.empty(); }

    // -- answers ------------------------------------------------------------------------------------------------------
    void take(const tree_question&, node);
    void take(const tree_question&, const node_stat&);
    void take(const tree_question&, const child_list&);
    void take_missing(const tree_question&);
    void take_error(const tree_question&, errc);
    void prevented(const tree_question&) noexcept;

    // -- readers ------------------------------------------------------------------------------------------------------
    /// Null: there is no such node.
    const cached_entry* find(std::string_view path) noexcept;
    std::string path_of(const cached_entry& e) const { return nodes_.path_of(e); }
    std::size_t size() const noexcept { return told_; }
    /// As if nothing had ever been there. Tells nobody.
    void clear() noexcept;

  private:
    cached_entry* answered(const tree_question&) noexcept;
    void wants(cached_entry&, std::uint8_t what) noexcept;
    void add(cached_entry& parent, std::string_view name, bool in_round);
    void settle(cached_entry&) noexcept;
    bool must_wait(const cached_entry&, const node_stat&) const noexcept;
    void hold(cached_entry&) noexcept;
    void release_children(cached_entry&) noexcept;
    void read_again(cached_entry&) noexcept;
    void apply(cached_entry&, const node_stat&, bytes* data);
    void tell_added(cached_entry&);
    void plan_list(cached_entry&);
    void take_list(cached_entry&, const node_stat&);
    void remove_below(cached_entry&) noexcept;
    void drop(cached_entry&) noexcept;
    void mark_done(cached_entry& e) noexcept {
        if (e.done != round_) --open_;
        e.done = round_;
    }

    const tree_filter filter_;
    const bool with_data_;
    tree_teller& teller_;
    entry_list work_;    ///< those with something to ask
    entry_list rest_;    ///< those with nothing to ask in this round
    entry_list waiting_; ///< those of them that could not be read, or a root that is missing
    cached_nodes nodes_; ///< behind the lists: its nodes leave them
    std::uint32_t round_ = 1;
    std::size_t open_ = 1; ///< nodes that are not done in this round
    std::size_t told_ = 0;
};

} // namespace kazoo::recipe
