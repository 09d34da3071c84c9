#pragma once
// What a run costs: wall clock, CPU of this process, and how long single operations took.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <limits>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace bench {

using steady = std::chrono::steady_clock;

/// CPU time of the whole process, user and system.
inline double cpu_seconds() {
    rusage u{};
    ::getrusage(RUSAGE_SELF, &u);
    const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
    return seconds(u.ru_utime) + seconds(u.ru_stime);
}

/// The memory that this program has now, in kB.
inline double rss_kb() {
    std::ifstream status("/proc/self/status");
    for (std::string key; status >> key; status.ignore(std::numeric_limits<std::streamsize>::max(), '\n')) {
        double kb = 0;
        if (key == "VmRSS:" && status >> kb) return kb;
    }
    return 0;
}

/// The most memory this program ever had, in kB. (getrusage's figure includes what its parent had before the exec.)
inline double peak_rss_kb() {
    std::ifstream status("/proc/self/status");
    for (std::string key; status >> key; status.ignore(std::numeric_limits<std::streamsize>::max(), '\n')) {
        double kb = 0;
        if (key == "VmHWM:" && status >> kb) return kb;
    }
    return 0;
}

/// Times every n-th of a known number of operations, in memory that is there before the first one starts.
///
/// start(i) and finish(i) may be called on different threads, for different i at the same time.
class latencies {
  public:
    latencies(std::size_t operations, std::size_t every) : every_(every), samples_((operations + every - 1) / every) {}

    void start(std::size_t i) {
        if (i % every_ == 0) samples_[i / every_].started = steady::now();
    }
    void finish(std::size_t i) {
        if (i % every_ == 0) samples_[i / every_].finished = steady::now();
    }
    void append_microseconds(std::vector<double>& out) const {
        for (const sample& s : samples_)
            out.push_back(std::chrono::duration<double, std::micro>(s.finished - s.started).count());
    }

  private:
    struct sample {
        steady::time_point started, finished;
    };
    std::size_t every_;
    std::vector<sample> samples_;
};

/// The value below which `share` of them lie; 0 if there are none.
inline double quantile(std::vector<double>& values, double share) {
    if (values.empty()) return 0;
    const auto at = static_cast<std::ptrdiff_t>(share * double(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return values[static_cast<std::size_t>(at)];
}

} // namespace bench
