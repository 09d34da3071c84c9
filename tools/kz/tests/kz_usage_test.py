"""How kz reads its command line, and what it does with standard streams: kz_usage_test.py KZ [TEST]..."""

import os
import subprocess
import sys

import harness
from harness import LIMIT

# Words that an option parser may have plans for; the last one is not UTF-8.
ODD = ["", " ", "--", "-", "++", "%%", "{}", "[]", "[a,b]", '"quoted"', "'", "\\", "-h", "--help", "--version", "-s",
       "--json", "--list", "--wait", "-5", "get", "a=b", "line\nline", os.fsdecode(b"\xff\xfe")]
COMMANDS = "get exists stat sync create set rm ls tree watch lock lease elect party partition counter queue barrier serve help completion".split()


class UsageTest(harness.ServerTest):

    # -- paths --------------------------------------------------------------------------------------------------------

    def test_root_is_never_removed_however_it_is_spelt(self):
        self.ok("create", "-p", "/app/a")
        with_chroot = self.env | {"KZ_SERVERS": self.address + "/app"}
        for env in (self.env, with_chroot):
            for path in ("/", "//", "///"):
                for options in ((), ("-r",), ("--recursive",)):
                    self.fails(2, r"kz: rm: the root cannot be removed \(kz rm --help\)", "rm", *options, path, env=env)
        for path in ("", ".", "..", "-", "./", "\\/"):
            self.fails(2, r'kz: rm: PATH: ".*" does not begin with / \(kz rm --help\)', "rm", "-r", path)
        for path in ("/.", "/./", "/..", "/a/..", "/app/../"):
            self.fails(1, r'kz: rm ".*": invalid path.*', "rm", "-r", path)
        self.assertEqual(self.ok("tree", "/app"), "/app\n└── a\n")

    def test_paths_have_one_form(self):
        self.ok("create", "-p", "/a/b")
        self.assertEqual(self.ok("tree", "//a/"), "/a\n└── b\n")
        self.assertEqual(self.ok_json("ls", "/a//"), {"path": "/a", "children": ["b"]})
        self.assertEqual(self.ok_json("rm", "-r", "//a//"), {"path": "/a", "removed": 2})
        self.assertEqual(self.ok("create", "-q", "/zookeeper//"), "/zookeeper/0000000000\n")

    def test_path_begins_with_a_slash(self):
        words = {"set": ["x"], "lock": ["--", "true"]}
        for command in "get exists stat sync create set rm ls tree watch lock".split():
            for path in ("a", "", "a/b"):
                self.fails(2, rf'kz: {command}: PATH: "{path}" does not begin with / \(kz {command} --help\)',
                           command, path, *words.get(command, []))

    def test_servers_option_is_not_sequential(self):
        other = {"KZ_SERVERS": "127.0.0.1:1"}
        env = {name: value for name, value in self.env.items() if name != "KZ_SERVERS"}
        self.assertEqual(self.ok("create", "-s", self.address, "/n-", env=env | other), "/n-\n")
        self.assertEqual(self.ok("create", "/n-", "-qs", self.address, env=env | other), "/n-0000000001\n")
        self.assertEqual(self.ok("create", "/n-", "--sequential"), "/n-0000000002\n")
        # as it was once meant
        self.fails(2, "kz: create: PATH is required.*", "create", "-s", "/n-")
        self.fails(2, r'kz: create: PATH: "x" does not begin with /.*', "create", "-s", "/n-", "x")

    # -- words that are not for kz ------------------------------------------------------------------------------------

    def test_command_of_lock_gets_its_arguments_byte_for_byte(self):
        show = (sys.executable, "-c", "import os, sys; sys.stdout.buffer.write(b'|'.join(map(os.fsencode, sys.argv[1:])))")
        for words in ([word] for word in ODD):
            self.assertEqual(self.run_kz("lock", "/l", "--", *show, *words), (0, os.fsencode(words[0]), ""))
        self.assertEqual(self.run_kz("lock", "/l", "--", *show, *ODD), (0, b"|".join(map(os.fsencode, ODD)), ""))

    def test_program_of_lock_may_have_any_name(self):
        for name in ("--help", "--version", "--", "-x", "[a,b]"):
            self.fails(127, r"kz: lock: .*: No such file or directory", "lock", "/l", "--", name)
        self.fails(2, "kz: lock: a command is required.*", "lock", "/l", "--")
        self.fails(2, "kz: lock: put -- before the command.*", "lock", "/l", "echo", "--", "x")
        self.fails(2, ".*1 required.*", "lock", "/l", "--identifier", "--", "echo", "x")

    def test_lock_is_found_behind_any_global_option(self):
        echo = ("lock", "/l", "--", "echo", "--json", "[a,b]")
        for options in (["--json"], ["--timeout", "5"], ["--timeout=5"], ["-v", "off"], ["-voff"], ["--auth", "digest:lock:x"]):
            self.assertEqual(self.ok(*options, *echo), "--json [a,b]\n", options)
        self.assertEqual(self.ok("create", "/lock", "--", "--"), "/lock\n")
        self.assertEqual(self.ok("get", "/lock"), "--")

    def test_data_is_kept_byte_for_byte(self):
        self.ok("create", "/a")
        for data in ODD:
            if data == "-":
                continue  # standard input
            self.ok("set", "/a", "--", data)
            self.assertEqual(self.run_kz("get", "/a")[1], os.fsencode(data))
            if not data.startswith("-") and data != "++":
                self.ok("set", "/a", data)
                self.assertEqual(self.run_kz("get", "/a")[1], os.fsencode(data))
        self.fails(2, r"kz: put -- before \+\+ .*", "create", "/b", "++")

    def test_path_of_a_message_is_not_searched(self):
        self.fails(3, r'kz: get "/a \(zookeeper:-101\)": no node', "get", "/a (zookeeper:-101)")

    # -- numbers ------------------------------------------------------------------------------------------------------

    def test_numbers_that_are_none(self):
        for text in ("nan", "-nan", "NAN", "inf", "", "x", "-1", "0", "1e99"):
            self.fails(2, r"kz: get: .*--timeout.*\(kz get --help\)", "--timeout", text, "get", "/zookeeper")
            if text != "0":
                self.fails(2, r"kz: lock: .*--wait.*", "lock", "--wait", text, "/l", "--", "true")
        for words in (("tree", "-d", "-1"), ("watch", "/a", "-n", "-1"), ("serve", "--port", "-1"),
                      ("serve", "--port", "65536"), ("set", "/zookeeper", "x", "--version", "2147483648")):
            self.fails(2, f"kz: {words[0]}: .*", *words)

    # -- commands -----------------------------------------------------------------------------------------------------

    def test_unknown_command_suggests_the_nearest(self):
        for typed, meant in (("gte", '"get"'), ("GET", '"get"'), ("gett", '"get"'), ("creat", '"create"'),
                             ("ste", '"set"'), ("wach", '"watch"'), ("exi", '"exists"'), ("et", '"get" or "set"')):
            self.fails(2, rf'kz: unknown command "{typed}"; did you mean {meant}\? \(kz --help\)', typed, "/a", "--what")
            self.fails(2, rf'kz: help: unknown command "{typed}"; did you mean {meant}\? .*', "help", typed)
        for typed in ("frobnicate", "/a", "", "x" * 100_000):
            self.fails(2, rf'kz: unknown command "{typed}" \(kz --help\)', "--json", typed)
        self.fails(2, r"kz: .*--what.*", "--what", "gte")

    def test_bare_kz_prints_help(self):
        self.assertEqual(self.run_kz(), (2, self.ok("--help").encode(), ""))
        self.fails(2, r"kz: a command is required \(kz --help\)", "--json")

    def test_help_of_a_command(self):
        self.assertEqual(self.ok("help"), self.ok("--help"))
        for command in COMMANDS:
            text = self.ok("help", command)
            self.assertIn(f"Usage: kz {command} ", text)
            self.assertEqual(text, self.ok(command, "--help"))

    def test_version_is_asked_for_without_a_command(self):
        self.ok("create", "/a", "x")
        for words in (("get", "/a", "--version"), ("get", "/a", "--version", "3")):
            self.fails(2, "kz: get: there is no --version here.*", *words)
        self.fails(2, 'kz: unknown command "0".*', "--version", "0", "rm", "/a")
        self.assertEqual(self.ok("get", "/a"), "x")

    # -- standard streams ---------------------------------------------------------------------------------------------

    def with_streams(self, redirections, *words):
        """Run by a shell that closes some streams: exit code, output, errors."""
        done = subprocess.run(["sh", "-c", f'"$0" "$@" {redirections}', harness.KZ, *words], env=self.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT)
        return done.returncode, done.stdout, done.stderr.decode()

    def test_closed_standard_output_is_an_error(self):
        self.ok("create", "/a", "x")
        for words in ("get /a", "exists /a", "stat /a", "ls /", "ls -l /", "tree /", "watch /a", "--json sync", "lock --list /a", "serve -p 0",
                      "create /b", "create -e /b", "--json set /a y", "--json rm /a", "--help", "--version", "help get", ""):
            for closed in (">&-", "1</dev/null"):
                code, _, errors = self.with_streams(closed, *words.split())
                self.assertEqual(code, 1, words)
                self.assertRegex(errors, r"\Akz: .*cannot write to standard output: Bad file descriptor\n\Z")
        self.assertEqual(self.ok("get", "/a"), "x")
        self.assertEqual(self.run_kz("exists", "/b")[0], 3)
        for words in ("set /a y", "sync", "rm /a"):  # print nothing
            self.assertEqual(self.with_streams(">&-", *words.split()), (0, b"", ""))

    def test_closed_standard_input_is_an_error_and_changes_nothing(self):
        self.ok("create", "/a", "important")
        for words in ("set /a -", "create /b -"):
            self.assertEqual(self.with_streams("<&-", *words.split()),
                             (1, b"", f"kz: {words.split()[0]}: cannot read standard input: Bad file descriptor\n"))
        self.assertEqual(self.ok("get", "/a"), "important")
        self.assertEqual(self.run_kz("exists", "/b")[0], 3)
        self.assertEqual(self.with_streams("<&-", "get", "/a"), (0, b"important", ""))

    def test_sockets_never_take_the_numbers_of_standard_streams(self):
        look = 'readlink "/proc/$PPID/fd/0" "/proc/$PPID/fd/1" "/proc/$PPID/fd/2" > "$0"'
        with harness.scratch() as folder:
            seen = folder / "seen"
            self.with_streams("<&- >&- 2>&-", "lock", "/l", "--", "sh", "-c", look, str(seen))
            self.assertEqual(seen.read_text(), "/dev/null\n" * 3)

    def test_command_of_lock_sees_that_a_stream_is_closed(self):
        code, output, _ = self.with_streams("<&-", "lock", "/l", "--", "cat")
        self.assertEqual((code, output), (1, b""))
        self.assertEqual(self.with_streams(">&-", "lock", "/l", "--", "sh", "-c", "echo x")[0] > 0, True)


if __name__ == "__main__":
    harness.main()
