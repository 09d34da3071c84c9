// Hands work to whoever has time.
//
// Prints:
//   anna resizes 3.png, which is urgent
//   bert resizes 1.png
//   anna resizes 2.png
//   nothing is left
//   bert waits and gets 4.png
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

// [shown]
/// Works until nothing has come for a minute, or it is told to end. What it takes no other worker gets.
void work(const kazoo::client& zk, void (*resize)(const std::string& picture), const std::stop_token& stop) {
    kazoo::queue pictures(zk, "/shop/pictures");
    while (const std::optional<kazoo::bytes> picture = pictures.try_pop_for(std::chrono::minutes(1), stop))
        resize(picture->str());
}
// [shown]

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client zk(servers.hosts()), another(servers.hosts());
    kazoo::queue annas(zk, "/shop/pictures"), berts(another, "/shop/pictures");

    annas.push_all(std::vector<std::string>{"1.png", "2.png"});
    annas.push("3.png", 10);
    std::cout << "anna resizes " << annas.pop().str() << ", which is urgent\n";
    std::cout << "bert resizes " << berts.pop().str() << '\n';
    std::cout << "anna resizes " << annas.pop().str() << '\n';
    if (!berts.try_pop() && annas.size() == 0) std::cout << "nothing is left\n";

    auto waiting = berts.async_pop();
    annas.push("4.png");
    std::cout << "bert waits and gets " << std::move(waiting).get().str() << '\n';

    std::stop_source evening;
    evening.request_stop();
    work(
        zk, [](const std::string& picture) { std::cout << "nobody resizes " << picture << '\n'; }, evening.get_token());
    zk.remove_tree("/shop");
}
