# SPDX-License-Identifier: BSD-2-Clause
"""The relay on both roads: whose connection it is, that nothing is lost,
what is refused and why, what ends it. The session is a stand-in for PAM's
(relaykit.py); kernel, filter, relay, systemd and targets are real."""
import hashlib
import json
import time

import pytest

from jumplab.bed import wait_for
from relaykit import TECH1, TECH2, Child, Kit, grant, usual_grants

pytestmark = pytest.mark.vertical

# A client of either road inside a session. A dict of a call per line comes
# on stdin, an answer goes out for each.
CLIENT = r"""
import json, secrets, socket, sys, hashlib, time

def tunnel(host, port, **_):
    return socket.create_connection((host, port), 10), ""

def brokered(target, proto, conn=None, line=None, **_):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(12)
    s.connect("/run/jump/relay.sock")
    conn = conn or secrets.token_hex(8)
    line = line or f"connect conn={conn} target={target} proto={proto}\n"
    s.sendall(line.encode())
    heard = b""
    while not heard.endswith(b"\n"):
        byte = s.recv(1)
        if not byte:
            break
        heard += byte
    return s, heard.decode()

def pattern(size, seed):
    block = hashlib.sha256(str(seed).encode()).digest() * 2048
    return (block * (size // len(block) + 1))[:size]

def call(how, size=0, seed=0, half=True, expect=None, **to):
    s, heard = (tunnel if "host" in to else brokered)(**to)
    if "host" not in to and not heard.startswith("ok"):
        return {"heard": heard}
    s.settimeout(30)
    got = b""
    if how == "echo":
        data = pattern(size, seed)
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
    elif how == "discard":
        data = pattern(size, seed)
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
    elif how == "source":
        data = b""
        s.sendall(b"%d\n" % size)
    else:
        data = b""
    try:
        while True:
            part = s.recv(262144)
            if not part:
                end = "eof"
                break
            got += part
    except ConnectionError:
        end = "reset"
    except TimeoutError:
        end = "silent"
    s.close()
    return {"heard": heard, "end": end, "got": len(got),
            "sha": hashlib.sha256(got).hexdigest(),
            "sent": hashlib.sha256(data).hexdigest(),
            "text": got[:300].decode("latin-1")}

for line in sys.stdin:
    try:
        answer = call(**json.loads(line))
    except Exception as e:
        answer = {"error": type(e).__name__, "text": str(e)}
    print(json.dumps(answer), flush=True)
"""

# Holds one connection open and says what becomes of it.
HOLDER = r"""
import os, socket, sys, time
print(os.getpid(), flush=True)
if sys.argv[1] == "brokered":
    s = socket.socket(socket.AF_UNIX)
    s.connect("/run/jump/relay.sock")
    s.sendall(f"connect conn={sys.argv[2]} target={sys.argv[3]} "
              f"proto={sys.argv[4]}\n".encode())
    heard = b""
    while not heard.endswith(b"\n"):
        heard += s.recv(1) or b"\n"
    print(heard.decode().strip(), flush=True)
else:
    s = socket.create_connection((sys.argv[2], int(sys.argv[3])), 10)
    s.sendall(b".")
    print("ok" if s.recv(100) else "", flush=True) # the target has answered
s.settimeout(0.2)
while True:
    try:
        s.sendall(b".")
        if not s.recv(100):
            break
        time.sleep(0.05)
    except TimeoutError:
        pass
    except OSError:
        break
print(f"{time.time():.3f}", flush=True)
"""

ROADS = {
    "tunnel4": {"host": "10.20.0.11"},
    "tunnel6": {"host": "fd00:20::11"},
    "brokered": {"target": "hmi-1"},
}
SERVICES = {"echo": (7, "http"), "discard": (9, "vnc"), "source": (19, "https")}


def to(road, service):
    """Where a call goes: a port of an address, or a protocol of a target."""
    port, proto = SERVICES[service]
    key = {"proto": proto} if road == "brokered" else {"port": port}
    return {**ROADS[road], **key}


def calls(session, requests, timeout=120):
    out = session.run(["python3", "-c", CLIENT], timeout=timeout,
                      input="".join(json.dumps(r) + "\n"
                                    for r in requests)).out
    return [json.loads(line) for line in out.splitlines()]


def call(session, **request):
    return calls(session, [request])[0]


class Held(Child):
    """A connection that stays, until something ends it."""

    def __init__(self, session, *words):
        super().__init__(session.kit.bed, session.popen(
            ["python3", "-uc", HOLDER, *words]))
        self.answer = self.popen.stdout.readline().strip()

    def ended(self, timeout=10):
        """When it was over, by the clock that both share."""
        out, err = self.popen.communicate(timeout=timeout)
        assert out, err
        return float(out.split()[-1])

    def running(self):
        return self.popen.poll() is None


@pytest.fixture(scope="module")
def kit(site):
    one = Kit(site).setup()
    yield one
    one.remove()


@pytest.fixture(autouse=True)
def _usual(kit):
    """Each test begins with the usual grants and a well bastion."""
    kit.well()
    kit.publish(usual_grants())
    yield
    wait_for(lambda: (not kit.connections(), kit.connections()), 10,
             "all connections are over")


@pytest.fixture
def session(kit):
    with kit.session() as one:
        yield one


def hold(session, road, service="echo"):
    where = to(road, service)
    if road == "brokered":
        conn = hashlib.sha256(str(time.time()).encode()).hexdigest()[:16]
        held = Held(session, "brokered", conn, where["target"], where["proto"])
    else:
        held = Held(session, "tunnel", where["host"], str(where["port"]))
    assert held.answer.startswith("ok"), held.answer
    return held


# --- bytes


@pytest.mark.parametrize("size,times,road", [
    (1, 50, "tunnel4"), (1, 50, "tunnel6"), (1, 200, "brokered"),
    (1000, 50, "tunnel4"), (1000, 50, "tunnel6"), (1000, 200, "brokered"),
    *((100_000_000, 2, road) for road in ROADS)])
def test_no_byte_is_lost_when_the_sender_closes_at_once(
        session, ot, size, times, road):
    """From inside the bastion; test_vertical_bytes.py does it from the
    laptop, 200 times."""
    answers = []
    for start in range(0, times, 25): # below the pace of one uid
        answers += calls(session, [
            {"how": "discard", "size": size, "seed": n, **to(road, "discard")}
            for n in range(start, min(times, start + 25))])
        time.sleep(0.5 if times > 25 else 0)
    assert len(answers) == times
    for answer in answers:
        assert answer.get("text") == f"{size} {answer['sent']}\n", answer
    streams = ot.wait_discarded(times)
    assert {(count, end) for count, _, _, end in streams} == {(size, "eof")}


@pytest.mark.parametrize("road", ROADS)
def test_half_close_and_both_ways(session, road):
    down = call(session, how="source", size=20_000_000, **to(road, "source"))
    assert (down["got"], down["end"]) == (20_000_000, "eof")
    # the end of our bytes travels while the answer is still to come
    both = call(session, how="echo", size=500_000, **to(road, "echo"))
    assert (both["sha"], both["end"]) == (both["sent"], "eof")


def test_target_sees_the_relay_alone(session, kit, ot):
    call(session, how="discard", size=1, **to("tunnel4", "discard"))
    assert ot.wait_discarded()[0][2] == "10.20.0.2"


# --- whose it is


@pytest.mark.parametrize("road", ROADS)
def test_events_name_session_grant_and_bytes(kit, session, road):
    mark = kit.bed.journal_mark()
    call(session, how="echo", size=1234, **to(road, "echo"))
    opened = kit.wait_event(mark, "conn.open", session=session.uuid)
    closed = kit.wait_event(mark, "conn.close", session=session.uuid)
    assert opened["JUMP_CONN"] == closed["JUMP_CONN"]
    assert opened["JUMP_AUDIT"] == closed["JUMP_AUDIT"] == "ok"
    for entry in opened, closed:
        assert entry["JUMP_USER"] == "acme-tech1"
        assert entry["JUMP_GRANT"] == "G-hmi"
        assert entry["JUMP_TARGET"] == "hmi-1"
        assert entry["JUMP_PROTO"] == "http"
        assert entry["JUMP_SRC_ADDR"] == "10.10.0.20"
    assert closed["JUMP_REASON"] == "peer"
    assert closed["JUMP_BYTES_IN"] == closed["JUMP_BYTES_OUT"] == "1234"


def test_audit_has_open_before_the_target_is_reached(kit, site, session, ot):
    mark = site.audit.mark()
    call(session, how="discard", size=1, **to("tunnel4", "discard"))
    opened = site.audit.wait(mark, type="USER_START", op="jump:conn_open")
    closed = site.audit.wait(mark, type="USER_END", op="jump:conn_close")
    assert opened and closed


def test_two_sessions_of_one_user_are_two(kit):
    with kit.session() as one, kit.session() as two:
        mark = kit.bed.journal_mark()
        first, second = hold(one, "tunnel4"), hold(two, "tunnel6")
        live = kit.connections()
        assert {c["session"] for c in live.values()} == {one.uuid, two.uuid}
        one.close()
        ended = kit.wait_event(mark, "conn.close", session=one.uuid)
        assert ended["JUMP_TARGET_ADDR"] == "10.20.0.11"
        first.popen.communicate(timeout=10) # killed with its session
        assert second.running()
        assert [c["session"] for c in kit.connections().values()] == [two.uuid]
        second.kill()


def test_connection_record_is_whole(kit, session):
    held = hold(session, "tunnel6")
    (conn, record), = kit.connections().items()
    assert len(conn) == 16
    pid = record.pop("pid")
    assert pid in kit.relay_pids()
    stat = kit.bed.read(f"/proc/{pid}/stat").rsplit(") ", 1)[1].split()
    assert record.pop("pid_start") == stat[19]
    assert abs(int(record.pop("started")) - time.time()) < 10
    assert int(record.pop("until")) == kit.grants[0]["not_after"]
    assert record == {
        "session": session.uuid, "scope": session.scope,
        "uid": str(TECH1), "user": "acme-tech1", "grant": "G-hmi",
        "target": "hmi-1", "proto": "http", "address": "fd00:20::11",
        "port": "7", "channel": "tunnel", "recorded": "0"}
    facts = kit.bed.run(
        f"stat -c '%U %G %a' /run/jump/connections/{conn}").out.strip()
    assert facts == "jump-relay jump-gates 640"
    held.kill()


def test_no_session_record_no_relay(kit, session):
    mark = kit.bed.journal_mark()
    session.forget()
    answer = call(session, how="echo", **to("tunnel4", "echo"))
    assert answer.get("end", answer.get("error")) in (
        "reset", "ConnectionResetError"), answer
    answer = call(session, how="echo", **to("brokered", "echo"))
    assert answer["heard"].startswith("no peer "), answer
    assert kit.wait_event(mark, "conn.deny")["JUMP_REASON"] == "peer"


@pytest.mark.parametrize("host,source", [
    ("10.20.0.11", "10.20.0.2"), ("fd00:20::11", "fd00:20::2")])
def test_one_source_port_to_many_targets(session, host, source):
    """The kernel gives one source port to connections that go to different
    places, and turns them all to the relay, which asks by that port whose
    each of them is."""
    out = session.python("""
import socket, sys
host, source = sys.argv[1:]
held = []
for _ in range(3):
    for port in 7, 3389, 7, 3389:
        s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.settimeout(5)
        while True:
            try:
                s.bind((source, 41000 + len(held) // 2))
                break
            except OSError:
                pass
        s.connect((host, port))
        s.sendall(b"?")
        print(port, bool(s.recv(9)))
        held.append(s)
""", host, source).out
    assert out == "7 True\n3389 True\n" * 6


@pytest.mark.parametrize("lie", [
    {"uid": TECH2, "user": "acme-tech2"}, {"cgroup_id": 4},
    {"cgroup": "/system.slice"}, {"uuid": "nonsense"}])
def test_a_record_of_somebody_else_is_nobodys(kit, session, lie):
    inode = kit.bed.run(
        f"stat -c %i /sys/fs/cgroup{session.cgroup}").out.strip()
    session.write({"cgroup_id": inode, **lie})
    answer = call(session, how="echo", **to("brokered", "echo"))
    assert answer["heard"].startswith("no peer "), answer
    if "cgroup" not in lie: # a tunnel is known by the cgroup's id alone
        answer = call(session, how="echo", **to("tunnel6", "echo"))
        assert answer.get("end", answer.get("error")) in (
            "reset", "ConnectionResetError"), answer


def test_a_peer_that_is_gone_is_not_guessed(kit, session):
    """The relay is stopped while clients connect and end: then it looks."""
    call(session, how="echo", **to("tunnel4", "echo")) # it is up
    mark = kit.bed.journal_mark()
    parent = kit.bed.run("systemctl show -P MainPID jump-relay").out.strip()
    kit.bed.run(["kill", "-STOP", parent])
    try:
        session.python("""
import socket
s = socket.create_connection(("10.20.0.11", 9)); s.send(b"x" * 1000)
u = socket.socket(socket.AF_UNIX); u.connect("/run/jump/relay.sock")
u.send(b"connect conn=00112233445566aa target=hmi-1 proto=vnc\\n")
""")
    finally:
        kit.bed.run(["kill", "-CONT", parent])

    def both_refused():
        found = kit.events(mark, "conn.deny", reason="peer")
        return len(found) == 2, found
    wait_for(both_refused, 10, "two refusals")
    assert not kit.events(mark, "conn.open")


# --- what is refused


@pytest.mark.parametrize("change,reason", [
    ({"revoked": True}, "revoked"),
    ({"not_before": 3600, "not_after": 7200}, "early"),
    ({"not_before": -7200, "not_after": -60}, "late"),
    ({"protocols": ["rdp"]}, "protocol"),
    ({"targets": ["plc-gw"], "protocols": ["ssh"]}, "target"),
    ({"sources": ["192.0.2.0/24"]}, "source"),
    ({"user": "acme-tech2"}, "no_grant"),
])
def test_refusals_on_both_roads(kit, session, change, reason):
    now = int(time.time())
    change = {key: now + value if key.startswith("not_") else value
              for key, value in change.items()}
    mark = kit.bed.journal_mark()
    kit.publish([{**grant("G-hmi", "hmi-1", ["http"]), **change}])
    # the filter still has the element: the relay decides by itself
    answer = call(session, how="echo", **to("tunnel4", "echo"))
    assert answer.get("end", answer.get("error")) in (
        "reset", "ConnectionResetError"), answer
    answer = call(session, how="echo", **to("brokered", "echo"))
    heard = answer["heard"].split(" ")
    assert heard[0] == "no", answer
    denied = [e["JUMP_REASON"] for e in kit.events(mark, "conn.deny")]
    assert denied == [reason, reason] and heard[1] == reason
    assert not kit.events(mark, "conn.open")


def test_other_targets_are_not_named_by_brokered_requests(kit, session):
    for target, proto in (("historian", "https"), ("nobody", "ssh")):
        answer = call(session, how="echo", target=target, proto=proto)
        assert answer["heard"].startswith("no target "), answer


@pytest.mark.parametrize("line", [
    "\n", "connect\n", "connect conn=1 target=hmi-1 proto=http\n",
    "connect conn=0123456789abcdef target=hmi-1 proto=http x=1\n",
    "status conn=../../../../etc/sh\n", "x" * 600, "\0\0\0\n"])
def test_lines_that_are_no_requests(kit, session, line):
    answer = call(session, how="echo", target="hmi-1", proto="http", line=line)
    assert answer["heard"].startswith("no request "), answer


def test_a_connection_name_is_good_once(kit, session):
    conn = "feedfacefeedface"
    held = Held(session, "brokered", conn, "hmi-1", "http")
    assert held.answer == "ok identified"
    again = call(session, how="echo", conn=conn, target="hmi-1", proto="http")
    assert again["heard"].startswith("no request "), again
    held.kill()


def test_status_is_for_the_session_alone(kit, session):
    conn = "00000000feedface"
    line = f"status conn={conn}\n"
    held = Held(session, "brokered", conn, "hmi-1", "http")
    assert call(session, how="echo", line=line, target="", proto="")[
        "heard"] == "ok open\n"
    held.kill()
    wait_for(lambda: not kit.connections(), 10, "closed")
    answer = call(session, how="echo", line=line, target="", proto="")
    assert answer["heard"].startswith("ok closed reason=peer bytes_in="), answer
    with kit.session() as other, kit.session(TECH2) as stranger:
        for one in other, stranger:
            answer = call(one, how="echo", line=line, target="", proto="")
            assert answer["heard"].startswith("no unknown "), answer


def test_refused_and_unreachable(kit, session):
    """A closed port, and a machine that is not there."""
    kit.publish([grant("G-hmi", "hmi-1", ["rdp"]),
                 grant("G-hist", "historian", ["https"])])
    mark = kit.bed.journal_mark()
    answer = call(session, how="echo", target="historian", proto="https")
    assert answer["heard"].startswith("no refused "), answer
    closed = kit.wait_event(mark, "conn.close", reason="refused")
    assert closed["JUMP_TARGET"] == "historian"
    with kit.ot_silent("10.20.0.11", "fd00:20::11"):
        began = time.time()
        answer = call(session, how="echo", target="hmi-1", proto="rdp")
        assert answer["heard"].startswith("no unreachable "), answer
        assert time.time() - began < 9
    assert kit.wait_event(mark, "conn.close", reason="unreachable")


def test_clock_in_doubt_refuses_new_ones_only(kit, session):
    held = hold(session, "tunnel4")
    kit.bed.run("sed -i s/trusted=1/trusted=0/ /run/jump/clock")
    answer = call(session, how="echo", **to("brokered", "echo"))
    assert answer["heard"].startswith("no clock "), answer
    time.sleep(1.5)
    assert held.running()
    kit.well()
    answer = call(session, how="echo", size=1, **to("brokered", "echo"))
    assert answer["got"] == 1
    held.kill()


@pytest.mark.parametrize("how", ["audit", "auditd", "lost", "old", "missing"])
def test_audit_not_well_refuses(kit, session, how):
    kit.bed.run({
        "old": "sed -i 's/boot_ms=.*/boot_ms=1/' /run/jump/health",
        "missing": "rm /run/jump/health",
    }.get(how, f"sed -i 's/^{how}=ok/{how}=off/' /run/jump/health"))
    mark = kit.bed.journal_mark()
    answer = call(session, how="echo", **to("brokered", "echo"))
    assert answer["heard"].startswith("no audit "), answer
    assert kit.wait_event(mark, "conn.deny")["JUMP_REASON"] == "audit"


def test_nothing_published_refuses(kit, session):
    kit.bed.run("mv /run/jump/db/current /run/jump/db/aside")
    try:
        answer = call(session, how="echo", **to("brokered", "echo"))
        assert answer["heard"].startswith("no error "), answer
    finally:
        kit.bed.run("mv /run/jump/db/aside /run/jump/db/current")


def test_a_session_begun_on_stale_rights(kit, session):
    now = int(time.time())
    kit.publish(usual_grants(), iat=now - 100, exp=now - 10)
    answer = call(session, how="echo", **to("brokered", "echo"))
    assert answer["heard"].startswith("no stale "), answer


def test_limits_of_a_session(kit, session):
    held = []
    for _ in range(16):
        held.append(hold(session, "tunnel4"))
    mark = kit.bed.journal_mark()
    answer = call(session, how="echo", **to("brokered", "echo"))
    assert answer["heard"].startswith("no limit "), answer
    assert kit.wait_event(mark, "conn.deny")["JUMP_REASON"] == "limit"
    with kit.session() as other: # another session has its own
        assert call(other, how="echo", size=1, **to("tunnel4", "echo"))[
            "got"] == 1
    for one in held:
        one.kill()


QUICK = r"""
import socket, sys
good = 0
for _ in range(50):
    s = socket.create_connection((sys.argv[1], 7), 10)
    s.sendall(b"?")
    s.shutdown(socket.SHUT_WR)
    try:
        good += s.recv(9) == b"?" and s.recv(9) == b""
    except ConnectionError:
        pass
    s.close()
print(good)
"""


def test_what_is_over_takes_no_place(kit, session):
    """A browser opens and closes faster than an end is written down; that
    must not cost it the next connection."""
    held = [hold(session, "tunnel4") for _ in range(15)]
    for host in "10.20.0.11", "fd00:20::11":
        assert session.python(QUICK, host).out == "50\n"
        time.sleep(1.5) # the pace of a uid, which the hold took of too
    for one in held:
        one.kill()


def test_a_flood_of_one_uid_does_not_starve_another(kit, session):
    """Hundreds of knocks that say nothing, and in between a good one."""
    flood = session.popen(["python3", "-c", """
import socket, time
held = []
end = time.time() + 4
while time.time() < end:
    try:
        s = socket.socket(socket.AF_UNIX); s.settimeout(0.2)
        s.connect("/run/jump/relay.sock"); held.append(s)
    except OSError:
        time.sleep(0.01)
"""])
    time.sleep(1)
    kit.nft_grant(TECH2, "hmi-1", 7)
    with kit.session(TECH2) as other:
        began = time.time()
        answer = call(other, how="echo", size=10, **to("tunnel4", "echo"))
        assert answer["got"] == 10, answer
        assert time.time() - began < 3
    assert len(kit.relay_pids()) < 250
    flood.wait(10)


# --- recording


def test_recording_is_proven_or_refused(kit, session):
    conn = "abadcafe00000001"
    mark = kit.bed.journal_mark()
    answer = call(session, how="x", conn=conn, target="plc-gw", proto="ssh")
    assert answer["heard"].startswith("no recording "), answer
    # somebody else's recording of that name proves nothing
    for lie in ({"uid": TECH2}, {"target": "hmi-1"}, {"proto": "sftp"},
                {"session": "6f1c1d9e-3a7b-4c58-9a53-0d1f4be0a001"}):
        with kit.recording(conn, session, **lie):
            answer = call(session, how="x", conn=conn, target="plc-gw",
                          proto="ssh")
            assert answer["heard"].startswith("no recording "), answer
    # nor does a file that nobody holds
    with kit.recording(conn, session, locked=False):
        answer = call(session, how="x", conn=conn, target="plc-gw",
                      proto="ssh")
        assert answer["heard"].startswith("no recording "), answer
    assert {e["JUMP_REASON"] for e in kit.events(mark, "conn.deny")} == {
        "recording"}
    with kit.recording(conn, session):
        held = Held(session, "brokered", conn, "plc-gw", "ssh")
        assert held.answer == "ok identified"
        assert kit.connections()[conn]["recorded"] == "1"
        held.kill()


def test_recorder_gone_ends_the_connection(kit, session):
    conn = "abadcafe00000002"
    mark = kit.bed.journal_mark()
    with kit.recording(conn, session) as recorder:
        held = Held(session, "brokered", conn, "plc-gw", "ssh")
        assert held.answer == "ok identified"
        gone = time.time()
        recorder.kill()
        assert held.ended() - gone < 1
    assert kit.wait_event(mark, "conn.close")["JUMP_REASON"] == "recorder"


def test_tunnel_to_a_recorded_target_says_what_to_type(kit, session):
    """What `ssh -J bastion plc-gw` shows: the client speaks to the relay
    through the tunnel and prints why."""
    for host in "10.20.0.10", "fd00:20::10":
        mark = kit.bed.journal_mark()
        r = session.run(["ssh", "-F", "/dev/null", "-oBatchMode=yes",
                         "-oStrictHostKeyChecking=no",
                         "-oUserKnownHostsFile=/dev/null",
                         f"maint@{host}", "true"], check=False)
        assert r.rc == 255
        assert ("plc-gw must be recorded, and a tunnel to it is not. Type "
                "instead: ssh acme-tech1@bastion1 plc-gw") in r.err, r
        denied = kit.wait_event(mark, "conn.deny")
        assert denied["JUMP_REASON"] == "recording"
        assert denied["JUMP_TARGET"] == "plc-gw"


def test_a_refusal_leaves_time_to_read_it(session):
    """No end of file comes with it: `ssh -W` would hang up on that, and the
    ssh behind it fail to send its own part before it has read."""
    out = session.python("""
import socket, time
s = socket.create_connection(("10.20.0.10", 22), 5)
heard = b""
while heard.count(b"must be recorded") < 2: # a line, and the message
    heard += s.recv(1000)
time.sleep(0.1)
s.settimeout(0.5)
try:
    print("end" if s.recv(100) == b"" else "more")
except TimeoutError:
    print("waits")
s.sendall(b"x" * 2000)
s.settimeout(5)
began = time.time()
print(s.recv(100), time.time() - began < 3)
""").out
    assert out == "waits\nb'' True\n"


def test_jump_dial_hands_ssh_the_socket(kit, session, ot):
    """The brokered road as jumpshell uses it, with a pinned host key."""
    kit.bed.put("/run/known", f"plc-gw {ot['plc-gw'].host_key}\n")
    kit.bed.run("rm -f /run/k /run/k.pub; "
                "ssh-keygen -q -t ed25519 -N '' -f /run/k; "
                f"chown {TECH1} /run/k")
    ot.authorize("maint", kit.bed.read("/run/k.pub"))
    conn = "abadcafe00000003"
    words = ["ssh", "-F", "/dev/null", "-i", "/run/k", "-oBatchMode=yes",
             "-oUserKnownHostsFile=/run/known", "-oProxyUseFdpass=yes",
             f"-oProxyCommand=/usr/lib/jump/jump-dial {conn} plc-gw ssh",
             "maint@plc-gw"]
    with kit.recording(conn, session):
        r = session.run([*words, "head -c 3000000 /dev/zero | sha256sum; "
                                 "exit 7"], check=False)
    assert r.rc == 7, r
    assert r.out.split()[0] == hashlib.sha256(bytes(3000000)).hexdigest()
    r = session.run([*words, "true"], check=False) # that name has been
    assert r.rc == 255 and "recording " in r.err, r


def test_jump_dial_says_why_not(kit, session):
    r = session.run(["/usr/lib/jump/jump-dial", "abadcafe00000004", "plc-gw",
                     "ssh"], check=False)
    assert r.rc == 1 and r.err.startswith("recording ") and (
        r.err.count("\n") == 1), r
    for words in ([], ["x", "plc-gw", "ssh"], ["abadcafe00000004", "-h", "ssh"],
                  ["abadcafe00000004", "plc-gw", "gopher"]):
        r = session.run(["/usr/lib/jump/jump-dial", *words], check=False)
        assert r.rc == 64, r


# --- what ends it


def cut_times(kit, held, mark, reason):
    ended = held.ended()
    closed = kit.wait_event(mark, "conn.close")
    assert closed["JUMP_REASON"] == reason, closed
    assert closed["JUMP_BY"] == "relay"
    return ended


@pytest.mark.parametrize("road", ROADS)
def test_cut_at_the_end_of_the_window(kit, session, road):
    end = int(time.time()) + 4
    kit.publish([grant("G-hmi", "hmi-1", ["http"], not_after=end)])
    mark = kit.bed.journal_mark()
    ended = cut_times(kit, hold(session, road), mark, "window")
    assert 0 <= ended - end < 0.6


def test_cut_on_revoke_within_a_second(kit, session):
    held, mark = hold(session, "tunnel6"), kit.bed.journal_mark()
    told = time.time()
    kit.publish([grant("G-hmi", "hmi-1", ["http"], revoked=True)])
    assert cut_times(kit, held, mark, "revoked") - told < 1.5 # with mkrights


def test_narrowing_ends_one_target_alone(kit, session):
    kit.publish([grant("G1", "hmi-1", ["http", "rdp"])])
    one, two = hold(session, "tunnel4"), Held(
        session, "tunnel", "10.20.0.11", "3389")
    mark = kit.bed.journal_mark()
    kit.publish([grant("G1", "hmi-1", ["rdp"])])
    cut_times(kit, one, mark, "revoked")
    time.sleep(1)
    assert two.running()
    two.kill()


def test_extension_and_shortening_move_the_end(kit, session):
    now = int(time.time())
    kit.publish([grant("G-hmi", "hmi-1", ["http"], not_after=now + 3)])
    held = hold(session, "tunnel4")
    kit.publish([grant("G-hmi", "hmi-1", ["http"], not_after=now + 60)])
    time.sleep(4)
    assert held.running()
    assert [c["until"] for c in kit.connections().values()] == [str(now + 60)]
    end = int(time.time()) + 2
    mark = kit.bed.journal_mark()
    kit.publish([grant("G-hmi", "hmi-1", ["http"], not_after=end)])
    assert 0 <= cut_times(kit, held, mark, "window") - end < 0.6


def test_another_grant_carries_on(kit, session):
    end = int(time.time()) + 3
    kit.publish([grant("G-a", "hmi-1", ["http"], not_after=end),
                 grant("G-b", "hmi-1", ["http"], not_before=end - 1)])
    held = hold(session, "tunnel4")
    time.sleep(max(0, end - time.time()) + 1.5)
    assert held.running()
    assert [c["grant"] for c in kit.connections().values()] == ["G-b"]
    held.kill()


def test_root_worker_can_end_it(kit, session):
    held, mark = hold(session, "tunnel4"), kit.bed.journal_mark()
    record, = kit.connections().values()
    kit.bed.run(["kill", "-TERM", record["pid"]])
    held.ended()
    closed = kit.wait_event(mark, "conn.close")
    assert (closed["JUMP_REASON"], closed["JUMP_BY"]) == ("revoked", "watch")


def test_session_over_connection_over(kit, session):
    held, mark = hold(session, "tunnel4"), kit.bed.journal_mark()
    over = time.time()
    session.forget()
    assert held.ended() - over < 1
    assert kit.wait_event(mark, "conn.close")["JUMP_REASON"] == "peer"


@pytest.mark.parametrize("ordered", [True, False])
def test_a_session_that_ends_with_its_grant_says_so(kit, session, ordered):
    """Who ends a session for its rights ends its connections too, and the
    record of the session may be gone before these have looked."""
    held, mark = hold(session, "tunnel4"), kit.bed.journal_mark()
    record, = kit.connections().values()
    kit.bed.run(["kill", "-STOP", record["pid"]])
    kit.publish([grant("G-hmi", "hmi-1", ["http"], revoked=True)])
    session.forget()
    if ordered:
        kit.bed.run(["kill", "-TERM", record["pid"]])
    kit.bed.run(["kill", "-CONT", record["pid"]])
    held.ended()
    assert kit.wait_event(mark, "conn.close")["JUMP_REASON"] == "revoked"


def test_a_recording_that_ends_with_its_grant_says_so(kit, session):
    """Who ends a jumpshell for its rights ends its recorder too."""
    conn = "abadcafe00000003"
    mark = kit.bed.journal_mark()
    with kit.recording(conn, session) as recorder:
        held = Held(session, "brokered", conn, "plc-gw", "ssh")
        record, = kit.connections().values()
        kit.bed.run(["kill", "-STOP", record["pid"]])
        kit.publish([grant("G-plc", "plc-gw", ["ssh"], revoked=True)])
        recorder.kill()
        kit.bed.run(["kill", "-CONT", record["pid"]])
        held.ended()
    assert kit.wait_event(mark, "conn.close")["JUMP_REASON"] == "revoked"


def test_rights_unreadable_for_long_cut(kit, session):
    held, mark = hold(session, "tunnel4"), kit.bed.journal_mark()
    kit.bed.run("mv /run/jump/db/current /run/jump/db/aside")
    try:
        began = time.time()
        assert held.ended() - began < 4
        assert kit.wait_event(mark, "conn.close")["JUMP_REASON"] == "error"
    finally:
        kit.bed.run("mv /run/jump/db/aside /run/jump/db/current")


def test_grace_of_the_conduit(kit, session):
    kit.bed.put("/etc/jump/jump.conf",
                kit.policy.replace("Grace = 0", "Grace = 2s"))
    try:
        end = int(time.time()) + 2
        kit.publish([grant("G-hmi", "hmi-1", ["http"], not_after=end)])
        held, mark = hold(session, "tunnel4"), kit.bed.journal_mark()
        assert 2 <= cut_times(kit, held, mark, "window") - end < 2.6
        kit.publish([grant("G-hmi", "hmi-1", ["http"])])
        held, mark = hold(session, "tunnel4"), kit.bed.journal_mark()
        told = time.time()
        kit.publish([grant("G-hmi", "hmi-1", ["http"], revoked=True)])
        assert 2 <= cut_times(kit, held, mark, "revoked") - told < 4
    finally:
        kit.bed.put("/etc/jump/jump.conf", kit.policy)


def test_client_gone_for_good_frees_the_target(kit, session):
    """It closes both ways while the target waits: nothing is left over."""
    session.python("""
import socket
s = socket.create_connection(("10.20.0.11", 3389))
s.recv(100)
s.close()
""")
    wait_for(lambda: not kit.connections(), 5, "the connection is over")


# --- the relay's own life


def test_killed_process_has_an_end_in_the_log(kit, session):
    held, mark = hold(session, "tunnel4"), kit.bed.journal_mark()
    (conn, record), = kit.connections().items()
    kit.bed.run(["kill", "-KILL", record["pid"]])
    held.ended()
    closed = kit.wait_event(mark, "conn.close", conn=conn)
    assert (closed["JUMP_REASON"], closed["JUMP_OUTCOME"]) == (
        "error", "failure")
    assert not kit.connections()


def test_listener_killed_connections_go_on(kit, session):
    held = hold(session, "tunnel4")
    parent = kit.bed.run("systemctl show -P MainPID jump-relay").out.strip()
    kit.bed.run(["kill", "-KILL", parent])
    assert call(session, how="echo", size=5, **to("tunnel6", "echo"))[
        "got"] == 5
    assert held.running()
    # the new one knows of the old connection, also when that is killed
    (conn, record), = kit.connections().items()
    mark = kit.bed.journal_mark()
    kit.bed.run(["kill", "-KILL", record["pid"]])
    assert kit.wait_event(mark, "conn.close", conn=conn)[
        "JUMP_REASON"] == "error"
    held.ended()


def test_restart_and_stop_end_nothing(kit, session):
    held = hold(session, "brokered")
    for verb in "restart", "stop":
        kit.bed.run(f"systemctl {verb} jump-relay.service")
        assert call(session, how="echo", size=5, **to("tunnel4", "echo"))[
            "got"] == 5
        assert held.running()
    held.kill()


def test_idle_relay_goes_and_comes_back(kit, session):
    call(session, how="echo", size=1, **to("tunnel4", "echo"))
    began = time.time()
    kit.bed.wait("! systemctl is-active -q jump-relay.service", 45)
    assert 25 < time.time() - began < 40
    assert kit.bed.run("systemctl show -P Result jump-relay").out == "success\n"
    assert call(session, how="echo", size=1, **to("tunnel6", "echo"))["got"] == 1


def test_relay_is_sandboxed(kit, session):
    held = hold(session, "tunnel4")
    record, = kit.connections().values()
    status = dict(line.split(":\t", 1) for line in kit.bed.read(
        f"/proc/{record['pid']}/status").splitlines() if ":\t" in line)
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    assert int(status["CapBnd"], 16) == 1 << 29 # CAP_AUDIT_WRITE
    uid = kit.bed.run("id -u jump-relay").out.strip()
    assert set(status["Uid"].split()) == {uid}
    held.kill()
