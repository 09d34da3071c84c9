"""`kz counter`, driven against `kz serve`: kz_counter_test.py KZ [TEST]..."""

import subprocess

import harness

PATH = "/count/n"


class CounterTest(harness.ServerTest):

    def test_get_and_add(self):
        self.assertEqual(self.ok("counter", "get", PATH), "0\n")
        self.assertEqual(self.run_kz("exists", "/count")[0], 3)
        self.assertEqual(self.ok("counter", "add", PATH), "1\n")
        self.assertEqual(self.ok("counter", "add", PATH, "41"), "42\n")
        self.assertEqual(self.ok("counter", "add", PATH, "--", "-50"), "-8\n")
        self.assertEqual(self.ok("counter", "get", PATH), "-8\n")
        self.assertEqual(self.ok("get", PATH), "-8")

    def test_json(self):
        self.assertEqual(self.ok_json("counter", "add", PATH, "9007199254740993"),
                         {"path": PATH, "value": "9007199254740993"})
        self.assertEqual(self.ok_json("counter", "get", "//count/n/"), {"path": PATH, "value": "9007199254740993"})

    def test_curator(self):
        self.assertEqual(self.ok("counter", "add", "--curator", PATH, "258"), "258\n")
        self.assertEqual(self.run_kz("get", PATH)[1], b"\0\0\1\2")
        self.assertEqual(self.ok("counter", "get", "--curator", PATH), "258\n")
        self.fails(1, r'kz: counter "/count/n": .*2147483905 does not fit into 32 bits.*', "counter", "add",
                   "--curator", PATH, "2147483647")
        self.fails(1, r'kz: counter "/count/n": .*is no number.*', "counter", "get", PATH)

    def test_float(self):
        self.assertEqual(self.ok("counter", "add", "--float", PATH, "0.25"), "0.25\n")
        self.assertEqual(self.ok("counter", "add", "--float", PATH), "1.25\n")
        self.assertEqual(self.ok("get", PATH), "1.25")
        self.fails(1, r'kz: counter "/count/n": .*"1.25" is no number.*', "counter", "get", PATH)

    def test_usage(self):
        for wrong in (["get", PATH, "1"], ["add", PATH, "x"], ["add", PATH, "1.5"], ["add", PATH, "1e999", "--float"],
                      ["add", PATH, "nan", "--float"], ["take", PATH], ["add"], ["add", "count"],
                      ["add", PATH, "9223372036854775808"], ["add", "--curator", "--float", PATH]):
            self.assertEqual(self.run_kz("counter", *wrong)[0], 2, wrong)
        self.assertEqual(self.run_kz("exists", "/count")[0], 3)

    def test_many_at_once_lose_nothing(self):
        all_of_them = [subprocess.Popen([harness.KZ, "counter", "add", PATH, str(n)], env=self.env,
                                        stdout=subprocess.DEVNULL) for n in range(1, 11)]
        for one in all_of_them:
            self.assertEqual(one.wait(harness.LIMIT), 0)
        self.assertEqual(self.ok("counter", "get", PATH), "55\n")

    def test_nothing_is_counted_that_cannot_be_told(self):
        done = subprocess.run(["sh", "-c", f'"$0" counter add {PATH} >&-', harness.KZ], env=self.env,
                              capture_output=True, timeout=harness.LIMIT)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.ok("counter", "get", PATH), "0\n")


if __name__ == "__main__":
    harness.main()
