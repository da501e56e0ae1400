# SPDX-License-Identifier: BSD-2-Clause
"""Every way into OT and out of it that somebody could try, as every class of
uid on the bastion, from OT, and by every forwarding that ssh has: only what
is granted, and recorded as it must be, gets through.

A fixture tries all ways of its kind at once; the tests are the rows of what
was met."""
import collections
import concurrent.futures
import time

import pexpect
import pytest

from jumplab import probe
from jumplab.bed import wait_for
from jumplab.login import Login
from jumplab.party import events, sessions
from jumplab.place import default_id
from jumplab.visit import PORT, V4, V6, Visits

pytestmark = pytest.mark.vertical

VNC, RDP, SSH = 5900, 3389, 22


@pytest.fixture(autouse=True)
def _aftermath():
    """The rows touch nothing; what they look at tidies up behind itself."""


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "r") as one:
        made = Visits(one.install())
        made.bastion.run("useradd --system svc-backup")
        yield made


@pytest.fixture(scope="module")
def tech(visits):
    return visits.usual()


@pytest.fixture(scope="module")
def login(tech):
    one = Login(tech)
    yield one
    one.end()


# --- from the bastion itself


CLASSES = ["supplier", "supplier-in-session", "other-supplier", "nobody",
           "service", "jump-fetch", "relay", "root"]
KINDS = [f"{how}-v{family}" for how in ("tcp", "udp", "icmp")
         for family in (4, 6)]
DOORS = ["/run/jump/relay.sock", "/run/jump/record.sock",
         "/run/jump/cert/cell-a.sock", "/run/jump/cert/cell-b.sock"]
JUMPSHELL = "/usr/lib/jump/jumpshell"


def kind(way):
    how, where, _ = way
    return f"{how}-v{6 if ':' in where else 4}"


def granted(ot):
    return {("tcp", address, port) for port in (VNC, RDP)
            for address in (ot["hmi-1"].v4, ot["hmi-1"].v6)}


def recorded(ot):
    return {("tcp", address, SSH) for address in (ot["plc-gw"].v4,
                                                  ot["plc-gw"].v6)}


def zone_tcp(ot):
    """What the relay's uid is there for."""
    return {way for way in probe.zone_ways(ot) if way[0] == "tcp"}


@pytest.fixture(scope="module")
def met(visits, tech, login):
    """{class: {way: word}}, tried by all of them at the same time."""
    bed, ot = visits.bastion, visits.ot
    uids = {name: int(bed.run(["id", "-u", user]).out) for name, user in (
        ("nobody", "nobody"), ("service", "svc-backup"),
        ("jump-fetch", "jump-fetch"), ("relay", "jump-relay"))}
    uids.update({"supplier": tech.uid, "other-supplier": 1909999999, "root": 0})
    groups = bed.run("getent group jump-users | cut -d: -f3").out.strip()
    session, = sessions(bed, tech.name)
    anyones = probe.zone_ways(ot) + probe.KNOCK
    theirs = probe.OUTSIDE + probe.LOCAL
    doors = [("unix", path, 0) for path in DOORS] + [("run", JUMPSHELL, 0)]

    def ways(name):
        if name in ("supplier", "supplier-in-session", "other-supplier",
                    "relay"):
            return anyones + theirs + (doors if name == "relay" else [])
        return anyones + (doors if name != "root" else [])

    def ask(name):
        if name == "supplier-in-session":
            return probe.probes_in(bed, session["cgroup"], tech.uid, groups,
                                   ways(name))
        return probe.probes(bed, uids[name], ways(name))
    bed.run("ip -6 neigh flush all; ip neigh flush all")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return dict(zip(CLASSES, pool.map(ask, CLASSES)))


@pytest.mark.parametrize("way", KINDS)
@pytest.mark.parametrize("who", CLASSES)
def test_direct(visits, met, who, way):
    answers = {one: word for one, word in met[who].items() if kind(one) == way}
    assert len(answers) >= 3
    good = {"supplier-in-session": granted, "relay": zone_tcp}.get(
        who, lambda ot: set())(visits.ot)
    # turned to the relay, which refuses: in so many words where it is ssh
    told = {"supplier": granted(visits.ot) | recorded(visits.ot),
            "supplier-in-session": recorded(visits.ot)}.get(who, set())
    probe.closed(answers, but=good | told)
    for one in good & set(answers):
        # (nothing listens there)
        assert answers[one] == ("refused" if one[2] == 9999 else "open"), one
    for one in told & set(answers):
        assert answers[one] in ("refused", "closed"), (one, answers[one])


def test_direct_is_noted(visits, met, tech):
    """What went through has its event, of the session; what was turned to
    the relay without a session has its refusal."""
    uuid = sessions(visits.bastion, tech.name)[0]["uuid"]

    def look():
        seen = collections.Counter(
            (one.get("session"), one["target"]) for one in events(
                visits.bastion, "conn.open", since=0))
        return seen == {(uuid, "hmi-1"): 4}, seen
    wait_for(look, 5, "four connections of the session")
    denied = collections.Counter(one["reason"] for one in events(
        visits.bastion, "conn.deny", since=0))
    assert denied == {"peer": 6, "recording": 2}, denied


@pytest.mark.parametrize("who", ["nobody", "service", "jump-fetch"])
@pytest.mark.parametrize("door", [*DOORS, JUMPSHELL])
def test_local_accounts_and_the_doors(met, who, door):
    answers = {one[1]: word for one, word in met[who].items()}
    assert answers[door] == "EACCES"


@pytest.mark.parametrize("door", DOORS[1:] + [JUMPSHELL])
def test_the_relay_and_the_doors(met, door):
    assert {one[1]: word for one, word in met["relay"].items()}[
        door] == "EACCES"


@pytest.mark.parametrize("target,proto,says", [
    ("plc-gw", "ssh", "no recording "), ("hmi-1", "ssh", "no protocol "),
    ("historian", "ssh", "no target "),
    ("hmi-1", "vnc", "ok identified")]) # granted, and need not be recorded
def test_supplier_asks_the_relay_by_hand(visits, tech, login, target, proto,
                                         says):
    """A program of one's own in one's own session, instead of jumpshell."""
    session, = sessions(visits.bastion, tech.name)
    groups = visits.bastion.run("getent group jump-users | cut -d: -f3").out
    answer = probe.knock_in(visits.bastion, session["cgroup"], tech.uid,
                            groups.strip(), target, proto)
    assert answer.startswith(says), answer


# --- from OT


INWARD = [(how, where, port)
          for where in ("10.20.0.2", "fd00:20::2", "10.10.0.2", "fd00:10::2")
          for how, port in (("tcp", 22), ("tcp", int(PORT)), ("tcp", 722),
                            ("udp", 5353), ("icmp", 0))] + [
    (how, where, port) for where in ("10.10.0.20", "fd00:10::20")
    for how, port in (("tcp", 2200), ("udp", 5353), ("icmp", 0))]

ANSWERS_UDP = """
import os, socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", 5353))
print(os.getpid(), flush=True)
while True:
    data, who = s.recvfrom(100)
    s.sendto(b"here", who)
"""


@pytest.fixture(scope="module")
def from_ot(visits):
    """What OT's root meets at the bastion and behind it, where a UDP service
    would answer and sshd does."""
    bed = visits.bastion
    service = bed.popen(["python3", "-c", ANSWERS_UDP])
    pid = service.stdout.readline().strip()
    try:
        here = probe.probes(bed, 0, [("udp", "10.20.0.2", 5353),
                                     ("udp", "fd00:20::2", 5353),
                                     ("tcp", "10.20.0.2", 22)])
        assert set(here.values()) == {"open"}
        return probe.probes(visits.ot.bed, 0, INWARD)
    finally:
        bed.run(["kill", pid])
        service.communicate(timeout=10)


@pytest.mark.parametrize("way", KINDS)
def test_from_ot_inwards(from_ot, way):
    answers = {one: word for one, word in from_ot.items() if kind(one) == way}
    assert len(answers) >= 3
    assert set(answers.values()) == {"silent"}, answers


# --- by ssh's own means


def forwards(ot):
    """{id: (what is asked for, does it get through)}"""
    hmi, plc = ot["hmi-1"], ot["plc-gw"]
    rows = {"granted-v4": (f"{hmi.v4}:{VNC}", True),
            "granted-v6": (f"[{hmi.v6}]:{RDP}", True),
            "granted-name": (f"hmi-1:{VNC}", True)}
    for name, to in {
            "other-port-v4": f"{hmi.v4}:80", "other-port-v6": f"[{hmi.v6}]:80",
            "other-protocol": f"{hmi.v4}:22",
            "other-target-v4": f"{plc.v4}:{VNC}",
            "other-target-v6": f"[{ot['legacy-1'].v6}]:{VNC}",
            "other-target-name": f"legacy-1:{VNC}",
            "other-zone": f"{ot['historian'].v4}:{VNC}",
            "this-host-v4": "127.0.0.1:22", "this-host-v6": "[::1]:22",
            "this-host-name": "localhost:22",
            "this-host-it": f"{V4}:22", "this-host-ot": "10.20.0.2:22",
            "mapped": f"[::ffff:{hmi.v4}]:80",
            "relay-port-v4": "127.0.0.1:722", "relay-port-v6": "[::1]:729",
            "outside": "10.10.0.5:22", "back-to-it": "10.10.0.20:22"}.items():
        rows[name] = (to, False)
    return rows


FORWARDS = ["granted-v4", "granted-v6", "granted-name", "other-port-v4",
            "other-port-v6", "other-protocol", "other-target-v4",
            "other-target-v6", "other-target-name",
            "other-zone", "this-host-v4", "this-host-v6", "this-host-name",
            "this-host-it", "this-host-ot", "mapped", "relay-port-v4",
            "relay-port-v6", "outside", "back-to-it"]
STREAMLOCAL = ["/run/jump/relay.sock", "/run/jump/record.sock",
               "/run/jump/cert/cell-a.sock", "/run/dbus/system_bus_socket",
               "/run/systemd/private"]

SAYS = """
import socket, sys
where = sys.argv[1]
s = (socket.socket(socket.AF_UNIX) if where.startswith("/")
     else socket.socket(socket.AF_INET))
s.settimeout(5)
try:
    s.connect(where if where.startswith("/") else ("127.0.0.1", int(where)))
    s.sendall(bytes.fromhex(sys.argv[2]) if len(sys.argv) > 2 else b"")
    print(s.recv(200).decode(errors="replace").strip())
except OSError as e:
    print("", e)
"""


def says(login, where, *sent):
    """What is heard at a local port or socket of a forwarding."""
    return login.client.run(["python3", "-c", SAYS, str(where), *sent]).out


@pytest.fixture(scope="module")
def through(visits, met, login):
    """{(option, row): what was heard}. All by one login."""
    heard = {"since": time.time()}
    port = 15910
    rows = {name: to for name, (to, _) in forwards(visits.ot).items()}
    assert list(rows) == FORWARDS
    rows.update({path: path for path in STREAMLOCAL})
    words, places = [], {}
    for name, to in rows.items():
        port += 1
        words += ["-L", f"{port}:{to}"]
        places[name] = port
    unix = login.client.dir / "local.sock"
    words += ["-L", f"{unix}:{rows['granted-v4']}", "-D", "15909"]
    assert login.forward(*words).rc == 0
    def ask(name):
        found = {("-L", name): says(login, places[name])}
        if name in FORWARDS:
            to = rows[name]
            hop = login.client.run(login.hop(to), check=False, timeout=20,
                                   stdin=None, input="")
            found["-W", name] = hop.out
            host, _, number = to.rpartition(":")
            host = host.strip("[]")
            socks = login.client.run(
                ["sh", "-c", f"nc -X 5 -x 127.0.0.1:15909 -w 3 {host} {number}"
                 " </dev/null"], check=False, timeout=20)
            found["-D", name] = socks.out
        return found
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for found in pool.map(ask, rows):
            heard.update(found)
    heard["-L", "from a socket"] = says(login, unix)
    login.cancel(*words)
    return heard


@pytest.mark.parametrize("row", FORWARDS)
@pytest.mark.parametrize("option", ["-L", "-W", "-D"])
def test_forwarding(visits, through, option, row):
    heard = through[option, row].strip()
    if forwards(visits.ot)[row][1]:
        assert " on " in heard, heard
    else:
        assert " on " not in heard and "SSH" not in heard, heard


@pytest.mark.parametrize("path", STREAMLOCAL)
def test_forwarding_to_a_socket(through, path):
    assert through["-L", path].strip() in (
        "", "[Errno 104] Connection reset by peer")


def test_forwarding_from_a_local_socket(through):
    """How the client's own end looks is the client's affair."""
    assert " on 10.20.0.11" in through["-L", "from a socket"]


def test_forwarding_is_noted(visits, through, tech):
    """Three options, three rows, one more: each by its event. -J is -W."""
    seen = events(visits.bastion, "conn.open", since=through["since"],
                  user=tech.name)
    assert len(seen) == 3 * 3 + 1, seen
    assert {one["target"] for one in seen} == {"hmi-1"}
    assert len({one["session"] for one in seen}) == 1


@pytest.mark.parametrize("spec", [
    "15905:127.0.0.1:22", "0.0.0.0:15905:127.0.0.1:22",
    "[::]:15905:127.0.0.1:22", "15905:10.20.0.11:5900", "0:127.0.0.1:22",
    "15905", "/tmp/back.sock:127.0.0.1:22", "/tmp/back.sock:/tmp/local.sock",
    "15905:/tmp/local.sock"])
def test_remote_forwarding_is_refused(visits, login, spec):
    """-R, also to sockets, and as a proxy back (-R with a port alone)."""
    before = visits.bastion.run("ss -Hltn | wc -l").out
    r = login.forward("-R", spec)
    assert r.rc == 255 and "forwarding failed" in r.err, r
    assert visits.bastion.run("ss -Hltn | wc -l").out == before
    assert not visits.bastion.exists("/tmp/back.sock")


@pytest.mark.parametrize("tunnel", ["point-to-point", "ethernet"])
def test_tun_is_refused(visits, tunnel):
    name = f"acme-{tunnel.replace('-', '')}"
    person = visits.enrol(name, key=name)
    visits.window(name, targets=("hmi-1",), protocols=("vnc",), account="")
    r = person.login(options=["-N", "-o", f"Tunnel={tunnel}", "-w", "any:any",
                              "-o", "ExitOnForwardFailure=yes"], timeout=90)
    assert r.rc == 255 and "unnel" in r.err, r
    assert visits.bastion.run("ip -o link show type tun; "
                              "ip -o link show type tap").out == ""


# --- ssh -J


def with_config(visits, name):
    """Somebody with a file as ~/.ssh/config is, who types `ssh -J bastion`."""
    person = visits.enrol(name, key=name)
    visits.window(person.name, targets=("plc-gw",), protocols=("ssh",))
    folder = person.client.dir
    (folder / f"{name}.config").write_text(
        f"Host *\n  UserKnownHostsFile {folder}/known\n"
        "  StrictHostKeyChecking accept-new\n  IdentitiesOnly yes\n"
        f"  IdentityFile {person.client.key(person.key)}\n"
        f"Host bastion\n  HostName {V6}\n  Port {PORT}\n"
        f"  User {person.name}\n")
    return person


@pytest.fixture(scope="module")
def jumper(visits):
    return with_config(visits, "acme-jumper")


def shown(person, *words):
    """What ssh of these words shows on a terminal, and how it ends."""
    argv = person.client.entry(
        ["ssh", "-F", person.client.dir / f"{person.name}.config", *words])
    child = pexpect.spawn(argv[0], argv[1:], encoding="latin-1", timeout=60,
                          env=person.client.environment(person.totp))
    child.expect(pexpect.EOF)
    child.close()
    return child.before, child.exitstatus


SENTENCE = ("plc-gw must be recorded, and a tunnel to it is not. Type "
            "instead: ssh {}@bastion-1 plc-gw")


@pytest.mark.parametrize("to", ["10.20.0.10", "fd00:20::10", "plc-gw"])
def test_jump_to_a_recorded_target(visits, jumper, to):
    """The stock client, on a terminal: a sentence, and nothing that is not
    for people."""
    text, status = shown(jumper, "-J", "bastion", f"maint@{to}")
    assert status == 255
    assert text.count(SENTENCE.format(jumper.name)) == 1, text
    assert text.replace("\r", "").replace("\n", "").isprintable(), repr(text)
    denied = events(visits.bastion, "conn.deny", since=0, user=jumper.name)
    assert denied[-1]["reason"] == "recording"
    assert denied[-1]["target"] == "plc-gw"
    if to != "plc-gw":
        assert denied[-1]["target_addr"] == to


def test_the_bare_bytes_of_a_refusal(visits):
    """ssh -W on a terminal: the sentence leads, on a line of its own."""
    person = with_config(visits, "acme-bare") # with codes of their own
    text, _ = shown(person, "-W", "10.20.0.10:22", "bastion")
    assert SENTENCE.format(person.name) in [line.strip("\r") for line in text.split("\n")], text
