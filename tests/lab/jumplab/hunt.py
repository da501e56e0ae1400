# SPDX-License-Identifier: BSD-2-Clause
"""kill -9 at random instants of a process's life. Some live for milliseconds,
so a hunt looks at the few cgroups where its quarry can be, and not at a bed's
whole tree as Inside does."""
import contextlib
import pathlib
import signal
import threading
import time

from .inside import Process


def members(folder):
    """Pids of one cgroup; none when it is gone."""
    with contextlib.suppress(OSError):
        return [int(word) for word in
                (folder / "cgroup.procs").read_text().split()]
    return []


def comm(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    return None


def title(pid):
    """What ps shows; sshd says there whose process it is."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(
            b"\0", b" ").decode(errors="replace").strip()
    return ""


def field(pid, name):
    """The last word of a line of its status."""
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/status").open():
            if line.startswith(name + ":"):
                return line.split()[-1]
    return None


class Grounds:
    """Where the processes of a bed are; each of these gives pids."""

    def __init__(self, bed):
        self.system = bed.cgroup / "payload/system.slice"
        self.user = bed.cgroup / "payload/user.slice"
        self.root = pathlib.Path(f"/proc/{bed.leader}/root")
        self.relay_parents, self.relay_children = set(), set()

    def service(self, name):
        return members(self.system / f"{name}.service")

    def relays(self, children):
        """Those that carry a connection, or the one that accepts: told by the
        parent that each had when it was seen first."""
        now = self.service("jump-relay")
        for pid in now:
            if pid in self.relay_parents or pid in self.relay_children:
                continue
            parent = field(pid, "PPid")
            if parent:
                (self.relay_children if comm(parent) == "jump-relay" else
                 self.relay_parents).add(pid)
        return [pid for pid in now if pid in (
            self.relay_children if children else self.relay_parents)]

    def recorders(self, uid="*"):
        return [pid for folder in self.system.glob(
            f"system-jump\\x2drecord.slice/jump-record@*-{uid}.service")
                for pid in members(folder)]

    def certifiers(self):
        return [pid for folder in self.system.glob(
            "system-jump\\x2dcert.slice/jump-cert@*.service")
                for pid in members(folder)]

    def at_work(self, uid="19*"):
        """Processes in the suppliers' sessions."""
        return [pid for folder in self.user.glob(
            f"user-{uid}.slice/session-*.scope") for pid in members(folder)]

    def named(self, name, uid="19*"):
        return [pid for pid in self.at_work(uid) if comm(pid) == name]

    def titled(self, text, uid="19*"):
        """sshd's processes, before and in the session."""
        return [pid for pid in self.service("jump-sshd") + self.at_work(uid)
                if title(pid) == text]

    def carriers(self, uid):
        """The relay's processes of the connections on record for this uid."""
        inner = set()
        for path in (self.root / "run/jump/connections").glob("*"):
            with contextlib.suppress(OSError):
                text = path.read_text()
                if f"uid={uid}\n" in text:
                    inner.add(text.partition("\npid=")[2].partition("\n")[0])
        return [pid for pid in self.service("jump-relay")
                if field(pid, "NSpid") in inner]


def kill(pid):
    """True when it lived until now."""
    with contextlib.suppress(OSError, KeyError):
        one = Process(pid)
        return one.alive() and one.signal(signal.SIGKILL)
    return False


class Hunt:
    """Kills so many of each kind. kinds: name to (look, life, chance): look()
    gives pids; one is hit with that chance, at an instant of its first `life`
    seconds. How long they live is learnt: what was missed was gone sooner."""

    def __init__(self, dice, times, kinds):
        self.dice, self.times, self.kinds = dice, times, kinds
        self.life = {kind: life for kind, (_, life, _) in kinds.items()}
        self.count = dict.fromkeys(kinds, 0)
        self._seen, self._due = set(), []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._stop.set()
        self._thread.join()

    def over(self):
        return min(self.count.values()) >= self.times

    def _run(self):
        while not self._stop.is_set() and not self.over():
            for kind, (look, _, chance) in self.kinds.items():
                if self.count[kind] < self.times:
                    self._notice(kind, look(), chance)
            self._strike(time.monotonic())
            time.sleep(0.001)

    def _notice(self, kind, pids, chance):
        for pid in pids:
            if (kind, pid) in self._seen:
                continue
            self._seen.add((kind, pid))
            if self.dice.random() < chance:
                with contextlib.suppress(OSError, KeyError):
                    at = time.monotonic() + self.dice.uniform(
                        0, self.life[kind])
                    self._due.append((at, kind, Process(pid)))

    def _strike(self, now):
        later = []
        for at, kind, one in self._due:
            if at > now:
                later.append((at, kind, one))
            elif self.count[kind] >= self.times:
                continue
            elif one.alive() and one.signal(signal.SIGKILL):
                self.count[kind] += 1
            else:
                self.life[kind] *= 0.7
        self._due = later
