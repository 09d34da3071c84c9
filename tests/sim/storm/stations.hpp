#pragma once
// Crews of recipes whose objects are shared: a station is one object, and the actors that share it.
#include "crew.hpp"
#include "sim/actor.hpp"

#include <memory>
#include <stop_token>
#include <vector>

namespace kazoo::testkit {

template <class Object> struct station_of {
    storm_client* who = nullptr;
    std::unique_ptr<Object> object; ///< none when it has gone
};

template <class Things, class Station> class station_crew : public counting_crew<Things> {
  public:
    using counting_crew<Things>::counting_crew;
    void leave(storm_client& c) override {
        for (const auto& s : stations_)
            if (s->who == &c) s->object.reset();
    }

  protected:
    /// One actor: until the storm is over or the object has gone.
    virtual actor work(Station&) = 0;

    template <class Object> Station& add_station(storm_client& c, std::unique_ptr<Object> o, std::uint64_t actors) {
        stations_.push_back(std::make_unique<Station>());
        Station& s = *stations_.back();
        s.who = &c;
        s.object = std::move(o);
        for (std::uint64_t i = 0; i < actors; ++i) c.inside->execute([this, &s] { work(s); });
        return s;
    }
    /// Is stopped on that machine, some time from now.
    std::stop_token stop_later(const Station& s) {
        std::stop_source stop;
        this->inside().after(this->between(0ms, 1500ms), [machine = s.who->inside, stop] {
            machine->execute([stop]() mutable { stop.request_stop(); });
        });
        return stop.get_token();
    }
    const std::vector<std::unique_ptr<Station>>& stations() const noexcept { return stations_; }

  private:
    std::vector<std::unique_ptr<Station>> stations_;
};

} // namespace kazoo::testkit
