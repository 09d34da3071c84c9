#!/usr/bin/python3
"""Records what a real Apache ZooKeeper server answers.

Every transcript starts with an empty server of its own, which this script starts and stops. The bytes are made by the
small encoder in wire.py, so they are independent of the library that is tested with them. README.md describes the
format of the transcripts.
"""

import argparse
import pathlib
import shutil
import sys

sys.dont_write_bytecode = True

import scenarios
from server import Server
from transcript import Transcript


def record(name, scenario, arguments):
    with Server(arguments.java, arguments.jars, ensemble=name.startswith("ensemble/")) as server:
        transcript = Transcript(server.port, scenario.__doc__)
        try:
            scenario(transcript)
        finally:
            transcript.disconnect()
    target = arguments.output / f"{name}.txt"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(transcript.text(), encoding="ascii")
    print(f"{target}: {transcript.exchanges} exchanges")


def main():
    names = list(scenarios.ALL)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to record: {', '.join(names)} (default: all)")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent,
                        help="folder of the transcripts (default: beside this script)")
    parser.add_argument("--java", default="java", help="the java program (default: %(default)s)")
    parser.add_argument("--jars", type=pathlib.Path, default=pathlib.Path("/usr/share/java"),
                        help="folder of zookeeper.jar (default: %(default)s, where libzookeeper-java puts it)")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in scenarios.ALL]
    if unknown:
        parser.error(f"no such transcript: {', '.join(unknown)}")
    if not (arguments.jars / "zookeeper.jar").exists():
        sys.exit(f"{arguments.jars / 'zookeeper.jar'} is missing: install libzookeeper-java")
    if shutil.which(arguments.java) is None:
        sys.exit(f"{arguments.java} is missing: install openjdk-17-jre-headless")
    for name in arguments.names or names:
        record(name, scenarios.ALL[name], arguments)


if __name__ == "__main__":
    main()
