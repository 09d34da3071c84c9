"""What kz says of itself to man and to bash: kz_pages_test.py KZ [TEST]..."""

import os
import re
import shutil
import subprocess
import unittest

import harness
from harness import LIMIT

COMMANDS = "get exists stat sync create set rm ls tree count whoami config command watch lock lease elect party partition counter queue barrier serve help completion".split()


def kz(*words):
    return subprocess.run([harness.KZ, *words], env=harness.environment(), check=True, capture_output=True, text=True,
                          timeout=LIMIT).stdout


def options_in(help_text):
    """Names of options, as the help's lines begin with them."""
    lines = re.findall(r"^  (-\S+)", help_text, re.MULTILINE)
    return sorted({name for line in lines for name in line.split(",")})


class PagesTest(unittest.TestCase):
    # -- the manual page ----------------------------------------------------------------------------------------------

    def checked(self, *command, text):
        """Standard output of a checker that must find nothing."""
        if shutil.which(command[0]) is None:
            self.skipTest(f"{command[0]} is not installed")
        env = os.environ | {"LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"}
        done = subprocess.run(command, env=env, input=text, capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def shown(self):
        text = self.checked("groff", "-ww", "-man", "-Tascii", "-P-cbou", text=kz("help", "--man"))
        return re.sub(r"\s+", " ", text)

    def test_man_page_is_well_formed_for_groff(self):
        self.assertRegex(self.shown(), r"^KZ\(1\) User Commands KZ\(1\) NAME kz - nodes of a ZooKeeper ensemble ")

    def test_man_page_is_well_formed_for_man(self):
        self.checked("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", "-", text=kz("help", "--man"))

    def test_man_page_is_well_formed_for_mandoc(self):
        if shutil.which("mandoc") is None:
            self.skipTest("mandoc is not installed")
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=kz("help", "--man"), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=LIMIT)
        # The page has no date, so that the same sources make the same page.
        self.assertEqual([line for line in done.stdout.splitlines() if "missing date" not in line], [])

    def test_man_page_mentions_every_command_and_option(self):
        page = kz("help", "--man").replace("\\-", "-")
        self.assertEqual(re.findall(r"^\.SS \\fBkz (\w+)\\fR", page, re.MULTILINE), COMMANDS)
        sections = dict(zip(COMMANDS, page.split("\n.SS ")[1:]))
        for section, help_text in [(page, kz("--help"))] + [(sections[c], kz(c, "--help")) for c in COMMANDS]:
            options = options_in(help_text)
            self.assertIn("--help", options)
            for name in options:
                if section == page or name not in ("-h", "--help"):  # told once
                    self.assertRegex(section, rf"(?m)^(\\fB[-\w]+\\fR, )?\\fB{name}\\fR[ ,\n]")

    def test_man_page_has_examples_as_they_are_typed(self):
        text = self.shown()
        for example in ("kz create /app/config 'port=80'", r"kz lock --no-wait /jobs/backup -- ./backup.sh || [ $? -eq 75 ]",
                        "source <(kz completion bash)", "while read -r what path; do ...; done"):
            self.assertIn(example, text)
        self.assertIn("kz lock /jobs/x -- sh -c 'store --fence $KZ_FENCING_TOKEN x'", text)

    def test_no_letter_means_two_things_in_one_line(self):
        everywhere = set(options_in(kz("--help"))) - {"-h", "--help"}
        for command in COMMANDS:
            # --version asks for kz's own only where no command is
            self.assertLessEqual(everywhere & set(options_in(kz(command, "--help"))), {"--version"}, command)

    # -- completion ---------------------------------------------------------------------------------------------------

    def completed(self, *words):
        """What bash offers for the last of the words."""
        script = ('source /dev/stdin; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); complete -p kz >/dev/null || exit 1\n'
                  '_kz; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "--norc", "-uc", script, "-", "kz", *words], input=kz("completion", "bash"),
                              capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_completion_of_commands(self):
        self.assertEqual(self.completed(""), COMMANDS)
        self.assertEqual(self.completed("s"), ["stat", "sync", "set", "serve"])
        self.assertEqual(self.completed("help", "lo"), ["lock"])
        self.assertEqual(self.completed("completion", ""), ["bash"])

    def test_completion_of_commands_behind_options(self):
        for options in (["--json"], ["-v", "info"], ["--timeout", "5"], ["-s", "host", ":", "2181"],
                        ["--servers", "=", "host", ":", "2181"], ["--log", "=", "warn"], ["--wait-server", "-s", "get"]):
            self.assertEqual(self.completed(*options, "wat"), ["watch"], options)

    def test_completion_of_options(self):
        everywhere = options_in(kz("--help"))
        self.assertEqual(sorted(self.completed("-")), everywhere)
        for command in COMMANDS:
            own = options_in(kz(command, "--help"))
            both = sorted({*own, *everywhere} - ({"--version"} - {*own}))
            self.assertEqual(sorted(self.completed(command, "-")), both)
        self.assertEqual(self.completed("create", "/a", "--seq"), ["--sequential"])

    def test_completion_of_values(self):
        self.assertEqual(self.completed("--log", "w"), ["wire", "warn"])
        self.assertEqual(self.completed("get", "-v", "of"), ["off"])
        self.assertEqual(self.completed("get", "--log", "=", "d"), ["debug"])
        self.assertEqual(len(self.completed("--log", "=")), 6)
        for words in (["-s", ""], ["set", "--version", ""], ["lock", "--wait", ""], ["get", ""]):
            self.assertEqual(self.completed(*words), [])

    def test_completion_of_the_command_of_lock(self):
        self.assertIn("printf", self.completed("lock", "/l", "--", "print"))
        self.assertIn("/etc/passwd", self.completed("lock", "/l", "--", "cat", "/etc/passw"))
        self.assertEqual(self.completed("lock", "/l", "--", "cat", "--js"), [])
        self.assertIn("printf", self.completed("lease", "--for", "1h", "/l", "--", "print"))


if __name__ == "__main__":
    harness.main()
