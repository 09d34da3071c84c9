"""`kz queue consume` and what fills its queue, driven against `kz serve`: kz_consume_test.py KZ [TEST]..."""

import signal
import subprocess
import sys

import harness
from harness import Background, free_port
from kz_lock_test import HOLD, LISTEN, is_gone, wait_until

PATH = "/jobs"
LOST = f'kz: queue "{PATH}": lost; the command is told to end\n'


class ConsumeTest(harness.ServerTest):

    def push(self, *words, **more):
        self.assertEqual(self.run_kz("queue", "push", "--locking", PATH, *words, **more), (0, b"", ""))

    def consume(self, *words, **more):
        return self.run_kz("queue", "consume", PATH, *words, **more)

    def consumer(self, *options, command=HOLD):
        """A kz queue consume that goes on running and has an item. Its standard input stays open."""
        process = self.stack.enter_context(
            Background("queue", "consume", *options, PATH, "--", *command, env=self.env, stdin=subprocess.PIPE,
                       start_new_session=True))
        self.assertEqual(process.line(), "holds")
        return process

    def items(self):
        return self.ok_json("queue", "ls", "--locking", PATH)["items"]

    def claimed(self):
        return [i["name"] for i in self.items() if i["claimed"]]

    # -- the layout ---------------------------------------------------------------------------------------------------

    def test_layout_is_filled_shown_and_emptied(self):
        self.assertEqual(self.ok("queue", "ls", "--locking", PATH), "")
        self.push("first")
        self.push("-", "--priority", "5", stdin=b"ur\0gent\n")
        self.push("--null")
        names = ["entry-005-0000000001", "entry-100-0000000000", "entry-100-0000000002"]
        self.assertEqual(self.ok("queue", "ls", "--locking", PATH).splitlines(), names)
        self.assertEqual(self.ok("ls", PATH + "/entries").split(), names)
        self.assertEqual(self.items(), [{"name": n, "claimed": False} for n in names])
        self.consumer()
        self.assertEqual(self.ok("queue", "ls", "--locking", PATH).splitlines(), [names[0] + "\tclaimed", *names[1:]])
        self.assertEqual(self.run_kz("queue", "pop", "--locking", PATH), (0, b"first", ""))
        self.assertEqual(self.run_kz("queue", "pop", "--locking", PATH), (0, b"", ""))
        self.assertEqual(self.run_kz("queue", "pop", "--locking", PATH), (75, b"", ""))
        self.assertEqual(self.claimed(), names[:1])

    def test_data_behind_a_separator(self):
        self.ok("queue", "push", "--locking", PATH, "--", "--wait")
        self.ok("queue", "push", "--locking", PATH, "--", "consume")
        self.assertEqual(self.consume("--each", "--", "cat"), (0, b"--waitconsume", ""))

    def test_both_layouts_are_apart(self):
        self.push("a")
        self.ok("queue", "push", PATH, "b")
        self.assertEqual(self.ok("queue", "pop", PATH), "b")
        self.assertEqual(self.ok("queue", "pop", "--locking", PATH), "a")

    # -- the command --------------------------------------------------------------------------------------------------

    def test_command_gets_the_item_byte_for_byte(self):
        odd = bytes(range(256)) * 1000
        self.push("-", stdin=odd)
        self.push("--null")
        self.assertEqual(self.consume("--", "cat"), (0, odd, ""))
        self.assertEqual(self.consume("--", "cat", stdin=b"ours"), (0, b"", ""))
        self.assertEqual(self.items(), [])

    def test_command_need_not_read(self):
        self.push("-", stdin=b"x" * 500_000)
        self.assertEqual(self.consume("--", "true"), (0, b"", ""))

    def test_command_knows_path_item_and_token(self):
        tokens = []
        for number in range(2):
            self.push("x")
            path, item, token = self.consume(
                "--", "sh", "-c", 'echo "$KZ_QUEUE_PATH $KZ_QUEUE_ITEM $KZ_FENCING_TOKEN"')[1].decode().split()
            self.assertEqual((path, item), (PATH, f"entry-100-000000000{number}"))
            tokens.append(int(token))
        self.assertLess(tokens[0], tokens[1])

    def test_arguments_are_the_commands_own(self):
        self.push("x")
        odd = ["pop", "-w", "--each", "--", "--json", "a b", ""]
        self.assertEqual(self.consume("--", "printf", "%s\n", *odd)[1].decode(), "".join(a + "\n" for a in odd))
        self.push("x")
        raw = [b"\xff\xfe", b"h\xc3\xa9"]
        self.assertEqual(self.consume("--", "printf", "%s", *raw)[1], b"".join(raw))

    def test_what_fails_goes_back(self):
        self.push("x")
        for expected, command in ((5, ["sh", "-c", "exit 5"]), (76, ["sh", "-c", "exit 76"]),
                                  (128 + 9, ["sh", "-c", "kill -KILL $$"])):
            self.assertEqual(self.consume("--", *command), (expected, b"", ""))
        self.assertEqual(self.consume("--", "no-such-command")[0], 127)
        self.assertEqual(self.consume("--", "/")[0], 126)
        self.assertEqual([i["claimed"] for i in self.items()], [False])
        self.assertEqual(self.consume("--", "cat"), (0, b"x", ""))

    def test_without_an_item(self):
        self.assertEqual(self.consume("--", "true"), (75, b"", ""))
        self.assertEqual(self.consume("--for", "50ms", "--", "true"), (75, b"", ""))
        self.assertEqual(self.consume("--each", "--", "true"), (75, b"", ""))

    def test_each_goes_on_until_none_is_left_or_one_fails(self):
        for item in ("a\n", "b\n", "bad\n", "c\n"):
            self.push(item)
        self.assertEqual(self.consume("--each", "--", "grep", "-v", "bad"), (1, b"a\nb\n", ""))
        self.assertEqual([i["claimed"] for i in self.items()], [False, False])
        self.assertEqual(self.consume("--each", "--", "cat"), (0, b"bad\nc\n", ""))
        self.assertEqual(self.items(), [])

    def test_each_waits_for_the_next(self):
        self.push("1\n")
        waiting = self.background("queue", "consume", "--each", "--wait", PATH, "--", "cat")
        self.assertEqual(waiting.line(), "1")
        wait_until(lambda: self.items() == [])
        self.push("2\n")
        self.assertEqual(waiting.line(), "2")
        wait_until(lambda: self.items() == [])
        self.assertEqual(waiting.end(signal.SIGTERM), (75, "", ""))

    # -- signals and losses -------------------------------------------------------------------------------------------

    def test_signals_are_passed_on_and_the_item_goes_back(self):
        self.push("x")
        first = self.consumer(command=(*LISTEN, "SIGTERM"))
        first.process.send_signal(signal.SIGHUP)
        self.assertEqual(first.line(), "SIGHUP")
        self.assertEqual(len(self.claimed()), 1)
        self.assertEqual(first.end(), (5, "SIGTERM\n", ""))
        self.assertEqual(self.claimed(), [])
        nice = self.consumer(command=(sys.executable, "-c", "import signal, sys\n"
                                      "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
                                      "print('holds', flush=True)\nsignal.pause()"))
        self.assertEqual(nice.end(), (75, "", ""))
        self.assertEqual([i["claimed"] for i in self.items()], [False])

    def test_item_of_a_killed_kz_comes_back(self):
        self.push("x")
        first = self.consumer(command=("sh", "-c", "echo holds; echo $$; exec sleep 1000"))
        command = int(first.line())
        waiting = self.background("queue", "consume", "--wait", PATH, "--", "cat")
        first.process.kill()
        self.assertEqual(waiting.result(), (0, "x", ""))
        wait_until(lambda: is_gone(command))

    def test_loss_ends_the_command(self):
        self.push("x")
        first = self.consumer(command=(*LISTEN, "SIGTERM"))
        self.ok("rm", PATH + "/taken/" + self.claimed()[0])
        self.assertEqual(first.result(), (76, "SIGTERM\n", LOST))
        self.assertEqual([i["claimed"] for i in self.items()], [False])

    def test_loss_kills_a_command_that_goes_on(self):
        self.push("x")
        first = self.consumer("--kill-after", "300ms", "--quiet", "--each", command=LISTEN)
        self.ok("rm", PATH + "/taken/" + self.claimed()[0])
        self.assertEqual(first.line(), "SIGTERM")
        self.assertEqual(first.result(), (76, "", ""))

    def test_end_of_the_session_is_a_loss(self):
        self.push("x")
        first = self.consumer(command=(*LISTEN, "SIGTERM"))
        self.server.process.kill()
        self.server.process.wait()
        code, output, log = first.result()
        self.assertEqual((code, output), (76, "SIGTERM\n"))
        self.assertTrue(log.startswith(LOST), log)

    def test_usage(self):
        self.fails(2, "kz: queue: a command is required: kz queue consume PATH -- COMMAND.*", "queue", "consume", PATH)
        self.fails(2, "kz: queue: put -- before the command.*", "queue", "consume", PATH, "true")
        for wrong in (["push", PATH, "x", "--each"], ["ls", PATH, "--", "consume"], ["pop", PATH, "--quiet"],
                      ["consume", PATH, "--priority", "1", "--", "true"], ["ls", "--locking", "--wait", PATH],
                      ["consume", "--wait", "--for", "1s", PATH, "--", "true"]):
            self.assertEqual(self.run_kz("queue", *wrong)[0], 2, wrong)
        address = f"127.0.0.1:{free_port()}"
        self.fails(4, f'kz: queue: cannot connect to "{address}": .*', "-s", address, "--timeout", "0.3", "queue",
                   "consume", PATH, "--", "true")


if __name__ == "__main__":
    harness.main()
