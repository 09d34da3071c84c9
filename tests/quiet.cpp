// Tests break connections all the time: clients without a log of their own say nothing of it, unless KAZOO_LOG is set.
#include <cstdlib>

namespace {
[[maybe_unused]] const int quiet = ::setenv("KAZOO_LOG", "off", 0);
} // namespace
