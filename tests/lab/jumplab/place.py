# SPDX-License-Identifier: BSD-2-Clause
"""Where the lab keeps its things, and who holds them.

Several people run sites on one machine at a time. Everything a site makes
(folder, network namespaces, cgroup) carries its instance id, and the folder is
locked while its maker lives: what is not locked is left over and can be swept.
"""
import contextlib
import fcntl
import os
import pathlib
import re
import sys
import time

CACHE = pathlib.Path(os.environ.get("JUMP_LAB_CACHE", "/var/cache/jump-lab"))
RUNS = CACHE / "run"
# Whoever asks whether a site is in use holds its lock for an instant.
SWEEP_LOCK = CACHE / "sweep.lock"
LAB_DIR = pathlib.Path(__file__).resolve().parent.parent
SOURCE_DIR = LAB_DIR.parent.parent
NETNS_PREFIX = "jl-"


class LabError(Exception):
    """The lab could not do what was asked; the text says what to look at."""


def say(text):
    print(f"lab: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text):
    """One line when something slow begins, one with its time when it ends."""
    say(f"{text} ...")
    begin = time.monotonic()
    yield
    say(f"{text}: {time.monotonic() - begin:.1f} s")


@contextlib.contextmanager
def locked(path, shared=False):
    """Hold an flock on path (made when missing)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield fd
    finally:
        os.close(fd)


def lock_try(path):
    """An exclusive lock's fd, or None when somebody holds path."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return fd
    except BlockingIOError:
        os.close(fd)
        return None


def default_id():
    given = os.environ.get("JUMP_LAB_ID")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")[-1:]
    return given[:10] + worker if given else f"p{os.getpid()}"


class Place:
    """The run folder of one site, locked while this object is open."""

    def __init__(self, ident=None):
        self.id = ident or default_id()
        if not re.fullmatch(r"[a-z0-9]{1,12}", self.id):
            raise LabError(f"instance id {self.id!r}: 1 to 12 of a-z 0-9")
        if os.geteuid() != 0:
            raise LabError("the lab needs root (namespaces, mounts, cgroups)")
        self.dir = RUNS / self.id
        self._lock = None

    def open(self):
        self.dir.mkdir(parents=True, exist_ok=True)
        with locked(SWEEP_LOCK):
            self._lock = lock_try(self.lock_path)
        if self._lock is None:
            raise LabError(f"instance {self.id} runs already "
                           f"(lab down {self.id}, or another JUMP_LAB_ID)")
        return self

    @property
    def lock_path(self):
        return RUNS / f"{self.id}.lock"

    @property
    def kept_path(self):
        """This file says: the maker is gone on purpose, leave it running."""
        return RUNS / f"{self.id}.kept"

    def netns(self, host):
        return f"{NETNS_PREFIX}{self.id}-{host}"

    @property
    def cgroup(self):
        return cgroup_root() / "jump-lab" / self.id

    def close(self):
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def cgroup_root():
    """The cgroup2 mount: /sys/fs/cgroup, or its hybrid corner."""
    for path in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        if os.path.exists(path + "/cgroup.procs"):
            return pathlib.Path(path)
    raise LabError("no cgroup2 hierarchy is mounted on this machine")
