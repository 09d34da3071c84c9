#!/usr/bin/env python3
"""Checks that doc/contract.md has a line for every id that the repository names, and a test for every line.

Prints file:line for each fault; exit code 1 if there are any.
"""
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
CONTRACT = "doc/contract.md"
FOLDERS = ("bench", "doc", "examples", "include", "src", "tests", "tools")
SUFFIXES = (".cpp", ".hpp", ".md", ".patch", ".py", ".txt")

ID = re.compile(r"(?<![0-9A-Za-z])(?:A\d{2}|C\d{2}|L\d{3})(?![0-9A-Za-z])")
LINE = re.compile(r"^\| ([ACL]\d+) \| \S.*\|$")


def texts():
    """Yields (file, number, line) of what may name ids; recorded frames are data."""
    for folder in FOLDERS:
        for path in sorted((TOP / folder).rglob("*")):
            name = path.relative_to(TOP).as_posix()
            if path.suffix not in SUFFIXES or re.match(r"tests/golden/.*\.txt$", name) or name == CONTRACT:
                continue
            for number, line in enumerate(path.read_text().split("\n"), 1):
                yield name, number, line


def main():
    faults, promised, tested = [], {}, set()
    for number, line in enumerate((TOP / CONTRACT).read_text().split("\n"), 1):
        if found := LINE.match(line):
            if found[1] in promised:
                faults.append(f"{CONTRACT}:{number}: {found[1]} has two lines")
            promised[found[1]] = number
    if list(promised) != sorted(promised):
        faults.append(f"{CONTRACT}:1: its lines are not in order")
    for file, number, line in texts():
        for identity in ID.findall(line):
            if file.startswith("include/"):
                faults.append(f"{file}:{number}: {identity} means nothing to users")
            elif identity not in promised:
                faults.append(f"{file}:{number}: {CONTRACT} has no line {identity}")
        if re.match(r"tests/.*\.cpp$", file):
            tested.update(ID.findall(line.split("//")[0])) # a test's name, or what a check says when it fails
    faults += [f"{CONTRACT}:{n}: no test names {i}" for i, n in promised.items() if i not in tested]
    print("\n".join(faults) if faults else f"each of {len(promised)} promises has its test")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
