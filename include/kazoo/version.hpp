#pragma once

#define KAZOO_VERSION_MAJOR 0        ///< MAJOR of MAJOR.MINOR.PATCH
#define KAZOO_VERSION_MINOR 1        ///< MINOR
#define KAZOO_VERSION_PATCH 0        ///< PATCH
#define KAZOO_VERSION_STRING "0.1.0" ///< "MAJOR.MINOR.PATCH"
/// One number, to compare: 10000 * MAJOR + 100 * MINOR + PATCH.
#define KAZOO_VERSION 100
