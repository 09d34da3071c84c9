#pragma once
// What every public header includes first.
#if __cplusplus < 202002L
#error kazoo needs C++20: compile with -std=c++20 or later
#endif

/// Marks what a shared kazoo exports; everything else is hidden.
#define KAZOO_EXPORT [[gnu::visibility("default")]]
