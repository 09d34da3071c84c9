#pragma once
// A node of ours that is there for as long as we say.
#include "recipe/parts/audience.hpp"
#include "recipe/parts/recipe_object.hpp"
#include "recipe/support.hpp"
#include "util/mutex.hpp"

#include <kazoo/acl.hpp>
#include <kazoo/recipe/presence_state.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::recipe {

/// What the node looks like: `<folder>/<32 hex digits><tail>`, ephemeral.
struct presence_rules {
    std::string folder; ///< made, open, when it is missing
    std::string tail;
    std::string data{};
    std::vector<kazoo::acl> acl{};
    /// Whether it is made again when the session was lost or somebody has deleted it. Otherwise it has left then.
    bool comes_back = true;
    /// Only without `comes_back`: it has left with the first session that is lost, whether it was there or not. So two
    /// sessions never make nodes of one name.
    bool one_session = false;
    /// The digits, for each stay; none: random ones. Nobody else may have them.
    std::function<std::string()> new_id{};
};

/// Part of a recipe_object, whose end is a leave().
///
/// The name is the same from join() to leave(), through all sessions. So a node of it may be one of an old session of
/// ours: that one is not ours any more, and is replaced by one of this session in one transaction (C65). Those who look
/// see the one or the other, never both and never none.
///
/// "Joined" is said by the session and not by certainty (doc/certainty.md): the servers have said that the node is
/// there and belongs to our session, nobody was seen to delete it since, and the session is not over for us. Certainty
/// is for what one has and others must not have meanwhile, and being there keeps nobody out. A server that is cut off
/// from its leader may leave us in the belief for a while that we are there.
class presence {
  public:
    struct stay; ///< from a join to a leave
    class interest;
    /// Our node as it is there in one session.
    struct standing {
        pinned_handle zk;
        std::string node;
        zxid created = zxid::none;
        std::shared_ptr<stay> in;
    };

    presence(recipe_object& of, presence_rules rules);
    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;

    // -- any thread ---------------------------------------------------------------------------------------------------
    /// Until it is there. Who gives up leaves again, unless it was there before, or others wait for it, too. Fails with
    /// errc::cancelled when somebody leaves meanwhile.
    future<void> join(std::stop_token);
    /// False: it was not there in time, or a stop was requested.
    future<bool> join_within(duration limit, std::stop_token);
    /// Until it is there, whoever joins; nothing is begun, and nothing ended.
    future<void> wait_joined(time_point deadline, std::stop_token);
    /// It is not to be there any more; and until it is gone, also what earlier calls are removing. True: this call has
    /// removed it. What was begun to make it is undone, also what is carried out late.
    future<bool> leave();
    /// The node's data from now on, and until the node has it, if there is one. Somebody else's data is replaced.
    future<void> set_data(std::string);
    bool joined() const noexcept { return state() == presence_state::joined; }
    presence_state state() const noexcept KAZOO_EXCLUDES(mutex_);
    /// Calls f with each change from now on, as audience::add().
    ref<listener> on_state(std::string who, std::function<void(presence_state)> f);

    // -- on the loop --------------------------------------------------------------------------------------------------
    /// The digits in the node's name; empty if it is not to be there.
    std::string_view id() const noexcept;

    // -- on the loop, for recipes that go by what else is there -------------------------------------------------------
    /// Until nothing of what was begun before the present stay can be there, nor come to be there: a create without an
    /// answer is waited for, which takes a session's timeout.
    task<void> others_removed();
    /// Nothing: it is not there, or is about to be made again.
    std::optional<standing> stands() const;
    /// Something has become of it.
    future<void> next_change() { return changed_.next(); }
    /// It is not to be there any more. Does nothing where that was said before.
    void end(stay&);
    /// The same; our node has been removed already.
    void was_removed(stay&);

  private:
    // -- the coroutines stand in presence.cpp
    static task<void> join(std::shared_ptr<recipe_object>, presence&);
    static task<void> wait_joined(std::shared_ptr<recipe_object>, presence&);
    static task<bool> leave(std::shared_ptr<recipe_object>, presence&);
    static task<void> change_data(std::shared_ptr<recipe_object>, presence&, std::string);
    static task<void> run(std::shared_ptr<recipe_object>, presence&, std::shared_ptr<stay>);
    task<void> be_there(std::shared_ptr<stay>, pinned_handle, bool behind_a_loss);
    task<bool> replaced(std::shared_ptr<stay>, pinned_handle, node_stat old, repetition& tries);
    task<bool> stays_hidden(std::shared_ptr<stay>, pinned_handle, std::optional<node_stat> mine, repetition& tries);
    void is_there(stay&, const pinned_handle&, const node_stat&);
    task<void> write(std::shared_ptr<stay>, pinned_handle, node_stat there, repetition& tries);

    std::shared_ptr<stay> begun();
    void clean_up(const std::shared_ptr<stay>&) noexcept;
    bool begin_removal(const std::shared_ptr<stay>&);
    static task<void> remove(std::shared_ptr<recipe_object>, presence&, std::shared_ptr<stay>, pinned_handle,
                             future<bool> removing);
    static task<void> settle(std::shared_ptr<recipe_object>, presence&, std::shared_ptr<stay>, future<void> removing);
    void is_gone(stay&, result<bool> removed) noexcept;
    void is_settled(stay&) noexcept;
    void forget(stay&) noexcept;
    future<created_node> create(stay&, const pinned_handle&);
    void note(stay&, const result<created_node>&);
    bool has_our_data(const stay&, const node_stat&) const noexcept;
    void say(const stay&, presence_state, std::optional<pinned_handle> in = {}) KAZOO_EXCLUDES(mutex_);

    recipe_object& of_;
    presence_rules rules_;                     ///< its data: on the loop
    std::uint64_t data_number_ = 0;            ///< on the loop: grows with each change of the data
    std::shared_ptr<stay> stay_;               ///< on the loop: the present one, if it is to be there
    std::vector<std::shared_ptr<stay>> stays_; ///< on the loop: those whose node may be there, or come
    task_signal changed_;                      ///< on the loop: something that somebody may wait for
    task_signal wish_;                         ///< on the loop: other data is wanted

    audience<presence_state> audience_;
    mutable util::mutex mutex_;
    presence_state state_ KAZOO_GUARDED_BY(mutex_) = presence_state::left;
    std::optional<pinned_handle> in_ KAZOO_GUARDED_BY(mutex_); ///< the session in which it has joined
};

/// A call that wants it to be there. The last one that goes without having kept it ends what none has kept. On the
/// loop.
class presence::interest {
  public:
    explicit interest(presence& of);
    ~interest();
    interest(const interest&) = delete;
    interest& operator=(const interest&) = delete;

    /// Waits until it is there. Nothing: it is over by itself, as it does not come back. Throws when it cannot be made,
    /// and errc::cancelled when somebody leaves meanwhile.
    task<std::optional<standing>> there() const;
    void keep() noexcept;

  private:
    presence& of_;
    const std::shared_ptr<stay> stay_;
};

} // namespace kazoo::recipe
