# SPDX-License-Identifier: BSD-2-Clause
"""Machines that mean harm, and clients that do: each is left in bounded time
with a sentence, is in the log once and not a thousand times, leaves nothing
behind, and nobody else notices."""
import contextlib
import json
import os
import re
import time

import pexpect
import pytest

from jumplab.bed import wait_for
from jumplab.evidence import Evidence
from jumplab.inside import Inside
from jumplab.login import Login
from jumplab.party import NO_CODE, Tunnel, connections, events, keyfiles
from jumplab.place import LAB_DIR, default_id
from jumplab.visit import PORT, V4, Visits

pytestmark = pytest.mark.protocols

# The order of tests/lab/ot/hostile.py, from port 2200 on.
KINDS = ("silent", "banner", "line", "control", "handshake", "at_once", "slow",
         "torn", "honest")
HMI = "10.20.0.11"

# Either road leads to these: recorded where jumpshell goes, else a tunnel.
HOPPERS = """[conduit hoppers]
Users = hop-*
To = cell-a cell-b
Protocols = ssh rdp http
MaxWindow = 8h
Approvals = 1
Record = optional
OtpGrace = 1h
MaxSessions = 64
MaxConnections = 64

"""


def targets(ot):
    return "".join(f"""[target evil-{kind.replace("_", "-")}]
Zone = cell-a
Address = {HMI}
Protocols = ssh
Port.ssh = {2200 + number}
HostKey = {ot["hmi-1"].host_key}
Accounts = maint

""" for number, kind in enumerate(KINDS))


def evil(kind):
    return f"evil-{kind.replace('_', '-')}"


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "e") as one:
        one.install()
        one.ot["historian"].ports["http"] = 7 # echo
        one.ot.bed.put_file(LAB_DIR / "ot/hostile.py", "/etc/ot/hostile.py")
        machines = one.ot.bed.popen(["python3", "/etc/ot/hostile.py", HMI,
                                     "/etc/ot/hmi-1.conf", "10.20.0.2"])
        assert machines.stdout.readline() == "listening\n"
        yield Visits(one, otp_grace="1h", more=targets(one.ot) + HOPPERS)
        one.ot.bed.run("kill $(cat /run/ot/hostile.pid)")
        machines.communicate(timeout=10)


@pytest.fixture(scope="module")
def tech(visits):
    person = visits.enrol("hop-tech", key="hopper")
    visits.window(person.name, targets=[evil(kind) for kind in KINDS],
                  record="optional")
    visits.window(person.name, targets=("historian",), protocols=("http",),
                  account="")
    return person


@pytest.fixture(scope="module")
def login(tech):
    one = Login(tech)
    yield one
    one.end()


class Quiet:
    """Somebody else, whose words come back at once."""

    def __init__(self, visits):
        self.person = visits.enrol("hop-quiet", key="quiet")
        visits.window(self.person.name, targets=("hmi-1",), protocols=("rdp",),
                      account="")
        self.login = Login(self.person, ["-L", f"13500:{HMI}:3389"])
        self.tunnel = Tunnel(self.person, 13500)
        assert self.tunnel.greeting.startswith("rdp")

    def longest(self, seconds=1.0):
        """Seconds that the slowest of many words took."""
        worst, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.monotonic()
            assert self.tunnel.echoes(f"word {began}")
            worst = max(worst, time.monotonic() - began)
            time.sleep(0.01)
        return worst


@pytest.fixture(scope="module")
def quiet(visits):
    one = Quiet(visits)
    yield one
    one.tunnel.hang_up()
    one.login.end()


@pytest.fixture(autouse=True)
def _aftermath(visits, tech, quiet, patient):
    """Nothing of the person's is left, and the other is where he was."""
    client = visits.site.supplier
    before = list(client._started)
    yield
    for child in client._started[len(before):]:
        end(child)
    assert_nothing_left(visits, tech)
    assert quiet.longest(0.1) < 2


def end(child):
    """A program of the laptop's, and the pipes that it leaves."""
    if isinstance(child, pexpect.spawn):
        child.close(force=True)
        return
    child.kill()
    child.wait(10)
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            with contextlib.suppress(OSError):
                stream.close()


def left(visits, person):
    """All that there is of a person's connections."""
    names = ("ssh", "jumpshell", "jump-dial", "jump-keypair")
    return ([one["name"] for one in connections(visits.bastion, person.name)] +
            [one for one in keyfiles(visits.bastion, "/run/jump/live")
             if one.get("uid") == str(person.uid)] +
            [one for one in Inside(visits.bastion).processes(uid=person.uid)
             if one.name in names])


def assert_nothing_left(visits, person, timeout=15):
    wait_for(lambda: (not left(visits, person), left(visits, person)), timeout,
             "nothing left")


# -- machines, on the road of jumpshell

# What the person reads, and how long it may take.
WORDS = {
    "banner": ("identification", 15),
    "line": ("too long", 15),
    "control": ("", 15),
    "at_once": ("reset|closed", 15),
}


@pytest.fixture(scope="module")
def patient(visits):
    """Somebody who waits for a machine that says nothing; the last test looks
    what came of it."""
    person = visits.enrol("hop-patient", key="patient")
    visits.window(person.name, targets=["evil-silent"], record="optional")
    began = time.monotonic()
    child = person.start("evil-silent", "hostname")
    yield person, child, began
    end(child)


def test_machines_are_left_in_time(visits, tech, login, quiet, patient):
    """All of them at once, because some take their time. One line says what
    it was, none of it the machine's own words to a terminal."""
    seen, began = Evidence(visits.site), time.monotonic()
    children = {kind: tech.start(evil(kind), "hostname", code=NO_CODE)
                for kind in WORDS}
    assert quiet.longest(2) < 1
    for kind, (words, longest) in sorted(WORDS.items(), key=lambda one:
                                         one[1][1]):
        out, err = children[kind].communicate(
            timeout=max(1, began + longest - time.monotonic()))
        assert children[kind].returncode == 255 and out == "", (out, err)
        assert re.search(words, err), (kind, err)
        assert re.fullmatch(r"[\n\r\t\x20-\x7e]{10,2000}", err), (kind, err)
        closed = seen.journal("conn.close", user=tech.name, target=evil(kind))
        assert closed["JUMP_REASON"] in ("peer", "error", "refused"), closed
        seen.journal("record.end", user=tech.name, target=evil(kind))


def test_a_slow_reader_holds_up_nobody(visits, tech, login, quiet):
    """Five megabytes for a machine that takes two kilobytes a second: they
    wait in bounded room, and hanging up is hanging up."""
    child = tech.start(evil("slow"), "cat > /dev/null", code=NO_CODE,
                       stdin=-1, text=False)
    visits.bastion.wait("grep -lq target=evil-slow /run/jump/connections/*")
    os.set_blocking(child.stdin.fileno(), False)
    sent, until = 0, time.monotonic() + 3
    while time.monotonic() < until and sent < 20_000_000:
        try:
            sent += child.stdin.write(bytes(65536)) or 0
        except BlockingIOError:
            time.sleep(0.01)
    assert sent < 10_000_000 # somebody on the way has said: enough
    assert quiet.longest() < 0.5
    memory = [visits.bastion.run(["cat", f"/proc/{one.inner}/statm"]).out
              for one in Inside(visits.bastion).processes(uid=tech.uid)]
    assert all(int(one.split()[1]) < 4096 for one in memory) # 16 MiB
    end(child)
    assert_nothing_left(visits, tech)


def test_a_torn_connection_is_told(visits, tech, login):
    seen = Evidence(visits.site)
    did = tech.login(evil("torn"), "while :; do echo ...; done", code=NO_CODE)
    assert did.rc == 255 and "..." in did.out, did.rc
    assert re.search("reset|closed|Broken", did.err), did.err
    seen.journal("conn.close", user=tech.name, target="evil-torn",
                 reason="peer")
    seen.journal("record.end", user=tech.name, target="evil-torn")


def test_a_handshake_that_never_ends(visits, tech, login, quiet):
    """Nobody can say when it is too long; who has waited enough, leaves."""
    child = tech.start(evil("handshake"), "hostname", code=NO_CODE)
    wait_for(lambda: connections(visits.bastion, tech.name), 15)
    assert quiet.longest(2) < 0.5 and child.poll() is None
    end(child)
    assert_nothing_left(visits, tech, 5)


@pytest.fixture
def half_open(visits):
    """Switches off all that the honest machine says, mid-session."""
    bed = visits.ot.bed

    def off():
        bed.run(["nft", "-f", "-"], input="""table inet off {
    chain out {
        type filter hook output priority 0;
        tcp sport 2208 drop
    }
    chain in {
        type filter hook input priority 0;
        tcp dport 2208 drop
    }
}
""")
    yield off
    bed.run("nft delete table inet off")


def test_a_machine_that_is_switched_off(visits, tech, login, quiet, half_open):
    """Half-open: nothing comes any more. Hanging up does not wait for it, and
    a new visit is told that nobody is there."""
    child = tech.start(evil("honest"), "echo in; cat", code=NO_CODE, stdin=-1)
    assert child.stdout.readline() == "in\n"
    half_open()
    child.stdin.write("x" * 100000)
    child.stdin.flush()
    assert quiet.longest(0.5) < 0.5 and child.poll() is None
    end(child)
    assert_nothing_left(visits, tech, 5)
    seen = Evidence(visits.site)
    did = tech.login(evil("honest"), "hostname", code=NO_CODE)
    assert did.rc == 255 and "does not answer" in did.err, did
    seen.journal("conn.close", user=tech.name, target="evil-honest",
                 reason="unreachable")


def test_resets_by_the_dozen(visits, tech, login, quiet):
    """A machine that hangs up on everybody, and somebody who tries again."""
    seen = Evidence(visits.site)
    for _ in range(40):
        tech.client.run(login.hop(f"{HMI}:2205"), check=False)
    assert quiet.longest(0.5) < 0.5
    closed = seen.journals("conn.close", user=tech.name, target="evil-at-once")
    assert len(closed) == 40
    assert {one["JUMP_REASON"] for one in closed} <= {"peer", "refused"}


def test_a_flood_on_a_terminal(visits, tech, login, quiet):
    """Control sequences without end: shown as they come, recorded as they
    come, and the window's owner leaves when he likes."""
    child = tech.client.terminal(
        f"{tech.name}@{V4}", evil("honest"), "yes \"$(printf "
                               "'\\033[2J\\033]0;owned\\007\\033[6n')\"",
        key=tech.key, code=NO_CODE, options=["-p", PORT])
    child.expect("owned", timeout=20)
    began = time.monotonic()
    assert quiet.longest() < 0.5
    end(child)
    assert_nothing_left(visits, tech)
    assert time.monotonic() - began < 20


# -- host keys

def test_another_host_key(visits, tech, login):
    """Pinned is pinned: the machine that answers is another one. Then it is
    the policy that is changed, in the middle of a window."""
    path = "/etc/jump/policy.d/site.conf"
    before = visits.bastion.read(path)
    ours, others = (visits.ot[name].host_key for name in ("hmi-1", "historian"))
    running = tech.start(evil("honest"), "echo in; sleep 60", code=NO_CODE)
    assert running.stdout.readline() == "in\n"
    try:
        visits.bastion.put(path, before.replace(ours, others))
        visits.bastion.run("jumpctl policy check && "
                           "systemctl start jump-apply")
        seen = Evidence(visits.site)
        did = tech.login(evil("honest"), "hostname", code=NO_CODE)
        assert did.rc == 255 and "Host key verification failed" in did.err, did
        closed = seen.journal("conn.close", user=tech.name,
                              target="evil-honest")
        assert closed["JUMP_REASON"] == "peer"
        assert running.poll() is None # it was the right one when it began
    finally:
        visits.bastion.put(path, before)
        visits.bastion.run("systemctl start jump-apply")
    did = tech.login(evil("honest"), "echo on-$TARGET", code=NO_CODE)
    assert "on-hmi-1" in did.out, did


# -- machines, through a tunnel

@pytest.mark.parametrize("kind", ["silent", "line", "at_once"])
def test_a_tunnel_to_a_hostile_machine(visits, tech, login, quiet, kind):
    """What they do to each other is their own; the bastion lets go of both
    when one of them does."""
    seen = Evidence(visits.site)
    child = tech.start(options=["-W", f"{HMI}:{2200 + KINDS.index(kind)}"],
                       code=NO_CODE, text=False, stdin=-1)
    if kind == "at_once":
        assert child.stdout.read() == b""
    else:
        wait_for(lambda: connections(visits.bastion, tech.name), 15)
        if kind == "line":
            assert child.stdout.read(1 << 20) == b"x" * (1 << 20)
        assert quiet.longest(0.5) < 0.5
    end(child)
    closed = seen.journal("conn.close", user=tech.name, target=evil(kind))
    assert closed["JUMP_REASON"] in ("peer", "refused")


# -- clients

# Opens channels as fast as it can; what became of them.
OPENER = r"""
import json, sys, threading, time, paramiko
host, port, user, path, to, to_port, count, pace, keep = sys.argv[1:]
key = paramiko.Ed25519Key.from_private_key_file(path)
bastion = paramiko.Transport((host, int(port)))
bastion.start_client(timeout=20)
if bastion.auth_publickey(user, key):
    bastion.auth_interactive(user, lambda a, b, prompts: ["" for _ in prompts])
told = {"open": 0, "refused": 0, "closed": 0}
kept, began = [], time.monotonic()
for i in range(int(count)):
    wait = began + i / float(pace) - time.monotonic()
    if wait > 0:
        time.sleep(wait)
    try:
        channel = bastion.open_channel("direct-tcpip", (to, int(to_port)),
                                       ("127.0.0.1", 0), timeout=20)
    except paramiko.ChannelException as e:
        told["refused"] += 1
        continue
    told["open"] += 1
    kept.append(channel)
    if keep == "no":
        channel.close()
        kept.pop()
told["took"] = time.monotonic() - began
if keep == "yes":
    time.sleep(2)
    told["closed"] = sum(one.eof_received or one.closed for one in kept)
    told["alive"] = len(kept) - told["closed"]
print(json.dumps(told), flush=True)
bastion.close()
"""


def opener(person, to, port, count, pace=10000, keep="no"):
    return person.client.popen(
        ["/usr/bin/python3", "-W", "ignore", "-c", OPENER, V4, PORT,
         person.name, person.client.key(person.key), to, port, count, pace,
         keep])


def told_by(child, timeout=60):
    out, err = child.communicate(timeout=timeout)
    assert child.returncode == 0, err
    return json.loads(out)


def refused(seen, person, *reasons):
    """(entries, refusals that they stand for) of these reasons. Who was gone
    before the kernel could say whose it was, is nobody's."""
    found = [one for one in seen.journals("conn.deny")
             if one.get("JUMP_USER", person.name) == person.name
             and (not reasons or one["JUMP_REASON"] in reasons)]
    return len(found), sum(int(one.get("JUMP_COUNT", 1)) for one in found)


def end_listener(visits):
    """The relay tells what it has counted when it goes; it comes again with
    the next knock."""
    visits.bastion.run("systemctl kill --kill-who=main -s TERM jump-relay",
                       check=False)
    visits.bastion.wait("! systemctl is-active -q jump-relay || "
                        "test -z \"$(systemctl show -P MainPID jump-relay | "
                        "grep -v '^0$')\"")


def kernel_refused(visits):
    """Packets of suppliers that the filter itself has refused."""
    return int(re.search(r"counter packets (\d+)", visits.bastion.run(
        "nft list chain inet jumphost refuse_supplier").out)[1])


def test_a_thousand_channels(visits, tech, login, quiet):
    """The conduit's 64 are had, the others refused; each is in the log, by
    itself or in a count."""
    end_listener(visits)
    seen, before = Evidence(visits.site), kernel_refused(visits)
    child = opener(tech, visits.ot["historian"].v4, 7, 1000, keep="yes")
    worst = quiet.longest(3)
    told = told_by(child)
    assert told["alive"] == 64, told
    assert worst < 1, worst
    assert len(connections(visits.bastion, tech.name)) <= 64
    end_listener(visits)
    wait_for(lambda: refused(seen, tech)[1] > 100, 10, "counts")
    entries, stand_for = refused(seen, tech)
    # a slow machine takes some minutes, and each has its first ones
    assert entries * 5 <= entries + stand_for
    # what the kernel turned away comes to no relay
    stand_for += kernel_refused(visits) - before
    assert stand_for == 1000 - 64, (entries, stand_for, told)


def test_a_flood_of_refusals_is_a_count(visits, tech, login, quiet):
    """As fast as 10,000 a minute, to what must be recorded: 20 records and
    one with the number of the others."""
    person = visits.enrol("acme-flood", key="flood")
    visits.window(person.name, targets=("plc-gw",))
    one = Login(person)
    end_listener(visits)
    seen = Evidence(visits.site)
    child = opener(person, visits.ot["plc-gw"].v4, 22, 500, pace=167)
    worst = quiet.longest(2)
    told = told_by(child)
    assert told["open"] + told["refused"] == 500 and worst < 1, (told, worst)
    end_listener(visits)
    wait_for(lambda: refused(seen, person)[1] > 400, 10, "counts")
    entries, stand_for = refused(seen, person)
    assert stand_for == 500, (stand_for, told)
    assert entries <= 2 * 21 + 20
    audit = [int(one.fields.get("count", 1)) for one in seen.audits(
        type="USER_ACCT", op="jump:conn")
        if one.fields.get("acct", person.name) == person.name]
    assert sum(audit) == 500 and len(audit) == entries
    one.end()


def test_jumpshell_asks_before_it_tells(visits, tech, login):
    """Refusals of its own, by the dozen over one login."""
    end_listener(visits)
    seen = Evidence(visits.site)
    for _ in range(30):
        assert tech.client.run(login.command("nowhere"), check=False).rc != 0
    end_listener(visits)
    wait_for(lambda: refused(seen, tech, "target")[1] == 30, 10, "a count")
    assert refused(seen, tech, "target")[0] == 21


def test_opens_that_sshd_refuses(visits, tech, login, quiet):
    """Of what was not granted at login sshd has a line, and nobody else is
    slowed."""
    seen = Evidence(visits.site)
    child = opener(tech, visits.ot["historian"].v4, 9999, 500, pace=167)
    worst = quiet.longest(2)
    told = told_by(child)
    assert told["refused"] == 500 and worst < 1, (told, worst)
    lines = visits.bastion.run(
        ["journalctl", "-q", "--no-pager", "-o", "cat",
         f"--after-cursor={seen.journal_mark}"]).out
    assert lines.count("but the request was denied") == 500
    assert refused(seen, tech)[0] == 0


# Connections that say nothing, or nonsense, to jump-sshd.
LORIS = r"""
import os, socket, sys, time
host, port, count, how = sys.argv[1:]
kept = []
for i in range(int(count)):
    try:
        s = socket.create_connection((host, int(port)), 5)
        s.setblocking(False)
        if how == "garbage":
            s.send(os.urandom(20000))
        elif how == "half":
            s.send(b"SSH-2.0-x\r\n\0\0\x10\0\x04\x14" + os.urandom(100))
        kept.append(s)
    except OSError:
        pass
print("held", len(kept), flush=True)
end = time.monotonic() + 60
while time.monotonic() < end:
    time.sleep(1)
"""


@pytest.mark.parametrize("how", ["silent", "garbage", "half"])
def test_who_knocks_and_says_nothing_good(visits, tech, login, quiet, how):
    """From one address, hundreds of connections to jump-sshd; from another
    one comes in as ever."""
    other = visits.site.second_supplier
    loris = other.popen(["/usr/bin/python3", "-c", LORIS, V4, PORT, "300",
                         how])
    assert loris.stdout.readline().startswith("held")
    began = time.monotonic()
    assert tech.login("window", code=NO_CODE).rc == 0
    assert time.monotonic() - began < 5
    assert quiet.longest(0.5) < 0.5
    loris.kill()
    loris.wait(10)
    visits.bastion.wait("systemctl is-active -q jump-sshd")
    wait_for(lambda: sum("[preauth]" in one.line or "[accepted]" in one.line
                         for one in Inside(visits.bastion).processes("sshd"))
             == 0, 20, "sshd's processes to go")


# -- what takes its time

def test_a_machine_that_says_nothing(visits, patient):
    person, child, began = patient
    out, err = child.communicate(timeout=max(1, began + 45 - time.monotonic()))
    assert child.returncode == 255 and "timed out" in err, err
    closed, = events(visits.bastion, "conn.close", since=0, user=person.name)
    assert closed["reason"] == "peer"
    assert 25000 < int(closed["duration_ms"]) < 40000
    assert_nothing_left(visits, person)
