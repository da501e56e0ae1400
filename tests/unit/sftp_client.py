# SPDX-License-Identifier: BSD-2-Clause
"""A raw client of SFTP 3, for what real ones never say."""
import os
import stat
import struct
import subprocess

SERVER = next((one for one in ("/usr/lib/openssh/sftp-server",
                               "/usr/libexec/openssh/sftp-server",
                               "/usr/libexec/sftp-server")
               if os.path.exists(one)), None)
BUILD = os.environ.get("JUMP_BUILDDIR", ".")
BROKER = f"{BUILD}/tests/tools/playbroker"
GATE = f"{BUILD}/jump-sftp"

(INIT, VERSION, OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT, SETSTAT, FSETSTAT,
 OPENDIR, READDIR, REMOVE, MKDIR, RMDIR, REALPATH, STAT, RENAME, READLINK,
 SYMLINK) = range(1, 21)
STATUS, HANDLE, DATA, NAME, ATTRS = range(101, 106)
EXTENDED, EXTENDED_REPLY = 200, 201
R, W, APPEND, CREAT, TRUNC, EXCL = 1, 2, 4, 8, 16, 32
SIZE, OWNER, MODE, TIMES = 1, 2, 4, 8
OK, EOF, NO_FILE, DENIED, FAILURE, BAD, _, LOST, UNSUPPORTED = range(9)


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(value)) + value


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def u32(self):
        self.at += 4
        return struct.unpack_from(">I", self.data, self.at - 4)[0]

    def u64(self):
        self.at += 8
        return struct.unpack_from(">Q", self.data, self.at - 8)[0]

    def text(self):
        size = self.u32()
        self.at += size
        return self.data[self.at - size:self.at]

    def attrs(self):
        flags, seen = self.u32(), {}
        if flags & SIZE:
            seen["size"] = self.u64()
        if flags & OWNER:
            seen["owner"] = (self.u32(), self.u32())
        if flags & MODE:
            seen["mode"] = self.u32()
        if flags & TIMES:
            self.u32(), self.u32()
        if "mode" in seen and stat.S_ISDIR(seen["mode"]):
            seen.pop("size", None)  # of a folder: the file system's business
        return seen


class Side:
    """One way to a server, and the tree behind it."""

    def __init__(self, command, root, before):
        self.root, self.before = root, before
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.number, self.handles = 0, {}
        self.send(bytes([INIT]) + struct.pack(">I", 3))
        assert self.receive()[0] == VERSION

    def send(self, frame):
        self.process.stdin.write(struct.pack(">I", len(frame)) + frame)

    def receive(self):
        self.process.stdin.flush()
        head = self.process.stdout.read(4)
        assert len(head) == 4, "the session has ended"
        return self.process.stdout.read(struct.unpack(">I", head)[0])

    def ask(self, kind, *parts):
        self.number += 1
        self.send(bytes([kind]) + struct.pack(">I", self.number) +
                  b"".join(parts))
        return self.number

    def answers(self, count):
        seen = {}
        for _ in range(count):
            frame = self.receive()
            seen[struct.unpack_from(">I", frame, 1)[0]] = frame
        return [seen[n] for n in sorted(seen)]

    def end(self):
        self.process.stdin.close()
        return self.process.wait(20)
