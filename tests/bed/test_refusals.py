# SPDX-License-Identifier: BSD-2-Clause
"""Refusals: each has its reason for the person and in the log, and none
leaves a connection to the target."""
import glob
import os
import socket
import time

import pytest

from bed import CGROUP, LIBEXEC, RUN, UID


def refused(bed, command="plc-gw id"):
    before = bed.target_log()
    r = bed.run(command)
    assert r.status == 255 and r.out == b"", r
    assert bed.target_log() == before
    assert r.err.count(b"\n") in (1, 2), r
    return r.err


@pytest.mark.parametrize("spoil,reason,words", [
    (lambda b: b.publish(), "no_grant", b"No window has been approved"),
    (lambda b: b.publish(b.grant(begin=3600, seconds=7200)), "early",
     b"Your next window opens"),
    (lambda b: b.publish(b.grant(seconds=-5, begin=-600)), "late",
     b"Your window is over"),
    (lambda b: b.publish(b.grant(revoked=True)), "revoked", b"revoked"),
    (lambda b: b.publish(b.grant(targets=["hmi-1"])), "target",
     b"not part of your window"),
    (lambda b: b.publish(b.grant(protocols=["rdp"])), "protocol",
     b"protocol is not granted"),
    (lambda b: b.publish(b.grant(sources=["203.0.113.0/24"])), "source",
     b"not valid from this network address"),
    (lambda b: b.publish(b.grant(), life=1) and time.sleep(1.5), "stale",
     b"approvals service"),
    (lambda b: b.clock(trusted=0), "clock", b"does not trust its clock"),
    (lambda b: b.set_health(audit="off"), "audit", b"audit log"),
    (lambda b: b.set_health(auditd="dead"), "audit", b"audit log"),
])
def test_reasons(bed, spoil, reason, words):
    spoil(bed)
    assert words in refused(bed)
    denied = bed.events("conn.deny", JUMP_REASON=reason,
                        JUMP_SESSION=bed.uuid)
    assert denied and denied[-1]["JUMP_OUTCOME"] == "failure"
    assert denied[-1]["JUMP_AUDIT"] == "ok"


@pytest.mark.parametrize("what", ["current", "users", "clock", "health"])
def test_missing_state_is_deny(bed, what):
    path = {"current": RUN + "/db/current",
            "users": glob.glob(RUN + f"/db/current/users/{UID}")[0],
            "clock": RUN + "/clock",
            "health": RUN + "/health"}[what]
    if what == "health":
        bed.stop_heart = True
    os.rename(path, path + ".away")
    try:
        for _ in range(3):
            if what == "health" and os.path.exists(path):
                os.unlink(path)
            r = bed.run("plc-gw id")
            assert r.status == 255 and r.out == b"", r
    finally:
        os.rename(path + ".away", path)
    assert bed.run("plc-gw echo yes").out == b"yes\n"


@pytest.mark.parametrize("offset", [0, 8, 40, 200, 600, 1200])
def test_a_damaged_rights_file_is_deny(bed, offset):
    path = os.path.realpath(f"{RUN}/db/current/users/{UID}")
    with open(path, "rb") as f:
        data = f.read()
    try:
        with open(path, "r+b") as f:
            f.seek(offset)
            f.write(bytes([data[offset] ^ 1]))
        r = bed.run("plc-gw id")
    finally:
        with open(path, "r+b") as f:
            f.write(data)
    assert r.status == 255 and r.out == b"", r


def test_no_certificate_worker(bed):
    os.rename(RUN + "/cert/cell-a.sock", RUN + "/cert/away.sock")
    try:
        assert b"No certificate" in refused(bed)
    finally:
        os.rename(RUN + "/cert/away.sock", RUN + "/cert/cell-a.sock")


def test_no_relay(bed):
    os.rename(RUN + "/relay.sock", RUN + "/relay.away")
    before = bed.target_log()
    try:
        r = bed.run("plc-gw id")
    finally:
        os.rename(RUN + "/relay.away", RUN + "/relay.sock")
    assert r.status == 255 and r.out == b"" and bed.target_log() == before
    assert b"relay" in r.err, r


def test_a_target_that_is_down(bed):
    policy = "/etc/jump/policy.d/cells.conf"
    with open(policy, encoding="utf-8") as f:
        text = f.read()
    with open(policy, "w", encoding="utf-8") as f:
        f.write(text.replace("10.20.0.10", "10.20.0.10\nPort.ssh = 2"))
    bed.publish(bed.grant())
    r = bed.run("plc-gw id")
    assert r.status == 255 and r.out == b"", r
    assert b"target" in r.err, r


def test_a_session_without_a_record(bed):
    record = glob.glob(RUN + "/sessions/*")[0]
    os.rename(record, record + ".away")
    try:
        assert b"could not be identified" in refused(bed)
    finally:
        os.rename(record + ".away", record)


# The certificate worker as a stranger finds it.

KEY = ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGvu5xJPs5YvEy4SBjJplB"
       "HbwNlDrUNr2dyF4czi1Ot+\n")


def ask_cert(bed, text):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            bed.enter_session()
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.settimeout(20)
            s.connect(RUN + "/cert/cell-a.sock")
            s.sendall(text if isinstance(text, bytes) else text.encode())
            while data := s.recv(4096):
                os.write(w, data)
        except OSError as e:
            os.write(w, repr(e).encode())
        os._exit(0)
    os.close(w)
    data = b""
    while piece := os.read(r, 4096):
        data += piece
    os.close(r)
    os.waitpid(pid, 0)
    return data


def sign(**more):
    words = {"conn": "00112233aabbccdd", "target": "plc-gw",
             "account": "maint", **more}
    return "sign " + " ".join(f"{k}={v}" for k, v in words.items()) + "\n"


@pytest.mark.parametrize("text,answer", [
    (sign() + KEY, b"no recording\n"),
    (sign(target="other") + KEY, b"no target\n"),
    (sign(account="root") + KEY, b"no account\n"),
    (sign(conn="../../../../etc") + KEY, b"no request\n"),
    (sign(extra="1") + KEY, b"no request\n"),
    (sign() + "ssh-rsa AAAAB3Nza\n", b"no request\n"),
    (sign() + 'command="id" ' + KEY, b"no request\n"),
    (sign() + KEY.strip() + " -O clear\n", b"no request\n"),
    (sign() + KEY + KEY, b"no request\n"),
    (sign() + "-" * 200 + "\n", b"no request\n"),
    (b"\0" * 600, b"no request\n"),
    ("sign\n" + KEY, b"no request\n"),
], ids=[f"row{n}" for n in range(12)])
def test_no_certificate_without_a_live_recording(bed, text, answer):
    assert ask_cert(bed, text) == answer
    assert not bed.events("cert.issue", JUMP_OUTCOME="success",
                          JUMP_CONN="00112233aabbccdd")


def live_conn():
    """The connection that has just begun to be recorded."""
    before = set(os.listdir(RUN + "/live"))
    end = time.monotonic() + 5
    while set(os.listdir(RUN + "/live")) == before and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.5)
    return (set(os.listdir(RUN + "/live")) - before).pop()


def test_another_connections_recording_does_not_count(bed):
    """A live recording of hmi-1 gives no certificate for plc-gw."""
    p = bed.popen("hmi-1 sleep 5")
    conn = live_conn()
    assert ask_cert(bed, sign(conn=conn) + KEY) == b"no recording\n"
    got = ask_cert(bed, sign(conn=conn, target="hmi-1") + KEY)
    assert got.startswith(b"ok\nssh-ed25519-cert-v01@openssh.com "), got
    p.kill()
    p.communicate()


def test_what_is_in_a_certificate(bed):
    import subprocess
    p = bed.popen("hmi-1 sleep 5")
    conn = live_conn()
    text = ask_cert(bed, sign(conn=conn, target="hmi-1") + KEY)
    p.kill()
    p.communicate()
    shows = subprocess.run(["ssh-keygen", "-L", "-f", "-"],
                           input=text.split(b"\n", 1)[1],
                           capture_output=True, check=True).stdout.decode()
    lines = [line.strip() for line in shows.splitlines()]
    assert f'Key ID: "grant=G1 user=acme-tech1 session={bed.uuid} ' \
           f'conn={conn}"' in lines
    assert f"Serial: {int(conn, 16)}" in lines
    assert lines[lines.index("Principals:") + 1] == "maint"
    assert lines[lines.index("Principals:") + 2] == "Critical Options:"
    assert "source-address 10.20.0.10/32" in lines
    at = lines.index("Extensions:")
    assert lines[at + 1:] == ["permit-pty"]
    issued = bed.events("cert.issue", JUMP_CONN=conn,
                        JUMP_OUTCOME="success")
    assert len(issued) == 2


def test_strangers_may_not_even_knock(bed):
    for path in ("record.sock", "cert/cell-a.sock", "relay.sock"):
        pid = os.fork()
        if pid == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            try:
                s = socket.socket(socket.AF_UNIX,
                                  socket.SOCK_SEQPACKET if "record" in path
                                  else socket.SOCK_STREAM)
                s.connect(f"{RUN}/{path}")
            except PermissionError:
                os._exit(0)
            os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0, path


def test_jumpshell_is_not_for_others(bed):
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            os.execv(LIBEXEC + "/jumpshell", ["jumpshell", "-c", "list"])
        except PermissionError:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
    assert CGROUP
