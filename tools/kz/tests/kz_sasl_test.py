"""kz and SASL: its options and variables, at a `kz serve`, which has no SASL."""

from harness import ServerTest, main, scratch

DIGEST = ("--sasl", "digest-md5", "--sasl-user", "bob")
NO_SASL = "kz: ls: cannot connect to .*: the server has no SASL, or would go on without"


class SaslTest(ServerTest):
    def with_password(self, **more):
        return self.env | {"KZ_SASL_PASSWORD": "secret"} | more

    def refuses(self, why, *arguments, **more):
        self.fails(2, f"kz: ls: {why} \\(kz ls --help\\)", *arguments, "ls", "/", **more)

    def test_authenticates_by_digest_md5(self):
        self.fails(4, NO_SASL, *DIGEST, "ls", "/", env=self.with_password())
        by_variables = self.with_password(KZ_SASL="digest-md5", KZ_SASL_USER="bob")
        self.fails(4, NO_SASL, "ls", "/", env=by_variables)

    def test_authenticates_by_kerberos(self):
        with scratch() as folder:
            tickets = self.env | {"KRB5_CONFIG": "/dev/null", "KRB5CCNAME": f"FILE:{folder}/tickets"}
            self.fails(4, "kz: ls: cannot connect to .*: SASL: no Kerberos ticket.*", "--sasl", "gssapi", "ls", "/", env=tickets)
            keytab = ("--sasl-user", "bob@EXAMPLE", "--sasl-keytab", f"{folder}/keytab", "--sasl-service", "zk")
            self.fails(4, f"kz: ls: cannot connect to .*: SASL: keytab \"{folder}/keytab\": No such file or directory", "--sasl", "gssapi", *keytab,
                       "ls", "/", env=tickets)

    def test_a_password_is_taken_from_the_environment_alone(self):
        self.refuses("--sasl digest-md5 needs a password in KZ_SASL_PASSWORD", *DIGEST)
        self.refuses("--sasl digest-md5 needs a password in KZ_SASL_PASSWORD", *DIGEST, env=self.env | {"KZ_SASL_PASSWORD": ""})

    def test_what_makes_no_sense_is_a_usage_error(self):
        self.refuses("--sasl digest-md5 needs --sasl-user", "--sasl", "digest-md5", env=self.with_password())
        self.refuses("options of SASL need --sasl", "--sasl-user", "bob")
        self.refuses("options of SASL need --sasl", "--sasl-keytab", "/keytab")
        self.refuses("--sasl-keytab and --sasl-service are for --sasl gssapi", *DIGEST, "--sasl-service", "zk", env=self.with_password())
        self.fails(2, "kz: .*--sasl: .*plain.*", "--sasl", "plain", "ls", "/")


if __name__ == "__main__":
    main()
