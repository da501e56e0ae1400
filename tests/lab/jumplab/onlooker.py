# SPDX-License-Identifier: BSD-2-Clause
"""Somebody who looks at every process of a site: its arguments and its
environment, at each exec and then thirty times a second, as root of this
machine may. A process of its own, so that it keeps its pace."""
import contextlib
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time

from .family import Family

PACE_SEC = 0.03
LAB_DIR = pathlib.Path(__file__).parent.parent


class Onlooker:
    """For a test: looks until told to stop, then says what it saw."""

    def __init__(self, site):
        self.out = site.place.dir / "seen.json"
        self.child = subprocess.Popen(
            [sys.executable, "-m", "jumplab.onlooker", site.place.id,
             str(site.place.cgroup), str(self.out)], cwd=LAB_DIR, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        assert self.child.stdout.readline() == "looking\n"

    def crash(self, name):
        """The next process of that name, as soon as it has begun."""
        self.child.stdin.write(name + "\n")
        self.child.stdin.flush()

    def stop(self):
        """{"texts": [...], "keys": [...], "execs": n, "missed": n,
        "looks": n}, bytes as latin-1."""
        self.child.stdin.close()
        self.child.wait(20)
        return json.loads(self.out.read_text())


class Looking:
    """The looking process."""

    def __init__(self, ident, cgroup):
        self.ident, self.cgroup = ident, cgroup
        self.family = Family()
        self.texts, self.keys = set(), set()
        self.execs = self.missed = self.looks = 0
        self.crash = None

    def serve(self):
        nothing = time.monotonic()
        while True:
            ready = select.select([self.family.sock, sys.stdin], [], [],
                                  PACE_SEC)[0]
            if self.family.sock in ready:
                self.execed(self.family.catch_up())
            if sys.stdin in ready:
                line = sys.stdin.readline()
                if not line:
                    return
                self.crash = line.strip()
            if time.monotonic() > nothing + PACE_SEC:
                self.look_at_all()
                nothing = time.monotonic()

    def execed(self, pids):
        for pid in pids:
            if self.family.site_of(pid) != self.ident:
                continue
            self.execs += 1
            name = self.look_at(pid)
            if name is None:
                self.missed += 1
            elif name == "jump-keypair":
                self.read_key(pid)
            if name and name == self.crash:
                self.crash = None
                time.sleep(0.003)  # into its work
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSEGV)

    def look_at(self, pid):
        """Its name; None when it is gone."""
        folder = pathlib.Path(f"/proc/{pid}")
        try:
            self.texts.add((folder / "cmdline").read_bytes())
            self.texts.add((folder / "environ").read_bytes())
            return (folder / "comm").read_text().strip()
        except OSError:
            return None

    def look_at_all(self):
        """What began meanwhile does not wait: it may be gone soon."""
        self.looks += 1
        for folder, _, _ in os.walk(self.cgroup):
            self.execed(self.family.catch_up())
            with contextlib.suppress(OSError):
                procs = pathlib.Path(folder, "cgroup.procs").read_text()
                for pid in procs.split():
                    self.look_at(int(pid))

    def read_key(self, pid):
        """The private key of an onward connection, from the memory file that
        its keeper holds: there it is by design."""
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            try:
                text = pathlib.Path(f"/proc/{pid}/fd/3").read_bytes()
            except OSError:
                return
            if b"END OPENSSH PRIVATE KEY" in text:
                self.keys.add(text)
                return

    def report(self):
        return {"texts": sorted(text.decode("latin-1") for text in self.texts),
                "keys": sorted(key.decode("latin-1") for key in self.keys),
                "execs": self.execs, "missed": self.missed,
                "looks": self.looks}


def main():
    # some of them live for ten milliseconds, on a busy machine
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    looking = Looking(sys.argv[1], sys.argv[2])
    print("looking", flush=True)
    looking.serve()
    pathlib.Path(sys.argv[3]).write_text(json.dumps(looking.report()))


if __name__ == "__main__":
    main()
