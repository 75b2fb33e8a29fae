#!/usr/bin/env python3
"""Freshness: from the commit in PostgreSQL to the moment a SELECT in Trino returns the new value, while the shop is busy.

A customer made for the purpose gets a new last name about once a second. PostgreSQL's clock just before the commit is the
beginning; the end is when a SELECT that was asked over and over returned that name or a later one. The result holds a whole
query's time and on average half the pause between queries (--poll): it is what somebody who looks would see, not less.
Prints one JSON object. Needs a running platform and Python's standard library.
"""
import argparse
import json
import shlex
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def percentile(values, share):
    """The nearest-rank percentile: a value that was measured, never one between two."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)] if ordered else None


class Platform:
    def __init__(self, command):
        self.command = shlex.split(command)

    def sql(self, statement, *options):
        done = subprocess.run([*self.command, "sql", "-o", "json", *options, statement], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip() or f"exit status {done.returncode}")
        return json.loads(done.stdout)

    def workload(self, rate, seconds):
        return subprocess.Popen([*self.command, "workload", "--rate", str(rate), "--duration", f"{seconds}s", "-o", "json"],
                                stdout=subprocess.PIPE, text=True)


class Probe:
    """The customer whose last name carries the number of the stamp."""

    def __init__(self, platform):
        self.platform = platform
        self.begun = {}  # stamp: wall clock of PostgreSQL, seconds
        self.seen = {}   # stamp: wall clock when it was read in Trino
        self.queries_ms = []
        name = f"freshness.{time.time_ns()}@example.com"
        rows = platform.sql("INSERT INTO customers (email, first_name, last_name) "
                            f"VALUES ('{name}', 'Freshness', '0') RETURNING id", "--source")["rows"]
        self.id = rows[0][0]

    def stamp(self, number):
        rows = self.platform.sql(f"UPDATE customers SET last_name = '{number}' WHERE id = {self.id} "
                                 "RETURNING extract(epoch FROM clock_timestamp())::text", "--source")["rows"]
        self.begun[number] = float(rows[0][0])

    def look(self):
        """Asks Trino once; every stamp up to the one that it shows counts as seen now."""
        answer = self.platform.sql(f"SELECT last_name FROM customers WHERE id = {self.id}")
        now = time.time()
        self.queries_ms.append(answer["ms"])
        shown = int(answer["rows"][0][0]) if answer["rows"] else -1
        for number in list(self.begun):
            if number <= shown:
                self.seen.setdefault(number, now)
        return shown

    def remove(self):
        self.platform.sql(f"DELETE FROM customers WHERE id = {self.id}", "--source")


def wait_until(probe, number, seconds, poll):
    """Looks until the stamp is shown; False when the time is over."""
    end = time.time() + seconds
    while probe.look() < number:
        if time.time() > end:
            return False
        time.sleep(poll)
    return True


def stamp_steadily(probe, first, until, interval, errors):
    number = first
    while time.time() < until:
        began = time.time()
        try:
            probe.stamp(number)
            number += 1
        except RuntimeError as error:
            errors.append(str(error))
        time.sleep(max(0.0, interval - (time.time() - began)))


def measure(probe, options):
    """Stamps and looks at the same time; returns the first stamp that counts, and errors."""
    errors = []
    number = 1
    probe.stamp(number)
    if not wait_until(probe, number, options.settle, options.poll):
        raise RuntimeError(f"nothing arrived in Trino within {options.settle} s: see `platformctl status`")
    time.sleep(options.warmup)
    end = time.time() + options.duration
    stamper = threading.Thread(target=stamp_steadily, args=(probe, number + 1, end, options.interval, errors))
    stamper.start()
    while time.time() < end:
        try:
            probe.look()
        except RuntimeError as error:
            errors.append(str(error))
        time.sleep(options.poll)
    stamper.join()
    try:
        wait_until(probe, max(probe.begun), options.settle, options.poll)
    except RuntimeError as error:
        errors.append(str(error))
    return number + 1, errors


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--platformctl", default=str(ROOT / "build" / "platformctl"), help="the command, with its global options")
    parser.add_argument("--rate", type=float, default=50, help="row changes a second of the workload beside it; 0: none")
    parser.add_argument("--duration", type=float, default=120, help="seconds to measure")
    parser.add_argument("--warmup", type=float, default=10, help="seconds of workload before")
    parser.add_argument("--interval", type=float, default=1, help="seconds between stamps")
    parser.add_argument("--poll", type=float, default=0.2, help="seconds between queries")
    parser.add_argument("--settle", type=float, default=120, help="seconds that the first and the last stamp may take")
    options = parser.parse_args()

    platform = Platform(options.platformctl)
    probe = Probe(platform)
    workload = platform.workload(options.rate, int(options.warmup + options.duration)) if options.rate else None
    try:
        first, errors = measure(probe, options)
    finally:
        probe.remove()
        if workload:
            workload.terminate()
    took = [(probe.seen[n] - begun) * 1000 for n, begun in probe.begun.items() if n >= first and n in probe.seen]
    stamps = sum(1 for n in probe.begun if n >= first)
    result = {
        "schema_version": 1, "benchmark": "freshness", "rate": options.rate, "duration_s": options.duration,
        "poll_s": options.poll, "stamps": stamps, "seen": len(took),
        **{f"p{share}_ms": round(percentile(took, share)) if took else None for share in (50, 90, 99)},
        "min_ms": round(min(took)) if took else None, "max_ms": round(max(took)) if took else None,
        "query_p50_ms": percentile(probe.queries_ms, 50), "query_p99_ms": percentile(probe.queries_ms, 99),
        "errors": len(errors), "last_error": errors[-1] if errors else None,
        "workload": json.loads(workload.communicate()[0] or "null") if workload else None,
    }
    print(json.dumps(result))
    return 0 if took and len(took) == stamps and not errors else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as error:
        sys.exit(f"freshness: {error}")
