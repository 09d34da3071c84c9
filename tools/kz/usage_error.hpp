#pragma once
#include <stdexcept>

namespace kz {

/// The command line makes no sense: exit_code::usage.
class usage_error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

} // namespace kz
