# SPDX-License-Identifier: BSD-2-Clause
"""A container bed looked at from this machine: its processes and session
scopes, to the millisecond, without a process of ours inside."""
import contextlib
import os
import pathlib
import select
import signal
import time


class Process:
    """One process, held: its number can't become somebody else's."""

    def __init__(self, pid):
        self.pid = pid
        self.fd = os.pidfd_open(pid)
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines()
                      if ":\t" in line)
        self.name = fields["Name"]
        self.uid = int(fields["Uid"].split()[0])
        self.inner = int(fields["NSpid"].split()[-1])
        self.parent = int(fields["PPid"])
        self.line = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(
            b"\0", b" ").decode(errors="replace").strip()

    def __del__(self):
        with contextlib.suppress(AttributeError, OSError):
            os.close(self.fd)

    def __repr__(self):
        return f"{self.name}[{self.inner}] {self.line!r}"

    def alive(self):
        return not select.select([self.fd], [], [], 0)[0]

    def signal(self, number):
        """False when it was gone already."""
        try:
            signal.pidfd_send_signal(self.fd, number)
        except ProcessLookupError:
            return False
        return True


class Inside:
    """What runs in a bed."""

    def __init__(self, bed):
        self.root = pathlib.Path(bed.cgroup)

    def folders(self):
        """Every cgroup folder; what goes away meanwhile is passed over."""
        return (pathlib.Path(one) for one, _, _ in os.walk(self.root))

    def pids(self):
        found = []
        for folder in self.folders():
            with contextlib.suppress(OSError):
                found += [int(word) for word in
                          (folder / "cgroup.procs").read_text().split()]
        return found

    def processes(self, name=None, **match):
        """Those of that name and with these fields (inner, uid)."""
        found = []
        for pid in self.pids():
            with contextlib.suppress(OSError, KeyError):
                one = Process(pid)
                if (name is None or one.name == name) and all(
                        getattr(one, key) == want
                        for key, want in match.items()):
                    found.append(one)
        return found

    def scope(self, name):
        """The cgroup folder of a session scope; None when it is gone."""
        return next((one for one in self.folders() if one.name == name), None)

    def supplier_scopes(self):
        """Every session scope of a supplier with processes in it."""
        return [one for one in self.folders()
                if one.name.endswith(".scope") and peopled(one)
                and one.parent.name.startswith("user-19")]


def peopled(cgroup):
    try:
        return "populated 1" in (cgroup / "cgroup.events").read_text()
    except OSError:
        return False


def when_gone(things, timeout):
    """Seconds since the epoch when each was gone: a dict like things, whose
    values say whether they are there still. Missing: still there."""
    left, seen = dict(things), {}
    end = time.time() + timeout
    while left and time.time() < end:
        for name in list(left):
            if not left[name]():
                seen[name] = time.time()
                del left[name]
        time.sleep(0.005)
    return seen
