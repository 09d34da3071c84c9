"""`kz elect`, driven against `kz serve`: kz_elect_test.py KZ [TEST]..."""

import pathlib
import re
import signal
import subprocess

import harness
from harness import Background, free_port
from kz_lock_test import HOLD, LISTEN, is_gone, wait_until

PATH = "/services/mail"
LOST = f'kz: elect "{PATH}": lost; the command is told to end\n'
AGAIN = f'kz: elect "{PATH}": stands again\n'


class ElectTest(harness.ServerTest):

    def elect(self, *arguments):
        """A kz elect that goes on running. Its standard input stays open."""
        return self.stack.enter_context(
            Background("elect", *arguments, env=self.env, stdin=subprocess.PIPE, start_new_session=True))

    def leader(self, *options, command=HOLD):
        process = self.elect(*options, PATH, "--", *command)
        self.assertEqual(process.line(), "holds")
        return process

    def standing(self):
        return self.ok_json("elect", "--list", PATH)["contenders"]

    def candidate(self, *options, command=HOLD):
        before = len(self.standing())
        process = self.elect(*options, PATH, "--", *command)
        wait_until(lambda: len(self.standing()) == before + 1)
        return process

    def depose(self):
        self.ok("rm", self.standing()[0]["path"])

    # -- the command --------------------------------------------------------------------------------------------------

    def test_command_of_the_leader_knows_path_and_token(self):
        show = ("sh", "-c", 'echo "$KZ_ELECTION_PATH $KZ_FENCING_TOKEN"')
        tokens = []
        for _ in range(2):
            path, token = self.ok("elect", PATH, "--", *show).split()
            self.assertEqual(path, PATH)
            tokens.append(int(token))
        self.assertLess(tokens[0], tokens[1])
        self.assertEqual(self.standing(), [])

    def test_arguments_and_streams_are_the_commands_own(self):
        odd = ["ls", "-l", "--list", "--", "--json", "a b", "", "--once"]
        self.assertEqual(self.ok("elect", PATH, "--", "printf", "%s\n", *odd), "".join(a + "\n" for a in odd))
        raw = [b"\xff\xfe", b"h\xc3\xa9"]
        self.assertEqual(self.run_kz("elect", PATH, "--", "printf", "%s", *raw)[1], b"".join(raw))
        script = "cat; echo error >&2"
        self.assertEqual(self.run_kz("elect", PATH, "--", "sh", "-c", script, stdin=b"in\0put"),
                         (0, b"in\0put", "error\n"))

    def test_exit_codes(self):
        file = pathlib.Path(self.stack.enter_context(harness.scratch()), "file")
        file.write_text("text")
        for expected, command in ((0, ["true"]), (5, ["sh", "-c", "exit 5"]), (76, ["sh", "-c", "exit 76"]),
                                  (128 + 9, ["sh", "-c", "kill -KILL $$"])):
            self.assertEqual(self.run_kz("elect", PATH, "--", *command), (expected, b"", ""))
        self.fails(126, "kz: elect: .*", "elect", PATH, "--", file)
        self.fails(127, "kz: elect: .*", "elect", PATH, "--", "no-such-command")
        self.assertEqual(self.standing(), [])

    def test_usage(self):
        self.fails(2, "kz: elect: a command is required: kz elect PATH -- COMMAND.*", "elect", PATH)
        self.fails(2, "kz: elect: put -- before the command.*", "elect", PATH, "true")
        self.fails(2, "kz: elect: --list runs no command.*", "elect", "--list", PATH, "--", "true")
        self.fails(2, "kz: elect: .*", "elect", "--list", "--once", PATH)
        self.fails(1, 'kz: elect "/a/../b": invalid path.*', "elect", "/a/../b", "--", "true")
        address = f"127.0.0.1:{free_port()}"
        self.fails(4, f'kz: elect: cannot connect to "{address}": .*', "-s", address, "--timeout", "0.3", "elect", PATH,
                   "--", "true")

    def test_list_shows_the_leader_first(self):
        self.assertEqual(self.ok("elect", "--list", PATH), "")
        self.leader("--identifier", "anna")
        self.candidate("--identifier", "bert")
        leader, other = self.standing()
        self.assertEqual((leader["identifier"], other["identifier"]), ("anna", "bert"))
        self.assertLess(int(leader["fencingToken"]), int(other["fencingToken"]))
        self.assertRegex(self.ok("elect", "--list", PATH),
                         rf"\A{leader['fencingToken']}  {leader['session']}  {re.escape(leader['path'])}  anna\n.*  bert\n\Z")

    # -- leading ------------------------------------------------------------------------------------------------------

    def test_next_candidate_leads_when_a_leader_ends_or_is_killed(self):
        first, second, third = self.leader(), self.candidate(), self.candidate()
        self.assertEqual(first.end(), (128 + signal.SIGTERM, "", ""))
        self.assertEqual(second.line(), "holds")
        second.process.kill()
        self.assertEqual(third.line(), "holds")

    def test_command_ends_with_a_killed_kz(self):
        leader = self.elect(PATH, "--", "sh", "-c", "echo $$; exec sleep 1000")
        command = int(leader.line())
        leader.process.kill()
        wait_until(lambda: is_gone(command))

    def test_signal_ends_a_candidate(self):
        self.leader()
        candidate = self.candidate()
        self.assertEqual(candidate.end(), (75, "", f'kz: elect "{PATH}": given up\n'))
        wait_until(lambda: len(self.standing()) == 1)
        quiet = self.candidate("--quiet")
        self.assertEqual(quiet.end(signal.SIGINT), (75, "", ""))

    def test_signals_are_passed_on(self):
        leader = self.leader(command=(*LISTEN, "SIGTERM"))
        for how in (signal.SIGINT, signal.SIGHUP):
            leader.process.send_signal(how)
            self.assertEqual(leader.line(), how.name)
        self.assertEqual(leader.end(), (5, "SIGTERM\n", ""))

    # -- losing it ----------------------------------------------------------------------------------------------------

    def test_who_has_lost_stands_again_behind_the_others(self):
        first = self.leader(command=(*LISTEN, "SIGTERM"))
        second = self.candidate()
        self.depose()
        self.assertEqual(first.line(), "SIGTERM")
        self.assertEqual(second.line(), "holds")
        wait_until(lambda: len(self.standing()) == 2)
        second.end()
        self.assertEqual(first.line(), "holds")
        self.assertEqual(first.end(), (5, "SIGTERM\n", LOST + AGAIN))

    def test_candidate_that_has_led_before_can_be_told_to_end(self):
        first = self.leader()
        second = self.candidate()
        self.depose()
        self.assertEqual(second.line(), "holds")
        wait_until(lambda: len(self.standing()) == 2)
        self.assertEqual(first.end(), (75, "", LOST + AGAIN + f'kz: elect "{PATH}": given up\n'))

    def test_once_a_loss_is_the_end(self):
        first = self.leader("--once")
        self.candidate()
        self.depose()
        self.assertEqual(first.result(), (76, "", LOST))

    def test_who_was_told_to_end_does_not_stand_again(self):
        first = self.leader("--kill-after", "300ms", command=LISTEN)  # it goes on
        first.process.send_signal(signal.SIGHUP)
        self.assertEqual(first.line(), "SIGHUP")
        self.candidate()
        self.depose()
        self.assertEqual(first.result(), (76, "SIGTERM\n", LOST))

    def test_loss_kills_a_command_that_goes_on(self):
        first = self.leader("--once", "--kill-after", "300ms", "--quiet", command=LISTEN)
        self.depose()
        self.assertEqual(first.line(), "SIGTERM")
        self.assertEqual(first.result(), (76, "", ""))

    def test_end_of_the_session_is_a_loss(self):
        leader = self.leader("--once", command=(*LISTEN, "SIGTERM"))
        self.server.process.kill()
        self.server.process.wait()
        code, output, log = leader.result()
        self.assertEqual((code, output), (76, "SIGTERM\n"))
        self.assertTrue(log.startswith(LOST), log)


if __name__ == "__main__":
    harness.main()
