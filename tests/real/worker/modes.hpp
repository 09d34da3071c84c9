#pragma once
// What lock_worker, the process that tests start, stop and kill, can do.
#include <string>
#include <vector>

namespace lock_worker {

/// HOSTS PATH NAME FILE TURNS MS KIND: as kazoo_worker.py, with our locks.
int take_turns(const std::vector<std::string>& arguments);

/// HOSTS PATH SOCKET NUMBER MS: takes the lock and writes to the store behind SOCKET, until that says stop.
int soak(const std::vector<std::string>& arguments);

/// HOSTS PATH NAME FILE: obtains a lease for an hour, writes so to FILE, and does nothing any more.
int keep_lease(const std::vector<std::string>& arguments);

/// HOSTS PATH NAME FILE TIMES RECEIPTS: adds one TIMES times, or for ever if that is 0, and writes "NAME n" to FILE
/// each time; with receipts, if RECEIPTS is "receipts".
int count(const std::vector<std::string>& arguments);

/// HOSTS PATH NAME KIND: joins a party, deep or shallow, and does nothing any more.
int stay_member(const std::vector<std::string>& arguments);

/// HOSTS PATH NAME MEMBERS: enters a double barrier, and does nothing any more.
int stay_inside(const std::vector<std::string>& arguments);

/// HOSTS PATH NAME FILE ITEMS: shares ITEMS, with commas, out with others, for ever: writes "NAME has ITEMS" to FILE
/// when it has got some, and "NAME gives" ahead of giving them back.
int share_out(const std::vector<std::string>& arguments);

/// HOSTS PATH NAME FILE TIMES WHAT: pushes items ("push") or pops them ("pop") TIMES times, or for ever if that is 0,
/// and writes "NAME pushed ITEM" or "NAME popped ITEM" to FILE each time.
int use_queue(const std::vector<std::string>& arguments);

/// The same with items that are claimed: pushes them ("push"), consumes them ("consume") and writes "NAME consumed
/// ITEM", or claims one ("hold"), writes "NAME holds ITEM", and does nothing any more.
int use_locking_queue(const std::vector<std::string>& arguments);

} // namespace lock_worker
