#!/usr/bin/env python3
"""Starts 12_prometheus, scrapes it as Prometheus does, and holds what it says to the text format 0.0.4.

check_prometheus.py PROGRAM; exit code 1 and a line if something is wrong.
"""
import re
import subprocess
import sys
import urllib.error
import urllib.request

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\+Inf|[-+0-9.eE]+)")
TYPES = {"counter", "gauge", "histogram"}


def parse(text):
    """The type of each family, and the value of each sample, by name and labels."""
    if not text.endswith("\n"):
        raise ValueError("the last line does not end")
    types, helps, samples, current = {}, set(), {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split(" ", 3)[2]
            if current in helps or not re.fullmatch(NAME, current):
                raise ValueError(line)
            helps.add(current)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name != current or name in types or kind not in TYPES:
                raise ValueError(line)
            types[name] = kind
        else:
            found = SAMPLE.fullmatch(line)
            if not found:
                raise ValueError(line)
            name, labels, value = found.groups()
            family = re.sub("_(bucket|sum|count)$", "", name) if types.get(current) == "histogram" else name
            if family != current or current not in types or (name, labels) in samples:
                raise ValueError(line)
            samples[name, labels] = float(value)
    return types, samples


def check_histogram(name, samples):
    buckets = [(labels, value) for (n, labels), value in samples.items() if n == name + "_bucket"]
    limits = [float(labels.removeprefix('le="').removesuffix('"')) for labels, _ in buckets]
    counts = [value for _, value in buckets]
    assert limits == sorted(set(limits)) and limits[-1] == float("inf"), limits
    assert counts == sorted(counts), counts
    assert counts[-1] == samples[name + "_count", None], counts


def scrape(url):
    with urllib.request.urlopen(url, timeout=20) as reply:
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4"), reply.headers
        return parse(reply.read().decode())


def check(url):
    types, samples = scrape(url)
    for name, kind in types.items():
        if kind == "histogram":
            check_histogram(name, samples)
        if kind == "counter":
            assert name.endswith("_total"), name
    operations = "kazoo_operations_total"
    assert samples[operations, 'operation="create",result="succeeded"'] == 1, samples
    assert samples[operations, 'operation="get",result="succeeded"'] == 4, samples
    assert samples[operations, 'operation="get",result="failed"'] == 1, samples
    assert samples["kazoo_errors_total", 'code="-101"'] == 1, samples
    assert samples["kazoo_round_trip_seconds_count", None] == 6, samples
    assert samples["kazoo_round_trip_seconds_sum", None] > 0, samples
    assert samples["kazoo_watches", None] == 1, samples
    assert samples["kazoo_sessions_total", None] == 1, samples
    assert ("kazoo_state_seconds", 'state="connected"') in samples, samples
    _, later = scrape(url)
    for (name, labels), value in samples.items():
        if types.get(name) == "counter":
            assert later[name, labels] >= value, name
    try:
        urllib.request.urlopen(url.replace("/metrics", "/"), timeout=20)
        raise AssertionError("there is something at /")
    except urllib.error.HTTPError as e:
        assert e.code == 404, e


def main():
    program = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        line = program.stdout.readline()
        at = re.fullmatch(r"metrics at (http://127\.0\.0\.1:\d+/metrics)\n", line)
        assert at, line
        check(at[1])
    finally:
        program.stdin.close()
        try:
            ended = program.wait(20)
        except subprocess.TimeoutExpired:
            program.kill()
            raise
    assert ended == 0, ended


if __name__ == "__main__":
    main()
