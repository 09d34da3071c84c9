#pragma once
// The command line tool against real servers.
#include "shared/backend.hpp"
#include "testing/real/process.hpp"
#include "unit/net/certificates.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace kazoo::test {

/// For child processes, as long as this lives.
class child_variable {
  public:
    child_variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
    child_variable(const child_variable&) = delete;
    child_variable& operator=(const child_variable&) = delete;
    ~child_variable() { ::unsetenv(name_); }

  private:
    const char* name_;
};

/// What `kz get PATH` prints with these options, and how it ends, behind each other.
inline std::string kz_get(std::vector<std::string> options, const std::string& path) {
    const file_folder folder;
    options.insert(options.begin(), KAZOO_KZ);
    options.insert(options.end(), {"get", path});
    kazoo::testkit::process kz(options, folder.path("log"));
    if (!kz.wait_exit(30s)) return "it does not end";
    std::ifstream file(folder.path("log"));
    return std::string(std::istreambuf_iterator<char>(file), {}) + kz.how_it_ended();
}

} // namespace kazoo::test
