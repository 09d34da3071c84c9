#pragma once
// Everything, for users in a hurry.
#include <kazoo/acl.hpp>
#include <kazoo/child_names.hpp>
#include <kazoo/client.hpp>
#include <kazoo/error.hpp>
#include <kazoo/event_loop.hpp>
#include <kazoo/future.hpp>
#include <kazoo/log.hpp>
#include <kazoo/options.hpp>
#include <kazoo/path.hpp>
#include <kazoo/recipe/mutex.hpp>
#include <kazoo/retry.hpp>
#include <kazoo/transaction.hpp>
#include <kazoo/types.hpp>
#include <kazoo/version.hpp>
#include <kazoo/watch.hpp>
