#include "client/repeated_lines.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace kazoo::detail {

namespace {

std::string with_level(log_level level, std::string_view line) {
    return std::string("kazoo ").append(to_string(level)).append(" ").append(line).append("\n");
}

} // namespace

void repeated_lines::write(log_level level, std::string_view line, time_point now) {
    summarise(now);
    {
        const util::lock_guard lock(mutex_);
        const auto at = std::ranges::find_if(told_, [&](const told& t) { return t.level == level && t.line == line; });
        if (at != told_.end()) {
            ++at->more;
            return note_due();
        }
        if (told_.size() == most_remembered) {
            summarise_one(told_.front(), now);
            told_.erase(told_.begin());
        }
        told_.push_back({level, std::string(line), now});
        note_due();
    }
    print_(with_level(level, line));
}

void repeated_lines::summarise(time_point now) {
    const util::lock_guard lock(mutex_);
    std::erase_if(told_, [&](const told& t) {
        if (now < saturating_add(t.since, period)) return false;
        summarise_one(t, now);
        return true;
    });
    note_due();
}

void repeated_lines::end(time_point now) {
    const util::lock_guard lock(mutex_);
    for (const told& t : told_) summarise_one(t, now);
    told_.clear();
    note_due();
}

void repeated_lines::summarise_one(const told& t, time_point now) const {
    if (t.more == 0) return;
    const duration time = std::min<duration>(now - t.since, period);
    std::string text = "\u2026 " + std::to_string(t.more) + " more of these in " +
                       std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count()) + " s: ";
    print_(with_level(t.level, text.append(t.line)));
}

void repeated_lines::note_due() noexcept {
    time_point due = never;
    for (const told& t : told_)
        if (t.more > 0) due = std::min(due, saturating_add(t.since, period));
    due_.store(due.time_since_epoch().count(), std::memory_order_relaxed);
}

void print_to_stderr(std::string_view whole_line) { std::fwrite(whole_line.data(), 1, whole_line.size(), stderr); }

log_level threshold_from_environment(log_level otherwise) {
    using enum log_level;
    const char* const wanted = std::getenv("KAZOO_LOG");
    if (wanted == nullptr || otherwise == off) return otherwise;
    for (const log_level level : {wire, debug, info, warn, error, off})
        if (wanted == to_string(level)) return level;
    return otherwise;
}

} // namespace kazoo::detail
