#!/usr/bin/env python3
"""Checks that the code shown in README.md and doc/ is the code that is tested.

Each block of C++ stands behind a line `<!-- FILE -->` and is what stands, indentation aside, between two `// [shown]`
lines of that file: a program in examples/, or one of TESTS. Each such part of a file is shown somewhere.
Prints each difference; exit code 1 if there are any, or if README.md shows nothing.
"""
import difflib
import re
import sys
from pathlib import Path
from textwrap import dedent

TOP = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^(?:<!-- (\S+) -->\n)?```cpp\n(.*?)^```$", re.M | re.S)
TESTS = ["tests/shared/pages_test.cpp", "tests/real/sasl_test.cpp", "tests/real/kerberos_test.cpp"]
MARK = re.compile(r"^ *// \[shown\]\n", re.M)


def parts_of(file):
    pieces = MARK.split(file.read_text())
    if len(pieces) % 2 == 0:
        raise ValueError(f"{file.relative_to(TOP)} has a // [shown] line without another")
    return [dedent(piece) for piece in pieces[1::2]]


def nearest(shown, parts):
    return max(parts, key=lambda part: difflib.SequenceMatcher(None, shown, part).ratio())


def faults_of(page, parts, unshown):
    where = page.relative_to(TOP).as_posix()
    blocks = BLOCK.findall(page.read_text())
    if not blocks and where == "README.md":
        yield "README.md shows no code"
    for name, shown in blocks:
        first = shown.splitlines()[0]
        if not parts.get(name):
            yield f"{where}: no test is named above, or it has no // [shown] lines: {first}"
        elif shown in parts[name]:
            unshown.discard((name, shown))
        else:
            tested = nearest(shown, parts[name])
            yield "\n".join(difflib.unified_diff(shown.splitlines(), tested.splitlines(), where, name, lineterm=""))


def main():
    files = [*sorted(TOP.glob("examples/*.cpp")), *(TOP / name for name in TESTS)]
    parts = {file.relative_to(TOP).as_posix(): parts_of(file) for file in files}
    unshown = {(name, part) for name, found in parts.items() for part in found}
    pages = [TOP / "README.md", *sorted((TOP / "doc").rglob("*.md"))]
    faults = [fault for page in pages for fault in faults_of(page, parts, unshown)]
    faults += [f"{name}: no page shows this: {part.splitlines()[0]}" for name, part in sorted(unshown)]
    print(*faults, sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
