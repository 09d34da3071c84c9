"""`kz lock`, driven against `kz serve`: kz_lock_test.py KZ [TEST]..."""

import contextlib
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import harness
from harness import LIMIT, Background, free_port

PATH = "/jobs/x"
HOLD = ("sh", "-c", "echo holds; exec sleep 1000")
# Says which signals it gets; ends with code 5 at the one that is named in its arguments.
LISTEN = (sys.executable, "-c", """
import os, signal, sys
def hear(number, _):
    name = signal.Signals(number).name
    print(name, flush=True)
    if name in sys.argv: os._exit(5)
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM): signal.signal(number, hear)
print("holds", flush=True)
while True: signal.pause()
""")


def is_gone(pid):
    """Ended; perhaps nobody has waited for it yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition):
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.01)


class LockTest(harness.ServerTest):

    def lock(self, *arguments):
        """A kz lock that goes on running. Its standard input stays open."""
        return self.stack.enter_context(
            Background("lock", *arguments, env=self.env, stdin=subprocess.PIPE, start_new_session=True))

    def holder(self, *options):
        process = self.lock(*options, PATH, "--", *HOLD)
        self.assertEqual(process.line(), "holds")
        return process

    def waiter(self, *options, command=("true",)):
        process = self.lock(*options, PATH, "--", *command)
        process.wait_for_log("waiting; held by")
        return process

    def contenders(self):
        return self.ok_json("lock", "--list", PATH)["contenders"]

    @staticmethod
    def names(contenders):
        return re.escape(", ".join(f"{c['identifier']} (session {c['session']})" for c in contenders))

    def scratch(self):
        return self.stack.enter_context(tempfile.TemporaryDirectory())

    # -- the command --------------------------------------------------------------------------------------------------

    def test_command_knows_path_and_token(self):
        show = ("sh", "-c", 'echo "$KZ_LOCK_PATH $KZ_FENCING_TOKEN"')
        env = self.env | {"KZ_FENCING_TOKEN": "of somebody else"}
        tokens = []
        for _ in range(2):
            path, token = self.ok("lock", PATH, "--", *show, env=env).split()
            self.assertEqual(path, PATH)
            tokens.append(int(token))
        self.assertGreater(tokens[1], tokens[0])
        self.assertEqual(self.contenders(), [])

    def test_command_has_our_standard_streams(self):
        script = "cat; echo error >&2; read -r rest || echo end of input"
        self.assertEqual(self.run_kz("lock", PATH, "--", "sh", "-c", script, stdin=b"in\0put"),
                         (0, b"in\0putend of input\n", "error\n"))

    def test_command_starts_with_usual_signals_and_descriptors(self):
        script = ("import os, signal\n"
                  "print(signal.pthread_sigmask(signal.SIG_BLOCK, []) & {signal.SIGINT, signal.SIGTERM, signal.SIGHUP},\n"
                  "      signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, os.listdir('/proc/self/fd')[:3],\n"
                  "      len(os.listdir('/proc/self/fd')))")
        for_itself = 1  # listdir has the folder open
        self.assertEqual(self.ok("lock", PATH, "--", sys.executable, "-c", script),
                         f"set() True ['0', '1', '2'] {3 + for_itself}\n")
        kill_itself = "kill -PIPE $$"  # ignored by kz, not by its command
        self.assertEqual(self.run_kz("lock", PATH, "--", "sh", "-c", kill_itself)[0], 128 + signal.SIGPIPE)

    def test_arguments_of_the_command_are_its_own(self):
        odd = ["ls", "-l", "--list", "--", "--json", "a b", ""]
        self.assertEqual(self.ok("lock", PATH, "--", "printf", "%s\n", *odd), "".join(a + "\n" for a in odd))

    def test_script_without_an_interpreter_line(self):
        script = pathlib.Path(self.scratch(), "script")
        script.write_text('echo "$1"\n')
        script.chmod(0o755)
        self.assertEqual(self.ok("lock", PATH, "--", str(script), "hello"), "hello\n")
        env = self.env | {"PATH": f"/nowhere:{script.parent}:{os.environ['PATH']}"}
        self.assertEqual(self.ok("lock", PATH, "--", "script", "found", env=env), "found\n")

    # -- exit codes ---------------------------------------------------------------------------------------------------

    def test_exit_code_of_the_command(self):
        for script, code in (("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)):
            self.assertEqual(self.run_kz("lock", PATH, "--", "sh", "-c", script), (code, b"", ""))

    def test_command_that_cannot_be_executed(self):
        plain = pathlib.Path(self.scratch(), "plain")
        plain.write_text("true\n")
        self.fails(127, "kz: lock: no-such-command: No such file or directory", "lock", PATH, "--", "no-such-command")
        self.fails(127, "kz: lock: /no/such: No such file or directory", "lock", PATH, "--", "/no/such")
        self.fails(126, f"kz: lock: {plain}: Permission denied", "lock", PATH, "--", str(plain))
        env = self.env | {"PATH": str(plain.parent)}
        self.fails(126, "kz: lock: plain: Permission denied", "lock", PATH, "--", "plain", env=env)
        self.fails(127, "kz: lock: : No such file or directory", "lock", PATH, "--", "")
        self.assertEqual(self.contenders(), [])

    def test_closed_standard_descriptors(self):
        script = '"$0" lock /jobs/x -- sh -c "echo out; echo lost >&2" 2>&-'
        result = subprocess.run(["sh", "-c", script, harness.KZ], env=self.env, stdout=subprocess.PIPE, timeout=LIMIT)
        self.assertEqual((result.returncode, result.stdout), (0, b"out\n"))

    def test_lock_usage(self):
        self.fails(2, "kz: lock: a command is required.*", "lock", PATH)
        self.fails(2, "kz: lock: put -- before the command.*", "lock", PATH, "echo", "-n", "hi")
        self.fails(2, r"kz: .*--what.* \(kz lock --help\)", "lock", "--what", PATH, "--", "true")
        self.fails(2, "kz: lock: --list runs no command.*", "lock", "--list", PATH, "--", "true")
        self.fails(2, "kz: .*", "lock")
        self.fails(2, "kz: .*", "lock", "--wait", "5parsecs", PATH, "--", "true")
        self.fails(2, "kz: .*", "lock", "--wait", "-1s", PATH, "--", "true")
        self.fails(2, "kz: .*", "lock", "--wait", "1s", "--no-wait", PATH, "--", "true")
        self.fails(1, 'kz: lock "/a/../b": invalid path.*', "lock", "/a/../b", "--", "true")

    def test_lock_cannot_connect(self):
        address = f"127.0.0.1:{free_port()}"
        self.fails(4, f'kz: lock: cannot connect to "{address}": .*', "-s", address, "--timeout", "0.3", "lock", PATH,
                   "--", "true")
        self.fails(4, f'kz: lock: cannot connect to "{address}": .*', "-s", address, "--timeout", "1000", "lock",
                   "--wait", "300ms", PATH, "--", "true")

    # -- waiting ------------------------------------------------------------------------------------------------------

    def test_no_wait(self):
        self.assertEqual(self.ok("lock", "--no-wait", PATH, "--", "echo", "ran"), "ran\n")
        self.holder("--identifier", "anna")
        held = r'kz: lock "/jobs/x": held by anna \(session 0x[0-9a-f]+\)'
        self.fails(75, held, "lock", "--no-wait", PATH, "--", "echo", "ran")
        self.fails(75, held, "lock", "--wait", "0", PATH, "--", "echo", "ran")
        self.assertEqual(self.run_kz("lock", "--no-wait", "--quiet", PATH, "--", "echo", "ran"), (75, b"", ""))
        self.assertEqual(len(self.contenders()), 1)

    def test_wait_ends_in_time(self):
        holder = self.holder("-i", "anna")
        start = time.monotonic()
        self.fails(75, 'kz: lock "/jobs/x": waiting; held by anna .*\nkz: lock "/jobs/x": not acquired in time', "lock",
                   "--wait", "2000ms", PATH, "--", "echo", "ran")
        self.assertGreaterEqual(time.monotonic() - start, 2)
        self.assertEqual(len(self.contenders()), 1)
        waiter = self.waiter("--wait", "1m", command=("echo", "ran"))
        holder.end()
        self.assertEqual(waiter.result()[:2], (0, "ran\n"))

    def test_waiting_without_limit(self):
        holder = self.holder()
        waiter = self.waiter(command=("echo", "ran"))
        self.assertEqual(holder.end(), (128 + signal.SIGTERM, "", ""))
        self.assertEqual(waiter.result()[:2], (0, "ran\n"))
        self.assertEqual(self.contenders(), [])

    def test_signal_while_waiting_leaves_the_line(self):
        self.holder()
        for how in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            waiter = self.waiter(command=("echo", "ran"))
            self.assertEqual(len(self.contenders()), 2)
            self.assertEqual(waiter.end(how), (75, "", 'kz: lock "/jobs/x": given up\n'))
            self.assertEqual(len(self.contenders()), 1)

    def test_hang_up_that_was_ignored_stays_ignored(self):
        holder = self.holder()
        nohup = ("sh", "-c", 'trap "" HUP; exec "$@"', "-", harness.KZ, "lock", PATH, "--", "echo", "ran")
        with subprocess.Popen(nohup, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as waiter:
            self.assertIn("waiting", waiter.stderr.readline())
            waiter.send_signal(signal.SIGHUP)
            self.assertEqual(len(self.contenders()), 2)
            holder.end()
            self.assertEqual(waiter.communicate(timeout=LIMIT), ("ran\n", ""))

    # -- running ------------------------------------------------------------------------------------------------------

    def test_signals_are_passed_on(self):
        process = self.lock(PATH, "--", *LISTEN, "SIGTERM")
        self.assertEqual(process.line(), "holds")
        for how in (signal.SIGINT, signal.SIGHUP, signal.SIGINT):
            process.process.send_signal(how)
            self.assertEqual(process.line(), how.name)
            self.assertEqual(len(self.contenders()), 1)
        self.assertEqual(process.end(), (5, "SIGTERM\n", ""))
        self.assertEqual(self.contenders(), [])

    def test_without_a_terminal_signals_reach_all_that_the_command_started(self):
        process = self.lock(PATH, "--", "sh", "-c", "sleep 1000 & echo $!; wait")
        pid = int(process.line())
        self.assertEqual(process.end()[0], 128 + signal.SIGTERM)
        wait_until(lambda: is_gone(pid))

    def test_on_a_terminal_the_command_is_in_the_foreground(self):
        script = ("import os, signal\n"
                  "interrupt = [signal.SIGINT]\n"
                  "signal.pthread_sigmask(signal.SIG_BLOCK, interrupt)\n"
                  "print(os.getpgrp() == os.tcgetpgrp(0), input(), flush=True)\n"
                  "signal.sigwait(interrupt)\n"
                  "print('once' if signal.sigtimedwait(interrupt, 0.3) is None else 'twice')")
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(harness.KZ, [harness.KZ, "lock", PATH, "--", sys.executable, "-c", script], self.env)
        with open(terminal, "r+b", buffering=0) as screen:
            screen.write(b"typed\n")
            shown = b""
            while b"True typed" not in shown:
                shown += screen.read(1000)
            screen.write(b"\x03")
            with contextlib.suppress(OSError):  # how the end is told
                while more := screen.read(1000):
                    shown += more
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.assertIn(b"once", shown)

    def test_two_never_run_at_the_same_time(self):
        taken = os.path.join(self.scratch(), "taken")
        script = 'mkdir "$1" && sleep 0.01 && rmdir "$1" && echo $KZ_FENCING_TOKEN'
        runs, lines = 8, []

        def work():
            for _ in range(runs):
                lines.append(self.run_kz("lock", "--quiet", PATH, "--", "sh", "-c", script, "-", taken))

        workers = [threading.Thread(target=work) for _ in range(3)]
        for w in workers:
            w.start()
        for w in workers:
            w.join()
        self.assertEqual({(code, errors) for code, _, errors in lines}, {(0, "")})
        self.assertEqual(len({int(token) for _, token, _ in lines}), 3 * runs)

    # -- losing it ----------------------------------------------------------------------------------------------------

    def lose_the_server(self):
        self.server.process.kill()
        self.server.process.wait()

    def test_loss_ends_the_command(self):
        process = self.lock(PATH, "--", *LISTEN, "SIGTERM")
        self.assertEqual(process.line(), "holds")
        self.lose_the_server()
        self.assertEqual(process.result(), (76, "SIGTERM\n", 'kz: lock "/jobs/x": lost; the command is told to end\n'))

    def test_loss_kills_a_command_that_goes_on(self):
        process = self.lock("--kill-after", "300ms", "--quiet", PATH, "--", *LISTEN)
        self.assertEqual(process.line(), "holds")
        before_loss = time.monotonic()
        self.lose_the_server()
        self.assertEqual(process.line(), "SIGTERM")
        self.assertEqual(process.result(), (76, "", ""))
        self.assertGreaterEqual(time.monotonic() - before_loss, 0.3)

    def test_what_the_command_started_ends_with_it_at_a_loss(self):
        script = "(trap '' TERM; exec sleep 1000) & echo $!; exec sleep 1000"
        process = self.lock(PATH, "--", "sh", "-c", script)
        deaf = int(process.line())
        self.lose_the_server()
        self.assertEqual(process.result()[0], 76)
        wait_until(lambda: is_gone(deaf))

    def test_deleted_node_is_a_loss(self):
        holder = self.holder()
        self.ok("rm", self.contenders()[0]["path"])
        self.assertEqual(holder.result()[0], 76)

    def test_command_that_ends_while_kz_is_suspended_too_long(self):
        holder = self.lock(PATH, "--", "sh", "-c", "echo holds; read -r line")
        self.assertEqual(holder.line(), "holds")
        holder.process.send_signal(signal.SIGSTOP)
        holder.process.stdin.write("go on\n")
        holder.process.stdin.flush()
        wait_until(lambda: self.contenders() == [])
        self.assertEqual(holder.end(signal.SIGCONT)[0], 76)

    def test_next_in_line_follows_a_killed_holder(self):
        holder = self.lock(PATH, "--", "sh", "-c", "echo $$; exec sleep 1000")
        command = int(holder.line())
        waiter = self.waiter(command=("echo", "ran"))
        holder.process.kill()
        wait_until(lambda: is_gone(command))
        self.assertEqual(waiter.result()[:2], (0, "ran\n"))

    # -- shared, and permits ------------------------------------------------------------------------------------------

    def test_those_who_share_hold_together_and_keep_the_others_out(self):
        reader = self.holder("--shared", "--identifier", "reader")
        self.holder("--shared")
        self.fails(75, 'kz: lock "/jobs/x": held by ' + self.names(self.contenders()), "lock", "--no-wait", PATH, "--",
                   "true")
        writer = self.waiter(command=("echo", "ran"))
        self.assertEqual([c["shared"] for c in self.contenders()], [True, True, False])
        self.fails(75, f'kz: lock "/jobs/x": {self.names(self.contenders()[2:])} is ahead', "lock", "--shared",
                   "--no-wait", PATH, "--", "true")
        for c in self.contenders()[:2]:
            self.ok("rm", c["path"])
        self.assertEqual(reader.result()[0], 76)
        self.assertEqual(writer.result()[:2], (0, "ran\n"))

    def test_who_shares_waits_for_who_does_not(self):
        holder = self.holder()
        reader = self.waiter("--shared", command=("echo", "ran"))
        holder.end(signal.SIGTERM)
        self.assertEqual(reader.result()[:2], (0, "ran\n"))

    def test_a_semaphore_lets_so_many_through(self):
        first, _ = (self.holder("--semaphore", "2", "--identifier", name) for name in ("anna", "berta"))
        holders = self.ok_json("lock", "--list", "--semaphore", "2", PATH)["contenders"]
        self.assertEqual(sorted(c["identifier"] for c in holders), ["anna", "berta"])
        self.fails(75, 'kz: lock "/jobs/x": held by ' + self.names(holders), "lock", "--semaphore", "2", "--no-wait",
                   PATH, "--", "true")
        third = self.waiter("--semaphore", "2", command=("sh", "-c", 'echo "$KZ_FENCING_TOKEN"'))
        first.end(signal.SIGTERM)
        code, token, _ = third.result()
        self.assertEqual(code, 0)
        self.assertGreater(int(token), max(int(c["fencingToken"]) for c in holders))

    def test_a_permit_that_somebody_deletes_is_lost(self):
        holder = self.holder("--semaphore", "1")
        self.ok("rm", self.ok_json("lock", "--list", "--semaphore", "1", PATH)["contenders"][0]["path"])
        self.assertEqual(holder.result()[0], 76)

    def test_a_semaphore_of_another_number_is_refused(self):
        self.holder("--semaphore", "2")
        self.fails(1, 'kz: lock "/jobs/x": bad arguments: 3 permits are wanted here, but the servers have 2',
                   "lock", "--semaphore", "3", PATH, "--", "true")

    # -- who is there -------------------------------------------------------------------------------------------------

    def test_list(self):
        self.assertEqual(self.ok("lock", "--list", PATH), "")
        self.assertEqual(self.ok_json("lock", "--list", PATH), {"path": PATH, "contenders": []})
        self.holder("--identifier", "anna\tof accounting")
        self.waiter()
        first, second = self.contenders()
        self.assertEqual((first["identifier"], first["base64"]), ("anna\tof accounting", False))
        self.assertRegex(second["identifier"], rf"^\S+@\S+:\d+$")
        self.assertLess(int(first["fencingToken"]), int(second["fencingToken"]))
        for c in (first, second):
            stat = self.ok_json("stat", c["path"])["stat"]
            self.assertEqual((stat["owner"], int(stat["czxid"], 16)), (c["session"], int(c["fencingToken"])))
            self.assertRegex(c["path"], r"^/jobs/x/[0-9a-f]{32}__lock__\d{10}$")
        lines = self.ok("lock", "--list", PATH).splitlines()
        self.assertEqual([re.split("  ", line, maxsplit=3) for line in lines],
                         [[c["fencingToken"], c["session"], c["path"], name]
                          for c, name in ((first, "anna?of accounting"), (second, second["identifier"]))])


if __name__ == "__main__":
    harness.main()
