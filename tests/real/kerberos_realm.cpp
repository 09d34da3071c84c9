#include "real/kerberos_realm.hpp"

#include "shared/backend.hpp"
#include "testing/gate/loopback.hpp"

#include <cstdlib>
#include <stdexcept>

namespace kazoo::test {

kerberos_realm::kerberos_realm() {
    const kazoo::testkit::reserved_port reserved;
    const std::string port = std::to_string(reserved.number());
    files_.put("krb5.conf", "[libdefaults]\n default_realm = KAZOO.TEST\n dns_lookup_kdc = false\n"
                            " dns_lookup_realm = false\n dns_canonicalize_hostname = false\n rdns = false\n"
                            " udp_preference_limit = 1\n default_ccache_name = " +
                                tickets() + "\n[realms]\n KAZOO.TEST = {\n  kdc = 127.0.0.1:" + port +
                                "\n }\n[domain_realm]\n localhost = KAZOO.TEST\n");
    files_.put("kdc.conf", "[kdcdefaults]\n kdc_ports = \"\"\n kdc_tcp_ports = \"\"\n[realms]\n KAZOO.TEST = {\n"
                           "  database_name = " +
                               files_.path("principals") + "\n  key_stash_file = " + files_.path("stash") +
                               "\n  kdc_listen = 127.0.0.1:" + port + "\n  kdc_tcp_listen = 127.0.0.1:" + port +
                               "\n }\n");
    for (const char* const theirs : {"KRB5CCNAME", "KRB5_KTNAME", "KRB5_CLIENT_KTNAME", "KRB5_TRACE"})
        ::unsetenv(theirs);
    ::setenv("KRB5_CONFIG", config().c_str(), 1);
    ::setenv("KRB5_KDC_PROFILE", files_.path("kdc.conf").c_str(), 1);
    run("kdb5_util create -r KAZOO.TEST -s -P master");
    const auto add = [this](const std::string& who, const std::string& file, const std::string& how = "") {
        run("kadmin.local -r KAZOO.TEST addprinc -randkey " + how + who);
        run("kadmin.local -r KAZOO.TEST ktadd -k " + keytab(file) + " " + who);
    };
    for (const std::string service : {"zookeeper", "other"}) add(service + "/localhost", service);
    for (const std::string who : {"alice", "bob"}) add(who, who);
    add("eve", "eve", "-maxlife 2seconds ");
    kdc_ = std::make_unique<kazoo::testkit::process>(
        std::vector<std::string>{"/usr/sbin/krb5kdc", "-n", "-r", "KAZOO.TEST"}, files_.path("kdc.log"));
    const auto there = kazoo::testkit::loopback_address(reserved.number());
    if (!eventually([&] { return static_cast<bool>(kazoo::testkit::connect_within(there, 1s)); }))
        throw std::runtime_error("the KDC does not begin");
}

std::string kerberos_realm::jaas(const std::string& service) const {
    return files_.put(service + ".jaas",
                      "Server {\n com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true"
                      " useTicketCache=false\n keyTab=\"" +
                          keytab(service) + "\" principal=\"" + service + "/localhost@KAZOO.TEST\";\n};\n");
}

void kerberos_realm::get_ticket(const std::string& lifetime) const {
    run("kinit -l " + lifetime + " -k -t " + keytab("alice") + " -c " + tickets() + " alice");
}

void kerberos_realm::get_expired_ticket() const {
    get_ticket("1s");
    const std::string asks = "klist -s -c " + tickets() + " >/dev/null 2>&1";
    if (!eventually([&] { return std::system(asks.c_str()) != 0; }))
        throw std::runtime_error("a ticket does not expire");
}

void kerberos_realm::run(const std::string& command) const {
    const std::string log = files_.path("commands.log");
    const std::string shell = "PATH=$PATH:/usr/sbin " + command + " >>" + log + " 2>&1 </dev/null";
    if (std::system(shell.c_str()) == 0) return;
    throw std::runtime_error("failed: " + command);
}

} // namespace kazoo::test
