// Hears of each request's beginning and end, as an adapter for a tracing library does.
//
// Prints:
//   create /traced: done
//   get /none: no node
//   remove /traced: done
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

// [shown]
class spans : public kazoo::operation_tracer {
    std::uint64_t begun(const kazoo::traced_operation& o) override {
        const std::lock_guard lock(mutex_);
        open_.push_back(std::string(o.name) + " " + std::string(o.path));
        return open_.size() - 1;
    }
    void ended(std::uint64_t which, const kazoo::traced_end& end) override {
        const std::lock_guard lock(mutex_);
        std::cout << open_[which] << ": " << (end.code ? end.code.message() : "done") << '\n';
    }

    std::mutex mutex_;
    std::vector<std::string> open_;
};
// [shown]

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    kazoo::client_options options;
    options.tracer = std::make_shared<spans>();
    const kazoo::client zk(servers.hosts(), options);
    zk.create("/traced");
    static_cast<void>(zk.async_get("/none").result());
    zk.remove("/traced");
}
