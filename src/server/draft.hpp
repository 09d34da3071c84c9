#pragma once
// Requests become changes here: everything is checked, in the order in which a real server does it, before anything is
// changed. The operations of a multi see the ones before them.
#include "server/tree.hpp"

#include <deque>
#include <vector>

namespace kazoo::server {

inline constexpr errc ok{};

struct change {
    enum class kind : std::uint8_t {
        create,
        remove,
        set_data,
        set_acl,
        check
    } what{};
    std::string_view path; ///< a sequential node's with its number
    std::string_view data;
    acl_pointer acl;
    node_owner owner;
    std::int32_t version = 0; ///< the new one
};

struct author {
    std::int64_t session = 0;
    const identity_set& identities;
};

/// The views in its changes point into the requests; they are good until the next begin().
class draft {
  public:
    draft(const tree& base, bool extended_types, bool certificates = false) noexcept
        : base_(base), extended_types_(extended_types), certificates_(certificates) {}

    /// Forgets all changes. `several`: operations will follow each other.
    void begin(bool several);

    errc create(proto::opcode, const proto::create_request&, const author&);
    errc create_ttl(const proto::create_ttl_request&, const author&);
    errc remove(const proto::path_version_request&, const author&);
    errc set_data(const proto::set_data_request&, const author&);
    errc set_acl(const proto::set_acl_request&, const author&);
    errc check(const proto::path_version_request&, const author&);
    /// What the server itself does to containers and TTL nodes.
    errc remove_mortal(std::string_view path);

    const std::vector<change>& changes() const noexcept { return changes_; }

  private:
    struct facts {
        const acl_list* acl = nullptr; ///< null: there is no such node
        std::int32_t version = 0, aversion = 0, creates = 0;
        std::size_t children = 0;
        node_owner owner;
        explicit operator bool() const noexcept { return acl != nullptr; }
    };

    facts find(std::string_view path) const;
    void note(std::string_view path, const facts&);
    void note_removal(std::string_view path, std::string_view parent_path, facts parent);
    errc create_checked(std::string_view path, std::string_view data, std::span<const proto::acl_entry>,
                        bool sequential, node_owner, const author&);

    const tree& base_;
    const bool extended_types_, certificates_;
    bool several_ = false;
    std::vector<change> changes_;
    std::deque<std::string> built_paths_;
    string_map<facts> noted_;
};

} // namespace kazoo::server
