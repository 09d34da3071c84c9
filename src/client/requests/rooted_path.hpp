#pragma once
// From the path that a caller gave, relative to a handle's root, to the one that the server knows.
#include <kazoo/path.hpp>

#include <string>
#include <string_view>

namespace kazoo::detail {

/// Valid as long as the caller's path and root are. Allocates only if the path must be changed.
class rooted_path {
  public:
    rooted_path(std::string_view root, std::string_view given, bool sequential = false) {
        defect_ = path::defect(given, sequential);
        if (!defect_.empty()) {
            // As kazoo does: a missing leading slash is added, repeated and trailing ones are dropped.
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
    rooted_path(const rooted_path&) = delete;
    rooted_path& operator=(const rooted_path&) = delete;

    /// Why it is no path, or empty. Static storage.
    std::string_view defect() const noexcept { return defect_; }
    std::string_view full() const noexcept { return full_; }

  private:
    std::string storage_;
    std::string_view full_, defect_;
};

/// What `full` is called below a root of that length.
inline std::string relative_to(std::size_t root, std::string_view full) {
    if (full.size() < root) return std::string(full); // not below it: whatever the server means
    const auto rest = full.substr(root);
    return rest.empty() ? "/" : std::string(rest);
}

} // namespace kazoo::detail
