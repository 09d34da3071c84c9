#pragma once
/// Marks what a shared kazoo exports; everything else is hidden.
#define KAZOO_EXPORT __attribute__((visibility("default")))
