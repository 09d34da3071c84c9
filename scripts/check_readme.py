#!/usr/bin/env python3
"""Checks that the code shown in README.md is the code that is tested.

A block behind `<!-- examples/NAME.cpp -->` must be what stands between the two `// [README]` lines of that file.
Prints each difference; exit code 1 if there are any, or if README.md shows no such block.
"""
import difflib
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^<!-- (examples/\S+) -->\n```cpp\n(.*?)^```$", re.M | re.S)
MARKED = re.compile(r"^// \[README\]\n(.*?)^// \[README\]$", re.M | re.S)


def main():
    blocks = BLOCK.findall((TOP / "README.md").read_text())
    if not blocks:
        print("README.md shows no example")
        return 1
    faults = 0
    for name, shown in blocks:
        marked = MARKED.findall((TOP / name).read_text())
        if len(marked) != 1:
            print(f"{name} has {len(marked)} parts between // [README] lines, not one")
            faults += 1
        elif marked[0] != shown:
            print(*difflib.unified_diff(shown.splitlines(), marked[0].splitlines(), "README.md", name, lineterm=""), sep="\n")
            faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
