// Cyrus SASL is loaded by programs that use it, and they say what of it is missing.
#include <kazoo/testkit/server.hpp>

#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"
#include "testing/wait_until.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <string>

namespace kazoo::testkit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// For child processes, as long as this lives.
class variable {
  public:
    variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;
    ~variable() { ::unsetenv(name_); }

  private:
    const char* name_;
};

class program_sasl : public ::testing::Test {
  protected:
    /// What a program prints that uses SASL at a server which has none.
    std::string printed(const std::string& mechanism) {
        const server zk;
        process program({KAZOO_TEST_PROGRAM, "sasl", mechanism, zk.address()}, folder.path() / "log");
        EXPECT_TRUE(program.wait_exit(wait_limit));
        EXPECT_EQ(program.how_it_ended(), "exit code 0");
        std::ifstream file(folder.path() / "log");
        return {std::istreambuf_iterator<char>(file), {}};
    }

    const temporary_directory folder;
};

TEST_F(program_sasl, loads_the_library_when_it_is_needed_first) {
    EXPECT_THAT(printed("digest-md5"),
                AllOf(StartsWith("without SASL: libsasl2 is not loaded\n"), HasSubstr("the server has no SASL"),
                      HasSubstr("with SASL: libsasl2 is loaded\n")));
}

TEST_F(program_sasl, says_that_the_library_is_missing) {
    const std::ofstream is_none(folder.path() / "libsasl2.so.2");
    const variable path("LD_LIBRARY_PATH", folder.path());
    for (const char* mechanism : {"digest-md5", "gssapi"})
        EXPECT_THAT(printed(mechanism), HasSubstr("SASL: Cyrus SASL (Debian: libsasl2-2) cannot be used: "));
}

TEST_F(program_sasl, says_which_module_is_missing) {
    std::filesystem::create_directory(folder.path() / "modules");
    const variable path("SASL_PATH", folder.path() / "modules");
    EXPECT_THAT(printed("digest-md5"),
                HasSubstr("SASL: Cyrus SASL has no module for DIGEST-MD5 (Debian: libsasl2-modules)"));
    EXPECT_THAT(
        printed("gssapi"),
        HasSubstr("SASL: Cyrus SASL has no module for GSSAPI with MIT Kerberos (Debian: libsasl2-modules-gssapi-mit)"));
}

} // namespace
} // namespace kazoo::testkit
