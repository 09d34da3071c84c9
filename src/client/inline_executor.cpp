#include <kazoo/event_loop.hpp>

namespace kazoo {

namespace {

/// A client knows it by its address and never calls it.
class caller_itself final : public executor {
  public:
    void execute(std::function<void()> work) override { work(); }
};

} // namespace

const std::shared_ptr<executor>& inline_executor() {
    static const std::shared_ptr<executor> only = std::make_shared<caller_itself>();
    return only;
}

} // namespace kazoo
