#pragma once
// Between the paths of a handle, which are relative to its chroot, and those that servers know.
#include <kazoo/path.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace kazoo::detail {

/// Whether a path names the node, or the server completes the name of a sequential one.
enum class naming : bool {
    whole,
    sequential
};

/// The path on the servers that a caller's path means. Valid as long as that and the chroot are. Allocates only if the
/// path must be changed.
class absolute_path {
  public:
    absolute_path(std::string_view root, std::string_view given, naming n) {
        const bool sequential = n == naming::sequential;
        defect_ = path::defect(given, sequential);
        if (!defect_.empty()) {
            // As Python's kazoo does: a missing leading slash is added, repeated and trailing ones are dropped.
            storage_ = path::normalize(given, sequential);
            if (!given.empty()) defect_ = path::defect(storage_, sequential);
            given = storage_;
        }
        if (root.empty()) {
            full_ = given;
        } else if (given == "/" && !sequential) {
            full_ = root;
        } else {
            storage_ = std::string(root).append(given);
            full_ = storage_;
        }
    }
    absolute_path(const absolute_path&) = delete;
    absolute_path& operator=(const absolute_path&) = delete;

    /// Why this is not a path; empty if it is one. Static storage.
    std::string_view defect() const noexcept { return defect_; }
    std::string_view view() const noexcept { return full_; }
    std::string str() const { return std::string(full_); }

  private:
    std::string storage_;
    std::string_view full_, defect_;
};

/// Takes a chroot off the paths that servers give. Outlives the handle whose chroot it is.
class chroot_length {
  public:
    explicit chroot_length(std::string_view root) noexcept : length_(root.size()) {}
    /// Precondition: it is below the chroot. A shorter path stays as it is, whatever the server means by it.
    std::string_view relative(std::string_view absolute) const noexcept {
        if (absolute.size() < length_) return absolute;
        const auto rest = absolute.substr(length_);
        return rest.empty() ? "/" : rest;
    }

  private:
    std::size_t length_;
};

/// A handle's chroot: "" or "/app". For the duration of a call.
class chroot {
  public:
    explicit chroot(std::string_view root) noexcept : root_(root) {}
    absolute_path absolute(std::string_view given, naming n = naming::whole) const {
        return absolute_path(root_, given, n);
    }
    std::string_view relative(std::string_view absolute) const noexcept { return length().relative(absolute); }
    chroot_length length() const noexcept { return chroot_length(root_); }

  private:
    std::string_view root_;
};

} // namespace kazoo::detail
