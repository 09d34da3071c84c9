#pragma once
// One authentication with one server. Blocks: Kerberos asks others.
#include "net/kerberos_ticket.hpp"
#include "util/sasl_step.hpp"

#include <kazoo/sasl.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kazoo::net {

class sasl_client {
  public:
    /// `host`: whom the user named.
    sasl_client(std::string host, std::shared_ptr<const sasl_options>);
    sasl_client(const sasl_client&) = delete;
    sasl_client& operator=(const sasl_client&) = delete;
    ~sasl_client();

    /// Takes what the server said; the first time it has said nothing. One at a time, on any thread.
    util::sasl_step step(const std::string& said);

  private:
    static int give_user(void*, int id, const char** result, unsigned* length);
    static int give_password(sasl_conn_t*, void*, int id, sasl_secret_t** secret);

    void open();
    util::sasl_step begin();
    util::sasl_step go_on(const std::string& said);
    const char* mechanism() const noexcept;
    util::sasl_step result_of(int code, const char* token, unsigned size) const;

    const std::string host_;
    const std::shared_ptr<const sasl_options> options_;
    std::array<sasl_callback_t, 5> callbacks_{};
    std::vector<char> secret_; ///< a sasl_secret_t
    std::optional<kerberos_ticket> ticket_;
    sasl_conn_t* connection_ = nullptr;
    bool challenged_ = false; ///< with DIGEST-MD5: the server has said something
};

} // namespace kazoo::net
