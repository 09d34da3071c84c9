"""kz by TLS: its options and variables, in front of a `kz serve` that speaks plain."""

import socket
import ssl
import subprocess
import threading

from harness import ServerTest, main, scratch

ENCRYPTED = ("-aes256", "-pass", "pass:secret")


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_certificate(folder, name, names, ca=None, password=False):
    """NAME.pem and NAME.key; by the certificate CA of that folder, or by itself."""
    key = folder / f"{name}.key"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key, *(ENCRYPTED if password else ()))
    issuer = ("-CA", folder / f"{ca}.pem", "-CAkey", folder / f"{ca}.key") if ca else ()
    request = folder / f"{name}.csr"
    secret = ("-passin", "pass:secret") if password else ()
    openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request, *secret)
    extensions = folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName={names}\n" if ca else "basicConstraints=critical,CA:TRUE\n")
    by = ("-CAcreateserial",) if ca else ("-signkey", key)
    openssl("x509", "-req", "-in", request, "-days", "2", "-extfile", extensions, "-out", folder / f"{name}.pem", *issuer, *by)


class TlsPort:
    """Takes connections by TLS, and hands on what is in them."""

    def __init__(self, address, context):
        host, port = address.split(":")
        self.target, self.context = (host, int(port)), context
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"localhost:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            inside = self.context.wrap_socket(client, server_side=True)
            server = socket.create_connection(self.target)
            threading.Thread(target=self.carry, args=(server, inside), daemon=True).start()
            self.carry(inside, server)
        except OSError:
            client.close()

    @staticmethod
    def carry(source, target):
        try:
            while data := source.recv(1 << 16):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class TlsTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.folder = self.stack.enter_context(scratch())
        make_certificate(self.folder, "ca", "")
        make_certificate(self.folder, "own", "DNS:localhost", "ca")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.file("own.pem"), self.file("own.key"))
        self.port = self.stack.enter_context(TlsPort(self.address, self.context))
        self.env["KZ_SERVERS"] = self.port.address

    def file(self, name):
        return str(self.folder / name)

    def test_reads_by_tls(self):
        self.assertEqual(self.ok("--ca", self.file("ca.pem"), "ls", "/"), "zookeeper\n")
        self.assertEqual(self.ok("ls", "/", env=self.env | {"KZ_TLS_CA": self.file("ca.pem")}), "zookeeper\n")
        by_scheme = self.env | {"KZ_SERVERS": "tls://" + self.port.address, "KZ_TLS_CA": self.file("ca.pem")}
        self.assertEqual(self.ok("ls", "/", env=by_scheme), "zookeeper\n")

    def test_takes_a_directory_of_cas(self):
        (self.folder / "cas").mkdir()
        (self.folder / "cas" / "ca.pem").write_bytes((self.folder / "ca.pem").read_bytes())
        openssl("rehash", self.folder / "cas")
        self.assertEqual(self.ok("--ca", self.file("cas"), "ls", "/"), "zookeeper\n")

    def test_trusts_whom_the_system_trusts(self):
        by_system = self.env | {"SSL_CERT_FILE": self.file("ca.pem")}
        self.assertEqual(self.ok("--tls", "ls", "/", env=by_system), "zookeeper\n")
        self.fails(4, "kz: ls: .*is by an unknown CA, CN=ca", "--ca", self.file("own.pem"), "ls", "/", env=by_system)

    def test_verifies_unless_it_is_told_not_to(self):
        self.fails(4, "kz: ls: cannot connect to .*is by an unknown CA, CN=ca", "--tls", "ls", "/")
        self.fails(4, "kz: ls: cannot connect to .*is by an unknown CA, CN=ca", "ls", "/", env=self.env | {"KZ_TLS": "1"})
        self.assertEqual(self.ok("--insecure", "ls", "/"), "zookeeper\n")
        self.assertEqual(self.ok("ls", "/", env=self.env | {"KZ_TLS_INSECURE": "1"}), "zookeeper\n")
        by_address = self.port.address.replace("localhost", "127.0.0.1")
        self.fails(4, "kz: ls: .*the certificate is for localhost, not 127.0.0.1", "-s", by_address,
                   "--ca", self.file("ca.pem"), "ls", "/")

    def test_shows_a_certificate_whose_key_is_encrypted(self):
        make_certificate(self.folder, "us", "DNS:us", "ca", password=True)
        self.context.load_verify_locations(self.file("ca.pem"))
        self.context.verify_mode = ssl.CERT_REQUIRED
        trust = ("--ca", self.file("ca.pem"))
        ours = (*trust, "--cert", self.file("us.pem"), "--key", self.file("us.key"))
        self.fails(4, "kz: ls: .*the server wants a client certificate, and there is none.*", *trust, "ls", "/")
        self.fails(4, "kz: ls: .*it is encrypted, and there is no password", *ours, "ls", "/")
        with_password = self.env | {"KZ_TLS_KEY_PASSWORD": "secret"}
        self.assertEqual(self.ok(*ours, "ls", "/", env=with_password), "zookeeper\n")
        by_variables = with_password | {"KZ_TLS_CA": self.file("ca.pem"), "KZ_TLS_CERT": self.file("us.pem"),
                                        "KZ_TLS_KEY": self.file("us.key")}
        self.assertEqual(self.ok("ls", "/", env=by_variables), "zookeeper\n")

    def test_a_port_without_tls_is_told(self):
        self.fails(4, "kz: ls: .*it may not speak TLS", "-s", self.address, "--tls", "ls", "/")


if __name__ == "__main__":
    main()
