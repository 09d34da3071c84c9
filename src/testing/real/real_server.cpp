#include "testing/real/real_server.hpp"

#include "testing/real/four_letter_word.hpp"
#include "testing/real/java.hpp"
#include "testing/wait_until.hpp"

#include <csignal>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <stdexcept>

namespace kazoo::testkit {

namespace {

// A server that is still starting may accept a connection and never answer it, so a probe must give up soon.
constexpr std::chrono::milliseconds probe_limit{300};
constexpr std::chrono::milliseconds answer_limit{500};

std::string mode_in(const std::string& srvr) {
    constexpr std::string_view key = "Mode: ";
    const auto at = srvr.find(key);
    if (at == srvr.npos) return {};
    const auto begin = at + key.size();
    return srvr.substr(begin, srvr.find('\n', begin) - begin);
}

} // namespace

temporary_directory::temporary_directory() {
    std::string name = (std::filesystem::temp_directory_path() / "kazoo-server-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw_errno("mkdtemp");
    path_ = name;
}

temporary_directory::~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

real_server::state::state(const real_server_options& options, int id, const std::vector<std::string>& quorum)
    : command(server_command(options.java_flags, options.jars)) {
    const auto data = directory.path() / "data";
    const auto config = directory.path() / "zoo.cfg";
    std::filesystem::create_directory(data);
    if (id != 0) std::ofstream(data / "myid") << id << '\n';
    std::ofstream file(config);
    file << "dataDir=" << data.string() << "\nclientPort=" << port.number() << "\nclientPortAddress=127.0.0.1"
         << "\ntickTime=" << options.tick.count() << "\ninitLimit=50\nsyncLimit=25"
         << "\nminSessionTimeout=" << options.min_session_timeout.count()
         << "\nmaxSessionTimeout=" << options.max_session_timeout.count()
         << "\nadmin.enableServer=false\n4lw.commands.whitelist=*\nmaxClientCnxns=0\n";
    for (const std::string& line : quorum) file << line << '\n';
    for (const std::string& line : options.config) file << line << '\n';
    file.close();
    if (!file) throw std::runtime_error("cannot write " + config.string());
    command.push_back(config.string());
}

void real_server::state::start() {
    if (java && java->running()) throw std::logic_error("the server runs already");
    java = std::make_unique<process>(command, directory.path() / "log");
}

void real_server::state::wait_ready() {
    const bool ready = wait_until([this] {
        if (!java || !java->running()) fail("is not running");
        return !mode_in(ask_four_letter_word(port.number(), "srvr", probe_limit)).empty();
    });
    if (!ready) fail("does not serve");
}

void real_server::state::end(int signal) {
    if (!java) return;
    java->signal(signal);
    if (signal != SIGKILL) java->signal(SIGCONT); // a stopped process ends only when it is continued
    if (!java->wait_exit(wait_limit)) fail("does not end");
}

void real_server::state::fail(const std::string& what) const {
    std::string message = "the ZooKeeper server at " + loopback_name(port.number()) + ' ' + what;
    if (java && !java->running()) message += " (" + java->how_it_ended() + ')';
    throw std::runtime_error(message + "; the end of its log:\n" + log_tail(40));
}

std::string real_server::state::log_tail(std::size_t lines) const {
    std::ifstream file(directory.path() / "log");
    std::deque<std::string> tail;
    for (std::string line; std::getline(file, line);) {
        tail.push_back(line);
        if (tail.size() > lines) tail.pop_front();
    }
    std::string text;
    for (const std::string& line : tail) text += line + '\n';
    return text;
}

std::string real_server::unavailable_reason() { return missing_server_parts(); }

real_server::real_server(real_server_options options)
    : real_server(std::make_unique<state>(options, 0, std::vector<std::string>{})) {
    start();
    wait_ready();
}

real_server::real_server(std::unique_ptr<state> made) : state_(std::move(made)) {}
real_server::real_server(real_server&&) noexcept = default;
real_server& real_server::operator=(real_server&&) noexcept = default;
real_server::~real_server() = default;

void real_server::start() { state_->start(); }
void real_server::wait_ready() { state_->wait_ready(); }
void real_server::stop() { state_->end(SIGTERM); }
void real_server::kill() { state_->end(SIGKILL); }

void real_server::restart() {
    kill();
    start();
    wait_ready();
}

void real_server::pause() {
    if (!running()) state_->fail("cannot be paused: it is not running");
    state_->java->pause();
}

void real_server::resume() {
    if (!running()) state_->fail("cannot be resumed: it is not running");
    state_->java->signal(SIGCONT);
}

bool real_server::running() const { return state_->java && state_->java->running(); }
std::string real_server::address() const { return loopback_name(port()); }
std::uint16_t real_server::port() const { return state_->port.number(); }

std::string real_server::four_letter_word(std::string_view word) const {
    return ask_four_letter_word(port(), word, answer_limit);
}

std::string real_server::mode() const { return mode_in(four_letter_word("srvr")); }
std::string real_server::log_tail(std::size_t lines) const { return state_->log_tail(lines); }

} // namespace kazoo::testkit
