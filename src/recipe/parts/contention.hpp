#pragma once
// One object's stand among those who contend in one folder.
#include "recipe/parts/acquisition_line.hpp"
#include "recipe/parts/lock_node.hpp"
#include "recipe/parts/recipe_object.hpp"

#include <kazoo/acl.hpp>
#include <kazoo/recipe/loss.hpp>

#include <memory>
#include <string>
#include <vector>

namespace kazoo::recipe {

/// Who we are there, and who keeps us out.
struct contention_rules {
    std::string folder;
    std::string mark;                   ///< in the names of our nodes, ahead of the number
    std::vector<std::string> excluding; ///< marks of those whom we wait for if they are ahead
    std::string identifier{};           ///< the data of our nodes
    std::vector<kazoo::acl> acl{};
    loss lost_when = loss::certainty_over;
};

/// Marks of Python's kazoo. Throws kazoo::error (errc::bad_arguments) for those among `further` that cannot be one.
std::vector<std::string> checked_marks(const recipe_object&, std::vector<std::string> marks,
                                       const std::vector<std::string>& further);

/// Part of a recipe_object. On the loop only, but for what is constant.
class contention {
  public:
    /// Whether an acquisition waits for others.
    enum class wait : bool {
        no,
        yes
    };

    contention(recipe_object& of, contention_rules rules);

    const contention_rules& rules() const noexcept { return rules_; }
    /// Ours, and those that keep us out.
    const std::vector<std::string>& marks() const noexcept { return marks_; }
    lock_node_name new_name() const;

    /// Until we are ahead of all who keep us out, and nobody of this object is. Starts over when the session is lost,
    /// or somebody deletes our node. Null: others were there, and `patience` is no. Gives `name` a new id where the old
    /// one must not be used again. What comes of it is only as true as the node is there: a transaction that changes
    /// the node knows. Throws what waiting cannot mend.
    task<std::unique_ptr<lock_node>> come_first(acquisition_line::place&, lock_node_name& name, wait patience);

    /// The same, until it is certainly ours and will be for a while. Null as above.
    task<std::unique_ptr<lock_node>> acquire(acquisition_line::place&, wait patience);

  private:
    /// How one session's try ended.
    enum class verdict {
        first,
        taken,
        node_gone,
        session_over
    };
    task<verdict> contend(lock_node&, acquisition_line::place&, wait patience);
    task<void> change_of(pinned_handle, std::string node);

    recipe_object& of_;
    const contention_rules rules_;
    const std::vector<std::string> marks_;
    const std::unique_ptr<certainty_claim> claim_;
};

} // namespace kazoo::recipe
