#pragma once
// One four-letter word and its answer, on a connection of its own: servers close it behind the answer.
#include "client/core.hpp"
#include "loop/byte_stream.hpp"
#include "util/endpoint.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace kazoo::detail {

/// The answer, whole: it is read until the server closes (C22). Made and waited for on the loop.
class word_exchange final : public shared_state<std::string>, byte_stream_events {
  public:
    word_exchange(core& c, util::endpoint to, std::string word)
        : shared_state(c), core_(c), to_(std::move(to)), word_(std::move(word)) {}
    void start();

    std::string_view operation() const noexcept override { return "command"; }
    std::string_view detail() const noexcept override { return why_; }
    outcome on_abandoned() noexcept override;

  private:
    void on_open(std::error_code) noexcept override;
    void on_readable() noexcept override;
    void on_writable() noexcept override;
    void fail_with(errc, std::string_view why);
    std::string why_of(std::error_code) const;
    void take_end();
    void disconnect() noexcept;
    void give_up() noexcept;

    core& core_;
    const util::endpoint to_;
    const std::string word_;
    std::size_t sent_ = 0;
    std::string answer_, why_;
    std::unique_ptr<byte_stream> stream_;
    bound_job<&word_exchange::give_up> give_up_{*this};
};

} // namespace kazoo::detail
