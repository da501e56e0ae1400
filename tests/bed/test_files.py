# SPDX-License-Identifier: BSD-2-Clause
"""The broker of files, met by a gate that says what the test says
(tests/tools/playgate): what it answers, writes down, and ends."""
import hashlib
import os
import select
import shutil
import signal
import time

import pytest

from bed import BUILD, LIBEXEC, RUN, recording, shown

BEGIN, TRANSFER, REMOVE, RENAME = 1, 2, 3, 4
LIST, LOOK, DENIED = 9, 10, 11
UP, DOWN = 1, 2


@pytest.fixture(autouse=True)
def playgate(house):
    """In the place of jump-sftp, for this file alone."""
    place = LIBEXEC + "/jump-sftp"
    kept = place + ".kept"
    if os.path.exists(place):
        os.rename(place, kept)
    shutil.copy(f"{BUILD}/tests/tools/playgate", place)
    os.chmod(place, 0o755)
    yield
    os.unlink(place)
    if os.path.exists(kept):
        os.rename(kept, place)


class Gate:
    def __init__(self, bed):
        self.bed = bed
        self.p = bed.popen("sftp")
        os.set_blocking(self.p.stdout.fileno(), False)
        self.seen = b""

    def line(self, timeout=15):
        end = time.monotonic() + timeout
        while b"\n" not in self.seen:
            left = end - time.monotonic()
            assert left > 0, (self.seen, self.p.poll())
            select.select([self.p.stdout], [], [], left)
            data = self.p.stdout.read()
            if data == b"":
                return None
            self.seen += data or b""
        line, _, self.seen = self.seen.partition(b"\n")
        return line.decode()

    def ask(self, *words):
        self.p.stdin.write((" ".join(map(str, words)) + "\n").encode())
        self.p.stdin.flush()
        return self.line()

    def end(self):
        """The client hangs up. Status and what it was told."""
        out, err = self.p.communicate(timeout=15)
        return self.p.returncode, err.decode()


@pytest.fixture
def gate(bed):
    bed.publish(files_grant(bed))
    gates = []

    def start():
        gates.append(Gate(bed))
        return gates[-1]
    yield start
    for g in gates:
        if g.p.poll() is None:
            g.p.kill()
        g.p.communicate()


def files_grant(bed, **more):
    return bed.grant(**{"protocols": ("ssh", "sftp"),
                        "files": ["up", "down"], **more})


def opened(g, target="plc-gw"):
    answer = g.ask("open", target)
    assert answer.startswith("opened "), answer
    return int(answer.split()[1])


def test_targets_are_told_and_opened(bed, gate):
    g = gate()
    assert [g.ask("list"), g.line(), g.line()] == [
        "target hmi-1", "target plc-gw", "done"]
    assert g.ask("open", "plc-gw") == (
        "opened 0 directions=3 checked=0 size=4294967296 spool=67108864 "
        "count=10000 patterns=0")
    # version 3 of the target's own server answers
    assert g.ask("init", 0).startswith("heard ")
    assert opened(g, "hmi-1") == 1
    assert g.ask("close", 0) == "done"
    assert g.end()[0] == 0
    assert not bed.processes()
    assert not os.listdir(RUN + "/live")


def test_events_come_before_the_answer_and_are_recorded(bed, gate):
    g = gate()
    link = opened(g)
    assert g.ask("event", link, BEGIN, UP, "/tmp/a") == "done"
    began, = bed.events("file.begin", JUMP_SESSION=bed.uuid)
    assert (began["JUMP_CMD"], began["JUMP_FILE"], began["JUMP_DIRECTION"],
            began["JUMP_TARGET"], began["JUMP_PROTO"], began["JUMP_AUDIT"],
            began["JUMP_GRANT"]) == (
        "put /tmp/a", "/tmp/a", "up", "plc-gw", "sftp", "ok", "G1")
    assert g.ask("event", link, TRANSFER, UP, "/tmp/a") == "done"
    over, = bed.events("file.transfer", JUMP_SESSION=bed.uuid)
    assert (over["JUMP_OUTCOME"], over["JUMP_EXTENT"]) == ("failure", "part")
    assert g.ask("event", link, RENAME, 0, "/tmp/a", "/tmp/b") == "done"
    changed, = bed.events("file.change", JUMP_SESSION=bed.uuid)
    assert (changed["JUMP_CMD"], changed["JUMP_OTHER_FILE"]) == (
        "rename /tmp/a /tmp/b", "/tmp/b")
    assert g.ask("event", link, LOOK, 0, "/tmp") == "done"
    assert bed.events("file.look", JUMP_SESSION=bed.uuid)
    conn = over["JUMP_CONN"]
    assert g.end()[0] == 0
    path = [r for r in bed.recordings() if conn in r][0]
    header, events = recording(path)
    assert header["jump"]["proto"] == "sftp"
    assert shown(events) == (
        b"put /tmp/a begins\r\nput /tmp/a failed: 0 bytes, a part\r\n"
        b"rename /tmp/a -> /tmp/b\r\nlook /tmp\r\n")
    assert events[-1][2] == b"closed"


def test_what_the_gate_is_not_believed(bed, gate):
    bed._policy(files="up")
    bed.publish(files_grant(bed))
    g = gate()
    link = opened(g)
    assert g.ask("event", link, BEGIN, DOWN, "/x").startswith("refused ")
    assert g.ask("event", link, BEGIN, UP, "/x") == "done"
    # of what has no link, nothing but refusals
    for act in BEGIN, TRANSFER, REMOVE, LOOK:
        assert g.ask("event", 7, act, UP, "/x").startswith("refused ")
    assert g.ask("event", 7, DENIED, 0, "/x") == "done"
    assert g.ask("open", "historian").startswith("refused historian: ")
    assert not bed.events("file.begin", JUMP_DIRECTION="down",
                          JUMP_SESSION=bed.uuid)
    # nonsense ends the session
    assert g.ask("raw", "nonsense") in (None, "gone")
    g.end()
    assert not bed.processes()


def test_no_change_without_the_direction_up(bed, gate):
    bed.publish(files_grant(bed, files=["down"]))
    g = gate()
    link = opened(g)
    for act in REMOVE, RENAME:
        assert g.ask("event", link, act, 0, "/x", "/y").startswith("refused ")
    assert g.ask("event", link, LOOK, 0, "/x") == "done"
    assert not bed.events("file.change", JUMP_SESSION=bed.uuid)


def test_no_audit_no_file(bed, gate):
    g = gate()
    link = opened(g)
    bed.set_health(audit="off")
    assert g.ask("open", "hmi-1").startswith(
        "refused hmi-1: The bastion can't write its audit log now.")
    bed.set_health(audit="ok")
    assert g.ask("event", link, BEGIN, UP, "/x") == "done"


def test_denials_are_told_by_count(bed, gate):
    g = gate()
    link = opened(g)
    for _ in range(30):
        assert g.ask("event", link, DENIED, 0, "/x") == "done"
    g.end()
    # the journal of this bed may lose some of a burst; audit has them
    told = bed.events("file.deny", JUMP_SESSION=bed.uuid)
    assert len(told) <= 21 and told[-1]["JUMP_COUNT"] == "10"


@pytest.mark.parametrize("lose", ["revoked", "narrowed"])
def test_what_is_taken_away_is_over(bed, gate, lose):
    g = gate()
    link = opened(g)
    if lose == "revoked":
        bed.publish(files_grant(bed, targets=["hmi-1"]))
    else:
        bed.publish(files_grant(bed, files=["down"]))
    answer = g.ask("wait")
    assert answer.startswith(f"over {link} plc-gw: "), answer
    # what was broken off can still be told, and nothing new begins
    assert g.ask("event", link, TRANSFER, UP, "/x") == "done"
    assert g.ask("event", link, BEGIN, UP, "/x") == "refused It is over."
    assert g.ask("close", link) == "done"
    ended = bed.events("session.terminate", JUMP_SESSION=bed.uuid)
    assert [e["JUMP_REASON"] for e in ended] in (
        [lose], [] if lose == "revoked" else None)
    status, err = g.end()
    assert status == 0 and "plc-gw: " in err


def test_the_window_ends_the_session(bed, gate):
    bed.publish(files_grant(bed, begin=-60, seconds=3))
    g = gate()
    opened(g)
    answer = g.ask("wait")
    assert answer == "over 0 plc-gw: the window is over.", answer
    out, err = g.p.communicate(timeout=10)
    assert "is over" in err.decode()
    assert not bed.processes()


def test_a_recorder_that_dies_ends_the_link(bed, gate):
    g = gate()
    opened(g)
    pid = [p for p in bed.worker_pids["record"] if alive(p)][-1]
    os.kill(pid, signal.SIGKILL)
    assert g.ask("wait") == "over 0 plc-gw: the recording broke off."
    assert g.ask("event", 0, TRANSFER, UP, "/x").startswith("refused ")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().split()[2] != "Z"
    except OSError:
        return False


def test_a_target_that_ends_is_told(bed, gate):
    g = gate()
    opened(g)
    assert g.ask("init", 0).startswith("heard ")
    ssh, = [p for p in pids(bed) if "/usr/bin/ssh" in p[1]]
    os.kill(ssh[0], signal.SIGKILL)
    assert g.ask("wait") == "over 0 plc-gw: the target ended it."
    assert g.ask("close", 0) == "done"
    assert opened(g) in (0, 1)


def pids(bed):
    found = []
    with open(f"/sys/fs/cgroup/{bed.scope}/cgroup.procs",
              encoding="utf-8") as f:
        for pid in f.read().split():
            with open(f"/proc/{pid}/cmdline", "rb") as c:
                found.append((int(pid), c.read().decode()))
    return found


def test_the_gate_that_dies_takes_all_with_it(bed, gate):
    g = gate()
    opened(g)
    pid, = [p for p, line in pids(bed) if "jump-sftp" in line]
    os.kill(pid, signal.SIGKILL)
    status, _ = g.end()
    assert status == 255
    assert not bed.processes()
    assert not os.listdir(RUN + "/live")


def test_the_gate_dies_with_jumpshell(bed, gate):
    g = gate()
    opened(g)
    g.p.kill()
    g.p.wait()
    end = time.monotonic() + 5
    while bed.processes() and time.monotonic() < end:
        time.sleep(0.02)
    assert not bed.processes()


def test_the_list_tells_of_files(bed):
    bed.publish(files_grant(bed))
    assert b"plc-gw           ssh sftp" in bed.run("list").out
    bed.publish(files_grant(bed, protocols=("sftp",)))
    assert b"plc-gw           sftp" in bed.run("list").out
    assert b"Host plc-gw\n" not in bed.run("config").out
    r = bed.run("plc-gw id")
    assert r.status == 255 and b"not granted for this target" in r.err, r


def test_who_has_no_files_hears_one_line(bed):
    r = bed.run("sftp")
    assert r.status == 255 and r.out == b"", r
    assert r.err.count(b"\n") == 1 and b"sftp" in r.err, r
    denied = bed.events("conn.deny", JUMP_SESSION=bed.uuid)
    assert denied[-1]["JUMP_PROTO"] == "sftp"


@pytest.mark.parametrize("sent,answered", [
    (b"\0\0\0\5\1\0\0\0\3" + b"\0\0\0\x0a\x10\0\0\0\7" +
     b"\0\0\0\1.", True),
    (b"\0\0\0\5\1\0\0\0\3", False),
    (b"\0\0\0\5\4\0\0\0\3" * 2, None),
    (b"GET / HTTP/1.0\r\n\r\n", None),
    (b"\xff\xff\xff\xff\1\0\0\0\3", None)])
def test_an_sftp_client_hears_it_in_its_own_words(bed, sent, answered):
    """sshd drops the standard error of a subsystem."""
    r = bed.run("sftp", stdin=sent)
    version = b"\0\0\0\5\2\0\0\0\3"
    if answered is None:
        assert r.out == b"", r
        return
    assert r.out.startswith(version), r
    rest = r.out[len(version):]
    if not answered:
        assert rest == b"", r
        return
    assert rest[4:13] == b"\x65\0\0\0\7\0\0\0\3", rest
    assert int.from_bytes(rest[:4], "big") == len(rest) - 4
    size = int.from_bytes(rest[13:17], "big")
    assert rest[17:17 + size].startswith(b"No target is open to you")
    assert rest[17 + size:] == b"\0\0\0\0"


def test_a_person_hears_what_to_type(bed):
    t = bed.terminal("sftp")
    t.expect("Say on your own machine: sftp BASTION")
    assert t.wait() == 2


# --- the check of a file: jump-check is the real one


@pytest.fixture
def checked(bed, gate):
    def start(program, size="64M"):
        bed._policy(more=f"FileCheck = {program}\nFileCheckSize = {size}")
        bed.publish(files_grant(bed))
        g = gate()
        return g, opened(g)
    yield start


def test_the_verdict_is_the_answer_and_in_the_logs(bed, checked):
    g, link = checked("/bin/grep -c clean")
    assert g.ask("check", link, "/tmp/a", "clean") == "done"
    assert g.ask("check", link, "/tmp/b", "virus") == (
        "refused Refused by the file check: 0")
    good, bad = bed.events("file.check", JUMP_SESSION=bed.uuid)
    assert (good["JUMP_OUTCOME"], good["JUMP_FILE"], good["JUMP_SIZE"],
            good["JUMP_TARGET"], good["JUMP_GRANT"], good["JUMP_AUDIT"]) == (
        "success", "/tmp/a", "5", "plc-gw", "G1", "ok")
    assert good["JUMP_DIGEST"] == (
        "sha256:" + hashlib.sha256(b"clean").hexdigest())
    assert (bad["JUMP_OUTCOME"], bad["JUMP_REASON"], bad["JUMP_FILE"]) == (
        "failure", "found", "/tmp/b")
    assert ", found, 0" in bad["MESSAGE"]
    g.end()
    shows = shown(recording(bed.recordings()[-1])[1])
    assert b"refused /tmp/b: Refused by the file check: 0" in shows


@pytest.mark.parametrize("program,words", [
    ("/nowhere/scanner", "Refused by the file check."),
    ("/bin/false", "Refused by the file check."),
    ("/etc/passwd", "Refused by the file check."),
])
def test_a_check_that_can_not_be_done_refuses(bed, checked, program, words):
    g, link = checked(program)
    assert g.ask("check", link, "/tmp/a", "clean") == f"refused {words}"
    event, = bed.events("file.check", JUMP_SESSION=bed.uuid)
    assert event["JUMP_OUTCOME"] == "failure"


def test_too_large_for_a_check(bed, checked):
    g, link = checked("/bin/true", "1K")
    assert g.ask("check", link, "/tmp/a", "x" * 300) == "done"
    assert g.ask("check", link, "/tmp/a", "y" * 500) == "done"


def test_no_check_without_its_conduit(bed, gate):
    """A gate that asks where no FileCheck is gets a no, not another's."""
    g = gate()
    link = opened(g)
    assert g.ask("check", link, "/tmp/a", "clean").startswith("refused ")


def test_no_worker_no_release(bed, checked):
    g, link = checked("/bin/true")
    os.rename(RUN + "/check.sock", RUN + "/check.sock.away")
    try:
        answer = g.ask("check", link, "/tmp/a", "clean")
    finally:
        os.rename(RUN + "/check.sock.away", RUN + "/check.sock")
    assert answer.startswith("refused The file could not be checked.")
    event, = bed.events("file.check", JUMP_SESSION=bed.uuid)
    assert event["JUMP_REASON"] == "check"
    assert g.ask("check", link, "/tmp/a", "clean") == "done"


def test_a_check_that_dawdles_does_not_keep_the_window_open(bed, checked):
    bed._policy(more="FileCheck = /bin/sleep 60")
    bed.publish(files_grant(bed, begin=-60, seconds=3))
    g = Gate(bed)
    link = opened(g)
    began = time.monotonic()
    assert g.ask("check", link, "/tmp/a", "clean").startswith("over ")
    assert time.monotonic() - began < 10
    g.p.kill()
    g.p.communicate()
