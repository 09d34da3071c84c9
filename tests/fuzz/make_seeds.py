#!/usr/bin/python3
"""Makes the fuzzers' seeds from golden transcripts: a folder each, a file each seed, named by its content.

requests, replies   the payload of one frame
frames              all that one side says on one connection, behind a byte that says how to split it
server              all that a client says on one connection
session             all that a server says on one connection
leases              what Python's kazoo writes into the node of a lease
"""

import argparse
import collections
import hashlib
import pathlib
import re

LEASES = (b'{"version": 1, "holder": "h\\u00e9", "end": "2026-02-28T23:59:08"}',
          b'{"version": 2, "holder": "h", "end": "2026-02-28T23:59:08"}')
STEP = re.compile(r"(?:@(\d+) )?([<>]) ([0-9a-f]+)$")


def seeds_of(transcript):
    streams = collections.defaultdict(bytes)
    for line in transcript.read_text(encoding="ascii").splitlines():
        if match := STEP.match(line):
            connection, side, data = match[1] or "1", match[2], bytes.fromhex(match[3])
            yield ("requests" if side == ">" else "replies"), data[4:]
            streams[connection, side] += data
    for (_, side), stream in streams.items():
        yield "frames", bytes([len(stream) % 251]) + stream
        yield ("server" if side == ">" else "session"), stream


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("transcripts", nargs="+", type=pathlib.Path, metavar="TRANSCRIPT")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder for the folders of seeds")
    arguments = parser.parse_args()
    seeds = [("leases", text) for text in LEASES]
    for transcript in arguments.transcripts:
        seeds += seeds_of(transcript)
    for folder, seed in seeds:
        target = arguments.output / folder
        target.mkdir(parents=True, exist_ok=True)
        (target / hashlib.sha1(seed).hexdigest()).write_bytes(seed)


if __name__ == "__main__":
    main()
