// A program that needs libraries which may not be there.
#include "modes.hpp"

#include <kazoo/client.hpp>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace test_program {
namespace {

void look_for_library(const char* when) {
    std::ifstream file("/proc/self/maps");
    const std::string maps(std::istreambuf_iterator<char>(file), {});
    std::printf("%s: libsasl2 is %s\n", when, maps.find("libsasl2") == maps.npos ? "not loaded" : "loaded");
}

} // namespace

/// MECHANISM SERVER
int use_sasl(const words& w) {
    kazoo::client_options o;
    o.log.threshold = kazoo::log_level::off;
    kazoo::client(w.at(1), o).wait_connected(std::chrono::seconds(30));
    look_for_library("without SASL");
    if (w.at(0) == "gssapi")
        o.sasl = kazoo::sasl_gssapi();
    else
        o.sasl = kazoo::sasl_digest_md5{"bob", "secret"};
    const kazoo::client c(w.at(1), o);
    try {
        c.async_try_connect().get_for(std::chrono::seconds(30));
    } catch (const kazoo::error& e) {
        std::printf("%s\n", e.what());
    }
    look_for_library("with SASL");
    return 0;
}

} // namespace test_program
