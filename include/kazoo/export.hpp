#pragma once
/// Marks what a shared kazoo exports; everything else is hidden.
#define KAZOO_EXPORT [[gnu::visibility("default")]]
