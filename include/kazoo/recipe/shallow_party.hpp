#pragma once
// Who is there, told by names alone, wire-compatible with ShallowParty of Python's kazoo. doc/recipes/party.md tells
// more.
#include <kazoo/recipe/gathering.hpp>

namespace kazoo {

/// A party whose members have their identifiers in the names of their nodes. So members() is one request, however many
/// there are, and an identifier has no slash.
///
/// What it guarantees, and what happens when, is written at party, but for these lines (each has a test):
/// - *other nodes are below the path*: names that are not 32 hexadecimal digits, a minus and anything are not members.
///   (For Python's kazoo every node is one.)
/// - *a member has null data, or may not be read*: nothing; its name says it all.
/// - *the identifier cannot be part of a name*: errc::bad_arguments.
///
/// Thread safety: as party. Behaviour: kazoo.recipe.party.ShallowParty of Python's kazoo.
class KAZOO_EXPORT shallow_party : public gathering {
  public:
    /// Asks nobody anything. The path and its parents are made when we join and they are missing. Throws kazoo::error
    /// (errc::invalid_path, errc::bad_arguments). The object keeps a handle of the client, and so the session, alive.
    shallow_party(client c, std::string_view path, party_options options = {});
    /// We leave. Does not block.
    ~shallow_party() = default;
};

} // namespace kazoo
