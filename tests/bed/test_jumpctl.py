# SPDX-License-Identifier: BSD-2-Clause
"""jumpctl recording, jumpctl zone ca."""
import hashlib
import json
import os
import pty
import signal
import subprocess
import time

from bed import BUILD, STATE
from test_window import until


def conn_of(path):
    return path.split(".")[-2]


def test_a_whole_recording(bed):
    bed.run("plc-gw printf 'caf\\351 \\377\\n'; echo € ; exit 4")
    path = bed.recordings()[-1]
    conn = conn_of(path)
    r = bed.jumpctl("recording", "cat", conn)
    assert (r.status, r.out) == (0, b"caf\xe9 \xff\n\xe2\x82\xac\n"), r
    r = bed.jumpctl("recording", "verify", conn)
    with open(path, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    assert r.status == 0 and r.out.startswith(b"whole: "), r
    assert digest.encode() in r.out and b", 11 bytes shown" in r.out
    rows = json.loads(bed.jumpctl("recording", "list", "--json", "--target",
                                  "plc-gw").out)
    row = [x for x in rows if x["conn"] == conn][0]
    assert (row["user"], row["state"], row["reason"], row["file_bytes"]) == (
        "acme-tech1", "whole", "closed", os.path.getsize(path))
    r = bed.jumpctl("recording", "list", "--user", "acme-tech1")
    line = [x for x in r.out.decode().splitlines() if conn in x][0]
    assert "plc-gw" in line and "closed" in line and "caf" in line
    assert bed.jumpctl("recording", "list", "--user", "nobody").out == b""


def test_the_list_is_in_the_order_of_time(bed):
    began = []
    for i in range(6):
        bed.session()  # another uuid, and names begin with it
        bed.run(f"plc-gw echo {i}")
        began.append(conn_of(bed.recordings()[-1]))
    rows = json.loads(bed.jumpctl("recording", "list", "--json").out)
    assert [r["conn"] for r in rows][-6:] == began


def test_running_killed_torn_and_broken(bed):
    p = bed.popen("plc-gw echo here; sleep 100")
    p.stdout.readline()
    path = bed.recordings()[-1]
    r = bed.jumpctl("recording", "verify", conn_of(path))
    assert r.status == 0 and r.out.startswith(b"running: ")
    os.kill(bed.worker_pids["record"][-1], signal.SIGKILL)
    p.communicate()
    bed.run("hmi-1 true")  # its recorder sweeps
    r = bed.jumpctl("recording", "verify", conn_of(path))
    assert r.status == 1 and r.out.startswith(b"killed: "), r
    assert bed.jumpctl("recording", "cat", path).out == b"here\n"
    with open(path, "rb") as f:
        whole = f.read()
    for cut, word in ((len(whole) - 3, b"torn"), (10, b"broken")):
        copy = "/run/jump-bed/copy.cast"
        with open(copy, "wb") as f:
            f.write(whole[:cut])
        r = bed.jumpctl("recording", "verify", copy)
        assert r.status == 1 and r.out.startswith(word), r
    with open(copy, "wb") as f:
        f.write(whole + b'[0.0,"o","added"]\n')
    r = bed.jumpctl("recording", "verify", copy)
    assert r.status == 1 and b"time runs backwards" in r.out, r


def test_a_recording_under_another_name_is_not_believed(bed):
    bed.run("plc-gw true")
    first = bed.recordings()[-1]
    bed.run("plc-gw true")
    second = bed.recordings()[-1]
    with open(first, "rb") as f:
        data = f.read()
    os.unlink(second)
    with open(second, "wb") as f:
        f.write(data)
    r = bed.jumpctl("recording", "verify", conn_of(second))
    assert r.status == 1 and b"the header is not of this file" in r.out, r


def test_play_keeps_time_and_filters(bed):
    bed.run("plc-gw printf 'one\\033]52;c;ZXZpbA==\\a\\033[6n'; sleep 1.2; "
            "printf '\\033[31mtwo\\033]0;t\\a\\n'")
    conn = conn_of(bed.recordings()[-1])
    out, inner = pty.openpty()
    began = time.monotonic()
    p = subprocess.Popen([f"{BUILD}/jumpctl/jumpctl", "recording", "play",
                          conn], stdout=inner, stdin=subprocess.DEVNULL)
    os.close(inner)
    data = b""
    while True:
        try:
            data += os.read(out, 4096)
        except OSError:
            break
    assert p.wait() == 0
    assert 1 < time.monotonic() - began < 6
    assert b"one" in data and b"\x1b[31mtwo" in data
    assert b"]52" not in data and b"[6n" not in data and b"]0;" not in data
    began = time.monotonic()
    bed.jumpctl("recording", "play", conn, "--idle", "0")
    assert time.monotonic() - began < 1


def test_asciinema_plays_it_as_it_is(bed):
    """The file is valid for the format's own rules."""
    bed.run("plc-gw printf '\\377x\\n'; echo €")
    with open(bed.recordings()[-1], encoding="utf-8") as f:
        header, *events = [json.loads(line) for line in f]
    assert header["version"] == 2 and header["width"] and header["height"]
    last = 0
    for when, code, text in events:
        assert isinstance(when, float) and when >= last
        assert len(code) == 1 and isinstance(text, str)
        last = when


def test_names_that_are_not_there(bed):
    for word in ("0123456789abcdef", "/nonexistent.cast", "../../etc/passwd"):
        r = bed.jumpctl("recording", "cat", word)
        assert r.status == 3 and r.out == b"", r
    assert bed.jumpctl("recording", "cat").status == 2
    assert bed.jumpctl("recording", "list", "--day", "today").status == 2


def test_zone_ca(bed):
    r = bed.jumpctl("zone", "ca", "cell-a", "--json")
    known = json.loads(r.out)
    assert known["new"] is False and known["key"].startswith("ssh-ed25519 ")
    ca = STATE + "/ca/cell-a"
    os.rename(ca, ca + ".away")
    os.rename(ca + ".pub", ca + ".away.pub")
    try:
        r = bed.jumpctl("zone", "ca", "cell-a")
        assert r.status == 0
        assert b"TrustedUserCAKeys /etc/ssh/jump_ca.pub" in r.out
        assert b"systemctl enable --now jump-cert@cell-a.socket" in r.out
        assert os.stat(ca).st_mode & 0o777 == 0o600
        again = bed.jumpctl("zone", "ca", "cell-a")
        assert b"It has one already" in again.out
        assert [x for x in again.out.splitlines() if b"ssh-ed25519" in x] == [
            x for x in r.out.splitlines() if b"ssh-ed25519" in x]
    finally:
        os.rename(ca + ".away", ca)
        os.rename(ca + ".away.pub", ca + ".pub")
    r = bed.jumpctl("zone", "ca", "cell-b")
    assert r.status == 2 and b"the policy has no zone cell-b" in r.err
    assert bed.jumpctl("zone", "ca", "../x").status == 2
    assert until(lambda: not os.path.exists(STATE + "/ca/cell-b"), 1)
