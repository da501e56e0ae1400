#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The gate of files as a program, before a real sftp-server: what it refuses,
what it tells, and what a client and a target that mean harm get."""
import hashlib
import inspect
import os
import re
import shutil
import signal
import stat
import struct
import sys
import tempfile
import time
import traceback

from sftp_client import (
    APPEND, ATTRS, BAD, BROKER, CLOSE, CREAT, DATA, DENIED, EOF, EXTENDED, FAILURE,
    FSETSTAT, FSTAT,
    GATE, HANDLE, LSTAT, MKDIR, MODE, NAME, NO_FILE, OK, OPEN, OPENDIR, R, READ,
    READDIR, READLINK, REALPATH, REMOVE, RENAME, RMDIR, Reader, SERVER, SETSTAT,
    SIZE, STAT, STATUS, SYMLINK, Side, TIMES, TRUNC, UNSUPPORTED, W, WRITE, text)

NONE = struct.pack(">I", 0)


class Session:
    """A client of the gate; words are playbroker's."""

    def __init__(self, *words, server=SERVER, targets=("t", "u")):
        self.base = tempfile.mkdtemp(prefix="jump-sftp-")
        self.log = self.base + ".events"
        self.side = Side([BROKER, *words, GATE, server, self.log, *targets],
                         self.base, "/t" + self.base)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.side.process.kill()
        self.side.process.wait()
        shutil.rmtree(self.base)
        os.unlink(self.log)

    def on(self, name):
        """As the target has it."""
        return os.path.join(self.base, name)

    def path(self, name):
        """As the client says it."""
        return text(self.side.before + "/" + name)

    def ask(self, kind, *parts):
        self.side.ask(kind, *parts)
        frame = self.side.answers(1)[0]
        r = Reader(frame)
        r.at = 5
        if frame[0] == STATUS:
            return r.u32(), r.text().decode()
        if frame[0] in (HANDLE, DATA):
            return OK, r.text()
        if frame[0] == NAME:
            return OK, [(r.text(), r.text(), r.attrs())
                        for _ in range(r.u32())]
        return OK, r.attrs()

    def must(self, wanted, kind, *parts):
        code, what = self.ask(kind, *parts)
        assert code == wanted, (code, what, kind, parts)
        return what

    def open(self, name, flags, wanted=OK):
        return self.must(wanted, OPEN, self.path(name),
                         struct.pack(">I", flags), NONE)

    def write(self, handle, at, data, wanted=OK):
        return self.must(wanted, WRITE, text(handle), struct.pack(">Q", at),
                         text(data))

    def read(self, handle, at, size, wanted=OK):
        return self.must(wanted, READ, text(handle),
                         struct.pack(">QI", at, size))

    def close(self, handle, wanted=OK):
        return self.must(wanted, CLOSE, text(handle))

    def put(self, name, data, wanted=OK):
        handle = self.open(name, W | CREAT | TRUNC)
        self.write(handle, 0, data)
        return self.close(handle, wanted)

    def made(self, name, data=b""):
        with open(self.on(name), "wb") as f:
            f.write(data)

    def events(self, act=None):
        with open(self.log) as f:
            lines = [line.split(" ") for line in f.read().splitlines()]
        return [one for one in lines if act in (None, one[0])]

    def target_dies(self):
        """Its server; and the session has heard of it."""
        broker = self.side.process.pid
        with open(f"/proc/{broker}/task/{broker}/children") as f:
            os.kill(int(f.read().split()[-1]), signal.SIGKILL)
        time.sleep(1.2)  # the broker may know why; it is waited for

    def ended(self):
        """The session is over, for the client as well."""
        self.side.process.stdin.flush()
        assert self.side.process.stdout.read() == b""
        return self.side.process.wait(10)


def sum_of(data):
    return hashlib.sha256(data).hexdigest()


# -- folders of targets

def the_root_lists_targets_and_takes_nothing():
    with Session("-u", "-d") as s:
        handle = s.must(OK, OPENDIR, text("/"))
        names = {one[0] for one in s.must(OK, READDIR, text(handle))}
        assert names >= {b"t", b"u"}, names
        s.must(EOF, READDIR, text(handle))
        for path in "/", "/t", ".", "/t/..":
            assert stat.S_ISDIR(s.must(OK, STAT, text(path))["mode"])
        for kind, rest in (MKDIR, NONE), (REMOVE, b""), (RMDIR, b""), (
                SETSTAT, struct.pack(">II", MODE, 0)):
            for path in "/", "/x", "/t":
                code, _ = s.ask(kind, text(path), rest)
                assert code != OK, (kind, path)
        code, _ = s.ask(OPEN, text("/x"), struct.pack(">I", W | CREAT), NONE)
        assert code in (DENIED, NO_FILE, FAILURE), code


def dots_lead_to_no_other_target():
    with Session("-u", "-d", targets=("t",)) as s:
        s.made("a", b"1")
        for path in "/other/a", "/t/../other/a", "/t/../../../other", "/T/a":
            code, _ = s.ask(STAT, text(path))
            assert code in (DENIED, NO_FILE), (path, code)
        assert s.must(OK, STAT, text("/../../t" + s.on("x/../a")))["size"] == 1
        name, = s.must(OK, REALPATH, text("/t/../../t/etc/../tmp"))
        assert name[0] == b"/t/tmp", name


def links_are_told_as_the_client_may_use_them():
    with Session("-u", "-d") as s:
        os.symlink("/etc/passwd", s.on("one"))
        name, = s.must(OK, READLINK, s.path("one"))
        assert name[0] == b"/t/etc/passwd", name
        s.must(OK, SYMLINK, s.path("a"), s.path("two"))
        assert os.readlink(s.on("two")) == s.on("a")
        code, _ = s.ask(SYMLINK, text("/u/etc/passwd"), s.path("three"))
        assert code == DENIED, code
        assert not os.path.lexists(s.on("three"))


def two_targets_are_no_place_to_rename_between():
    with Session("-u", "-d") as s:
        s.made("a", b"1")
        code, _ = s.ask(RENAME, s.path("a"), text("/u" + s.on("b")))
        assert code != OK and os.path.exists(s.on("a"))
        code, _ = s.ask(EXTENDED, text("hardlink@openssh.com"), s.path("a"),
                        text("/u" + s.on("b")))
        assert code != OK and not os.path.exists(s.on("b"))


# -- directions, sizes, counts, names

def nothing_goes_up_that_may_go_down_alone():
    with Session("-d") as s:
        s.made("a", b"x" * 10)
        handle = s.open("a", R)
        assert s.read(handle, 0, 100) == b"x" * 10
        s.close(handle)
        for flags in W, W | CREAT | TRUNC, R | W, APPEND | W, W | CREAT, \
                R | TRUNC, R | CREAT:
            code, _ = s.ask(OPEN, s.path("b" if flags & CREAT else "a"),
                            struct.pack(">I", flags), NONE)
            assert code == DENIED, (flags, code)
        for kind, rest in (REMOVE, b""), (MKDIR, NONE), (RMDIR, b""), (
                SETSTAT, struct.pack(">II", MODE, 0)), (RENAME, s.path("c")):
            code, what = s.ask(kind, s.path("a"), rest)
            assert code == DENIED, (kind, code)
        code, _ = s.ask(SYMLINK, s.path("a"), s.path("l"))
        assert code == DENIED, code
        assert os.listdir(s.base) == ["a"]
        assert os.stat(s.on("a")).st_size == 10


def nothing_comes_down_that_may_go_up_alone():
    with Session("-u") as s:
        s.made("a", b"secret")
        for flags in R, R | W, R | W | CREAT | TRUNC:
            s.open("a", flags, DENIED)
        s.put("b", b"1")
        handle = s.open("a", W)
        code, _ = s.ask(READ, text(handle), struct.pack(">QI", 0, 10))
        assert code == DENIED, code
        with open(s.on("a"), "rb") as f:
            assert f.read() == b"secret"


def a_grant_without_files_opens_none():
    with Session() as s:
        s.made("a", b"1")
        s.open("a", R, DENIED)
        s.open("b", W | CREAT, DENIED)
        assert not s.events("begin")


def a_file_has_its_size():
    with Session("-u", "-d", "-s", "100") as s:
        handle = s.open("a", W | CREAT)
        s.write(handle, 0, b"x" * 100)
        s.write(handle, 100, b"y", DENIED)
        s.write(handle, 2 ** 63, b"y", DENIED)
        s.write(handle, 2 ** 64 - 1, b"yy", DENIED)
        s.close(handle)
        assert os.stat(s.on("a")).st_size == 100
        code, _ = s.ask(SETSTAT, s.path("a"), struct.pack(">IQ", SIZE, 101))
        assert code == DENIED, code
        s.made("b", b"z" * 200)
        got = b""
        code, handle = s.ask(OPEN, s.path("b"), struct.pack(">I", R), NONE)
        while code == OK:
            code, data = s.ask(READ, text(handle),
                               struct.pack(">QI", len(got), 60))
            got += data if code == OK else b""
        assert code == DENIED and len(got) <= 100, (code, len(got))


def files_are_counted():
    with Session("-u", "-d", "-n", "2") as s:
        s.put("a", b"1")
        s.put("b", b"2")
        why = s.open("c", W | CREAT, DENIED)
        assert not os.path.exists(s.on("c")), why
        s.open("a", R, DENIED)


def who_comes_after_the_end_hears_why():
    with Session("-u", "-d") as s:
        s.made("a", b"1")
        one, other = s.open("a", R), s.open("a", R)
        s.target_dies()
        for what in s.read(one, 0, 1, FAILURE), s.close(other, FAILURE):
            assert what == "t: the connection ended", what


def files_are_counted_on_when_the_link_breaks():
    with Session("-u", "-n", "3") as s:
        s.put("a", b"1")
        s.put("b", b"2")
        s.target_dies()
        s.put("c", b"3")
        s.open("d", W | CREAT, DENIED)


def names_are_as_the_conduit_says():
    with Session("-u", "-d", "-p", "*.bin") as s:
        s.put("a.bin", b"1")
        s.open("a.txt", W | CREAT, DENIED)
        s.made("secret", b"2")
        s.open("secret", R, DENIED)
        os.symlink(s.on("secret"), s.on("trap.bin"))
        s.open("trap.bin", R, DENIED)
        s.open("trap.bin", W, DENIED)
        for one, other in ("a.bin", "a.txt"), ("secret", "s.bin"):
            code, _ = s.ask(RENAME, s.path(one), s.path(other))
            assert code == DENIED, (one, other, code)
        os.mkdir(s.on("d.bin"))
        for one in "trap.bin", "d.bin":  # to where OPEN has just looked
            for kind in (RENAME,), (EXTENDED, text("posix-rename@openssh.com")):
                code, _ = s.ask(*kind, s.path(one), s.path("b.bin"))
                assert code == DENIED, (one, code)
        os.rmdir(s.on("d.bin"))
        s.must(OK, RENAME, s.path("a.bin"), s.path("b.bin"))
        s.must(OK, EXTENDED, text("posix-rename@openssh.com"),
               s.path("b.bin"), s.path("a.bin"))
        s.must(NO_FILE, RENAME, s.path("b.bin"), s.path("c.bin"))
        assert [one[7:9] for one in s.events("rename")][:2] == [
            [s.on("a.bin"), s.on("b.bin")], [s.on("b.bin"), s.on("a.bin")]]
        code, _ = s.ask(SYMLINK, s.path("secret"), s.path("l.bin"))
        assert code == DENIED
        code, _ = s.ask(EXTENDED, text("hardlink@openssh.com"),
                        s.path("secret"), s.path("h.bin"))
        assert code == DENIED
        assert sorted(os.listdir(s.base)) == ["a.bin", "secret", "trap.bin"]


# -- evidence

def what_is_not_written_down_is_not_done():
    with Session("-u", "-d") as s:
        where = s.on("a")
        base = s.base
        s.made("a", b"1")
        with Session("-u", "-d", "-r", where) as t:
            path = text("/t" + where)
            for kind, rest in (REMOVE, b""), (RMDIR, b""), (
                    RENAME, text("/t" + base + "/b")), (
                    SETSTAT, struct.pack(">II", MODE, 0)), (
                    OPEN, struct.pack(">I", W | TRUNC) + NONE):
                code, what = t.ask(kind, path, rest)
                assert code != OK, (kind, what)
        assert os.listdir(base) == ["a"] and os.stat(where).st_size == 1


def a_whole_file_has_its_sum_and_a_part_has_none():
    data = os.urandom(100_000)
    with Session("-u", "-d") as s:
        s.made("a", data)
        handle = s.open("a", R)
        for at in range(0, len(data), 30_000):
            s.read(handle, at, 30_000)
        s.read(handle, len(data), 10, EOF)
        s.close(handle)
        s.put("b", data)
        handle = s.open("a", R)
        s.read(handle, 10, 50)
        s.close(handle)
        handle = s.open("b", W)
        s.write(handle, 5, b"x")
        s.close(handle)
        down, up, part, patch = s.events("transfer")
        for one, direction in (down, "down"), (up, "up"):
            assert one[1:6] == [direction, "1", "1", str(len(data)),
                                sum_of(data)], one
        assert part[1:6] == ["down", "1", "0", "50", "-"], part
        assert patch[1:6] == ["up", "1", "0", "1", "-"], patch
        begun = [one[1] for one in s.events("begin")]
        assert begun == ["down", "up", "down", "up"], begun


def attributes_are_told_with_their_values():
    with Session("-u") as s:
        s.made("a", b"12345")
        s.must(OK, SETSTAT, s.path("a"), struct.pack(">IQ", SIZE, 2))
        s.must(OK, SETSTAT, s.path("a"), struct.pack(
            ">IIII", MODE | TIMES, 0o640, 1, 2))
        handle = s.open("a", W)
        s.must(OK, FSETSTAT, text(handle), struct.pack(">IQ", SIZE, 0))
        assert [" ".join(one[9:]) for one in s.events("attributes")] == [
            "size=2", "mode=0640 mtime=2", "size=0"]


def looks_are_folded():
    with Session("-d") as s:
        for _ in range(500):
            s.must(NO_FILE, LSTAT, s.path("nothing"))
        assert 1 <= len(s.events("look")) <= 3


# -- check before release

def nothing_is_released_unchecked():
    with Session("-u", "-d", "-c", "EVIL") as s:
        handle = s.open("good", W | CREAT | TRUNC)
        s.write(handle, 0, b"fine")
        assert not os.path.exists(s.on("good"))
        assert s.must(OK, FSTAT, text(handle))["size"] == 4
        s.close(handle)
        with open(s.on("good"), "rb") as f:
            assert f.read() == b"fine"
        why = s.put("bad", b"this is EVIL", DENIED)
        assert "the check found something" in why, why
        assert os.listdir(s.base) == ["good"]


def a_part_of_a_file_can_not_be_checked():
    with Session("-u", "-d", "-c", "EVIL") as s:
        s.made("a", b"old")
        for flags in W, W | APPEND, R | W, W | CREAT | APPEND:
            why = s.open("a", flags, DENIED)
            assert "check" in why, why
        handle = s.open("b", W | CREAT | TRUNC)
        s.write(handle, 1, b"a hole before it", DENIED)
        s.close(handle, FAILURE)
        with open(s.on("a"), "rb") as f:
            assert f.read() == b"old"
        assert os.listdir(s.base) == ["a"]


# -- who means harm

def no_sftp_ends_the_session():
    for frames in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1\x03",
                   b"\0\0\0\5\x03\0\0\0\1", b"\0\0\0\5\1\0\0\0\3",
                   b"\0\0\0\x09\x03\0\0\0\1\xff\xff\xff\xff"):
        with Session("-u", "-d") as s:
            s.side.process.stdin.write(frames)
            assert s.ended() == 1, frames
            assert "no SFTP" in " ".join(s.events("denied")[-1])


def what_was_open_is_told_before_that_end():
    with Session("-u", "-d") as s:
        s.made("b", b"secret")
        s.write(s.open("a", W | CREAT | TRUNC), 0, b"x" * 10)
        s.read(s.open("b", R), 0, 100)
        s.side.process.stdin.write(bytes(4))
        assert s.ended() == 1
        assert [one[1:5] for one in s.events("transfer")] == [
            ["up", "0", "0", "10"], ["down", "0", "0", "6"]]


def unknown_extensions_and_types_are_refused():
    with Session("-u", "-d") as s:
        for name in "copy-data", "lsetstat@openssh.com", "x":
            s.must(UNSUPPORTED, EXTENDED, text(name), s.path("a"))
        for kind in 0, 21, 106, 199, 255:
            s.must(UNSUPPORTED, kind)


def paths_have_bounds():
    with Session("-u", "-d") as s:
        for path in b"/t/a\0b", b"/t/" + b"x" * 5000, b"/t" + b"/x" * 3000:
            code, _ = s.ask(STAT, text(path))
            assert code in (DENIED, NO_FILE, FAILURE, BAD), (path[:10], code)


def handles_have_bounds():
    with Session("-u", "-d", server=SERVER) as s:
        s.made("a", b"1")
        codes = [s.ask(OPEN, s.path("a"), struct.pack(">I", R), NONE)[0]
                 for _ in range(400)]
        assert codes[0] == OK and codes[-1] != OK
        assert s.must(OK, STAT, s.path("a"))["size"] == 1


def who_asks_and_hangs_up_is_answered():
    """At once, before the target is there."""
    with Session("-u", "-d") as s:
        s.made("a", b"1")
        s.side.ask(STAT, s.path("a"))
        s.side.process.stdin.flush()
        s.side.process.stdin.close()
        got = s.side.process.stdout.read()
        assert got[4] == ATTRS, got
        assert s.side.process.wait(10) == 0


def who_hangs_up_and_reads_late_has_all_of_it():
    with Session("-d") as s:
        s.made("a", bytes(600_000))
        handle = s.open("a", R)
        for at in range(0, 600_000, 30_000):
            s.side.ask(READ, text(handle), struct.pack(">QI", at, 30_000))
        s.side.process.stdin.flush()
        s.side.process.stdin.close()
        time.sleep(0.5)
        assert len(s.side.process.stdout.read()) > 600_000
        assert s.side.process.wait(10) == 0


HOSTILE = """#!/usr/bin/python3
import os, struct, sys
def frame(body):
    os.write(1, struct.pack(">I", len(body)) + body)
def take():
    head = sys.stdin.buffer.read(4) or sys.exit()
    return sys.stdin.buffer.read(int.from_bytes(head, "big"))
take()
%s
while True:
    asked = take()
    own = asked[1:5]
    %s
"""


def against(what, *words, hello=r'frame(b"\2" + struct.pack(">I", 3))'):
    """A session with a target that answers everything by this."""
    base = tempfile.mkdtemp(prefix="jump-sftp-")
    path = os.path.join(base, "server")
    with open(path, "w") as f:
        f.write(HOSTILE % (hello, what))
    os.chmod(path, 0o755)
    return Session("-u", "-d", *words, server=path)


def a_target_that_lies_ends_its_link_alone():
    for lie in ('frame(b"\\x65" + b"\\xff" * 4 + bytes(12))',
                'os.write(1, b"\\xff" * 4)', 'os.write(1, bytes(4))',
                'frame(b"\\x66" + own + struct.pack(">I", 300) + bytes(300))',
                'frame(b"\\x68" + own + struct.pack(">I", 1 << 30))',
                'frame(b"\\x67" + own + struct.pack(">I", 1) + b"x")',
                'frame(b"\\x69" + own + b"\\xff" * 4)', 'sys.exit()'):
        with against(lie) as s:
            code, why = s.ask(STAT, text("/t/a"))
            assert code not in (OK, DENIED), (lie, code, why)
            assert stat.S_ISDIR(s.must(OK, STAT, text("/"))["mode"])


def a_target_that_ends_at_once_is_not_opened_without_end():
    started = tempfile.mkdtemp(prefix="jump-sftp-")
    for lie in r'b"\xff" * 4', "bytes(4)", r'b"\0\0\0\1\x65"':
        hello = (f'open("{started}/" + str(os.getpid()), "w")\n'
                 r'os.write(1, b"\0\0\0\5\2\0\0\0\3" + ' f'{lie})\n')
        with against("pass", hello=hello) as s:
            code, why = s.ask(STAT, text("/t/a"))
            assert code == FAILURE, (lie, code, why)
    assert len(os.listdir(started)) == 3
    shutil.rmtree(started)


# It acknowledges what it was not sent yet: the file is "released" while all
# of it still waits to be written. Then it says how much it got.
EARLY = r"""if asked[0] == 3:
        ids = [int.from_bytes(own, "big") + i for i in range(1, 9)]
        ids += [2 * 512 + 7]
        said = [b"\x66" + own + struct.pack(">I", 1) + b"h"]
        said += [b"\x65" + struct.pack(">II", i, 0) for i in ids]
        os.write(1, b"".join(struct.pack(">I", len(b)) + b for b in said))
        got = 0
    elif asked[0] == 6:
        got += len(asked) - 22
    elif asked[0] == 17:
        frame(b"\x69" + own + struct.pack(">IQ", 1, got))
"""


def a_target_that_answers_early_gets_all_of_it():
    data = os.urandom(8 * 32768)
    with against(EARLY, "-c", "EVIL") as s:
        handle = s.must(OK, OPEN, text("/t/a"),
                        struct.pack(">I", W | CREAT | TRUNC), NONE)
        for at in range(0, len(data), 32768):
            s.write(handle, at, data[at:at + 32768])
        s.close(handle)
        assert s.must(OK, STAT, text("/t/a"))["size"] == len(data)


def names_of_a_hostile_target_are_made_harmless():
    listing = ('frame(b"\\x66" + own + struct.pack(">I", 1) + b"h") '
               'if asked[0] == 11 else frame(b"\\x68" + own + '
               'struct.pack(">I", 5) + b"".join(struct.pack(">I", len(n)) + n '
               '+ struct.pack(">I", 1) + b"\\x1b" + bytes(4) for n in '
               '(b"../x", b"a/b", b"", b"n\\0m", b"fine")))')
    with against(listing) as s:
        handle = s.must(OK, OPENDIR, text("/t/a"))
        names = s.must(OK, READDIR, text(handle))
        assert [one[0] for one in names] == [b"fine"], names
        assert all(b"\x1b" not in one[1] for one in names), names


def it_is_locked_in():
    with Session("-u", "-d") as s:
        s.must(OK, STAT, text("/"))
        broker = s.side.process.pid
        with open(f"/proc/{broker}/task/{broker}/children") as f:
            gate = f.read().split()[0]
        with open(f"/proc/{gate}/status") as f:
            status = f.read()
        assert re.search(r"^Seccomp:\s+2$", status, re.M)
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.M)


def late(_number, _frame):
    raise AssertionError("no answer")


def main():
    failed = 0
    signal.signal(signal.SIGALRM, late)
    tests = [(name, one) for name, one in globals().items()
             if inspect.isfunction(one) and one.__module__ == "__main__"
             and not inspect.signature(one).parameters and name != "main"
             ] if SERVER else []
    for name, test in tests:
        signal.alarm(30)
        try:
            test()
            print(f"PASS: {name}", flush=True)
        except Exception:  # told, and the others are tried
            failed += 1
            print(f"FAILED: {name}")
            traceback.print_exc(file=sys.stdout)
    return failed > 0 or not tests


if __name__ == "__main__":
    sys.exit(main())
