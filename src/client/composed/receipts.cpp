// Transactions with a receipt: how a lost reply is settled.
#include "client/composed/receipts_core.hpp"
#include "client/composed/recovered_results.hpp"
#include "client/requests/taken_transaction.hpp"
#include "future/ready.hpp"
#include "task/repetition.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace kazoo {

namespace detail {

namespace {

constexpr std::string_view operation = "transaction";

/// What became of a transaction without an answer.
struct fate {
    enum class kind {
        applied,
        never, ///< and it never will be
        unknown
    } what = kind::unknown;
    zxid id = zxid::none;
    std::error_code why{};
    std::string_view detail{};
};

/// The error of one of the operations, if it is one.
template <class T> std::optional<transaction_error> refusal_in(const result<T>& r) {
    try {
        r.rethrow();
    } catch (const transaction_error& e) {
        return e;
    } catch (...) {
        return std::nullopt;
    }
}

/// As the caller counts, who knows nothing of our operation in front.
transaction_error as_caller_counts(const transaction_error& e) {
    std::vector<std::error_code> codes(e.codes().begin() + 1, e.codes().end());
    return {std::move(codes), e.failed_index() - 1, e.path()};
}

/// One transaction on one receipt node, from its first sending until its outcome is known or cannot be.
class commitment {
  public:
    commitment(receipts_core& owner, pinned_handle session, receipt_node node,
               std::shared_ptr<const taken_transaction> what)
        : owner_(owner),
          session_(std::move(session)),
          node_(std::move(node)),
          what_(std::move(what)),
          serial_(owner.next_serial()) {}
    commitment(const commitment&) = delete;
    commitment& operator=(const commitment&) = delete;
    ~commitment() {
        if (settled_)
            owner_.nodes().give_back(std::move(node_));
        else
            owner_.nodes().remove(std::move(node_));
    }

    /// Nothing: the node was no good, and nothing was applied.
    task<std::optional<committed_transaction>> run() {
        for (;;) {
            auto sent = co_await as_result(send());
            if (sent) co_return applied(*std::move(sent));
            const auto refused = refusal_in(sent);
            if (refused && refused->failed_index() > 0) {
                if (perhaps_) // a copy that came first, or will come later, may fare better
                    if (auto done = co_await settle()) co_return std::move(done);
                settled_ = true;
                throw as_caller_counts(*refused);
            }
            if (refused && !perhaps_) {
                if (sent.error() != errc::bad_version && sent.error() != errc::no_node)
                    fail(sent.error(), outcome::not_applied, "the receipt node cannot be written");
                co_return std::nullopt; // somebody has been at it
            }
            perhaps_ = perhaps_ || sent.outcome() == outcome::unknown;
            if (!refused && sends_again(sent.error()) && co_await goes_on(sent.error())) continue;
            if (!perhaps_) {
                settled_ = true;
                fail(co_await reason(sent.error()), outcome::not_applied);
            }
            moved_on_ = refused && sent.error() == errc::bad_version;
            if (auto done = co_await settle()) co_return std::move(done);
            fail(sent.error(), outcome::not_applied, "its reply was lost; it was not applied, and never will be");
        }
    }

  private:
    future<std::vector<transaction_result>> send() { return what_->send(session_, node_.path, serial_, node_.current); }
    committed_transaction applied(std::vector<transaction_result> results) {
        const node_stat receipt = results.front().stat.value();
        node_.current = receipt.data_version;
        settled_ = true;
        results.erase(results.begin());
        return {receipt.modified, std::move(results), false};
    }
    /// Nothing: it was not applied, and never will be.
    task<std::optional<committed_transaction>> settle() {
        const fate f = co_await ask();
        if (f.what == fate::kind::unknown) fail(f.why, outcome::unknown, f.detail);
        settled_ = true;
        if (f.what == fate::kind::never) co_return std::nullopt;
        committed_transaction done;
        done.id = f.id;
        done.results = co_await recovered_results(what_, f.id);
        done.recovered = true;
        co_return std::move(done);
    }
    /// Whether the transaction itself is the next thing to send after this failure.
    bool sends_again(std::error_code e) const noexcept {
        return !perhaps_ || (e == errc::connection_loss && owner_.nodes().options().when_lost == lost_reply::resend);
    }

    /// Finds out what became of the copies that were sent. A conditional write is either too late, as one of them was
    /// applied, or makes all of them too late: the quorum decides, where a read would only guess. Whatever fails is
    /// asked again; only these two are answers.
    task<fate> ask() {
        const task_scope& scope = co_await this_scope{};
        const handle& zk = owner_.nodes().ephemeral() ? session_ : owner_.nodes().unpinned();
        while (scope.fired() == errc{}) {
            const bool fences = !moved_on_;
            std::optional<future<node_stat>> fence;
            if (fences) fence = zk.async_set(node_.path, 'F' + serial_, node_.current);
            auto look = zk.async_get(node_.path); // sees what the fence has seen
            if (fence) {
                const auto fenced = co_await as_result(*std::move(fence));
                if (fenced) {
                    node_.current = fenced->data_version;
                    co_return never();
                }
                moved_on_ = fenced.error() == errc::bad_version;
                if (!moved_on_) {
                    if (co_await goes_on(fenced.error())) continue;
                    co_return co_await given_up(fenced.error());
                }
            }
            const auto seen = co_await as_result(std::move(look));
            if (!seen) {
                if (co_await goes_on(seen.error())) continue;
                co_return co_await given_up(seen.error());
            }
            if (seen->data == serial_) {
                node_.current = seen->stat.data_version;
                fate f;
                f.what = fate::kind::applied;
                f.id = seen->stat.modified;
                co_return f;
            }
            if (seen->data == 'F' + serial_) {
                node_.current = seen->stat.data_version;
                co_return never();
            }
            if (fences) co_return co_await given_up(make_error_code(errc::bad_version));
            moved_on_ = false; // read in another session, from a server that lags: ask again
        }
        co_return co_await given_up(make_error_code(scope.fired()));
    }
    static fate never() {
        fate f;
        f.what = fate::kind::never;
        return f;
    }
    task<fate> given_up(std::error_code e) {
        fate f;
        f.why = co_await reason(e);
        f.detail = f.why == errc::session_expired ? "the session is lost, and its receipt with it"
                   : f.why == errc::no_node       ? "somebody has deleted its receipt"
                   : f.why == errc::bad_version   ? "somebody else has written to its receipt"
                                                  : "its receipt could not be asked";
        co_return f;
    }

    /// Whether a step is to be done again; waits for the right moment.
    task<bool> goes_on(std::error_code e) {
        const bool next_session = e == errc::session_expired && perhaps_ && !owner_.nodes().ephemeral();
        if (next_session) e = make_error_code(errc::connection_loss);
        if (perhaps_) e = as_passing(e);
        const auto again = co_await as_result(tries_.again(e));
        co_return again && *again;
    }
    /// Why the task ends: because it was told to, or because of this.
    static task<std::error_code> reason(std::error_code e) {
        const task_scope& scope = co_await this_scope{};
        co_return scope.fired() != errc{} ? make_error_code(scope.fired()) : e;
    }
    [[noreturn]] void fail(std::error_code e, outcome o, std::string_view detail = {}) const {
        throw_error(e, o, operation, owner_.path(), detail);
    }

    receipts_core& owner_;
    const pinned_handle session_; ///< without a chroot
    receipt_node node_;
    const std::shared_ptr<const taken_transaction> what_;
    const std::string serial_;
    bool perhaps_ = false;  ///< a copy got no answer: it may have been applied, or may still be
    bool moved_on_ = false; ///< the node has no longer the version that the copies expect
    bool settled_ = false;  ///< the node's version is known, and nothing is under way on it
    repetition tries_;
};

task<committed_transaction> commit_with_receipt(std::shared_ptr<receipts_core> self,
                                                std::shared_ptr<const taken_transaction> what) {
    waiting_line::place here(self->line());
    if (!here.inside()) {
        const auto let_in = co_await as_result(here.let_in());
        if (!let_in) throw_error(let_in.error(), outcome::not_applied, operation, self->path());
    }
    const pinned_handle session = what->from().pinned().unrooted().pinned();
    for (;;) {
        auto node = co_await as_result(self->nodes().take(session));
        if (!node)
            throw_error(node.error(), outcome::not_applied, operation, self->path(), "no receipt node could be made");
        commitment c(*self, session, *std::move(node), what);
        auto done = co_await c.run();
        if (done) co_return *std::move(done);
    }
}

task<committed_transaction> refuse(errc e, std::string path, std::string why) {
    throw_error(make_error_code(e), outcome::not_applied, operation, path, why);
    co_return committed_transaction();
}

std::string checked(const client& c, std::string_view path, const receipts_options& o) {
    const auto p = chroot(c.root()).absolute(path);
    if (!p.defect().empty())
        throw_error(make_error_code(errc::invalid_path), outcome::not_applied, "receipts", path, p.defect());
    if (o.most_nodes == 0)
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, "receipts", path,
                    "there must be a node at least");
    return std::string(path);
}

} // namespace

receipts_core::receipts_core(const client& c, std::string_view path, receipts_options o)
    : path_(checked(c, path, o)),
      nodes_(handle(c).unrooted(), chroot(c.root()).absolute(path).str(), std::move(o)),
      line_(owner(), nodes_.options().most_nodes) {}

future<committed_transaction> receipts_core::begin(kazoo::transaction t, task_options options) {
    options.name = operation;
    options.path = path_;
    options.tells_errors = true;
    auto what = std::make_shared<const taken_transaction>(t);
    if (what->paths().empty()) return ready(owner(), operation, committed_transaction());
    if (&what->from().owner() != &owner())
        return spawn(owner(), options, refuse(errc::bad_arguments, path_, "the transaction is of another client"));
    return spawn(owner(), options, commit_with_receipt(shared_from_this(), std::move(what)));
}

future<committed_transaction> receipts_core::commit(kazoo::transaction t, std::stop_token stop) {
    task_options options;
    options.deadline = saturating_add(owner().loop().now(), owner().operation_limit());
    options.stop = std::move(stop);
    options.is_wait = true; // the deadline is the task's own, which knows what was sent
    return begin(std::move(t), options);
}

future<committed_transaction> receipts_core::async_commit(kazoo::transaction t, std::stop_token stop) {
    task_options options;
    options.stop = std::move(stop);
    return begin(std::move(t), options);
}

task<committed_transaction> receipts_core::committing(kazoo::transaction t) {
    return commit_with_receipt(shared_from_this(), std::make_shared<const taken_transaction>(t));
}

void receipts_core::abandon() noexcept {
    if (!owner().loop().forked()) nodes_.end();
}

} // namespace detail

receipts::receipts(client c, std::string_view path, receipts_options options)
    : client_(std::move(c)), core_(std::make_shared<detail::receipts_core>(client_, path, std::move(options))) {}
receipts::~receipts() { core_->abandon(); }

committed_transaction receipts::commit(transaction t, const std::stop_token& stop) {
    return core_->commit(std::move(t), stop).get();
}
future<committed_transaction> receipts::async_commit(transaction t, std::stop_token stop) {
    return core_->async_commit(std::move(t), std::move(stop));
}
const std::string& receipts::path() const noexcept { return core_->path(); }

} // namespace kazoo
