// How the values of the client's calls print themselves, for people: in logs, and in tests that fail.
#include <kazoo/bulk.hpp>
#include <kazoo/receipts.hpp>
#include <kazoo/transaction.hpp>
#include <kazoo/tree.hpp>

#include <ostream>

namespace kazoo {

namespace {

struct contents {
    const bytes& data;
    const node_stat& stat;
};
std::ostream& operator<<(std::ostream& out, const contents& c) {
    if (c.data.is_null()) return out << "null, " << c.stat;
    return out << c.data.size() << " bytes, " << c.stat;
}

} // namespace

std::ostream& operator<<(std::ostream& out, const tree_progress& p) { return out << p.done << " of " << p.found; }
std::ostream& operator<<(std::ostream& out, const child_node& c) {
    return out << c.name << ": " << contents{c.data, c.stat};
}
std::ostream& operator<<(std::ostream& out, const tree_entry& e) {
    out << e.path << ": ";
    return e.unreadable ? out << e.unreadable.message() : out << contents{e.data, e.stat};
}

std::ostream& operator<<(std::ostream& out, const bulk_result& r) {
    out << r.succeeded << " succeeded, " << r.failed << " failed";
    if (!r.first) return out;
    return out << ", number " << r.first_at.value_or(0) << " first: " << r.first->error().message();
}

std::ostream& operator<<(std::ostream& out, const transaction_result& r) {
    out << r.path;
    return r.stat ? out << ", " << *r.stat : out;
}
std::ostream& operator<<(std::ostream& out, const committed_transaction& t) {
    out << t.id;
    const char* between = ": ";
    for (const transaction_result& r : t.results) {
        out << between << r;
        between = "; ";
    }
    return t.recovered ? out << " (recovered)" : out;
}

std::string_view to_string(receipt_lifetime l) noexcept {
    switch (l) {
    case receipt_lifetime::ephemeral: return "ephemeral";
    case receipt_lifetime::persistent: return "persistent";
    }
    return "unknown";
}
std::string_view to_string(lost_reply l) noexcept {
    switch (l) {
    case lost_reply::resend: return "resend";
    case lost_reply::ask: return "ask";
    }
    return "unknown";
}
std::ostream& operator<<(std::ostream& out, receipt_lifetime l) { return out << to_string(l); }
std::ostream& operator<<(std::ostream& out, lost_reply l) { return out << to_string(l); }

} // namespace kazoo
