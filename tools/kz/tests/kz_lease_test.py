"""`kz lease`, driven against `kz serve`: kz_lease_test.py KZ [TEST]..."""

import datetime
import json
import pathlib
import signal
import subprocess

import harness
from harness import Background, free_port
from kz_lock_test import HOLD, LISTEN, is_gone, wait_until

PATH = "/jobs/x"
HOLDER = PATH + "/lease_holder"


class LeaseTest(harness.ServerTest):

    def lease(self, *arguments):
        """A kz lease that goes on running. Its standard input stays open."""
        return self.stack.enter_context(
            Background("lease", *arguments, env=self.env, stdin=subprocess.PIPE, start_new_session=True))

    def holder(self, *options, command=HOLD):
        process = self.lease(*options, PATH, "--", *command)
        self.assertEqual(process.line(), "holds")
        return process

    def once(self, *arguments, **more):
        return self.run_kz("lease", "--for", "1h", *arguments, **more)

    def record(self, path=HOLDER):
        return json.loads(self.ok("get", path))

    # -- the command --------------------------------------------------------------------------------------------------

    def test_stays_reserved_when_the_command_has_ended(self):
        self.assertEqual(self.once("--as", "anna", PATH, "--", "echo", "ran"), (0, b"ran\n", ""))
        self.assertEqual(self.once(PATH, "--", "echo", "ran"), (75, b"", 'kz: lease "/jobs/x": somebody else has it\n'))
        self.assertEqual(self.once("--quiet", PATH, "--", "echo", "ran"), (75, b"", ""))
        self.assertEqual(self.record()["holder"], "anna")
        self.assertEqual(self.once("--as", "anna", PATH, "--", "echo", "again"), (0, b"again\n", ""))

    def test_release_gives_it_back(self):
        self.assertEqual(self.once("--release", PATH, "--", "sh", "-c", "exit 7"), (7, b"", ""))
        self.assertEqual(self.ok("ls", PATH), "")
        self.assertEqual(self.once(PATH, "--", "true")[0], 0)

    def test_its_holder_is_user_host_and_process(self):
        self.once(PATH, "--", "true")
        self.assertRegex(self.record()["holder"], rf"^\S+@\S+:\d+$")

    def test_command_knows_its_path(self):
        show = ("sh", "-c", 'echo "$KZ_LEASE_PATH"')
        self.assertEqual(self.once(PATH, "--", *show)[1], b"/jobs/x\n")
        self.assertEqual(self.once("--slots", "2", PATH, "--", *show)[1], b"/jobs/x/0\n")

    def test_slots(self):
        for expected in (0, 0, 75):
            self.assertEqual(self.once("--slots", "2", PATH, "--", "true")[0], expected)
        self.fails(75, 'kz: lease "/jobs/x": others have all of them', "lease", "--for", "1h", "--slots", "2", PATH,
                   "--", "true")
        self.assertEqual(sorted(self.ok("ls", PATH).split()), ["0", "1"])
        self.assertNotEqual(self.record(PATH + "/0/lease_holder"), self.record(PATH + "/1/lease_holder"))

    def test_command_has_our_standard_streams(self):
        script = "cat; echo error >&2; read -r rest || echo end of input"
        self.assertEqual(self.once(PATH, "--", "sh", "-c", script, stdin=b"in\0put"),
                         (0, b"in\0putend of input\n", "error\n"))

    def test_arguments_of_the_command_are_its_own(self):
        odd = ["ls", "-l", "--release", "--", "--json", "a b", "", "--for"]
        self.assertEqual(self.once(PATH, "--", "printf", "%s\n", *odd)[1].decode(), "".join(a + "\n" for a in odd))
        raw = [b"\xff\xfe", b"h\xc3\xa9"]
        self.assertEqual(self.once("-r", "--as", "anna", "/jobs/y", "--", "printf", "%s", *raw)[1], b"".join(raw))

    def test_exit_codes(self):
        file = pathlib.Path(self.stack.enter_context(harness.scratch()), "file")
        file.write_text("text")
        for expected, command in ((0, ["true"]), (5, ["sh", "-c", "exit 5"]), (128 + 9, ["sh", "-c", "kill -KILL $$"])):
            self.assertEqual(self.once("--release", PATH, "--", *command), (expected, b"", ""), command)
        self.fails(127, "kz: lease: .*No such file or directory", "lease", "--for", "1h", "--release", PATH, "--",
                   "/nowhere/x")
        self.fails(126, "kz: lease: .*Permission denied", "lease", "--for", "1h", "--release", PATH, "--", str(file))
        self.assertEqual(self.ok("ls", PATH), "")

    def test_usage(self):
        self.fails(2, "kz: lease: a command is required.*", "lease", "--for", "1h", PATH)
        self.fails(2, "kz: lease: a command is required.*", "lease", "--for", "1h", PATH, "--")
        self.fails(2, "kz: lease: put -- before the command.*", "lease", "--for", "1h", PATH, "true")
        self.fails(2, "kz: lease: .*--for.*", "lease", PATH, "--", "true")
        for wrong in (("--for", "1s"), ("--for", "soon"), ("--for", "1h", "--slots", "0"),
                      ("--for", "1h", "--slots", "-1"), ("--for", "1h", "--slots", "1000000")):
            self.fails(2, "kz: lease: .*", "lease", *wrong, PATH, "--", "true")
        self.fails(1, 'kz: lease "/a/../b": invalid path.*', "lease", "--for", "1h", "/a/../b", "--", "true")

    def test_cannot_connect(self):
        address = f"127.0.0.1:{free_port()}"
        self.fails(4, f'kz: lease: cannot connect to "{address}": .*', "-s", address, "--timeout", "0.3", "lease",
                   "--for", "1h", PATH, "--", "true")

    def test_what_is_no_lease_is_named(self):
        self.ok("create", "-p", HOLDER, "hello")
        self.fails(1, 'kz: lease .*"/jobs/x/lease_holder".*what the node holds is no lease.*', "lease", "--for", "1h", PATH,
                   "--", "true")

    # -- running ------------------------------------------------------------------------------------------------------

    def test_is_renewed_while_the_command_runs(self):
        holder = self.holder("--for", "2s", "--as", "anna")
        first = self.record()
        wait_until(lambda: self.record()["end"] > first["end"])
        second = self.record()
        wait_until(lambda: self.record()["end"] > second["end"])
        self.assertEqual(self.once(PATH, "--", "true")[0], 75)
        self.assertEqual(holder.end(), (128 + signal.SIGTERM, "", ""))

    def test_signals_are_passed_on(self):
        process = self.holder("--for", "1h", "--release", command=(*LISTEN, "SIGTERM"))
        for how in (signal.SIGINT, signal.SIGHUP, signal.SIGINT):
            process.process.send_signal(how)
            self.assertEqual(process.line(), how.name)
        self.assertEqual(process.end(), (5, "SIGTERM\n", ""))
        self.assertEqual(self.ok("ls", PATH), "")

    def test_signal_while_it_is_asked_for_ends_the_asking(self):
        self.ok("create", "-p", PATH)
        self.ok("create", "--sequential", PATH + "/0123456789abcdef0123456789abcdef__lock__")
        process = self.lease("--for", "1h", PATH, "--", "echo", "ran")
        wait_until(lambda: len(self.ok("ls", PATH).split()) == 2)
        self.assertEqual(process.end(), (75, "", 'kz: lease "/jobs/x": given up\n'))
        wait_until(lambda: len(self.ok("ls", PATH).split()) == 1)

    def test_command_ends_with_a_killed_kz_and_the_lease_stays(self):
        holder = self.lease("--for", "1h", PATH, "--", "sh", "-c", "echo $$; exec sleep 1000")
        command = int(holder.line())
        holder.process.kill()
        wait_until(lambda: is_gone(command))
        self.assertEqual(self.once(PATH, "--", "true")[0], 75)

    # -- losing it ----------------------------------------------------------------------------------------------------

    LOST = 'kz: lease "/jobs/x": lost; the command is told to end\n'

    def test_somebody_else_who_has_it_is_a_loss(self):
        holder = self.holder("--for", "2s", command=(*LISTEN, "SIGTERM"))
        self.ok("set", HOLDER, json.dumps({"version": 1, "holder": "other", "end": "2999-01-01T00:00:00"}))
        self.assertEqual(holder.result(), (76, "SIGTERM\n", self.LOST))

    def test_end_without_a_server_is_a_loss(self):
        holder = self.holder("--for", "2s", "--release", command=(*LISTEN, "SIGTERM"))
        self.server.process.kill()
        self.server.process.wait()
        code, output, log = holder.result()
        self.assertEqual((code, output), (76, "SIGTERM\n"))
        self.assertTrue(log.startswith(self.LOST), log)

    def test_command_is_gone_before_the_end_without_a_server(self):
        note = pathlib.Path(self.stack.enter_context(harness.scratch()), "note")
        script = f"trap '' TERM; echo holds; while :; do date +%s.%N > {note}.new; mv {note}.new {note}; done"
        holder = self.holder("--for", "20s", "--kill-after", "3s", command=("sh", "-c", script))
        end = datetime.datetime.fromisoformat(self.record()["end"] + "+00:00").timestamp()
        self.server.process.kill()
        self.server.process.wait()
        self.assertEqual(holder.result()[0], 76)
        self.assertLess(float(note.read_text()), end)

    def test_loss_kills_a_command_that_goes_on(self):
        holder = self.holder("--for", "2s", "--kill-after", "300ms", "--quiet", command=LISTEN)
        self.server.process.kill()
        self.server.process.wait()
        self.assertEqual(holder.line(), "SIGTERM")
        self.assertEqual(holder.result(), (76, "", ""))

    def test_command_that_ends_while_kz_is_suspended_too_long(self):
        holder = self.lease("--for", "2s", PATH, "--", "sh", "-c", "echo holds; read -r line")
        self.assertEqual(holder.line(), "holds")
        holder.process.send_signal(signal.SIGSTOP)
        holder.process.stdin.write("go on\n")
        holder.process.stdin.flush()
        wait_until(lambda: self.once("--as", "other", PATH, "--", "true")[0] == 0)
        self.assertEqual(holder.end(signal.SIGCONT)[0], 76)


if __name__ == "__main__":
    harness.main()
