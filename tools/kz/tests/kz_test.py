"""Drives the real kz against `kz serve`: kz_test.py KZ [TEST]..."""

import base64
import json
import os
import signal
import socket
import struct
import subprocess

import harness
from harness import Background, LIMIT, environment, free_port


def create_children(address, parent, count):
    """Creates a node with so many children on one connection, all requests at once."""
    text = lambda s: struct.pack(">i", len(s)) + s.encode()
    frame = lambda body: struct.pack(">i", len(body)) + body
    everybody = struct.pack(">ii", 1, 31) + text("world") + text("anyone")

    def create(xid, path):
        return frame(struct.pack(">ii", xid, 1) + text(path) + struct.pack(">i", 0) + everybody + struct.pack(">i", 0))

    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=LIMIT) as server, server.makefile("rb") as replies:
        server.sendall(frame(struct.pack(">iqiqi", 0, 0, 10_000, 0, 16) + bytes(17)))
        paths = [parent] + [f"{parent}/{n}" for n in range(count)]
        server.sendall(b"".join(create(xid, path) for xid, path in enumerate(paths, 1)))
        for reply in range(len(paths) + 1):  # the first one is the session's
            body = replies.read(struct.unpack(">i", replies.read(4))[0])
            assert reply == 0 or struct.unpack_from(">i", body, 12) == (0,), body


class KzTest(harness.ServerTest):
    # -- nodes --------------------------------------------------------------------------------------------------------

    def test_create_and_get(self):
        self.assertEqual(self.ok("create", "/a", "some text"), "/a\n")
        self.assertEqual(self.ok("get", "/a"), "some text")

    def test_servers_option_wins_over_the_environment(self):
        env = environment(KZ_SERVERS=f"127.0.0.1:{free_port()}")
        self.assertEqual(self.ok("-s", self.address, "create", "/a", env=env), "/a\n")
        self.assertEqual(self.ok("exists", "/a", "--servers", self.address, env=env), "yes\n")

    def test_chroot(self):
        self.ok("create", "/app")
        self.assertEqual(self.ok("-s", self.address + "/app", "create", "/a", "x"), "/a\n")
        self.assertEqual(self.ok("get", "/app/a"), "x")

    def test_servers_as_a_url(self):
        self.ok("create", "/app")
        self.assertEqual(self.ok("-s", f"zk://{self.address}/app?session_timeout=5s&name=x", "create", "/a", "x"), "/a\n")
        self.assertEqual(self.ok("get", "/app/a"), "x")
        code, _, err = self.run_kz("-s", f"zk://{self.address}?sesion_timeout=5s", "ls", "/")
        self.assertEqual(code, 2)
        self.assertIn('unknown option in "sesion_timeout"', err)
        self.assertNotIn("5s", err, "a value may be a secret")

    def test_data_from_standard_input_is_kept_byte_for_byte(self):
        data = bytes(range(256)) * 100
        self.ok("create", "/a", "-", stdin=data)
        self.assertEqual(self.run_kz("get", "/a")[1], data)
        self.ok("set", "/a", "-", stdin=b"no newline added")
        self.assertEqual(self.ok("get", "/a"), "no newline added")

    def test_data_that_looks_like_an_option(self):
        self.ok("create", "/a", "--", "-5")
        self.assertEqual(self.ok("get", "/a"), "-5")

    def test_data_above_a_megabyte(self):
        data = os.urandom(3_000_000)
        server = self.stack.enter_context(Background("serve", "--port", "0", "--max-data", "4M"))
        env = environment(KZ_SERVERS=server.line().removeprefix("listening on "))
        for command in ("create", "set"):
            self.assertEqual(self.run_kz(command, "/a", "-", "--max-data", "4M", stdin=data, env=env)[::2], (0, ""))
            self.assertEqual(self.run_kz("get", "/a", env=env)[1], data)
            self.fails(1, f'kz: {command} "/a": too large; --max-data allows more', command, "/a", "-", stdin=data, env=env)
            self.fails(1, f"kz: {command}: 3000000 bytes of data; --max-data allows 2999999", command, "/a", "-",
                       "--max-data", "2999999", stdin=data, env=env)
            for size in ("0", "-1", "x", "8T", "1.5M", "2G", "99999999999999999999"):
                self.fails(2, f"kz: {command}: .*--max-data.*", command, "/a", "x", "--max-data", size)
        for size in ("5", "5k", "5K", "5m", "5M", "1G"):
            self.ok("set", "/a", "12345", "--max-data", size, env=env)
        whole = b"x" * (4 << 20)
        self.assertEqual(self.run_kz("set", "/a", "-", "--max-data", "4M", stdin=whole, env=env), (0, b"", ""))

    def test_null_and_empty_data(self):
        self.ok("create", "/none", "--null")
        self.ok("create", "/empty")
        self.ok("create", "/text", "x")
        self.assertIsNone(self.ok_json("get", "/none")["data"])
        self.assertEqual(self.ok_json("get", "/empty")["data"], "")
        self.assertEqual(self.ok("get", "/none"), "")
        self.ok("set", "/text", "")
        self.assertEqual(self.ok_json("get", "/text")["data"], "")
        self.ok("set", "/text", "--null")
        self.assertIsNone(self.ok_json("get", "/text")["data"])

    def test_get_json(self):
        text = 'quote " backslash \\ line\n tab\t control \x01 and \u00e4\u20ac\U0001f418'
        self.ok("create", "/a", text)
        node = self.ok_json("get", "/a")
        self.assertEqual((node["path"], node["data"], node["base64"]), ("/a", text, False))
        self.assertEqual(node["stat"]["dataLength"], len(text.encode()))
        self.assertRegex(node["stat"]["ctime"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_get_json_of_what_is_not_utf8(self):
        for data in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", bytes(range(256))):
            path = self.ok("create", "/b-", "-q", "-", stdin=data).strip()
            node = self.ok_json("get", path)
            self.assertEqual((base64.b64decode(node["data"], validate=True), node["base64"]), (data, True))

    def test_set_with_version(self):
        self.ok("create", "/a", "0")
        self.assertEqual(self.ok_json("set", "/a", "1", "--version", "0")["stat"]["version"], 1)
        self.fails(1, 'kz: set "/a": version does not match', "set", "/a", "2", "--version", "0")
        self.assertEqual(self.ok("get", "/a"), "1")

    def test_create_sequential(self):
        self.assertEqual(self.ok("create", "-q", "/n-"), "/n-0000000000\n")
        self.assertEqual(self.ok_json("create", "/n-", "-q"), {"path": "/n-0000000001"})

    def test_create_parents(self):
        self.fails(3, 'kz: create "/a/b/c": no node', "create", "/a/b/c")
        self.assertEqual(self.ok("create", "-p", "/a/b/c"), "/a/b/c\n")

    def test_create_protected(self):
        self.assertRegex(self.ok("create", "--protect", "/a"), r"^/[0-9a-f]{32}a\n$")

    def test_create_ephemeral_lives_as_long_as_kz(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            member = self.background("create", "-e", "/member", "me")
            self.assertEqual(member.line(), "/member")
            self.assertNotEqual(self.ok_json("stat", "/member")["stat"]["owner"], "0x0")
            self.assertEqual(member.end(how), (0, "", ""))
            self.assertEqual(self.run_kz("exists", "/member")[0], 3)

    def test_create_ephemeral_says_that_its_session_is_over(self):
        member = self.background("create", "-e", "/member")
        self.assertEqual(member.line(), "/member")
        self.server.end()
        self.assertEqual(member.result(), (1, "", 'kz: create "/member": session expired\n'))

    def test_create_with_acl(self):
        self.ok("create", "/a", "x", "--acl", "world:anyone:r")
        self.fails(1, 'kz: set "/a": not permitted', "set", "/a", "y")
        self.ok("create", "/b", "x", "--acl", "read", "--acl", "world:anyone:w")
        self.ok("set", "/b", "y")

    def test_auth_by_option_and_by_environment(self):
        self.ok("--auth", "digest:joe:secret", "create", "/a", "x", "--acl", "creator")
        self.fails(1, 'kz: get "/a": not permitted', "get", "/a")
        self.assertEqual(self.ok("--auth", "digest:joe:secret", "get", "/a"), "x")
        self.assertEqual(self.ok("get", "/a", env=self.env | {"KZ_AUTH": "digest:joe:secret"}), "x")

    def test_digest_id_has_a_colon(self):
        identity = "joe:T/ruiZV4Ds4rcRd7SJUDwkeJd2U="  # of joe:secret
        self.ok("create", "/a", "x", "--acl", f"digest:{identity}:r")
        self.fails(1, 'kz: get "/a": not permitted', "get", "/a")

    def test_rm(self):
        self.ok("create", "-p", "/a/b")
        self.fails(1, 'kz: rm "/a": node has children', "rm", "/a")
        self.fails(1, 'kz: rm "/a/b": version does not match', "rm", "/a/b", "--version", "7")
        self.ok("rm", "/a/b", "--version", "0")
        self.assertEqual(self.ok_json("rm", "/a"), {"path": "/a", "removed": 1})
        self.assertEqual(self.ok("ls"), "zookeeper\n")

    def test_rm_recursive(self):
        for path in ("/a/b/c", "/a/b/d", "/a/e", "/ab"):
            self.ok("create", "-p", path)
        self.assertEqual(self.ok_json("rm", "-r", "/a"), {"path": "/a", "removed": 5})
        self.assertEqual(self.ok("ls"), "ab\nzookeeper\n")
        self.fails(3, 'kz: rm "/a": no node', "rm", "-r", "/a")
        self.fails(2, r"kz: rm: the root cannot be removed \(kz rm --help\)", "rm", "-r", "/")

    def test_ls(self):
        for path in ("/b", "/a", "/a/x"):
            self.ok("create", path, "four")
        self.assertEqual(self.ok("ls"), "a\nb\nzookeeper\n")
        self.assertEqual(self.ok("ls", "/a"), "x\n")
        self.assertEqual(self.ok("ls", "/b"), "")
        self.assertEqual(self.ok_json("ls", "/a"), {"path": "/a", "children": ["x"]})
        self.assertRegex(self.ok("ls", "-l", "/a"), r"^-      0        0        4  \d{4}-\S+Z  x\n$")
        long = self.ok_json("ls", "-l", "/")["children"]
        self.assertEqual([c["name"] for c in long], ["a", "b", "zookeeper"])
        self.assertEqual(long[0]["stat"]["numChildren"], 1)

    def test_ls_of_children_that_hide_their_metadata(self):
        with Background("serve", "--port", "0", "--metadata-needs-permission") as server:
            self.env["KZ_SERVERS"] = server.line().removeprefix("listening on ")
            self.ok("create", "/a")
            self.ok("create", "--acl", "world:anyone:cdwa", "/secret")
            code, output, errors = self.run_kz("ls", "-l")
            self.assertRegex(output.decode(), r"^- .*  a\n\?      \?        \?        \?  \?                     "
                                              r"secret  \[.*\]\n- .*  zookeeper\n$")
            self.assertEqual((code, errors), (1, 'kz: ls "/": 1 node could not be read\n'))
            code, output, _ = self.run_kz("--json", "ls", "-l")
            secret = json.loads(output)["children"][1]
            self.assertEqual((code, secret["name"], sorted(secret)), (1, "secret", ["error", "name"]))
            self.assertEqual(self.ok("ls"), "a\nsecret\nzookeeper\n")

    def test_more_nodes_than_requests_under_way_at_once(self):
        count = 1000
        create_children(self.address, "/many", count)
        self.assertEqual(len(self.ok("ls", "-l", "/many").splitlines()), count)
        self.assertEqual(len(self.ok("tree", "/many").splitlines()), count + 1)
        self.assertEqual(self.ok_json("rm", "-r", "/many")["removed"], count + 1)

    def test_tree(self):
        for path in ("/a/b/c", "/a/d"):
            self.ok("create", "-p", path)
        self.assertEqual(self.ok("tree", "/a"), "/a\n├── b\n│   └── c\n└── d\n")
        self.assertEqual(self.ok("tree", "-d", "1", "/a"), "/a\n├── b\n└── d\n")
        self.assertEqual(self.ok("tree", "--depth", "0", "/a"), "/a\n")
        self.assertEqual(self.json_lines(self.ok("--json", "tree", "/a")),
                         [{"path": "/a"}, {"path": "/a/b"}, {"path": "/a/b/c"}, {"path": "/a/d"}])
        self.assertIn("zookeeper", self.ok("tree"))

    def json_lines(self, text):
        return [json.loads(line) for line in text.splitlines()]

    def test_tree_goes_on_where_a_node_is_unreadable(self):
        us = ("--auth", "digest:joe:secret")
        self.ok("create", "-p", "/t/open/a")
        self.ok(*us, "create", "/t/closed", "--acl", "creator")
        self.ok("create", "/t/z")
        drawn = "/t\n├── closed  [not permitted]\n├── open\n│   └── a\n└── z\n"
        one = 'kz: tree "/t": 1 node could not be read\n'
        self.assertEqual(self.run_kz("tree", "/t"), (1, drawn.encode(), one))
        code, output, errors = self.run_kz("--json", "tree", "/t")
        self.assertEqual((code, errors), (1, one))
        self.assertEqual(self.json_lines(output.decode()),
                         [{"path": "/t"}, {"path": "/t/closed", "error": "not permitted"}, {"path": "/t/open"},
                          {"path": "/t/open/a"}, {"path": "/t/z"}])
        self.ok(*us, "create", "/t/open/b", "--acl", "creator")
        self.assertRegex(self.run_kz("tree", "/t")[2], "2 nodes could not be read")
        self.assertEqual(self.run_kz("tree", "/t/closed")[:2], (1, b"/t/closed  [not permitted]\n"))
        self.assertEqual(self.ok("tree", "-d", "1", "/t"), "/t\n├── closed\n├── open\n└── z\n")
        self.assertEqual(self.run_kz(*us, "tree", "/t")[0], 0)
        self.fails(1, 'kz: rm "/t/.*": not permitted', "rm", "-r", "/t")  # which must not go on
        self.assertEqual(len(self.ok(*us, "tree", "/t").splitlines()), 6)

    def test_deep_tree(self):
        depth = 700
        deepest = "/d" * depth
        self.ok("create", "-p", deepest)
        self.ok("create", "/d/e")
        lines = self.json_lines(self.ok("--json", "tree", "/d"))
        self.assertEqual(lines, [{"path": "/d" * n} for n in range(1, depth + 1)] + [{"path": "/d/e"}])
        drawn = self.ok("tree", "/d").splitlines()
        self.assertEqual(drawn[:3], ["/d", "├── d", "│   └── d"])
        self.assertEqual(drawn[-2:], ["│   " + "    " * (depth - 3) + "└── d", "└── e"])
        self.assertEqual(self.ok_json("rm", "-r", "/d"), {"path": "/d", "removed": depth + 1})

    def test_stat(self):
        self.ok("create", "/a", "four")
        lines = dict(line.split() for line in self.ok("stat", "/a").splitlines())
        self.assertEqual((lines["version"], lines["dataLength"], lines["owner"]), ("0", "4", "0x0"))
        stat = self.ok_json("stat", "/a")["stat"]
        self.assertEqual({name: str(value) for name, value in stat.items()}, lines)

    def test_exists(self):
        self.assertEqual(self.run_kz("exists", "/a"), (3, b"no\n", ""))
        self.ok("create", "/a")
        self.assertEqual(self.run_kz("exists", "/a"), (0, b"yes\n", ""))
        self.assertEqual(self.ok_json("exists", "/a"), {"path": "/a", "exists": True})

    def test_sync(self):
        self.assertEqual(self.ok("sync"), "")
        self.assertEqual(self.ok_json("sync", "/"), {"path": "/"})

    # -- watch --------------------------------------------------------------------------------------------------------

    def watching(self, *arguments):
        watcher = self.background("-v", "info", "watch", *arguments)
        watcher.wait_for_log("watching")
        return watcher

    def test_watch(self):
        watcher = self.watching("/a")
        self.ok("create", "/a", "x")
        self.ok("set", "/a", "y")
        self.ok("create", "/a/child")
        self.ok("rm", "-r", "/a")
        seen = [watcher.line() for _ in range(5)]
        self.assertEqual(seen, ["created /a", "data_changed /a", "children_changed /a", "children_changed /a",
                                "deleted /a"])
        self.assertEqual(watcher.end(signal.SIGINT)[:2], (0, ""))

    def test_watch_recursive_with_count(self):
        watcher = self.watching("--recursive", "--count", "2", "/a")
        self.ok("create", "-p", "/a/b")
        self.assertEqual(watcher.result()[:2], (0, "created /a\ncreated /a/b\n"))

    def test_watch_once(self):
        watcher = self.watching("--once", "/a")
        self.ok("create", "/a")
        self.assertEqual(watcher.result()[:2], (0, "created /a\n"))
        waiting = self.watching("--once", "/a")
        self.assertEqual(waiting.end()[:2], (0, ""))

    def test_watch_json(self):
        watcher = self.watching("--json", "-n", "1", "/a")
        self.ok("create", "/a")
        code, output, _ = watcher.result()
        event = json.loads(output)
        self.assertEqual((code, event["type"], event["path"]), (0, "created", "/a"))
        self.assertIn("zxid", event)

    def test_watch_prints_a_gap_after_a_reconnect(self):
        watcher = self.watching("/a")
        port = self.address.rpartition(":")[2]
        self.assertEqual(self.server.end()[0], 0)
        # Another server, which does not know the session: the watch comes back with the next one.
        server = self.stack.enter_context(Background("serve", "--port", port))
        self.assertEqual(server.line(), f"listening on {self.address}")
        self.assertEqual(watcher.line(), "gap /a")
        self.ok("create", "/a")
        self.assertEqual(watcher.line(), "created /a")
        self.assertEqual(watcher.end()[:2], (0, ""))

    def test_watch_tree(self):
        self.ok("create", "/a", "x")
        self.ok("create", "/a/b", "y")
        watcher = self.background("watch", "--tree", "/a")
        self.assertEqual([watcher.line() for _ in range(3)], ["node_added /a", "node_added /a/b", "initialized"])
        self.ok("set", "/a/b", "z")
        self.assertEqual(watcher.line(), "node_updated /a/b")
        self.ok("rm", "-r", "/a")
        self.assertEqual([watcher.line() for _ in range(2)], ["node_removed /a/b", "node_removed /a"])
        self.assertEqual(watcher.end(signal.SIGINT)[:2], (0, ""))

    def test_watch_tree_json_with_count(self):
        self.ok("create", "/a", "x")
        watcher = self.background("watch", "--tree", "--json", "-n", "2", "/a")
        code, output, _ = watcher.result()
        added, initialized = [json.loads(line) for line in output.splitlines()]
        self.assertEqual((code, added["type"], added["path"], added["data"], added["stat"]["version"]),
                         (0, "node_added", "/a", "x", 0))
        self.assertEqual(initialized, {"type": "initialized", "path": None})

    # -- failures -----------------------------------------------------------------------------------------------------

    def test_no_node(self):
        self.fails(3, 'kz: get "/a": no node', "get", "/a")
        self.fails(3, 'kz: set "/a": no node', "set", "/a", "x")
        self.fails(3, 'kz: rm "/a": no node', "rm", "/a")
        self.fails(3, 'kz: ls "/a": no node', "ls", "/a")
        self.fails(3, 'kz: tree "/a": no node', "tree", "/a")
        self.fails(3, 'kz: stat "/a": no node', "stat", "/a")

    def test_errors(self):
        self.ok("create", "/a")
        self.fails(1, 'kz: create "/a": node exists', "create", "/a")
        self.fails(1, 'kz: get "/a/../b": invalid path.*', "get", "/a/../b")

    def test_usage(self):
        self.fails(2, "kz: .*", "--json")
        self.fails(2, "kz: .*", "get")
        self.fails(2, "kz: .*", "no-such-command")
        self.fails(2, "kz: .*", "get", "/a", "--no-such-option")
        self.fails(2, "kz: .*", "rm", "-r", "--version", "1", "/a")
        self.fails(2, "kz: .*", "watch", "--once", "--count", "2", "/a")
        self.fails(2, "kz: set: DATA is required.*", "set", "/a")
        self.fails(2, "kz: create: --acl nonsense: .*", "create", "/a", "--acl", "nonsense")
        self.fails(2, "kz: create: --acl world:anyone:: permits nothing.*", "create", "/a", "--acl", "world:anyone:")
        self.fails(2, "kz: create: --acl world:anyone:x: .*", "create", "/a", "--acl", "world:anyone:x")
        self.fails(2, "kz: .*", "-s", "host:not-a-port", "get", "/a")
        self.fails(2, "kz: .*", "--timeout", "0", "get", "/a")

    def test_a_credential_is_never_shown(self):
        self.fails(2, r"kz: get: --auth needs SCHEME:CREDENTIAL \(kz get --help\)", "--auth", "secret", "get", "/a")
        log = self.run_kz("-v", "wire", "--auth", "digest:joe:secret", "get", "/zookeeper")[2]
        self.assertIn("wire: ", log)
        self.assertNotIn("secret", log)

    def test_cannot_connect(self):
        address = f"127.0.0.1:{free_port()}"
        self.fails(4, f'kz: get: cannot connect to "{address}": .*', "-s", address, "--timeout", "0.3", "get", "/a")

    def test_one_round_of_refusals_is_enough(self):
        addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
        both = ",".join(addresses)
        # The time-out of the test, not the limit of kz, would end a wait.
        code, output, errors = self.run_kz("-s", both + "/app", "--timeout", "3600", "get", "/a")
        self.assertEqual((code, output), (4, b""))
        self.assertTrue(errors.startswith(f'kz: get: cannot connect to "{both}/app": '), errors)
        for address in addresses:
            self.assertIn(f"{address}: Connection refused", errors)
        self.fails(4, "kz: lock: cannot connect to .*refused", "-s", both, "--timeout", "3600", "lock", "/l", "--", "true")
        self.fails(4, "kz: ls: cannot connect to .*no-such-host.invalid: cannot be resolved.*", "-s", "no-such-host.invalid",
                   "--timeout", "3600", "ls")

    def test_one_server_that_answers_is_enough(self):
        self.assertEqual(self.ok("-s", f"127.0.0.1:{free_port()},{self.address}", "ls"), "zookeeper\n")

    def test_silence_is_no_refusal(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            address = "127.0.0.1:%d,127.0.0.1:%d" % (silent.getsockname()[1], free_port())
            self.fails(4, f'kz: ls: cannot connect to "{address}": timed out.*', "-s", address, "--timeout", "0.5", "ls")

    def test_wait_server_outlasts_refusals(self):
        for words in (("--wait-server", "ls"), ("lock", "--wait", "1h", "/l", "--", "echo", "zookeeper"),
                      ("--wait-server", "lock", "/l", "--", "echo", "zookeeper")):
            port = free_port()
            client = self.stack.enter_context(
                Background("-v", "debug", "-s", f"127.0.0.1:{port}", "--timeout", "3600", *words))
            for _ in range(2):
                client.wait_for_log("Connection refused")
            server = self.stack.enter_context(Background("serve", "--port", str(port)))
            self.assertEqual(client.result()[:2], (0, "zookeeper\n"))
            server.end()

    def test_nobody_answers(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            address = "127.0.0.1:%d" % silent.getsockname()[1]
            self.fails(4, f'kz: ls: cannot connect to "{address}": .*', "-s", address, "--timeout", "0.3", "ls")

    def test_serve_on_a_port_that_is_taken(self):
        code, output, errors = self.run_kz("serve", "--port", self.address.rpartition(":")[2])
        self.assertEqual((code, output), (1, b""))
        self.assertRegex(errors, r"\Akz: serve: .*[Aa]ddress.*in use.*\n\Z")

    def test_standard_output_that_nobody_reads(self):
        self.ok("create", "/a", "-", stdin=b"x" * 500_000)  # more than a pipe holds
        reader, writer = os.pipe()
        os.close(reader)
        for command in (("get", "/a"), ("tree",), ("ls", "--json")):
            done = subprocess.run([harness.KZ, *command], env=self.env, stdout=writer, stderr=subprocess.PIPE, timeout=LIMIT)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
        os.close(writer)

    def test_standard_output_that_is_full(self):
        self.ok("create", "/a", "x")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([harness.KZ, "get", "/a"], env=self.env, stdout=full, stderr=subprocess.PIPE, timeout=LIMIT)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r"\Akz: get: cannot write to standard output: No space left.*\n\Z")

    # -- help ---------------------------------------------------------------------------------------------------------

    def test_help_and_version(self):
        self.assertRegex(self.ok("--version"), r"^kz \d+\.\d+\.\d+\n$")
        everything = self.ok("--help")
        for command in "get set create rm ls tree count whoami config command stat exists watch lock sync serve help completion".split():
            self.assertRegex(everything, rf"\n  {command} ")
            text = self.ok(command, "--help")
            self.assertIn("Examples:\n  kz ", text)

    # -- what servers tell --------------------------------------------------------------------------------------------

    def test_count_whoami_config_and_commands(self):
        self.ok("create", "-p", "/a/b/c")
        self.assertEqual(self.ok("count", "/a"), "2\n")
        self.assertEqual(json.loads(self.ok("--json", "count", "/a")), {"path": "/a", "count": 2})
        who = self.ok("whoami", "--auth", "digest:joe:secret")
        self.assertEqual(sorted(who.splitlines()), ["digest:joe", "ip:127.0.0.1"])
        self.assertEqual(self.ok("config"), "")
        self.assertEqual(json.loads(self.ok("config", "--json")), {"version": -1, "members": []})
        self.assertEqual(self.ok("command", "ruok"), "imok\n")
        self.assertIn("Node count: ", self.ok("command", "srvr", self.address))
        self.fails(1, "kz: command: .*: conf is not allowed here .*", "command", "conf")

    def test_containers_and_nodes_with_a_time_to_live(self):
        self.assertEqual(self.ok("create", "--container", "/box"), "/box\n")
        self.fails(1, 'kz: create "/t": .*', "create", "--ttl", "1h", "/t")
        server = self.stack.enter_context(Background("serve", "--port", "0", "--ttl-nodes"))
        env = environment(KZ_SERVERS=server.line().removeprefix("listening on "))
        self.assertEqual(self.ok("create", "--ttl", "1h", "/t", env=env), "/t\n")
        self.assertEqual(self.ok("create", "-q", "--ttl", "500ms", "/t-", env=env), "/t-0000000001\n")
        for words in (("--ttl", "1h", "-e"), ("--ttl", "1h", "--container"), ("--container", "-q"), ("--ttl", "-1")):
            self.assertEqual(self.run_kz("create", *words, "/x")[0], 2, words)

    # -- serve --------------------------------------------------------------------------------------------------------

    def test_serve_ends_on_signals(self):
        for how in (signal.SIGINT, signal.SIGTERM):
            with Background("serve", "--port", "0", "--json") as server:
                self.assertRegex(json.loads(server.line())["listening"], r"^127\.0\.0\.1:\d+$")
                self.assertEqual(server.end(how), (0, "", ""))


if __name__ == "__main__":
    harness.main()
