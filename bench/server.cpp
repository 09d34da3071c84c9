#include "server.hpp"

#include "child_process.hpp"
#include "nodes.hpp"

#include <cstdio>
#include <kazoo/testkit/ensemble.hpp>
#include <stdexcept>

namespace bench {

namespace {

#ifdef KZ
constexpr std::string_view kz = KZ;
#else
constexpr std::string_view kz = "";
#endif

/// A program that says where it listens.
class program final : public server {
  public:
    explicit program(const std::vector<std::string>& command) : process_(command) {
        constexpr std::string_view greeting = "listening on ";
        const std::string line = process_.read_line();
        if (!line.starts_with(greeting)) throw std::runtime_error(command[0] + " does not start");
        address_ = line.substr(greeting.size());
    }
    std::string address() const override { return address_; }

  private:
    child_process process_;
    std::string address_;
};

class java_server final : public server {
  public:
    java_server() : server_(fast()) {}
    std::string address() const override { return server_.address(); }

  private:
    /// The testing kit starts small and quick servers; here the compiler and the heap of a long-running one count.
    static kazoo::testkit::real_server_options fast() {
        kazoo::testkit::real_server_options o;
        o.tick = std::chrono::milliseconds(2000);
        o.config = {"snapCount=10000000", "globalOutstandingLimit=100000"};
        o.java_flags = {"-XX:TieredStopAtLevel=4", "-Xmx2g"};
        return o;
    }
    kazoo::testkit::real_server server_;
};

class foreign_server final : public server {
  public:
    foreign_server(std::string address, const std::string& root) : target_{std::move(address), root} {
        make_nodes(target_);
    }
    foreign_server(const foreign_server&) = delete;
    foreign_server& operator=(const foreign_server&) = delete;
    ~foreign_server() override {
        try {
            remove_nodes(target_);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "%s is still there: %s\n", target_.root.c_str(), e.what());
        }
    }
    std::string address() const override { return target_.address; }

  private:
    const target target_;
};

} // namespace

known_servers find_servers() {
    known_servers known;
    known.available.emplace_back("canned");
    if (kz.empty())
        known.missing.emplace_back("embedded: kz was not built");
    else
        known.available.emplace_back("embedded");
    if (const std::string why = kazoo::testkit::real_server::unavailable_reason(); why.empty())
        known.available.emplace_back("zookeeper");
    else
        known.missing.push_back("zookeeper: " + why);
    return known;
}

std::unique_ptr<server> start_server(const std::string& name, const std::string& root) {
    if (name == "canned") {
        const std::string children = std::to_string(child_count), data = std::to_string(data_size);
        return std::make_unique<program>(
            std::vector<std::string>{CANNED_SERVER, "--children", children, "--data", data});
    }
    if (name.find(':') != name.npos) return std::make_unique<foreign_server>(name, root);
    std::unique_ptr<server> started;
    if (name == "embedded" && !kz.empty())
        started = std::make_unique<program>(std::vector<std::string>{std::string(kz), "serve", "--port", "0"});
    else if (name == "zookeeper")
        started = std::make_unique<java_server>();
    else
        throw std::invalid_argument("no such server: " + name + "; give canned, embedded, zookeeper or host:port");
    make_nodes({started->address(), root});
    return started;
}

} // namespace bench
