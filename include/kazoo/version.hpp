#pragma once

#define KAZOO_VERSION_MAJOR 0
#define KAZOO_VERSION_MINOR 1
#define KAZOO_VERSION_PATCH 0
#define KAZOO_VERSION_STRING "0.1.0"
/// 10000 * major + 100 * minor + patch
#define KAZOO_VERSION 100
