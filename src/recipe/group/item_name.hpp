#pragma once
// What the node of an item is called.
#include <string>
#include <string_view>

namespace kazoo::recipe {

/// The item itself, where that can be a node's name, so that Python's kazoo names it alike. Otherwise percent-encoded
/// (RFC 3986), byte by byte: what servers refuse in a name, a slash, and "." and "..". A percent sign is encoded where
/// two hexadecimal digits follow, and where it is all there is: that stands for the empty item. Different items have
/// different names.
std::string node_name_of(std::string_view item);

} // namespace kazoo::recipe
