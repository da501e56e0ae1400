#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Random SFTP dialogues, spoken to OpenSSH's sftp-server directly and through
the gate: the same answers, and the same tree at the end.

JUMP_DIALOGUES (2000) of them, from JUMP_SEED (1) on. What the gate changes on
purpose is put right before the comparison, and is all in plain() and below
"on purpose" in same(): paths are made plain before a target sees them, the
target's folder stands before each path, and handles are the gate's own.
"""
import os
import posixpath
import random
import shutil
import signal
import stat
import struct
import sys
import tempfile
import traceback

from sftp_client import (
    APPEND, ATTRS, BROKER, CLOSE, CREAT, DATA, EXCL, EXTENDED, FSETSTAT, FSTAT,
    GATE, HANDLE, LSTAT, MKDIR, MODE, NAME, OPEN, OPENDIR, R, READ, READDIR,
    READLINK, REALPATH, REMOVE, RENAME, RMDIR, Reader, SERVER, SETSTAT, SIZE,
    STAT, STATUS, SYMLINK, Side, TIMES, TRUNC, W, WRITE, text)

TOGETHER = 50  # dialogues of one session
STEPS = 30
NAMES = ["a", "b", "c", "d d", "ü", "-x"]


class Direct(Side):
    def __init__(self, root):
        super().__init__([SERVER], root, root)

    def path(self, words):
        """What the gate would make of it."""
        return self.root + plain(words)


class Gated(Side):
    def __init__(self, root, log):
        super().__init__(
            [BROKER, "-u", "-d", GATE, SERVER, log, "t"], root, "/t" + root)

    def path(self, words):
        return self.before + "/" + words


def plain(words):
    """Dots and doubled slashes, without a look at what is there."""
    made = posixpath.normpath("/" + words)
    return "" if made in ("/", "//") else made


class Dialogue:
    """The same steps on both sides."""

    def __init__(self, rng, sides):
        self.rng, self.sides = rng, sides
        self.handles = []  # (kind, handle on each side)

    # -- what is said

    def words(self):
        made = [self.rng.choice(NAMES)
                for _ in range(self.rng.choice([1, 1, 1, 2, 2, 3]))]
        if self.rng.random() < .25:
            made.insert(self.rng.randrange(len(made)),
                        self.rng.choice([".", "", "b/..", "nobody/.."]))
        if self.rng.random() < .05:
            made.append(self.rng.choice(["", "."]))
        return "/".join(made)

    def paths(self, words):
        return [text(side.path(words)) for side in self.sides]

    def attrs(self):
        kind = self.rng.choice(["none", "none", "mode", "size", "times"])
        if kind == "mode":
            return struct.pack(">II", MODE, self.rng.choice(
                [0o600, 0o644, 0o755, 0o400, 0o2750]))
        if kind == "size":
            return struct.pack(">IQ", SIZE, self.rng.randrange(3000))
        if kind == "times":
            return struct.pack(">III", TIMES, 1000000000, 1000000001)
        return struct.pack(">I", 0)

    def handle(self, kind=None):
        """One that is open, or sometimes one that never was."""
        fitting = [one for one in self.handles if kind in (None, one[0])]
        if not fitting or self.rng.random() < .04:
            return [text(b"\xff\xfe\xfd\xfc")] * 2
        return [text(one) for one in self.rng.choice(fitting)[1:]]

    # -- how it is said and answered

    def both(self, kind, lefts, rights, *more):
        """One request on both sides; both answers as plain things."""
        for side, own in zip(self.sides, (lefts, rights)):
            side.ask(kind, own, *more)
        return [side.answers(1)[0] for side in self.sides]

    def seen(self, frame, side):
        kind, r = frame[0], Reader(frame)
        r.at = 5
        if kind == STATUS:
            return ("status", r.u32())
        if kind == HANDLE:
            return ("handle",)
        if kind == DATA:
            return ("data", r.text())
        if kind == ATTRS:
            return ("attrs", r.attrs())
        if kind == NAME:
            names = []
            for _ in range(r.u32()):
                name, _long = r.text(), r.text()
                r.attrs()
                names.append(name.replace(side.before.encode(), b"@"))
            return ("name", sorted(names))
        return ("kind", kind)

    def same(self, frames, what):
        left, right = (self.seen(frame, side)
                       for frame, side in zip(frames, self.sides))
        # on purpose: what sftp-server calls a missing file is a refusal when
        # it was opened for the other direction, and a failure when its
        # handle never was
        if (what.split()[0], left, right) in (
                ("move", ("status", 2), ("status", 3)),
                ("fsync", ("status", 2), ("status", 4))):
            return left
        if left != right:
            raise AssertionError(f"{what}: directly {left}, gated {right}")
        return left

    def one(self, kind, words, *more, what=""):
        lefts, rights = self.paths(words)
        return self.same(self.both(kind, lefts, rights, *more),
                         f"{what or kind} {words!r} {more}")

    # -- steps

    def open(self):
        flags = self.rng.choice([
            R, R, W | CREAT, W | CREAT | TRUNC, W | CREAT | EXCL, R | W | CREAT,
            W | APPEND | CREAT, W, R | W, R | CREAT])
        attrs = self.attrs() if self.rng.random() < .3 else struct.pack(">I", 0)
        words = self.words()
        frames = self.both(OPEN, *self.paths(words),
                           struct.pack(">I", flags), attrs)
        self.keep("file", frames, self.same(frames, f"open {words} {flags}"))

    def keep(self, kind, frames, seen):
        if seen[0] == "handle":
            self.handles.append((kind, frames[0][9:], frames[1][9:]))

    def opendir(self):
        words = self.words()
        frames = self.both(OPENDIR, *self.paths(words))
        seen = self.same(frames, f"opendir {words}")
        self.keep("folder", frames, seen)
        if seen[0] == "handle" and self.rng.random() < .7:
            self.read_folder(self.handles[-1])

    def read_folder(self, handle):
        """Whole, because servers cut a listing where they like."""
        listed = []
        for side, own in zip(self.sides, handle[1:]):
            names = []
            while True:
                side.ask(READDIR, text(own))
                seen = self.seen(side.answers(1)[0], side)
                if seen[0] != "name":
                    break
                names += seen[1]
            # on purpose: what can't be asked for is not listed
            listed.append((seen, sorted(set(names) - {b".", b".."})))
        if listed[0] != listed[1]:
            raise AssertionError(f"readdir: {listed}")

    def close(self):
        if not self.handles:
            return
        one = self.handles.pop(self.rng.randrange(len(self.handles)))
        self.same(self.both(CLOSE, text(one[1]), text(one[2])), "close")

    def burst(self):
        """Reads and writes of one handle, many on their way at once."""
        own, moves = self.handle("file"), []
        count = self.rng.choice([1, 1, 3, 8])
        # sftp-server takes nothing while its answers find no room, and this
        # client takes none while it asks: they have to fit into a pipe
        most = 40000 if count == 1 else 4000
        for _ in range(count):
            at = struct.pack(">Q", self.rng.choice([0, 0, 10, 1000, 5000]))
            if self.rng.random() < .5:
                moves.append((READ, at + struct.pack(
                    ">I", self.rng.choice([1, 100, most]))))
            else:
                moves.append((WRITE, at + text(self.rng.randbytes(
                    self.rng.choice([0, 1, 50, 2000, 40000])))))
        for side, handle in zip(self.sides, own):
            for kind, rest in moves:
                side.ask(kind, handle, rest)
        got = [side.answers(len(moves)) for side in self.sides]
        for (kind, rest), frames in zip(moves, zip(*got)):
            self.same(frames, f"move {kind} {rest[:12]}")

    def look(self):
        self.one(self.rng.choice([STAT, LSTAT]), self.words(), what="stat")

    def look_held(self):
        own = self.handle("file")
        if self.rng.random() < .5:
            self.same(self.both(FSTAT, *own), "fstat")
        else:
            self.same(self.both(FSETSTAT, *own, self.attrs()), "fsetstat")

    def real(self):
        self.one(REALPATH, self.words(), what="realpath")

    def set_attrs(self):
        self.one(SETSTAT, self.words(), self.attrs(), what="setstat")

    def make_folder(self):
        self.one(MKDIR, self.words(), struct.pack(">I", 0), what="mkdir")

    def remove(self):
        self.one(self.rng.choice([REMOVE, RMDIR]), self.words(), what="remove")

    def two(self):
        how = self.rng.choice(["rename", "posix-rename", "hardlink"])
        one, other = self.paths(self.words()), self.paths(self.words())
        if how == "rename":
            frames = self.both(RENAME, *(a + b for a, b in zip(one, other)))
        else:
            name = text(f"{how}@openssh.com")
            frames = self.both(EXTENDED, *(
                name + a + b for a, b in zip(one, other)))
        self.same(frames, f"{how} {one} {other}")

    def link(self):
        """OpenSSH's order: what it points to, then the link."""
        if self.rng.random() < .5:
            to = [text(self.rng.choice(NAMES + ["b/c", "./a"]))] * 2
        else:
            to = self.paths(plain(self.words()).lstrip("/") or "a")
        self.same(self.both(SYMLINK, *(
            a + b for a, b in zip(to, self.paths(self.words())))),
            f"symlink {to}")

    def read_link(self):
        self.one(READLINK, self.words(), what="readlink")

    def unknown(self):
        """On purpose: sftp-server leaves an unknown type without answer."""
        if self.rng.random() < .5:
            gated = self.sides[1]
            gated.ask(self.rng.choice([77, 99, 199]))
            seen = self.seen(gated.answers(1)[0], gated)
            assert seen == ("status", 8), f"unknown type: {seen}"
        else:
            self.same(self.both(EXTENDED, text("vendor@example"),
                                text("vendor@example")), "extension")

    def sync(self):
        own = self.handle("file")
        name = text("fsync@openssh.com")
        self.same(self.both(EXTENDED, *(name + one for one in own)), "fsync")

    def run(self):
        steps = [self.open] * 6 + [self.close] * 3 + [self.burst] * 6 + [
            self.opendir, self.look, self.look, self.look_held, self.real,
            self.set_attrs, self.make_folder, self.make_folder, self.remove,
            self.two, self.link, self.read_link, self.unknown, self.sync]
        for _ in range(STEPS):
            self.rng.choice(steps)()
        while self.handles:
            self.close()


def tree(root):
    seen = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            what = None
            if stat.S_ISREG(st.st_mode):
                with open(path, "rb") as f:
                    what = (st.st_nlink, f.read())
            elif stat.S_ISLNK(st.st_mode):
                what = os.readlink(path).replace(root, "@")
            seen[path.replace(root, "@")] = (oct(st.st_mode), what)
    return seen


def late(_number, _frame):
    raise AssertionError("no answer")


def session(base, seed, count):
    """Some dialogues in one session; the first that differs is told."""
    signal.signal(signal.SIGALRM, late)
    roots = [os.path.join(base, one) for one in "xy"]
    for root in roots:
        os.mkdir(root)
    sides = Direct(roots[0]), Gated(roots[1], os.path.join(base, "events"))
    for number in range(seed, seed + count):
        signal.alarm(20)
        try:
            Dialogue(random.Random(number), sides).run()
            trees = [tree(root) for root in roots]
            assert trees[0] == trees[1], f"trees: {trees}"
        except AssertionError as e:
            print(f"dialogue {number}: {e}", flush=True)
            if str(e) == "no answer":
                traceback.print_exc(file=sys.stdout)
            return False
        for root in roots:
            shutil.rmtree(root)
            os.mkdir(root)
    ended = [side.end() for side in sides]
    if ended != [0, 0]:
        print(f"ended with {ended} after {number}")
    return ended == [0, 0]


def main():
    count = int(os.environ.get("JUMP_DIALOGUES", 2000))
    seed = int(os.environ.get("JUMP_SEED", 1))
    if not SERVER or not os.path.exists(BROKER):
        print("there is no sftp-server, or no tests/tools/playbroker")
        return 1
    for first in range(seed, seed + count, TOGETHER):
        together = min(TOGETHER, seed + count - first)
        with tempfile.TemporaryDirectory(prefix="jump-sftp-") as base:
            if not session(base, first, together):
                return 1
        if sys.stderr.isatty():
            print(f"\r{first - seed + together}", end="", file=sys.stderr)
    print(f"{count} dialogues from seed {seed}: the same")
    return 0


sys.exit(main())
