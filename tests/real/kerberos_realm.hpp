#pragma once
// A realm of Kerberos with a KDC of its own, on the loopback, in a temporary directory. Nothing of the machine's is
// used.
#include "testing/real/process.hpp"
#include "unit/net/certificates.hpp"

#include <memory>
#include <string>

namespace kazoo::test {

class kerberos_realm {
  public:
    /// Has the principals zookeeper/localhost, other/localhost, alice, bob and eve, with keytabs zookeeper, other,
    /// alice, bob and eve; tickets of eve last for two seconds. From now on this process asks this KDC (KRB5_CONFIG).
    kerberos_realm();

    std::string keytab(const std::string& of) const { return files_.path(of + ".keytab"); }
    std::string tickets() const { return "FILE:" + files_.path("tickets"); }
    /// For servers: who they are.
    std::string jaas(const std::string& service) const;
    std::string config() const { return files_.path("krb5.conf"); }
    /// Gets a ticket for alice that lasts so long.
    void get_ticket(const std::string& lifetime) const;
    /// One that was for a second, when Kerberos' own tools say that it is over.
    void get_expired_ticket() const;
    kazoo::testkit::process& kdc() { return *kdc_; }

  private:
    /// With our files in the environment; throws if it fails.
    void run(const std::string& command) const;

    file_folder files_;
    std::unique_ptr<kazoo::testkit::process> kdc_;
};

} // namespace kazoo::test
