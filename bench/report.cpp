#include "report.hpp"

#include <array>
#include <cstdio>

namespace bench {

namespace {

template <class... Args> std::string printed(const char* format, Args... args) {
    std::array<char, 512> line;
    const int size = std::snprintf(line.data(), line.size(), format, args...);
    return {line.data(), std::min(line.size() - 1, static_cast<std::size_t>(std::max(size, 0)))};
}

double median_of(const std::vector<figures>& rounds, double figures::* member) {
    std::vector<double> values;
    for (const figures& f : rounds) values.push_back(f.*member);
    return quantile(values, 0.5);
}

const result* find(const yardstick& y, const result& r, const std::vector<result>& all) {
    for (const result& other : all)
        if (other.peer == y.peer && other.server == r.server && other.workload == r.workload) return &other;
    return nullptr;
}

double rate_ratio(const result& r, const result& other) { return r.median.rate / other.median.rate; }
double cpu_ratio(const result& r, const result& other) { return r.median.cpu_per_100k / other.median.cpu_per_100k; }

} // namespace

figures median_of(const std::vector<figures>& rounds) {
    figures m;
    m.operations = rounds.empty() ? 0 : rounds.back().operations;
    for (double figures::* member :
         {&figures::rate, &figures::cpu_per_100k, &figures::p50_us, &figures::p99_us, &figures::rss_peak_kb})
        m.*member = median_of(rounds, member);
    return m;
}

std::string to_json(const result& r, const std::vector<result>& all) {
    std::string line =
        printed(R"({"peer":"%s","server":"%s","workload":"%s","window":%zu,"ops":%zu,"rounds":%zu)", r.peer.c_str(),
                r.server.c_str(), r.workload.c_str(), r.window, r.median.operations, r.rounds);
    line += printed(R"(,"rate":%.1f,"cpu_per_100k":%.5f,"p50_us":%.1f,"p99_us":%.1f,"rss_peak_kb":%.0f)", r.median.rate,
                    r.median.cpu_per_100k, r.median.p50_us, r.median.p99_us, r.median.rss_peak_kb);
    for (const yardstick& y : yardsticks)
        if (const result* other = find(y, r, all))
            line += printed(R"(,"rate_ratio%s":%.3f,"cpu_ratio%s":%.4f)", y.suffix.data(), rate_ratio(r, *other),
                            y.suffix.data(), cpu_ratio(r, *other));
    return line + printed(R"(,"load":%.2f})", r.load);
}

std::string to_table(const std::vector<result>& all) {
    std::string table = printed("%-10s %-15s %-12s %12s %12s %10s %10s %9s  rate and CPU, compared with\n", "server",
                                "workload", "peer", "ops/s", "CPU s/100k", "p50 us", "p99 us", "peak MB");
    const result* before = nullptr;
    for (const result& r : all) {
        if (before != nullptr && (before->workload != r.workload || before->server != r.server)) table += '\n';
        before = &r;
        table += printed("%-10s %-15s %-12s %12.0f %12.4f %10.1f %10.1f %9.1f", r.server.c_str(), r.workload.c_str(),
                         r.peer.c_str(), r.median.rate, r.median.cpu_per_100k, r.median.p50_us, r.median.p99_us,
                         r.median.rss_peak_kb / 1024);
        for (const yardstick& y : yardsticks)
            if (const result* other = find(y, r, all))
                table += printed("  %7.2fx %7.3fx %s", rate_ratio(r, *other), cpu_ratio(r, *other), y.peer.data());
        table += '\n';
    }
    return table;
}

} // namespace bench
