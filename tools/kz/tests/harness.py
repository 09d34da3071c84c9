"""What the tests of the real kz share: its processes, and a `kz serve` for each test."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

KZ = ""
LIMIT = 30  # seconds; for what takes milliseconds
TEST_LIMIT = 50  # seconds; ctest, which kills without a clean-up, waits longer


def environment(**extra):
    env = {name: value for name, value in os.environ.items() if not name.startswith("KZ_")}
    return env | extra


def free_port():
    """A port on which nobody listens (any more)."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def scratch():
    """A folder that is removed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        yield pathlib.Path(folder)


def too_long(*_):
    raise AssertionError(f"the test takes longer than {TEST_LIMIT} seconds")


class Background:
    """A kz that goes on running; killed at the end if it has not ended."""

    def __init__(self, *arguments, env=None, stdin=subprocess.DEVNULL, **more):
        self.process = subprocess.Popen(
            [KZ, *arguments], env=env or environment(), text=True, stdin=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def wait_for_log(self, text):
        for line in self.process.stderr:
            if text in line:
                return
        raise AssertionError(f"{text!r} is not in the log")

    def end(self, how=signal.SIGTERM):
        """(exit code, the rest of its output, the rest of its log)"""
        self.process.send_signal(how)
        return self.result()

    def result(self):
        output, log = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, output, log


class ServerTest(unittest.TestCase):
    def setUp(self):
        signal.signal(signal.SIGALRM, too_long)
        signal.alarm(TEST_LIMIT)
        self.addCleanup(signal.alarm, 0)
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.server = self.stack.enter_context(Background("serve", "--port", "0", "--tick", "100"))
        announced = self.server.line()
        self.assertRegex(announced, r"^listening on 127\.0\.0\.1:\d+$")
        self.address = announced.removeprefix("listening on ")
        self.env = environment(KZ_SERVERS=self.address)

    def run_kz(self, *arguments, stdin=b"", env=None):
        done = subprocess.run([KZ, *arguments], env=env or self.env, input=stdin, capture_output=True, timeout=LIMIT)
        return done.returncode, done.stdout, done.stderr.decode()

    def ok(self, *arguments, **more):
        """Standard output of a command that must succeed and say nothing on standard error."""
        code, output, errors = self.run_kz(*arguments, **more)
        self.assertEqual((code, errors), (0, ""), arguments)
        return output.decode()

    def ok_json(self, *arguments, **more):
        text = self.ok("--json", *arguments, **more)
        self.assertTrue(text.endswith("\n") and text.count("\n") == 1, text)
        return json.loads(text)

    def fails(self, expected_code, expected_line, *arguments, **more):
        code, output, errors = self.run_kz(*arguments, **more)
        self.assertEqual((code, output), (expected_code, b""), errors)
        self.assertRegex(errors, r"\A" + expected_line + r"\n\Z")

    def background(self, *arguments):
        return self.stack.enter_context(Background(*arguments, env=self.env))


def main():
    """SCRIPT KZ [TEST]...: the tests of these names, or all of the script."""
    global KZ
    KZ = str(pathlib.Path(sys.argv.pop(1)).resolve())
    tests = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    chosen = [t for group in tests for t in group if len(sys.argv) == 1 or t.id().split(".")[-1] in sys.argv[1:]]
    result = unittest.TextTestRunner().run(unittest.TestSuite(chosen))
    sys.exit(not result.wasSuccessful() or result.testsRun == 0)
