#pragma once
// What the peers talk to. Each server is a process of its own.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class server {
  public:
    virtual ~server() = default; // ends it, if we started it
    virtual std::string address() const = 0;
};

/// "canned", "embedded", "zookeeper", or the address of one that runs already, which is left as it was found.
/// The nodes that the workloads need are there when it returns.
std::unique_ptr<server> start_server(const std::string& name, const std::string& root);

/// The names of those that can be started here, and, for people, why others cannot.
struct known_servers {
    std::vector<std::string> available;
    std::vector<std::string> missing;
};
known_servers find_servers();

} // namespace bench
