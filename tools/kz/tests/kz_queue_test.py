"""`kz queue`, driven against `kz serve`: kz_queue_test.py KZ [TEST]..."""

import signal
import subprocess

import harness
from kz_lock_test import wait_until

PATH = "/jobs"


class QueueTest(harness.ServerTest):

    def push(self, *words, **more):
        self.assertEqual(self.run_kz("queue", "push", PATH, *words, **more), (0, b"", ""))

    def pop(self, *words):
        return self.run_kz("queue", "pop", PATH, *words)

    def test_push_pop_and_ls(self):
        self.assertEqual(self.pop(), (75, b"", ""))
        self.push("first")
        self.push("second")
        self.push("-", "--priority", "5", stdin=b"ur\0gent\n")
        self.push("--null")
        names = ["entry-005-0000000002", "entry-100-0000000000", "entry-100-0000000001", "entry-100-0000000003"]
        self.assertEqual(self.ok("queue", "ls", PATH).split(), names)
        self.assertEqual(self.ok_json("queue", "ls", PATH), {"path": PATH, "items": names})
        for item in (b"ur\0gent\n", b"first", b"second", b""):
            self.assertEqual(self.pop(), (0, item, ""))
        self.assertEqual(self.pop("--for", "0"), (75, b"", ""))
        self.assertEqual(self.ok("ls", PATH), "")

    def test_other_nodes_are_left_alone(self):
        self.ok("create", "-p", PATH + "/README", "x")
        self.assertEqual(self.ok("queue", "ls", PATH), "")
        self.assertEqual(self.pop()[0], 75)
        self.assertEqual(self.ok("queue", "ls", "/nowhere"), "")

    def test_json(self):
        self.push("text")
        self.assertEqual(self.ok_json("queue", "pop", PATH)["data"], "text")

    def test_pop_waits(self):
        waiting = self.background("queue", "pop", "--wait", PATH)
        limited = self.background("queue", "pop", "--for", "30s", "/others")
        self.push("item")
        self.run_kz("queue", "push", "/others", "other")
        self.assertEqual(waiting.result(), (0, "item", ""))
        self.assertEqual(limited.result(), (0, "other", ""))
        self.assertEqual(self.pop("--for", "50ms"), (75, b"", ""))

    def test_a_signal_ends_the_wait(self):
        waiting = self.background("queue", "pop", "--wait", PATH)
        wait_until(lambda: int(self.watches()) > 0)
        self.assertEqual(waiting.end(signal.SIGTERM), (75, "", ""))

    def watches(self):
        for line in self.ok("command", "mntr", self.address).splitlines():
            if line.startswith("zk_watch_count"):
                return line.split()[1]
        raise AssertionError("no count of watches")

    def test_nothing_is_popped_that_cannot_be_told(self):
        self.push("item")
        done = subprocess.run(["sh", "-c", f'"$0" queue pop {PATH} >&-', harness.KZ], env=self.env,
                              capture_output=True, timeout=harness.LIMIT)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.pop(), (0, b"item", ""))

    def test_usage(self):
        for wrong in (["push", PATH], ["pop", PATH, "data"], ["ls", PATH, "--wait"], ["push", PATH, "x", "--for", "1s"],
                      ["push", PATH, "x", "--priority", "1000"], ["pop", PATH, "--wait", "--for", "1s"],
                      ["take", PATH], ["pop"], ["pop", "jobs"]):
            self.assertEqual(self.run_kz("queue", *wrong)[0], 2, wrong)


if __name__ == "__main__":
    harness.main()
