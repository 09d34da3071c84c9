"""`kz barrier`, driven against `kz serve`: kz_barrier_test.py KZ [TEST]..."""

import pathlib
import signal
import subprocess

import harness
from harness import Background, free_port
from kz_lock_test import HOLD, LISTEN, is_gone, wait_until

PATH = "/jobs/7"


def said(what):
    return f'kz: barrier "{PATH}": {what}\n'


class BarrierTest(harness.ServerTest):

    def begin(self, *arguments):
        """A kz barrier that goes on running. Its standard input stays open."""
        return self.stack.enter_context(
            Background("barrier", *arguments, env=self.env, stdin=subprocess.PIPE, start_new_session=True))

    def member(self, *options, count=2, command=HOLD):
        """One who enters; once the servers have its node."""
        before = len(self.members())
        process = self.begin("enter", *options, PATH, str(count), "--", *command)
        wait_until(lambda: len(self.members()) == before + 1)
        return process

    def both_inside(self, **more):
        both = self.member(**more), self.member(**more)
        for each in both:
            self.assertEqual(each.line(), "holds")
        return both

    def members(self):
        code, out, _ = self.run_kz("ls", PATH)
        return [name for name in out.decode().split() if name != "ready"] if code == 0 else []

    def watches(self):
        for line in self.ok("command", "mntr", self.address).splitlines():
            if line.startswith("zk_watch_count"):
                return int(line.split()[1])
        return 0

    # -- one that is put up and taken away ----------------------------------------------------------------------------

    def test_who_waits_goes_on_when_it_is_removed(self):
        self.assertEqual(self.ok("barrier", "wait", PATH), "")
        self.assertEqual(self.ok("barrier", "create", PATH), "")
        self.assertEqual(self.ok("barrier", "create", PATH), "")
        self.assertEqual(self.run_kz("barrier", "wait", "--for", "0", PATH), (75, b"", said("still stands")))
        self.assertEqual(self.run_kz("barrier", "wait", "--for", "50ms", "-q", PATH), (75, b"", ""))
        waiting, limited = self.begin("wait", PATH), self.begin("wait", PATH, "--for", "30s")
        wait_until(lambda: self.watches() == 2)
        self.assertEqual(self.ok("barrier", "remove", PATH), "")
        self.assertEqual(waiting.result(), (0, "", ""))
        self.assertEqual(limited.result(), (0, "", ""))
        self.assertEqual(self.run_kz("barrier", "remove", PATH), (0, b"", said("there was none")))

    def test_a_signal_ends_the_wait(self):
        self.ok("barrier", "create", PATH)
        for how in (signal.SIGTERM, signal.SIGINT):
            waiting = self.begin("wait", PATH)
            wait_until(lambda: self.watches() == 1)
            self.assertEqual(waiting.end(how), (75, "", said("given up")))
            wait_until(lambda: self.watches() == 0)

    def test_usage(self):
        for words in (("wait", PATH, "2"), ("create", PATH, "--", "true"), ("remove", PATH, "2", "true")):
            self.fails(2, "kz: barrier: only enter takes COUNT and a command.*", "barrier", *words)
        self.fails(2, "kz: barrier: only enter takes --kill-after.*", "barrier", "wait", "-k", "1s", PATH)
        self.fails(2, "kz: barrier: only wait and enter take --for.*", "barrier", "create", "--for", "1s", PATH)
        self.fails(2, "kz: barrier: enter takes COUNT.*", "barrier", "enter", PATH, "--", "true")
        self.fails(2, "kz: barrier: a command is required: kz barrier enter PATH COUNT -- COMMAND.*", "barrier", "enter",
                   PATH, "2")
        self.fails(2, "kz: barrier: put -- before the command.*", "barrier", "enter", PATH, "2", "true")
        for count in ("0", "-1", "x"):
            self.fails(2, "kz: barrier: .*", "barrier", "enter", PATH, count, "--", "true")
        self.fails(2, "kz: .*", "barrier", "stand", PATH)
        self.fails(1, 'kz: barrier "/a/../b": invalid path.*', "barrier", "enter", "/a/../b", "1", "--", "true")
        address = f"127.0.0.1:{free_port()}"
        self.fails(4, f'kz: barrier: cannot connect to "{address}": .*', "-s", address, "--timeout", "0.3", "barrier",
                   "wait", PATH)

    # -- entering -----------------------------------------------------------------------------------------------------

    def test_commands_begin_together_and_end_together(self):
        script = ("sh", "-c", 'echo "$KZ_BARRIER_PATH"; read -r line; echo "$line"; exit 3')
        first = self.member("--identifier", "anna", command=script)
        name, = self.members()
        self.assertEqual(self.ok("get", f"{PATH}/{name}").rstrip("\n"), "anna")
        second = self.member(command=script)
        for each in (first, second):
            self.assertEqual(each.line(), PATH)
        first.process.stdin.write("one\n")
        first.process.stdin.flush()
        self.assertEqual(first.line(), "one")
        wait_until(lambda: self.watches() > 0)
        self.assertIsNone(first.process.poll())
        second.process.stdin.write("two\n")
        second.process.stdin.flush()
        self.assertEqual(second.line(), "two")
        self.assertEqual(first.result(), (3, "", ""))
        self.assertEqual(second.result(), (3, "", ""))
        self.assertEqual(self.ok("ls", PATH), "")

    def test_arguments_and_streams_are_the_commands_own(self):
        odd = ["enter", "-l", "--for", "--", "--json", "a b", "", "--quiet"]
        self.assertEqual(self.ok("barrier", "enter", PATH, "1", "--", "printf", "%s\n", *odd),
                         "".join(a + "\n" for a in odd))
        raw = [b"\xff\xfe", b"h\xc3\xa9"]
        self.assertEqual(self.run_kz("barrier", "enter", PATH, "1", "--", "printf", "%s", *raw)[1], b"".join(raw))
        self.assertEqual(
            self.run_kz("barrier", "enter", PATH, "1", "--", "sh", "-c", "cat; echo error >&2", stdin=b"in\0put"),
            (0, b"in\0put", "error\n"))

    def test_exit_codes(self):
        file = pathlib.Path(self.stack.enter_context(harness.scratch()), "file")
        file.write_text("text")
        for expected, command in ((0, ["true"]), (5, ["sh", "-c", "exit 5"]), (76, ["sh", "-c", "exit 76"]),
                                  (128 + 9, ["sh", "-c", "kill -KILL $$"])):
            self.assertEqual(self.run_kz("barrier", "enter", PATH, "1", "--", *command), (expected, b"", ""))
        self.fails(126, "kz: barrier: .*", "barrier", "enter", PATH, "1", "--", file)
        self.fails(127, "kz: barrier: .*", "barrier", "enter", PATH, "1", "--", "no-such-command")
        self.assertEqual(self.members(), [])

    def test_not_enough_come(self):
        words = ("barrier", "enter", "--for", "50ms", PATH, "2", "--", "true")
        self.assertEqual(self.run_kz(*words), (75, b"", said("not enough came in time")))
        waiting = self.member()
        self.assertEqual(waiting.end(), (75, "", said("given up")))
        wait_until(lambda: self.members() == [])

    def test_signals_are_passed_on(self):
        first, second = self.both_inside(command=(*LISTEN, "SIGTERM"))
        first.process.send_signal(signal.SIGINT)
        self.assertEqual(first.line(), "SIGINT")
        second.process.send_signal(signal.SIGTERM)
        self.assertEqual(first.end(), (5, "SIGTERM\n", ""))
        self.assertEqual(second.result(), (5, "SIGTERM\n", ""))

    def test_a_signal_ends_the_wait_for_others(self):
        first, _ = self.both_inside(command=("sh", "-c", "echo holds; read -r line; exit 4"))
        first.process.stdin.write("\n")
        first.process.stdin.flush()
        wait_until(lambda: len(self.members()) == 1 or self.watches() > 2)  # it has gone, or goes last
        self.assertEqual(first.end(), (4, "", said("did not wait until the others had left")))
        wait_until(lambda: len(self.members()) == 1)

    # -- losing it ----------------------------------------------------------------------------------------------------

    def test_a_loss_ends_the_command(self):
        first = self.member(command=(*LISTEN, "SIGTERM"))
        name, = self.members()
        second = self.member()
        self.assertEqual(first.line(), "holds")
        self.assertEqual(second.line(), "holds")
        self.ok("rm", f"{PATH}/{name}")
        self.assertEqual(first.result(), (76, "SIGTERM\n", said("lost; the command is told to end")))
        self.assertEqual(second.end(), (128 + signal.SIGTERM, "", ""))

    def test_command_ends_with_a_killed_kz(self):
        member = self.begin("enter", PATH, "1", "--", "sh", "-c", "echo $$; exec sleep 1000")
        command = int(member.line())
        member.process.kill()
        wait_until(lambda: is_gone(command))


if __name__ == "__main__":
    harness.main()
