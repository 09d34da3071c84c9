#pragma once
#include "real/fire/trial.hpp"

namespace kazoo::test::fire {

/// A trial of members that only work.
class trial_of_members : public trial {
  public:
    void begin(std::mt19937_64& chance) override {
        for (const auto& m : members_) m->begin(chance());
    }
    void end() override {
        for (const auto& m : members_) m->end();
    }
    std::vector<std::uint64_t> turns() const override {
        std::vector<std::uint64_t> all;
        for (const auto& m : members_) all.push_back(m->turns());
        return all;
    }

  protected:
    template <class Member, class... Arguments> Member& add(Arguments&&... arguments) {
        auto m = std::make_unique<Member>(std::forward<Arguments>(arguments)...);
        Member& made = *m;
        members_.push_back(std::move(m));
        return made;
    }
    std::uint64_t all_turns() const {
        std::uint64_t sum = 0;
        for (const auto& m : members_) sum += m->turns();
        return sum;
    }

  private:
    std::vector<std::unique_ptr<member>> members_;
};

} // namespace kazoo::test::fire
