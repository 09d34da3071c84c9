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

struct programs {
    const char *python, *curator;
};

const programs& programs_for(std::string_view workload) {
    static const programs locks{PYTHON_LOCKS, "LockBench"}, trees{PYTHON_TREES, "TreeBench"},
        queues{PYTHON_QUEUES, "QueueBench"}, leaders{PYTHON_LEADER, "LeaderBench"};
    if (workload == "tree") return trees;
    if (workload == "leader") return leaders;
    return workload.starts_with("queue") ? queues : locks;
}

} // namespace

std::vector<std::string> foreign_command(std::string_view peer, std::string_view workload) {
    const programs& those = programs_for(workload);
    if (peer == "python") return {python, "-B", those.python};
    if (peer.starts_with("curator")) {
        std::vector<std::string> command{std::string(java), "-cp", class_path(), those.curator};
        if (workload.starts_with("queue"))
            command.insert(command.end(), {"--kind", peer == "curator" ? "usual" : "simple"});
        return command;
    }
    if (peer == "go") return {std::string(go_program)};
    return {};
}

std::string foreign_peer_lacks(std::string_view peer) {
    if (peer == "python" && !std::filesystem::exists(python_library)) return "it needs python3-kazoo";
    if (peer.starts_with("curator") && curator_classes.empty())
        return "it was not built, which takes libcurator-recipes-java and openjdk-17-jdk-headless";
    if (peer == "go" && go_program.empty())
        return "it was not built, which takes golang-go and golang-github-samuel-go-zookeeper-dev";
    return {};
}

} // namespace bench
