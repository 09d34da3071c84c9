"""`kz party`, driven against `kz serve`: kz_party_test.py KZ [TEST]..."""

import json
import pathlib
import signal
import subprocess

import harness
from harness import Background, free_port
from kz_lock_test import HOLD, LISTEN, is_gone, wait_until

PATH = "/app/workers"


class PartyTest(harness.ServerTest):

    def party(self, *arguments):
        """A kz party that goes on running. Its standard input stays open."""
        return self.stack.enter_context(
            Background("party", *arguments, env=self.env, stdin=subprocess.PIPE, start_new_session=True))

    def member(self, name, *options, command=HOLD):
        process = self.party("--join", name, *options, PATH, "--", *command)
        self.assertEqual(process.line(), "holds")
        return process

    def once(self, *arguments, **more):
        return self.run_kz("party", "--join", "anna", *arguments, **more)

    def names(self, *options):
        return self.ok("party", *options, PATH).splitlines()

    def node(self):
        (name,) = self.ok("ls", PATH).split()
        return PATH + "/" + name

    # -- who is there -------------------------------------------------------------------------------------------------

    def test_lists_who_is_there(self):
        self.assertEqual(self.names(), [])
        first = self.member("bert")
        self.member("anna")
        self.member("anna")
        self.assertEqual(self.names(), ["anna", "anna", "bert"])
        first.end()
        self.assertEqual(self.names(), ["anna", "anna"])
        self.assertEqual(self.ok_json("party", PATH),
                         {"path": PATH, "members": [{"identifier": "anna", "base64": False}] * 2})

    def test_shallow_members_are_told_by_their_nodes_names(self):
        self.member("anna", "--shallow")
        self.assertEqual(self.names("--shallow"), ["anna"])
        self.assertEqual(self.names(), [])
        self.assertRegex(self.node(), r"/[0-9a-f]{32}-anna$")
        self.fails(1, "kz: party .*the identifier cannot be part of a node's name", "party", "--shallow", "--join", "a/b", PATH, "--",
                   "true")

    def test_names_are_shown_on_one_line_and_exactly_in_json(self):
        node = PATH + "/0123456789abcdef0123456789abcdef__party__"
        self.ok("create", "-p", node, "two\nlines")
        self.assertEqual(self.names(), ["two?lines"])
        self.assertEqual(self.ok_json("party", PATH)["members"], [{"identifier": "two\nlines", "base64": False}])
        self.ok("set", node, "-", stdin=b"\xff")
        self.assertEqual(self.ok_json("party", PATH)["members"], [{"identifier": "/w==", "base64": True}])

    def test_watch_tells_who_comes_and_goes(self):
        first = self.member("anna")
        watch = self.party("--watch", PATH)
        self.assertEqual(watch.line(), "joined anna")
        second = self.member("bert")
        self.assertEqual(watch.line(), "joined bert")
        first.end()
        self.assertEqual(watch.line(), "left anna")
        second.process.kill()
        second.process.wait()
        self.assertEqual(watch.line(), "left bert")
        self.assertEqual(watch.end(), (0, "", ""))

    def test_watch_in_json_is_the_whole_list(self):
        watch = self.stack.enter_context(Background("--json", "party", "-w", PATH, env=self.env))
        self.assertEqual(json.loads(watch.line()), {"path": PATH, "members": []})
        self.member("anna")
        self.assertEqual(json.loads(watch.line())["members"], [{"identifier": "anna", "base64": False}])
        self.assertEqual(watch.end(signal.SIGINT)[0], 0)

    def test_watch_ends_when_it_may_not_read(self):
        self.ok("create", "-p", "--acl", "world:anyone:c", PATH)
        self.fails(1, "kz: party .*not permitted.*", "party", "--watch", PATH)
        self.fails(1, "kz: party .*not permitted.*", "--json", "party", "--watch", PATH)

    # -- the command --------------------------------------------------------------------------------------------------

    def test_is_a_member_as_long_as_the_command_runs(self):
        self.assertEqual(self.once(PATH, "--", harness.KZ, "party", PATH), (0, b"anna\n", ""))
        self.assertEqual(self.ok("ls", PATH), "")

    def test_command_knows_its_path(self):
        self.assertEqual(self.once(PATH, "--", "sh", "-c", 'echo "$KZ_PARTY_PATH"')[1], b"/app/workers\n")

    def test_command_has_our_standard_streams(self):
        script = "cat; echo error >&2; read -r rest || echo end of input"
        self.assertEqual(self.once(PATH, "--", "sh", "-c", script, stdin=b"in\0put"),
                         (0, b"in\0putend of input\n", "error\n"))

    def test_arguments_of_the_command_are_its_own(self):
        odd = ["ls", "-l", "--watch", "--", "--json", "a b", "", "--join"]
        self.assertEqual(self.once(PATH, "--", "printf", "%s\n", *odd)[1].decode(), "".join(a + "\n" for a in odd))
        raw = [b"\xff\xfe", b"h\xc3\xa9"]
        self.assertEqual(self.once(PATH, "--", "printf", "%s", *raw)[1], b"".join(raw))

    def test_exit_codes(self):
        file = pathlib.Path(self.stack.enter_context(harness.scratch()), "file")
        file.write_text("text")
        for expected, command in ((0, ["true"]), (5, ["sh", "-c", "exit 5"]), (128 + 9, ["sh", "-c", "kill -KILL $$"])):
            self.assertEqual(self.once(PATH, "--", *command), (expected, b"", ""), command)
        self.fails(127, "kz: party: .*No such file or directory", "party", "--join", "a", PATH, "--", "/nowhere/x")
        self.fails(126, "kz: party: .*Permission denied", "party", "--join", "a", PATH, "--", str(file))
        self.assertEqual(self.ok("ls", PATH), "")

    def test_usage(self):
        self.fails(2, "kz: party: a command is required.*", "party", "--join", "a", PATH)
        self.fails(2, "kz: party: put -- before the command.*", "party", "--join", "a", PATH, "true")
        self.fails(2, "kz: party: a command needs --join.*", "party", PATH, "--", "true")
        self.fails(2, "kz: party: a command needs --join.*", "party", PATH, "true")
        self.fails(2, "kz: party: .*", "party", "--join", "a", "--watch", PATH, "--", "true")
        self.fails(2, "kz: party: .*", "party", "--no-rejoin", PATH)
        self.fails(2, "kz: party: .*", "party", "workers")
        self.fails(1, 'kz: party "/a/../b": invalid path.*', "party", "--join", "a", "/a/../b", "--", "true")

    def test_cannot_connect(self):
        address = f"127.0.0.1:{free_port()}"
        self.fails(4, f'kz: party: cannot connect to "{address}": .*', "-s", address, "--timeout", "0.3", "party", "--join",
                   "a", PATH, "--", "true")

    def test_who_may_not_join_runs_nothing(self):
        self.ok("create", "-p", "--acl", "world:anyone:r", PATH)
        self.fails(1, 'kz: party "/app/workers": not permitted', "party", "--join", "a", PATH, "--", "echo", "ran")

    # -- running ------------------------------------------------------------------------------------------------------

    def test_signals_are_passed_on(self):
        process = self.member("anna", command=(*LISTEN, "SIGTERM"))
        for how in (signal.SIGINT, signal.SIGHUP, signal.SIGINT):
            process.process.send_signal(how)
            self.assertEqual(process.line(), how.name)
        self.assertEqual(process.end(), (5, "SIGTERM\n", ""))
        self.assertEqual(self.ok("ls", PATH), "")

    def test_command_ends_with_a_killed_kz_and_the_member_goes_with_the_session(self):
        member = self.party("--join", "anna", PATH, "--", "sh", "-c", "echo $$; exec sleep 1000")
        command = int(member.line())
        member.process.kill()
        wait_until(lambda: is_gone(command))
        wait_until(lambda: self.names() == [])

    def test_joins_again_when_its_node_was_deleted_and_the_command_runs_on(self):
        member = self.member("anna")
        first = self.ok_json("stat", self.node())
        self.ok("rm", self.node())
        wait_until(lambda: self.names() == ["anna"] and self.ok_json("stat", self.node()) != first)
        self.assertEqual(member.end(), (128 + signal.SIGTERM, "", ""))

    def test_no_rejoin_tells_the_command_to_end(self):
        member = self.member("anna", "--no-rejoin", command=(*LISTEN, "SIGTERM"))
        self.ok("rm", self.node())
        lost = 'kz: party "/app/workers": no member any more; the command is told to end\n'
        self.assertEqual(member.result(), (76, "SIGTERM\n", lost))
        self.assertEqual(self.names(), [])

    def test_no_rejoin_kills_a_command_that_goes_on(self):
        member = self.member("anna", "--no-rejoin", "--kill-after", "300ms", "--quiet", command=LISTEN)
        self.ok("rm", self.node())
        self.assertEqual(member.line(), "SIGTERM")
        self.assertEqual(member.result(), (76, "", ""))


if __name__ == "__main__":
    harness.main()
