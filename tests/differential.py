#!/usr/bin/env python3
"""Compares what ehlotrace and tshark find in captures, and prints each difference.

usage: differential.py EHLOTRACE CAPTURE_OR_FOLDER...

Compared for each TCP stream with a mail server's port: endpoints, first and last frame, the three frames of the
handshake, the EHLO, HELO and LHLO lines, and the reply codes. tshark puts the streams together (follow,tcp); the
dialogue is read from them here, in the plainest way. The last line is `N passed, M failed`; the exit code is 1 if any
capture differs in a way that EXPLAINED does not list.
"""

import json
import os
import re
import subprocess
import sys

PORTS = (25, 465, 587, 2525)

# Captures in which the two differ for a reason: name, and the reason.
EXPLAINED = {
    "protocol-change-failed-event.pcap": "tshark takes plain text after 220 to STARTTLS for TLS",
}

TSHARK = ["tshark", "-o", "tcp.reassemble_out_of_order:TRUE", "-o", "tcp.relative_sequence_numbers:FALSE", "-r"]


def run(*command):
    """What a command prints. A capture with damage in it makes both programs fail after printing what they could."""
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False).stdout


def last(field):
    """The innermost value of a field that tunnels repeat."""
    return field.split(",")[-1]


def streams(capture):
    """Every TCP stream: endpoints, frames, and the frames of the handshake: its last is the client's segment that was sent
    first, whichever was captured first."""
    names = ["frame.number", "tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport",
             "tcp.flags", "tcp.seq_raw", "tcp.ack_raw", "tcp.len"]
    fields = [part for name in names for part in ("-e", name)]
    found = {}
    for line in run(*TSHARK, capture, "-Y", "tcp && !icmp && !icmpv6", "-T", "fields", *fields).splitlines():
        frame, stream, src4, src6, src_port, dst4, dst6, dst_port, flags, *numbers = (
            last(field) for field in line.split("\t"))
        source, target = (src4 or src6, int(src_port)), (dst4 or dst6, int(dst_port))
        flags = int(flags, 16)
        known = found.setdefault(int(stream), {
            "first": int(frame), "ends": (source, target), "client": None, "syn": None, "syn_ack": None, "server_isn": None, "acks": []})
        known["last"] = int(frame)
        is_syn, is_ack = flags & 0x02, flags & 0x10
        if is_syn and not is_ack:
            known["client"] = known["client"] or source
            known["syn"] = known["syn"] or int(frame)
        elif is_syn:
            known["client"] = known["client"] or target
            known["syn_ack"] = known["syn_ack"] or int(frame)
            known["server_isn"] = known["server_isn"] or int(numbers[0])
        elif is_ack and not flags & 0x04:
            known["acks"].append((source, *map(int, numbers), int(frame)))
    for known in found.values():
        known["ack"] = handshake_ack(known)
    return found


def handshake_ack(known):
    """The frame of the client's first segment that acknowledges the SYN-ACK."""
    if known["server_isn"] is None:
        return None
    acks = [ack for ack in known["acks"] if ack[0] == known["client"] and 0 < (ack[2] - known["server_isn"]) % 2**32 < 2**30]
    if not acks:
        return None
    start = acks[0][1]
    return min(acks, key=lambda ack: ((ack[1] - start + 2**31) % 2**32, (ack[2] - known["server_isn"]) % 2**32, *ack[3:]))[4]


def chunks(capture, stream):
    """The stream's octets in order: whether the first node sent them, and they."""
    for line in run(*TSHARK, capture, "-q", "-z", f"follow,tcp,raw,{stream}").splitlines():
        node = re.match(r"Node 0: (.*):(\d+)$", line)
        if node:
            yield (node[1].strip("[]"), int(node[2])), None
        elif re.fullmatch(r"\t?[0-9a-f]+", line):
            yield line.startswith("\t"), bytes.fromhex(line.strip())


class Dialogue:
    """Hello lines and reply codes, read line by line."""

    def __init__(self):
        self.rest = {True: b"", False: b""}
        self.hellos, self.codes = [], []
        self.in_data, self.chunk, self.asked_for_tls, self.is_tls = False, 0, False, False

    def add(self, from_client, octets):
        self.rest[from_client] += octets
        while not self.is_tls:
            if from_client and self.chunk:
                taken = min(self.chunk, len(self.rest[True]))
                self.rest[True] = self.rest[True][taken:]
                self.chunk -= taken
            line, newline, rest = self.rest[from_client].partition(b"\n")
            if not newline or (from_client and self.chunk):
                return
            self.rest[from_client] = rest
            line = line[:-1] if line.endswith(b"\r") else line
            (self.client if from_client else self.server)(line)

    def client(self, line):
        if self.in_data:
            self.in_data = line != b"."
            return
        if re.match(rb"\s*(EHLO|HELO|LHLO)(\s|$)", line, re.I):
            self.hellos.append(line.decode("latin-1"))
        bdat = re.match(rb"\s*BDAT\s+(\d+)", line, re.I)
        self.chunk = int(bdat[1]) if bdat else 0
        self.asked_for_tls |= bool(re.match(rb"\s*STARTTLS\b", line, re.I))

    def server(self, line):
        reply = re.match(rb"(\d{3})( |$)", line)
        if reply:
            code = int(reply[1])
            self.codes.append(code)
            self.in_data |= code == 354
            self.is_tls = code == 220 and self.asked_for_tls


def theirs(capture):
    """The sessions as tshark has them."""
    sessions = []
    for number, stream in sorted(streams(capture).items()):
        one, other = stream["ends"]
        client = stream["client"] or (one if other[1] in PORTS else other)
        server = other if client == one else one
        if server[1] not in PORTS:
            continue
        dialogue, first_is_client = Dialogue(), True
        for who, octets in chunks(capture, number):
            if octets is None:
                first_is_client = who == client
            else:
                dialogue.add((not who) == first_is_client, octets)
        sessions.append({
            "client": list(client), "server": list(server), "first": stream["first"], "last": stream["last"],
            "handshake": [stream["syn"], stream["syn_ack"], stream["ack"]],
            "hellos": dialogue.hellos, "codes": dialogue.codes})
    return sorted(sessions, key=lambda session: session["first"])


def text(octets):
    """Octets of the report, as text."""
    if "text" in octets:
        return octets["text"].encode().decode("latin-1")
    import base64
    return base64.b64decode(octets["base64"]).decode("latin-1")


def ours(ehlotrace, capture):
    """The sessions as ehlotrace reports them."""
    ports = ",".join(map(str, PORTS))
    report = json.loads(run(ehlotrace, "scan", "--format", "json", "--show", "all", "--port", ports, capture))
    sessions = []
    for session in report["sessions"]:
        exchanges = session.get("exchanges", [])
        lines = [exchange["command"] for exchange in exchanges if "command" in exchange]
        replies = [exchange["reply"] for exchange in exchanges if "reply" in exchange]
        handshake = session["handshake"]
        sessions.append({
            "client": [session["client"]["ip"], session["client"]["port"]],
            "server": [session["server"]["ip"], session["server"]["port"]],
            "first": session["first_frame"], "last": session["last_frame"],
            "handshake": [handshake["syn_frame"], handshake["syn_ack_frame"], handshake["ack_frame"]],
            "hellos": [text(line["line"]) for line in lines if line["verb"] in ("EHLO", "HELO", "LHLO")],
            "codes": [reply["code"] for reply in sorted(replies, key=lambda reply: reply["frame"])]})
    return sorted(sessions, key=lambda session: session["first"])


def captures(paths):
    for path in paths:
        if os.path.isdir(path):
            names = sorted(os.listdir(path))
            yield from (os.path.join(path, name) for name in names if re.search(r"\.(pcap|pcapng)$", name))
        else:
            yield path


def main():
    ehlotrace, paths = sys.argv[1], sys.argv[2:]
    passed = failed = 0
    for capture in captures(paths):
        found, expected = ours(ehlotrace, capture), theirs(capture)
        differences = []
        if len(found) != len(expected):
            differences.append(f"{len(found)} sessions, tshark has {len(expected)}")
        for mine, its in zip(found, expected):
            differences += [f"session at frame {its['first']}: {key} {mine[key]}, tshark {its[key]}"
                            for key in its if mine[key] != its[key]]
        reason = EXPLAINED.get(os.path.basename(capture))
        for difference in differences:
            print(f"{capture}: {difference}" + (f" (explained: {reason})" if reason else ""))
        if differences and not reason:
            failed += 1
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
