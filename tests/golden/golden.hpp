#pragma once
// Reads the transcripts of this folder; README.md describes their format.
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace kazoo::golden {

struct step {
    enum class kind {
        send,    ///< the client sends `bytes`
        receive, ///< the server sends `bytes`, one frame
        closed,  ///< the server closes the connection
        drop,    ///< the client closes the connection
    };
    kind what{};
    int connection = 1;
    std::string bytes; ///< with the frame's length in front

    /// The frame without its length.
    std::string_view payload() const { return std::string_view(bytes).substr(4); }
};

struct exchange {
    std::string name;
    std::vector<step> steps;

    /// Sends what no sound client sends: not to be decoded and encoded again.
    bool raw() const { return name.starts_with("raw_"); }
    /// The bytes of the first step of that kind.
    const step& first(step::kind what) const {
        const auto found = std::ranges::find(steps, what, &step::what);
        if (found == steps.end()) throw std::runtime_error("exchange " + name + " has no such step");
        return *found;
    }
    const step& request() const { return first(step::kind::send); }
    /// The last frame from the server: notifications come before the reply.
    const step& reply() const {
        const auto found = std::ranges::find(steps.rbegin(), steps.rend(), step::kind::receive, &step::what);
        if (found == steps.rend()) throw std::runtime_error("exchange " + name + " has no reply");
        return *found;
    }
};

inline std::string from_hex(std::string_view hex) {
    if (hex.size() % 2 != 0) throw std::runtime_error("odd number of hexadecimal digits");
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        unsigned byte = 0;
        const char* const end = hex.data() + i + 2;
        if (std::from_chars(hex.data() + i, end, byte, 16).ptr != end) throw std::runtime_error("not hexadecimal");
        bytes.push_back(static_cast<char>(byte));
    }
    return bytes;
}

inline std::string to_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const char c : bytes) {
        hex.push_back(digits[static_cast<unsigned char>(c) >> 4]);
        hex.push_back(digits[static_cast<unsigned char>(c) & 15]);
    }
    return hex;
}

inline step parse_step(std::string_view line) {
    step result;
    if (line.starts_with('@')) {
        const std::size_t space = std::min(line.find(' '), line.size());
        const auto [end, failure] = std::from_chars(line.data() + 1, line.data() + space, result.connection);
        if (failure != std::errc{} || end != line.data() + space) throw std::runtime_error("bad connection number");
        line.remove_prefix(std::min(space + 1, line.size()));
    }
    if (line == "closed") {
        result.what = step::kind::closed;
    } else if (line == "drop") {
        result.what = step::kind::drop;
    } else if (line.starts_with("> ") || line.starts_with("< ")) {
        result.what = line[0] == '>' ? step::kind::send : step::kind::receive;
        result.bytes = from_hex(line.substr(2));
    } else {
        throw std::runtime_error("unknown line");
    }
    return result;
}

inline std::vector<exchange> read(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) throw std::runtime_error("cannot open " + file.string());
    std::vector<exchange> exchanges;
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        if (line.empty() || line.starts_with(';')) continue;
        try {
            if (line.starts_with("# ")) {
                exchanges.push_back({line.substr(2), {}});
            } else if (exchanges.empty()) {
                throw std::runtime_error("a step before the first exchange");
            } else {
                exchanges.back().steps.push_back(parse_step(line));
            }
        } catch (const std::runtime_error& problem) {
            throw std::runtime_error(file.string() + ":" + std::to_string(number) + ": " + problem.what());
        }
    }
    return exchanges;
}

#ifdef KAZOO_TEST_DATA
inline std::filesystem::path folder() { return std::filesystem::path(KAZOO_TEST_DATA) / "golden"; }

/// Names of all transcripts, sorted: "acl", "auth", ... (the reference frames are no transcript).
inline std::vector<std::string> transcripts() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
        if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
    }
    std::erase(names, "reference_frames");
    std::ranges::sort(names);
    return names;
}

inline std::vector<exchange> transcript(std::string_view name) { return read(folder() / (std::string(name) + ".txt")); }

/// One exchange of a transcript.
inline exchange find(std::string_view transcript_name, std::string_view exchange_name) {
    for (exchange& e : transcript(transcript_name)) {
        if (e.name == exchange_name) return std::move(e);
    }
    throw std::runtime_error("no exchange " + std::string(exchange_name) + " in " + std::string(transcript_name));
}
#endif

} // namespace kazoo::golden
