#!/usr/bin/env python3
"""Checks that everything in include/kazoo that users see has a text for Doxygen, which has nothing to complain of.

Doxygen's own warnings leave out enumerators and what stands in a namespace, so this looks into its XML. Prints file:line
for each fault; exit code 1 if there are any.
"""
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent

SETTINGS = """
INPUT = include/kazoo
EXCLUDE = include/kazoo/detail
RECURSIVE = YES
FILE_PATTERNS = *.hpp
EXCLUDE_SYMBOLS = std std::* kazoo::detail kazoo::detail::*
PREDEFINED = KAZOO_EXPORT=
MACRO_EXPANSION = YES
EXPAND_ONLY_PREDEF = YES
JAVADOC_AUTOBRIEF = YES
EXTRACT_ALL = YES
GENERATE_HTML = NO
GENERATE_LATEX = NO
GENERATE_XML = YES
QUIET = YES
"""

# Doxygen 1.9 says this of each specialisation in another namespace.
NO_COMPLAINT = "Internal inconsistency: scope for class std::"


def has_text(element):
    found = [element.find("briefdescription"), element.find("detaileddescription")]
    return any("".join(text.itertext()).strip() for text in found if text is not None)


def place_of(element):
    location = element.find("location")
    file = Path(location.get("file"))
    return (file.relative_to(TOP) if file.is_absolute() else file).as_posix(), int(location.get("line"))


def is_for_users(member, kind):
    """Whether it can be used at all: not private, not deleted, no destructor; of a file's members the macros."""
    name, arguments = member.findtext("name") or "", member.findtext("argsstring") or ""
    if member.get("kind") == "friend" and (member.findtext("type") or "").split()[-1:] in (["class"], ["struct"]):
        return False
    wanted = member.get("kind") == "define" if kind == "file" else member.get("prot") == "public"
    return wanted and not arguments.endswith("=delete") and not name.startswith("~")


def parts_of(compound):
    """Yields (id, file, line, name, whether it has a text) for a class, its members and their enumerators."""
    kind, scope = compound.get("kind"), compound.findtext("compoundname")
    if kind not in ("class", "struct", "union", "namespace", "file") or compound.get("prot") == "private":
        return
    if kind not in ("namespace", "file"):
        yield scope, *place_of(compound), scope, has_text(compound)
    for member in compound.iter("memberdef"):
        if not is_for_users(member, kind):
            continue
        name = (member.findtext("qualifiedname") or member.findtext("name")) + (member.findtext("argsstring") or "")
        yield member.get("id"), *place_of(member), name, has_text(member)
        for value in member.iter("enumvalue"):
            yield value.get("id"), *place_of(member), f"{name}::{value.findtext('name')}", has_text(value)


def main():
    places, described = {}, set()
    with tempfile.TemporaryDirectory() as folder:
        settings = SETTINGS + f"OUTPUT_DIRECTORY = {folder}\n"
        run = subprocess.run(["doxygen", "-"], input=settings, cwd=TOP, capture_output=True, text=True)
        faults = [line.replace(f"{TOP}/", "") for line in run.stderr.splitlines() if NO_COMPLAINT not in line]
        for file in Path(folder, "xml").glob("*.xml"):
            for compound in ElementTree.parse(file).getroot().iter("compounddef"):
                for identity, file_name, line, name, has in parts_of(compound):
                    places[identity] = file_name, line, name
                    if has: # a declaration and its definition may come as two
                        described.add(identity)
    missing = sorted(place for identity, place in places.items() if identity not in described)
    faults += [f"{file}:{line}: {name} has no text" for file, line, name in missing]
    if run.returncode != 0 or len(places) < 100:
        faults.append(f"Doxygen ended with {run.returncode} and has shown {len(places)} things")
    print("\n".join(faults) if faults else f"{len(described)} public things have their text")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
