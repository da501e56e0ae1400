# SPDX-License-Identifier: BSD-2-Clause
"""No recording, no connection; and what is shown is in the file."""
import glob
import hashlib
import os
import random
import signal
import socket
import time

import pytest

from bed import RUN, recording, shown
from test_window import gone, until


def test_events_frame_the_recording(bed):
    bed.run("plc-gw echo x")
    path = bed.recordings()[-1]
    conn = path.split(".")[-2]
    assert until(lambda: bed.events("record.end", JUMP_CONN=conn), 3)
    start = bed.events("record.start", JUMP_CONN=conn)[-1]
    end = bed.events("record.end", JUMP_CONN=conn)[-1]
    with open(path, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    assert start["JUMP_OUTCOME"] == "success"
    assert end["JUMP_DIGEST"] == "sha256:" + digest
    assert end["JUMP_FILE"] == start["JUMP_FILE"] == path
    assert (end["JUMP_REASON"], end["JUMP_BYTES_IN"]) == ("closed", "2")
    assert start["JUMP_AUDIT"] == end["JUMP_AUDIT"] == "ok"
    names = [e["JUMP_EVENT"] for e in bed.journal
             if e.get("JUMP_CONN") == conn]
    for before, after in (("record.start", "conn.open"),
                          ("command.run", "conn.open"),
                          ("record.start", "cert.issue"),
                          ("cert.issue", "conn.open")):
        assert names.index(before) < names.index(after), names


def test_files_belong_to_recorder_and_auditors(bed):
    bed.run("plc-gw true")
    st = os.stat(bed.recordings()[-1])
    day = os.stat(os.path.dirname(bed.recordings()[-1]))
    assert (st.st_mode & 0o7777, st.st_uid, st.st_gid) == (
        0o640, 64012, 64003)
    assert (day.st_mode & 0o777, day.st_gid) == (0o750, 64003)


def test_the_live_file_is_gone_afterwards(bed):
    bed.run("plc-gw true")
    assert until(lambda: not os.listdir(RUN + "/live"), 3)


def test_what_a_killed_recorder_left_is_swept(bed):
    p = bed.popen("plc-gw sleep 100")
    assert until(lambda: os.listdir(RUN + "/live"), 5)
    left = os.listdir(RUN + "/live")
    os.kill(bed.worker_pids["record"][-1], signal.SIGKILL)
    p.communicate(b"", 10)
    assert os.listdir(RUN + "/live") == left
    bed.run("plc-gw true")
    assert until(lambda: not os.listdir(RUN + "/live"), 3)


@pytest.mark.parametrize("pty", [True, False])
def test_a_killed_recorder_ends_the_connection_with_a_reason(bed, pty):
    command = "plc-gw echo here; sleep 100"
    if pty:
        t = bed.terminal(command)
        t.expect("here")
    else:
        p = bed.popen(command)
        assert p.stdout.readline() == b"here\n"
    began = time.monotonic()
    os.kill(bed.worker_pids["record"][-1], signal.SIGKILL)
    assert until(lambda: gone(bed), 3)
    assert time.monotonic() - began < 1
    if pty:
        t.expect("the recording broke off")
        assert t.wait() == 255
        t.close()
    else:
        p.communicate(b"", 5)
        assert p.returncode == 255
    header, events = recording(bed.recordings()[-1])
    assert shown(events).split() == [b"here"]
    assert "e" not in [e[1] for e in events]
    assert bed.events("session.terminate", JUMP_REASON="recorder",
                      JUMP_CONN=header["jump"]["conn"])


def test_what_was_seen_is_in_the_file_however_the_recorder_dies(bed):
    """Bulk output; the recorder is killed at a random moment."""
    for _ in range(6):
        p = bed.popen("plc-gw head -c 50000000 /dev/urandom")
        data = os.read(p.stdout.fileno(), 10000)
        time.sleep(random.random() * 0.15)
        os.kill(bed.worker_pids["record"][-1], signal.SIGKILL)
        data += p.communicate(b"", 10)[0]
        _, events = recording(bed.recordings()[-1])
        kept = shown(events)
        assert len(data) < 50000000
        assert kept[:len(data)] == data


def test_without_a_recorder_nothing_begins(bed):
    os.rename(RUN + "/record.sock", RUN + "/record.away")
    try:
        before = bed.target_log()
        r = bed.run("plc-gw id")
    finally:
        os.rename(RUN + "/record.away", RUN + "/record.sock")
    assert (r.status, r.out) == (255, b"")
    assert b"recording could not be started" in r.err
    assert bed.target_log() == before
    assert bed.events("conn.deny", JUMP_REASON="recorder",
                      JUMP_SESSION=bed.uuid)


def test_optional_recording_goes_on_without(bed):
    bed._policy(record="optional")
    bed.publish(bed.grant(record="optional"))
    os.rename(RUN + "/record.sock", RUN + "/record.away")
    try:
        r = bed.run("plc-gw echo on")
    finally:
        os.rename(RUN + "/record.away", RUN + "/record.sock")
    assert (r.status, r.out) == (0, b"on\n"), r


def test_a_full_disk_refuses_and_ends(bed):
    t = bed.terminal("plc-gw")
    t.expect("$ ")
    # the disk stays as it is: the reserve becomes more than it has
    policy = "/etc/jump/jump.conf"
    with open(policy, encoding="utf-8") as f:
        text = f.read()
    with open(policy, "w", encoding="utf-8") as f:
        f.write(text.replace("16M", "1048576M"))
    bed.publish(bed.grant())
    r = bed.run("plc-gw id")
    assert r.status == 255 and b"no room for recordings" in r.err, r
    t.send("exit\r")
    assert t.wait() == 0
    t.close()


def test_a_slow_reader_holds_the_target_back_and_loses_nothing(bed):
    p = bed.popen("plc-gw head -c 8000000 /dev/urandom")
    time.sleep(1)
    data = b""
    while True:
        piece = os.read(p.stdout.fileno(), 65536)
        if not piece:
            break
        data += piece
        if len(data) < 600000:
            time.sleep(0.05)
    p.communicate(b"", 5)
    assert len(data) == 8000000
    _, events = recording(bed.recordings()[-1])
    assert shown(events) == data


# The recorder's socket as a stranger finds it.

def ask(bed, line, more=()):
    """One request from within the session, as its user."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            bed.enter_session()
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            s.settimeout(10)
            s.connect(RUN + "/record.sock")
            s.send(line)
            for packet in more:
                s.send(packet)
            os.write(w, s.recv(512))
        except OSError as e:
            os.write(w, repr(e).encode())
        os._exit(0)
    os.close(w)
    os.waitpid(pid, 0)
    data = os.read(r, 4096)
    os.close(r)
    return data


def request(**more):
    words = {"conn": os.urandom(8).hex(), "target": "plc-gw",
             "account": "maint", "cols": 80, "rows": 24, **more}
    return ("record " + " ".join(f"{k}={v}" for k, v in words.items())
            + "\n").encode()


@pytest.mark.parametrize("line,answer", [
    (request(), b"ok "),
    (request(target="hmi-1"), b"ok "),
    (request(target="other"), b"no target"),
    (request(account="root"), b"no account"),
    (request(conn="x"), b"no request"),
    (b"\n", b"no request"),
    (b"record\n", b"no request"),
    (request() + b"more", b"no request"),
    (request(command=5), None),
])
def test_requests(bed, line, answer):
    got = ask(bed, line, [b"12345"] if answer is None else [])
    assert got.startswith(answer or b"ok "), got


def test_a_conn_is_used_once(bed):
    line = request()
    assert ask(bed, line).startswith(b"ok ")
    assert ask(bed, line) == b"no recorder\n"


def test_who_has_no_session_gets_no_recording(bed):
    line = request()
    record = glob.glob(RUN + "/sessions/*")[0]
    os.rename(record, record + ".away")
    try:
        assert ask(bed, line) == b"no peer\n"
    finally:
        os.rename(record + ".away", record)
    # a record of another uid
    with open(record, encoding="utf-8") as f:
        text = f.read()
    try:
        with open(record, "w", encoding="utf-8") as f:
            f.write(text.replace("uid=1900000001", "uid=1900000002"))
        assert ask(bed, line) == b"no peer\n"
    finally:
        with open(record, "w", encoding="utf-8") as f:
            f.write(text)
    assert ask(bed, line).startswith(b"ok ")


@pytest.mark.parametrize("spoil,reason", [
    (lambda bed: bed.publish(), b"no no_grant\n"),
    (lambda bed: bed.publish(bed.grant(begin=60)), b"no early\n"),
    (lambda bed: bed.publish(bed.grant(seconds=-5, begin=-600)),
     b"no late\n"),
    (lambda bed: bed.publish(bed.grant(revoked=True)), b"no revoked\n"),
    (lambda bed: bed.publish(bed.grant(sources=["203.0.113.0/24"])),
     b"no source\n"),
    (lambda bed: bed.publish(bed.grant(protocols=["rdp"])),
     b"no protocol\n"),
    (lambda bed: bed.publish(bed.grant(), life=1) and time.sleep(1.5),
     b"no stale\n"),
    (lambda bed: bed.clock(trusted=0), b"no clock\n"),
    (lambda bed: bed.set_health(auditd="dead"), b"no audit\n"),
])
def test_the_recorder_decides_itself(bed, spoil, reason):
    spoil(bed)
    assert ask(bed, request()) == reason
