# SPDX-License-Identifier: BSD-2-Clause
"""Audit records of container beds, read from the host's kernel.

auditd can't run in a container, and the records of one go to the host's
kernel. The kernel also sends each record to a multicast group, beside any
auditd: a small process of the site listens there and writes the file that
auditd would have written, so ausearch and aureport can read it.

Run as a program (python3 -m jumplab.audit FILE ID) it is that process.
"""
import ctypes
import dataclasses
import errno
import os
import pathlib
import re
import select
import socket
import struct
import subprocess
import sys
import time

from .family import Family
from .place import LabError

NETLINK_AUDIT, SOL_NETLINK = 9, 270
NETLINK_ADD_MEMBERSHIP, NLGRP_READLOG = 1, 1
EVENT_END, BPF, PROMISCUOUS = 1320, 1334, 1700
# The end mark says nothing in a file. The others come from the lab's own
# wires and filters and name no process.
UNWANTED = {EVENT_END, BPF, PROMISCUOUS}
SETTLE_WORD = "jump-lab-settle"
LOST = b"jump-lab: records were lost here"


class Listener:
    """One site's ear: drops what is known to come from another site."""

    def __init__(self, path, ident):
        self.ident = ident
        self.out = open(path, "ab", buffering=0)
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                  NETLINK_AUDIT)
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # RCVBUFFORCE
        self.sock.bind((0, 0))
        self.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NLGRP_READLOG)
        self.libaudit = ctypes.CDLL("libaudit.so.1")
        self.libaudit.audit_msg_type_to_name.restype = ctypes.c_char_p
        self.names = {}
        self.family = Family()
        self.site_of_session = {}
        self.site_of_event = {}

    def serve(self):
        while True:
            ready = select.select([self.sock, self.family.sock], [], [])[0]
            self.family.catch_up()
            if self.sock in ready:
                self.receive()

    def receive(self):
        try:
            data = self.sock.recv(65536)
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            self.out.write(LOST + b"\n")
            return
        while len(data) >= 16:
            length, kind = struct.unpack_from("=IH", data)
            length = min(max(length, 16), len(data))
            self.record(kind, data[16:length].rstrip(b"\0\n"))
            data = data[(length + 3) & ~3:]

    def record(self, kind, text):
        if kind in UNWANTED:
            return
        if not self.is_foreign(text.decode(errors="replace")):
            self.out.write(b"type=%s msg=%s\n" % (self.name(kind), text))

    def name(self, kind):
        if kind not in self.names:
            self.names[kind] = (self.libaudit.audit_msg_type_to_name(kind)
                                or b"UNKNOWN[%d]" % kind)
        return self.names[kind]

    def is_foreign(self, text):
        """Whose is it? By its process, else its session, else its event."""
        settling = re.search(SETTLE_WORD + r"-([a-z0-9]+)-\d+", text)
        if settling:
            return settling[1] != self.ident
        serial = text.partition(")")[0]
        ses = re.search(r"\bses=(\d+)", text)
        ses = ses and ses[1] != "4294967295" and ses[1]
        site = None
        for pid in re.findall(r"\bp?pid=(\d+)", text)[:2]:
            site = site or self.family.site_of(int(pid))
        site = site or self.site_of_session.get(ses)
        site = site or self.site_of_event.get(serial)
        if site and ses:
            self.site_of_session[ses] = site
        if site:
            self.site_of_event[serial] = site
            if len(self.site_of_event) > 1000:
                self.site_of_event.pop(next(iter(self.site_of_event)))
        return site is not None and site != self.ident


@dataclasses.dataclass
class Record:
    """One record: its type, event (time, serial), fields, and the line."""
    type: str
    time: float
    serial: int
    fields: dict
    line: str

    def __getitem__(self, name):
        return self.fields[name]

    def get(self, name, default=None):
        return self.fields.get(name, default)


LINE = re.compile(r"type=(\S+) msg=audit\((\d+\.\d+):(\d+)\):\s*(.*)")
FIELD = re.compile(r"([A-Za-z_][\w-]*)=(\"[^\"]*\"|'[^']*'|\S*)")


def parse(line):
    """A Record, or None for a line that is none. Quoted text loses its
    quotes; the words inside msg='...' are fields of the record too."""
    found = LINE.match(line)
    if not found:
        return None
    body, enriched = found[4].partition("\x1d")[::2]
    fields = {}
    outer, inner = re.match(r"(.*?)(?:msg='(.*)')?$", body).groups()
    for part in (outer, inner or "", enriched):
        for name, value in FIELD.findall(part):
            fields[name] = value[1:-1] if value[:1] in "\"'" else value
    return Record(found[1], float(found[2]), int(found[3]), fields, line)


class AuditLog:
    """A growing log with marks; subclasses say where it is."""

    def mark(self):
        raise NotImplementedError

    def text(self, mark=0):
        raise NotImplementedError

    def since(self, mark=0, type=None, **fields):
        """Records after mark, of that type, with all of those field values."""
        return [record for record in map(parse, self.text(mark).splitlines())
                if record and (type is None or record.type == type)
                and all(record.get(k) == str(v) for k, v in fields.items())]

    def wait(self, mark=0, timeout=5, **match):
        """The first record that matches, waited for."""
        end = time.monotonic() + timeout
        while True:
            found = self.since(mark, **match)
            if found:
                return found[0]
            if time.monotonic() > end:
                raise LabError(f"no audit record {match} within {timeout} s;"
                               f" there are:\n{self.text(mark)[-4000:]}")
            time.sleep(0.05)

    def note(self, word):
        """A record of our own among the others, to find one's place by."""
        raise NotImplementedError

    def after_note(self, word, *patterns, timeout=10):
        """Wait until each pattern (grep's) is in a line after that note."""
        raise NotImplementedError

    def write(self, path, mark=0):
        """A file for `ausearch -if` and `aureport -if`."""
        pathlib.Path(path).write_text(self.text(mark))
        return path


class HostAuditLog(AuditLog):
    """The listener's file of a site with container beds."""

    def __init__(self, place):
        self.path = place.dir / "audit.log"
        self.place = place
        self._listener = None

    def start(self):
        group = self.place.cgroup / "audit"
        group.mkdir(parents=True, exist_ok=True)
        self.path.touch()
        self._listener = subprocess.Popen(
            ["sh", "-c", 'echo 0 > "$0" && exec "$@"',
             str(group / "cgroup.procs"), "/usr/bin/python3", "-m",
             "jumplab.audit", str(self.path), self.place.id],
            cwd=pathlib.Path(__file__).parent.parent, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, start_new_session=True, text=True)
        if self._listener.stdout.readline() != "listening\n":
            raise LabError("the audit listener did not start")
        return self

    def mark(self):
        self.settle()
        return self.path.stat().st_size

    def text(self, mark=0):
        self.settle()
        with open(self.path, "rb") as log:
            log.seek(mark)
            content = log.read()
        if LOST in content:
            raise LabError("the kernel sent audit records faster than they "
                           "were read; what is missing can't be known")
        lines = content.decode(errors="replace").splitlines(True)
        return "".join(line for line in lines if SETTLE_WORD not in line)

    def note(self, word):
        subprocess.run(["auditctl", "-m", word], check=True,
                       stdout=subprocess.DEVNULL)

    def after_note(self, word, *patterns, timeout=10):
        end = time.monotonic() + timeout
        while True:
            after = self.path.read_text(errors="replace").partition(word)[2]
            if all(re.search(one, after) for one in patterns):
                return
            if time.monotonic() > end:
                raise LabError(f"not within {timeout} s after {word}: "
                               f"{patterns}; there is:\n{after[-4000:]}")
            time.sleep(0.02)

    def settle(self):
        """Wait until the kernel's queue has passed by: a record of our own."""
        word = f"{SETTLE_WORD}-{self.place.id}-{time.monotonic_ns()}"
        subprocess.run(["auditctl", "-m", word], check=True,
                       stdout=subprocess.DEVNULL)
        end = time.monotonic() + 5
        while word.encode() not in self._tail():
            if time.monotonic() > end:
                raise LabError("audit records do not arrive; "
                               "is audit enabled (auditctl -s)?")
            time.sleep(0.005)

    def _tail(self):
        with open(self.path, "rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - 65536))
            return log.read()


def main():
    listener = Listener(sys.argv[1], sys.argv[2])
    print("listening", flush=True)
    listener.serve()


if __name__ == "__main__":
    main()
