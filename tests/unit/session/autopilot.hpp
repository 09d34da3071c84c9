#pragma once
// A patient server: accepts whoever comes, keeps sessions, answers everything with success. For the question whether a
// session finds its way back after whatever a test did to it.
#include "world.hpp"

namespace kazoo::test {

/// Drives `w` until it is at rest: connected with nothing left to do, or in a final state. Fails the test if it gets
/// nowhere.
void drive_home(world& w);

/// Ends the client and checks what must hold after any history: all requests and watches completed, silence afterwards.
void check_end(world& w);

} // namespace kazoo::test
