#include "peers/foreign.hpp"

#include <filesystem>

namespace bench {

namespace {

// Debian's packages; another Python beside Debian's would not find the library.
constexpr const char* python = "/usr/bin/python3";
constexpr const char* python_library = "/usr/lib/python3/dist-packages/kazoo";

#ifdef CURATOR_CLASSES
constexpr std::string_view curator_classes = CURATOR_CLASSES;
constexpr std::string_view java = JAVA;
#else
constexpr std::string_view curator_classes, java;
#endif

#ifdef GO_LOCKS
constexpr std::string_view go_program = GO_LOCKS;
#else
constexpr std::string_view go_program;
#endif

std::string class_path() {
    std::string path(curator_classes);
    for (const std::string_view jar :
         {"curator-recipes", "curator-framework", "curator-client", "zookeeper", "zookeeper-jute", "guava", "slf4j-api",
          "slf4j-nop", "netty-handler", "netty-transport", "netty-buffer", "netty-codec", "netty-common",
          "netty-resolver", "metrics-core", "snappy-java"})
        path.append(":/usr/share/java/").append(jar).append(".jar");
    return path;
}

} // namespace

std::vector<std::string> foreign_command(std::string_view peer, std::string_view workload) {
    const bool tree = workload == "tree";
    if (peer == "python") return {python, "-B", tree ? PYTHON_TREES : PYTHON_LOCKS};
    if (peer == "curator") return {std::string(java), "-cp", class_path(), tree ? "TreeBench" : "LockBench"};
    if (peer == "go") return {std::string(go_program)};
    return {};
}

std::string foreign_peer_lacks(std::string_view peer) {
    if (peer == "python" && !std::filesystem::exists(python_library)) return "it needs python3-kazoo";
    if (peer == "curator" && curator_classes.empty())
        return "it was not built, which takes libcurator-recipes-java and openjdk-17-jdk-headless";
    if (peer == "go" && go_program.empty())
        return "it was not built, which takes golang-go and golang-github-samuel-go-zookeeper-dev";
    return {};
}

} // namespace bench
