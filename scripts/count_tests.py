#!/usr/bin/env python3
"""What the last ctest run comes to, test by test: count_tests.py JUNIT_REPORT FOLDER

FOLDER holds what GoogleTest leaves of each suite: its report, or the file that says that it has begun. What has left
nothing there is one test itself. Prints a line for each test that failed, then "PASSED FAILED NOT_RUN"."""
import pathlib
import re
import sys
from xml.etree import ElementTree

junit, folder = sys.argv[1], pathlib.Path(sys.argv[2])
passed = failed = not_run = 0
seen = set()


def fail(name):
    global failed
    failed += 1
    print(f"failed: {name}")


def last_begun(case):
    tests = re.findall(r"^\[ RUN      \] (\S+)", case.findtext("system-out") or "", re.MULTILINE)
    return f" of {tests[-1]}" if tests else ""


for case in ElementTree.parse(junit).getroot().iter("testcase"):
    name, status = case.get("name"), case.get("status")
    report = folder / (name.replace("/", "_") + ".xml")
    begun = report.with_name(report.name[: -len(".xml")] + ".begun")
    failed_before = failed
    if report in seen:
        fail(f"{name}: two suites share their report")
    seen.add(report)
    if report.exists():
        label = name.split(".")[0]
        for test in ElementTree.parse(report).getroot().iter("testcase"):
            if test.find("failure") is not None:
                fail(f"{label}.{test.get('classname')}.{test.get('name')}")
            elif test.find("skipped") is not None or test.get("status") == "notrun":
                not_run += 1
            else:
                passed += 1
    elif begun.exists():
        fail(f"{name}: its process ended in the middle{last_begun(case)}")
    elif status == "run":
        passed += 1
    elif status in ("notrun", "disabled"):
        not_run += 1
    if status == "fail" and failed == failed_before:  # with nothing to say why
        fail(name)
print(passed, failed, not_run)
