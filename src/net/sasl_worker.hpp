#pragma once
// A sasl_client that no loop waits for: Kerberos asks others, and may hang with them.
#include "loop/sasl_exchange.hpp"
#include "net/loop_core.hpp"
#include "net/sasl_client.hpp"

#include <memory>

namespace kazoo::net {

class sasl_worker final : public detail::sasl_exchange {
  public:
    sasl_worker(const std::shared_ptr<loop_core>&, std::string host, std::shared_ptr<detail::sasl_means>);
    ~sasl_worker() override;
    void step(std::string said, std::function<void(const util::sasl_step&)>) override;

  private:
    struct dialogue;
    struct answer;

    std::weak_ptr<loop_core> core_;
    std::shared_ptr<dialogue> dialogue_; ///< the thread of a step holds it too
};

} // namespace kazoo::net
