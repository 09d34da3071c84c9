#pragma once

namespace kz {

/// Takes the numbers of standard streams that are closed, so that no socket gets them and what is printed does not go
/// into it. Reading such an input, or writing to such an output, fails as it did before; what goes to such a standard
/// error is dropped. False, with errno: it cannot be done.
bool reserve_standard_streams() noexcept;

} // namespace kz
