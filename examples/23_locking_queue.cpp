// Hands out work that comes back when whoever has it does not finish it.
//
// Prints:
//   anna begins 1.png
//   anna's session ends, and 1.png is not hers any more
//   bert finishes 1.png
//   bert gives 2.png back
//   bert finishes 2.png
//   nothing is left
#include "servers.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/recipe/locking_queue.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace {

// [shown]
/// Works until nothing has come for a minute, or it is told to end. A picture that cannot be resized, or whose worker
/// dies over it, is the next one's.
void work(const kazoo::client& zk, bool (*resize)(const std::string& picture), const std::stop_token& stop) {
    kazoo::locking_queue pictures(zk, "/shop/pictures");
    while (std::optional<kazoo::claimed_item> picture = pictures.try_get_for(std::chrono::minutes(1), stop))
        if (resize(picture->data().str()) && !picture->consume())
            std::cerr << picture->data().str() << " was lost meanwhile, and somebody else resizes it, too\n";
}
// [shown]

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client berts_client(servers.hosts());
    kazoo::locking_queue berts(berts_client, "/shop/pictures");
    berts.push_all(std::vector<std::string>{"1.png", "2.png"});
    {
        const kazoo::client annas_client(servers.hosts());
        kazoo::locking_queue annas(annas_client, "/shop/pictures");
        const kazoo::claimed_item picture = annas.get();
        std::cout << "anna begins " << picture.data().str() << '\n';
        annas_client.close();
        if (!picture.holds())
            std::cout << "anna's session ends, and " << picture.data().str() << " is not hers any more\n";
    }
    kazoo::claimed_item first = berts.get();
    if (first.consume()) std::cout << "bert finishes " << first.data().str() << '\n';

    kazoo::claimed_item second = berts.get();
    std::cout << "bert gives " << second.data().str() << " back\n";
    second.release();
    second = berts.get();
    if (second.consume()) std::cout << "bert finishes " << second.data().str() << '\n';
    if (!berts.try_get() && berts.size() == 0) std::cout << "nothing is left\n";

    std::stop_source evening;
    evening.request_stop();
    work(berts_client, [](const std::string&) { return true; }, evening.get_token());
    berts_client.remove_tree("/shop");
}
