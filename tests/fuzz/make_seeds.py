#!/usr/bin/python3
"""Makes the fuzzers' seeds from golden transcripts: a folder each, a file each seed, named by its content.

requests, replies   the payload of one frame
frames              all that one side says on one connection, behind a byte that says how to split it
server              all that a client says on one connection
session             all that a server says on one connection
leases              what Python's kazoo writes into the node of a lease
tls                 orders to connections of every kind, and what strangers say
"""

import argparse
import collections
import hashlib
import pathlib
import re

LEASES = (b'{"version": 1, "holder": "h\\u00e9", "end": "2026-02-28T23:59:08"}',
          b'{"version": 2, "holder": "h", "end": "2026-02-28T23:59:08"}')
# Hands are shaken, both sides talk, the keys are new, and the server ends; byte by byte; where the line takes little; a
# write in the middle of a ticket; a line that is torn while both sides talk; bytes spoilt, lost and too many.
TLS_ORDERS = ([1, 0] * 3 + [3, 4, 4, 9, 1, 0, 5, 0, 3, 8, 1, 0, 7, 0],
              [0, 0] * 90 + [11, 1, 3, 1, 1, 0],
              [10, 100, 1, 0, 10, 200, 1, 0, 1, 0, 4, 9, 10, 30, 1, 0, 10, 255],
              [1, 0, 0, 255, 0, 255, 0, 27, 4, 9, 1, 0],
              [1, 0] * 3 + [3, 4, 0, 0, 12, 0, 4, 9, 1, 0],
              [1, 0] * 3 + [3, 4, 0, 0, 2, 9, 1, 0],
              [1, 0] * 3 + [3, 4, 0, 0, 9, 1, 8, 7, 6, 0, 1, 0],
              [1, 0] * 3 + [13, 0, 3, 4, 1, 0])
TLS_STRANGERS = (b"HTTP/1.1 400 Bad Request\r\n", bytes([0x15, 3, 3, 0, 2, 2, 40]))
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
    seeds += [("tls", bytes([kind, *orders])) for kind in (0, 1, 4, 5, 8, 9, 12, 13) for orders in TLS_ORDERS]
    seeds += [("tls", bytes([2, 4]) + words) for words in TLS_STRANGERS]
    for transcript in arguments.transcripts:
        seeds += seeds_of(transcript)
    for folder, seed in seeds:
        target = arguments.output / folder
        target.mkdir(parents=True, exist_ok=True)
        (target / hashlib.sha1(seed).hexdigest()).write_bytes(seed)


if __name__ == "__main__":
    main()
