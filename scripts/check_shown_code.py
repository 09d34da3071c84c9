#!/usr/bin/env python3
"""Checks that the code shown in README.md and doc/ is the code that is tested.

A block behind `<!-- examples/NAME.cpp -->` must be what stands between the two `// [shown]` lines of that file.
Prints each difference; exit code 1 if there are any, or if README.md shows no such block.
"""
import difflib
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^<!-- (examples/\S+) -->\n```cpp\n(.*?)^```$", re.M | re.S)
MARKED = re.compile(r"^// \[shown\]\n(.*?)^// \[shown\]$", re.M | re.S)


def faults_of(page):
    where = page.relative_to(TOP).as_posix()
    blocks = BLOCK.findall(page.read_text())
    if not blocks and where == "README.md":
        yield "README.md shows no example"
    for name, shown in blocks:
        marked = MARKED.findall((TOP / name).read_text())
        if len(marked) != 1:
            yield f"{name} has {len(marked)} parts between // [shown] lines, not one"
        elif marked[0] != shown:
            yield "\n".join(difflib.unified_diff(shown.splitlines(), marked[0].splitlines(), where, name, lineterm=""))


def main():
    pages = [TOP / "README.md", *sorted((TOP / "doc").rglob("*.md"))]
    faults = [fault for page in pages for fault in faults_of(page)]
    print(*faults, sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
