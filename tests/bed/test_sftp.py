# SPDX-License-Identifier: BSD-2-Clause
"""A file session with the real gate: what goes in comes out, and it ends with
the status that scp looks at."""
import struct

from bed import recording, shown

OPEN, CLOSE, WRITE, LSTAT, STATUS, HANDLE, ATTRS = 3, 4, 6, 7, 101, 102, 105


def text(word):
    return struct.pack(">I", len(word)) + word


class Session:
    def __init__(self, bed):
        self.p = bed.popen("sftp")
        self.ask(b"\1" + struct.pack(">I", 3))

    def ask(self, frame):
        self.p.stdin.write(text(frame))
        self.p.stdin.flush()
        size, = struct.unpack(">I", self.p.stdout.read(4))
        return self.p.stdout.read(size)

    def request(self, kind, rest):
        answer = self.ask(bytes([kind]) + struct.pack(">I", 7) + rest)
        return answer[0], answer[5:]

    def end(self):
        out, err = self.p.communicate(timeout=15)
        return self.p.returncode, out, err


def test_a_file_goes_up_and_the_session_ends_well(bed):
    bed.publish(bed.grant(protocols=("sftp",), files=["up", "down"]))
    s = Session(bed)
    kind, _ = s.request(LSTAT, text(b"/plc-gw/tmp"))
    assert kind == ATTRS
    kind, rest = s.request(OPEN, text(b"/plc-gw/tmp/jump-bed-file") +
                           struct.pack(">II", 0x1A, 0))
    assert kind == HANDLE
    kind, _ = s.request(WRITE, rest + struct.pack(">Q", 0) + text(b"bytes"))
    assert kind == STATUS
    kind, status = s.request(CLOSE, rest)
    assert (kind, status[:4]) == (STATUS, b"\0\0\0\0")
    assert s.end()[0] == 0
    with open("/tmp/jump-bed-file", "rb") as f:
        assert f.read() == b"bytes"
    up, = bed.events("file.transfer", JUMP_SESSION=bed.uuid)
    assert (up["JUMP_EXTENT"], up["JUMP_OUTCOME"], up["JUMP_SIZE"]) == (
        "whole", "success", "5")
    assert up["JUMP_DIGEST"].startswith("sha256:277089d91c0bdf4f2e6862ba7e4a07"
                                        "605119431f5d13f726dd352b06f1b206a9")
    assert b"put /tmp/jump-bed-file: 5 bytes, whole" in shown(
        recording(bed.recordings()[-1])[1])
    assert not bed.processes()


def test_a_client_that_hangs_up_at_once(bed):
    bed.publish(bed.grant(protocols=("sftp",), files=["up", "down"]))
    assert Session(bed).end()[0] == 0
