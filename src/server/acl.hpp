#pragma once
// Identities of a connection, access control lists of nodes, and who may do what.
#include "proto/records.hpp"

#include <kazoo/acl.hpp>
#include <kazoo/error.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::server {

struct identity {
    std::string scheme, name;
    friend bool operator==(const identity&, const identity&) = default;
};

using acl_list = std::vector<kazoo::acl>;
using acl_pointer = std::shared_ptr<const acl_list>;

/// world:anyone with these permissions; shared by all nodes that have it.
const acl_pointer& open_acl();
const acl_pointer& read_acl();

/// The identities of one connection, in the order in which a server's hash table lists them: whoAmI and the expansion
/// of the scheme `auth` show it.
class identity_set {
  public:
    void add(identity who);
    std::span<const identity> all() const noexcept { return all_; }
    bool super() const noexcept { return super_; }

  private:
    void insert(identity who);

    std::vector<identity> all_;
    std::size_t buckets_ = 16;
    bool super_ = false;
};

bool allows(const acl_list& acl, perms wanted, const identity_set& who);

/// What the meaning of a list depends on.
struct acl_context {
    const identity_set& who;
    bool certificates = false; ///< the scheme `x509` is known
};

/// The list a client sent, as the server stores it: duplicates dropped, `auth` expanded. Fails with invalid_acl, or
/// with marshalling_error where a null id trips the server up.
errc fix_up(std::span<const proto::acl_entry> sent, const acl_context&, acl_pointer& result);

/// For scheme `digest`: "user:hash" as those without ADMIN see it, "user:x".
std::string without_hash(std::string_view digest);

} // namespace kazoo::server
