#!/usr/bin/env python3
"""Runs ehlotrace and gives its JSON Lines the fields that the program that disturbs captures reads.

It was written for lines in which nothing is left out and a capture has an `index`; and it wants the sessions of a copy, which
ehlotrace lists with the original alone. EHLOTRACE in the environment is the program to run.
"""

import json
import os
import subprocess
import sys

LISTS = ("hellos", "exchanges", "evidence")


def put(line):
    # The type has to stand first.
    print(json.dumps({"type": line["type"], **line}, separators=(",", ":")))


def filled(session):
    for name in LISTS:
        session.setdefault(name, [])
    for exchange in session["exchanges"]:
        exchange.setdefault("command", None)
        exchange.setdefault("reply", None)
    return session


def main():
    run = subprocess.run([os.environ["EHLOTRACE"], *sys.argv[1:]], stdout=subprocess.PIPE, check=False)
    sessions = {}
    for text in run.stdout.splitlines():
        line = json.loads(text)
        if line["type"] == "session":
            sessions.setdefault(line["capture"], []).append(filled(line))
            put(line)
        elif line["type"] == "capture":
            put({**line, "index": line["capture"]})
        elif line["type"] == "capture_end":
            copied = line.get("copy_of")
            for session in sessions.get(copied["capture"], []) if copied else []:
                put({**session, "capture": line["capture"]})
            put(line)
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
