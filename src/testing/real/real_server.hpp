#pragma once
#include "testing/gate/loopback.hpp"
#include "testing/real/process.hpp"

#include <filesystem>
#include <kazoo/testkit/ensemble.hpp>
#include <memory>
#include <string>
#include <vector>

namespace kazoo::testkit {

/// Made in the temporary folder, removed with all that is in it.
class temporary_directory {
  public:
    temporary_directory();
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory();
    const std::filesystem::path& path() const noexcept { return path_; }

  private:
    std::filesystem::path path_;
};

struct real_server::state {
    /// `id` is the server's number in its ensemble, 0 if it stands alone; `quorum` are its lines about the others.
    state(const real_server_options& options, int id, const std::vector<std::string>& quorum);

    void start();
    void wait_ready();
    void end(int signal);
    [[noreturn]] void fail(const std::string& what) const;
    std::string log_tail(std::size_t lines) const;

    temporary_directory directory;
    reserved_port port;
    std::vector<std::string> command;
    std::unique_ptr<process> java; // declared last: gone before the directory is removed
};

} // namespace kazoo::testkit
