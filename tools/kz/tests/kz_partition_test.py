"""`kz partition`, driven against `kz serve`: kz_partition_test.py KZ [TEST]..."""

import pathlib
import shlex
import signal
import subprocess

import harness
from harness import Background, free_port
from kz_lock_test import LISTEN, is_gone, wait_until

PATH = "/app/shards"
QUICK = ("--boundary", "20ms", "--reaction", "100ms")
# Says what it has, and goes on until it is told to end.
SHOW = ("sh", "-c", 'echo "$KZ_ITEM_COUNT: $KZ_ITEMS"; exec sleep 1000')
CHANGED = f'kz: partition "{PATH}": members have changed; the command is told to end\n'
LOST = f'kz: partition "{PATH}": lost; the command is told to end\n'
WAITS = f'kz: partition "{PATH}": there are more members than items; waits\n'


class PartitionTest(harness.ServerTest):

    def member(self, name, *items, options=(), command=SHOW):
        """A kz partition that goes on running. Its standard input stays open."""
        return self.stack.enter_context(
            Background("partition", *QUICK, "-i", name, *options, PATH, *items, "--", *command, env=self.env,
                       stdin=subprocess.PIPE, start_new_session=True))

    def once(self, *arguments, **more):
        return self.run_kz("partition", *QUICK, PATH, *arguments, **more)

    def members(self):
        return self.ok("party", "--shallow", PATH + "/party").splitlines()

    def locks_of(self, item):
        return self.ok_json("lock", "--list", f"{PATH}/locks/{item}")["contenders"]

    def shows(self, process, *items):
        """Until it has these items; it may have had others before."""
        wanted = f"{len(items)}: " + " ".join(f"'{i}'" for i in items)
        while (line := process.line()) != wanted:
            self.assertNotEqual(line, "", "it has ended")

    # -- sharing out --------------------------------------------------------------------------------------------------

    def test_one_member_gets_all_and_two_share_them_out(self):
        first = self.member("anna", "c", "a", "d", "b", "a")
        self.assertEqual(first.line(), "4: 'a' 'b' 'c' 'd'")
        self.assertEqual(self.members(), ["anna"])
        second = self.member("bert", "a", "b", "c", "d")
        self.shows(first, "a", "c")
        self.shows(second, "b", "d")
        first.process.kill()
        self.shows(second, "a", "b", "c", "d")

    def test_where_there_are_more_members_than_items_somebody_waits(self):
        first = self.member("anna", "only")
        self.shows(first, "only")
        second = self.member("bert", "only")
        self.assertEqual(second.process.stderr.readline(), WAITS)
        self.shows(first, "only")
        self.assertEqual(second.end(), (75, "", f'kz: partition "{PATH}": given up\n'))
        self.shows(first, "only")

    def test_command_has_ended_before_its_items_are_given_up(self):
        with harness.scratch() as folder:
            log = pathlib.Path(folder, "log")
            script = f"""trap 'sleep 0.3; echo ended >>{log}; exit 0' TERM
                         echo "$KZ_ITEM_COUNT"; while :; do sleep 0.05; done"""
            first = self.member("anna", "a", "b", command=("sh", "-c", script))
            self.assertEqual(first.line(), "2")
            self.member("bert", "a", "b", command=("sh", "-c", f"echo other >>{log}; exec sleep 1000"))
            wait_until(lambda: log.exists() and "other" in log.read_text())
            lines = [line.split()[0] for line in log.read_text().splitlines()]
            self.assertLess(lines.index("ended"), lines.index("other"))

    # -- the command --------------------------------------------------------------------------------------------------

    def test_items_are_handed_over_byte_for_byte(self):
        items = [b"a/b", b"two words", b"two\nlines", b"it's", b"\xff\xfe", b"", b"100%", b"..", b"$(x) \\ \"", b"h\xc3\xa9"]
        script = 'eval "set -- $KZ_ITEMS"; printf "%s\\0" "$#" "$@"; printf "%s\\0" "$KZ_ITEM_COUNT" "$KZ_ITEM_1" "$KZ_ITEM_10"'
        code, output, log = self.once(*items, "--item=--once", "--item=-x", "--", "sh", "-c", script)
        self.assertEqual((code, log), (0, ""))
        ours = sorted(items + [b"--once", b"-x"])
        self.assertEqual(output.split(b"\0")[:-1], [b"12", *ours, b"12", ours[0], ours[9]])

    def test_all_items_are_words_of_the_shell(self):
        items = ["it's", "a b", "x\ny", "", "'"]
        output = self.ok("partition", *QUICK, PATH, *items, "--", "sh", "-c", 'printf %s "$KZ_ITEMS"')
        self.assertEqual(shlex.split(output), sorted(items))

    def test_command_knows_its_path(self):
        self.assertEqual(self.once("a", "--", "sh", "-c", 'echo "$KZ_PARTITION_PATH"')[1], b"/app/shards\n")

    def test_arguments_and_streams_are_the_commands_own(self):
        odd = ["ls", "-l", "--once", "--", "--json", "a b", "", "--item=x"]
        self.assertEqual(self.once("a", "--", "printf", "%s\n", *odd)[1].decode(), "".join(a + "\n" for a in odd))
        raw = [b"\xff\xfe", b"h\xc3\xa9"]
        self.assertEqual(self.once("a", "--", "printf", "%s", *raw)[1], b"".join(raw))
        self.assertEqual(self.once("a", "--", "sh", "-c", "cat; echo error >&2", stdin=b"in\0put"),
                         (0, b"in\0put", "error\n"))

    def test_exit_codes(self):
        file = pathlib.Path(self.stack.enter_context(harness.scratch()), "file")
        file.write_text("text")
        for expected, command in ((0, ["true"]), (5, ["sh", "-c", "exit 5"]), (76, ["sh", "-c", "exit 76"]),
                                  (128 + 9, ["sh", "-c", "kill -KILL $$"])):
            self.assertEqual(self.once("a", "--", *command), (expected, b"", ""), command)
        self.fails(126, "kz: partition: .*Permission denied", "partition", *QUICK, PATH, "a", "--", str(file))
        self.fails(127, "kz: partition: .*No such file or directory", "partition", *QUICK, PATH, "a", "--", "/nowhere/x")
        self.assertEqual(self.members(), [])
        self.assertEqual(self.locks_of("a"), [])

    def test_usage(self):
        self.fails(2, "kz: partition: a command is required: kz partition PATH ITEM... -- COMMAND.*", "partition", PATH, "a")
        self.fails(2, "kz: partition: items are required: kz partition PATH ITEM... -- COMMAND.*", "partition", PATH, "--", "true")
        self.fails(2, "kz: partition: .*", "partition", "--", "true")
        self.fails(2, "kz: partition: .*", "partition", "--boundary", "soon", PATH, "a", "--", "true")
        self.fails(1, 'kz: partition "/a/../b": invalid path.*', "partition", "/a/../b", "a", "--", "true")
        self.fails(1, "kz: partition .*the identifier cannot be part of a node's name", "partition", "-i", "a/b", PATH, "a", "--",
                   "true")
        address = f"127.0.0.1:{free_port()}"
        self.fails(4, f'kz: partition: cannot connect to "{address}": .*', "-s", address, "--timeout", "0.3", "partition", PATH,
                   "a", "--", "true")

    # -- members that do not agree ------------------------------------------------------------------------------------

    def test_who_has_other_items_runs_nothing(self):
        self.shows(self.member("anna", "a", "b"), "a", "b")
        self.fails(1, 'kz: partition "/app/shards": .*"anna".*"bert".*another set', "partition", *QUICK, "-i", "bert", PATH, "x",
                   "--", "echo", "ran")
        wait_until(lambda: self.members() == ["anna"])

    # -- running ------------------------------------------------------------------------------------------------------

    def test_signals_are_passed_on_and_the_command_is_not_started_again(self):
        member = self.member("anna", "a", command=(*LISTEN, "SIGTERM"))
        self.assertEqual(member.line(), "holds")
        for how in (signal.SIGINT, signal.SIGHUP):
            member.process.send_signal(how)
            self.assertEqual(member.line(), how.name)
        self.assertEqual(member.end(), (5, "SIGTERM\n", ""))
        self.assertEqual(self.members(), [])

    def test_signal_ends_a_wait_for_the_boundary(self):
        waiting = self.stack.enter_context(Background("partition", "-b", "1h", PATH, "a", "--", "echo", "ran", env=self.env))
        wait_until(lambda: len(self.members()) == 1)
        self.assertEqual(waiting.end(), (75, "", f'kz: partition "{PATH}": given up\n'))
        wait_until(lambda: self.members() == [])
        quiet = self.stack.enter_context(Background("partition", "-q", "-b", "1h", PATH, "a", "--", "echo", "ran", env=self.env))
        wait_until(lambda: len(self.members()) == 1)
        self.assertEqual(quiet.end(signal.SIGINT), (75, "", ""))

    def test_command_ends_with_a_killed_kz(self):
        member = self.member("anna", "a", command=("sh", "-c", "echo $$; exec sleep 1000"))
        command = int(member.line())
        member.process.kill()
        wait_until(lambda: is_gone(command))
        wait_until(lambda: self.members() == [])

    def test_command_is_started_again_behind_a_loss(self):
        member = self.member("anna", "a", "b")
        self.shows(member, "a", "b")
        self.ok("rm", self.locks_of("b")[0]["path"])
        self.shows(member, "a", "b")
        self.assertEqual(member.end(), (128 + signal.SIGTERM, "", LOST))

    def test_once_ends_behind_a_loss_or_a_change(self):
        member = self.member("anna", "a", options=("--once",))
        self.shows(member, "a")
        self.ok("rm", self.locks_of("a")[0]["path"])
        self.assertEqual(member.result(), (76, "", LOST))
        member = self.member("anna", "a", options=("--once",))
        self.shows(member, "a")
        self.member("bert", "a")
        self.assertEqual(member.result(), (76, "", CHANGED))
        wait_until(lambda: self.members() == ["bert"])

    def test_command_that_goes_on_is_killed(self):
        member = self.member("anna", "a", options=("--once", "--kill-after", "300ms", "--quiet"), command=LISTEN)
        self.assertEqual(member.line(), "holds")
        self.ok("rm", self.locks_of("a")[0]["path"])
        self.assertEqual(member.line(), "SIGTERM")
        self.assertEqual(member.result(), (76, "", ""))


if __name__ == "__main__":
    harness.main()
