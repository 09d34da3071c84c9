// Many read a document at the same time, one at a time writes it, and nobody reads a half.
//
// Prints:
//   two read: 1 1
//   a writer meanwhile: 0
//   who is there: reader (shared), reader (shared), writer
//   one who comes behind the writer, to read: 0
//   written: chapter 1, chapter 2
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <iostream>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>

namespace {

// [shown]
/// Both parts as they belong together: no writer was at work in between.
std::string read_document(const kazoo::client& zk, kazoo::shared_mutex& access) {
    const std::shared_lock lock(access);
    return zk.get("/document/head").data.str() + ", " + zk.get("/document/tail").data.str();
}

/// Each write depends on the lock: one that was lost in between changes nothing any more.
void write_document(const kazoo::client& zk, kazoo::shared_mutex& access, const std::string& head,
                    const std::string& tail) {
    const std::scoped_lock lock(access);
    zk.transaction().check(access.check()).set("/document/head", head).commit();
    zk.transaction().check(access.check()).set("/document/tail", tail).commit();
}
// [shown]

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client zk(servers.hosts());
    for (const char* path : {"/document", "/document/head", "/document/tail"}) zk.create(path);
    kazoo::shared_mutex one(zk, "/document/lock", {.identifier = "reader"});
    kazoo::shared_mutex two(zk, "/document/lock", {.identifier = "reader"});
    kazoo::shared_mutex writer(zk, "/document/lock", {.identifier = "writer"});

    one.lock_shared();
    two.lock_shared();
    std::cout << "two read: " << one.holds_shared() << ' ' << two.holds_shared() << '\n';
    std::cout << "a writer meanwhile: " << writer.try_lock() << '\n';

    auto turn = writer.async_lock();
    while (writer.contenders().size() < 3) std::this_thread::yield();
    std::cout << "who is there: ";
    const char* between = "";
    for (const kazoo::contender& c : writer.contenders()) {
        std::cout << between << c.identifier << (c.shared ? " (shared)" : "");
        between = ", ";
    }
    kazoo::shared_mutex late(zk, "/document/lock");
    std::cout << "\none who comes behind the writer, to read: " << late.try_lock_shared() << '\n';
    one.unlock_shared();
    two.unlock_shared();
    std::move(turn).get();
    writer.unlock();

    write_document(zk, writer, "chapter 1", "chapter 2");
    std::cout << "written: " << read_document(zk, one) << '\n';

    one.async_unlock().get();
    zk.remove_tree("/document");
}
