#pragma once
// Paths of nodes: absolute, slash-separated, UTF-8.
#include <kazoo/export.hpp>

#include <string>
#include <string_view>

namespace kazoo::path {

/// Why a path is refused, or empty if it is good. The rules are the server's own (PathUtils): it starts with a slash
/// and does not end with one; no empty, `.` or `..` part; no NUL, control or surrogate character; well-formed UTF-8, no
/// character longer than it need be. `sequential` allows a trailing slash: the server appends the number before it
/// looks.
KAZOO_EXPORT std::string_view defect(std::string_view path, bool sequential = false) noexcept;

/// Makes a leading slash if there is none, drops repeated and trailing slashes. "" is "/".
/// `keep_trailing` keeps one trailing slash, for the prefix of a sequential create.
KAZOO_EXPORT std::string normalize(std::string_view path, bool keep_trailing = false);

/// `child` below `parent`: join("/a", "b") and join("/a/", "/b") are "/a/b".
KAZOO_EXPORT std::string join(std::string_view parent, std::string_view child);

/// Everything before the last slash; "/" for top-level nodes and for the root itself.
KAZOO_EXPORT std::string_view parent(std::string_view path) noexcept;

/// Everything behind the last slash.
KAZOO_EXPORT std::string_view basename(std::string_view path) noexcept;

/// Whether `path` is `root` or lies below it, at a component boundary ("/ab" is not below "/a").
KAZOO_EXPORT bool is_within(std::string_view root, std::string_view path) noexcept;

} // namespace kazoo::path
