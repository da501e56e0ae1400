# SPDX-License-Identifier: BSD-2-Clause
"""The tunnelled road as suppliers use it: a real login, a real window, and
ssh's own forwardings through jump-sshd, filter and relay. A code is good
once, so one login serves all of a test: forwardings are added to it."""
import json
import shlex
import subprocess
import time

import pytest

from jumplab.bed import wait_for
from jumplab.place import default_id
from jumplab.visit import PORT, V4, Visits

pytestmark = pytest.mark.vertical

VNC, RDP = 5900, 3389

# Sends a pattern to a forwarded port, closes its half at once, and counts
# what the echo behind the greeting gives back.
ECHO = r"""
import hashlib, socket, sys
port, size, times = map(int, sys.argv[1:])
good = 0
for n in range(times):
    block = hashlib.sha256(b"%d" % n).digest() * 2048
    data = memoryview((block * (size // len(block) + 1))[:size])
    s = socket.create_connection(("127.0.0.1", port), 20)
    s.settimeout(60)
    s.setblocking(False)
    import selectors
    sel = selectors.DefaultSelector()
    sel.register(s, selectors.EVENT_READ | selectors.EVENT_WRITE)
    sent, head, got, digest = 0, b"", 0, hashlib.sha256()
    open_ = True
    while open_:
        for _, events in sel.select(60):
            if events & selectors.EVENT_WRITE and sent < size:
                sent += s.send(data[sent:sent + 262144])
                if sent == size:
                    s.shutdown(socket.SHUT_WR)
                    sel.modify(s, selectors.EVENT_READ)
            if events & selectors.EVENT_READ:
                part = s.recv(262144)
                if not part:
                    open_ = False
                    break
                if not head.endswith(b"\n"):
                    cut = part.find(b"\n") + 1 or len(part)
                    head, part = head + part[:cut], part[cut:]
                got += len(part)
                digest.update(part)
    s.close()
    good += got == size and digest.digest() == hashlib.sha256(data).digest()
print(good)
"""


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "t") as one:
        yield Visits(one.install())


@pytest.fixture(scope="module")
def tech(visits):
    person = visits.enrol()
    visits.window(targets=("hmi-1",), protocols=("vnc", "rdp"), account="")
    visits.window(targets=("plc-gw",), protocols=("ssh",))
    return person


class Login:
    """One ssh that stays, and forwardings that come and go."""

    def __init__(self, visits, person):
        self.visits, self.person = visits, person
        self.client = person.client
        self.socket = self.client.dir / f"mux-{time.monotonic_ns()}"
        self.child = person.start(options=["-N", "-M", "-S", self.socket])
        wait_for(lambda: self._asked("-O", "check").rc == 0, 40, "login")

    def _asked(self, *words, **kwargs):
        return self.client.run(["ssh", "-F", "/dev/null", "-S", self.socket,
                                *words, "bastion"], check=False,
                               timeout=30, **kwargs)

    def forward(self, *words):
        """-L, -D or -R; a Result."""
        return self._asked("-O", "forward", *words)

    def cancel(self, *words):
        return self._asked("-O", "cancel", *words)

    def hop(self, to):
        """The command that is a connection through this login."""
        return ["ssh", "-F", "/dev/null", "-S", str(self.socket), "-W", to,
                "bastion"]

    def end(self):
        self.child.kill()
        self.child.wait(10)


@pytest.fixture
def login(visits, tech):
    one = Login(visits, tech)
    yield one
    visits.bastion.wait("! ls /run/jump/connections | grep -q .", 10)
    one.end()


def says(login, *words, local):
    """What a service says through a forwarding of this local port."""
    assert login.forward(*words).rc == 0
    seen = login.client.run(
        ["sh", "-c", f"nc -w 3 127.0.0.1 {local} </dev/null"], check=False,
        timeout=20)
    login.cancel(*words)
    return seen.out


def test_tunnel_through_sshd_loses_no_byte(visits, login):
    target = visits.ot["hmi-1"]
    for address in target.v4, f"[{target.v6}]":
        words = ["-L", f"15900:{address}:{VNC}"]
        assert login.forward(*words).rc == 0
        for size, times in ((1, 200), (1000, 200), (100_000_000, 2)):
            seen = login.client.run(
                ["python3", "-c", ECHO, "15900", str(size), str(times)],
                timeout=250)
            assert seen.out == f"{times}\n", seen
        login.cancel(*words)


ELSEWHERE = [
    "10.20.0.11:80", "10.20.0.11:22", "10.20.0.10:5900", "10.20.0.12:5900",
    "10.30.0.10:5900", "[fd00:20::12]:5900", "127.0.0.1:22", "[::1]:22",
    "127.0.0.1:722", "10.10.0.5:22", "10.10.0.2:22", "10.20.0.2:22",
    "/run/jump/relay.sock", "/run/dbus/system_bus_socket"]


def test_forwarding_reaches_what_is_granted_and_nothing_else(visits, login):
    target = visits.ot["hmi-1"]
    for to in ELSEWHERE:
        assert says(login, "-L", f"15902:{to}", local=15902) == "", to
        if ":" in to:
            seen = login.client.run(login.hop(to), check=False, timeout=20)
            assert (seen.rc, seen.out) == (255, ""), (to, seen)
    for to in (f"{target.v4}:{VNC}", f"[{target.v6}]:{RDP}"):
        assert " on " in says(login, "-L", f"15903:{to}", local=15903), to
        seen = login.client.run(login.hop(to), check=False, timeout=20)
        assert " on " in seen.out, (to, seen)


def test_dynamic_forwarding(login):
    """SOCKS reaches what is granted and nothing else."""
    assert login.forward("-D", "15904").rc == 0
    for to, expected in (("10.20.0.11 5900", True), ("10.20.0.11 80", False),
                         ("10.30.0.10 5900", False), ("127.0.0.1 22", False)):
        seen = login.client.run(["sh", "-c", "nc -X 5 -x 127.0.0.1:15904 -w 3 "
                                 f"{to} </dev/null"], check=False, timeout=20)
        assert (" on " in seen.out) == expected, (to, seen)
    login.cancel("-D", "15904")


def test_remote_forwarding_is_refused(visits, login):
    for spec in ("15905:127.0.0.1:22", "0.0.0.0:15905:127.0.0.1:22",
                 "/tmp/back.sock:127.0.0.1:22"):
        r = login.forward("-R", spec)
        assert r.rc == 255 and "forwarding failed" in r.err, r
    assert visits.bastion.run("ss -Hltn sport = :15905").out == ""
    assert not visits.bastion.exists("/tmp/back.sock")


def test_jump_to_a_recorded_target_says_what_to_type(visits, login):
    target = visits.ot["plc-gw"]
    for address in target.v4, target.v6:
        hop = login.hop(f"[{address}]:22")
        r = login.client.ssh(
            "maint@plc-gw", "true", timeout=30,
            options=["-o", f"ProxyCommand={shlex.join(hop)}", "-o",
                     "LogLevel=INFO"])
        assert r.rc == 255, r
        assert ("plc-gw must be recorded, and a tunnel to it is not. Type "
                f"instead: ssh {login.person.name}@bastion-1 plc-gw") in r.err, r


def test_connections_are_of_the_session(visits, login):
    """The relay's record and jumpctl sessions name one session."""
    target = visits.ot["hmi-1"]
    words = ["-L", f"15908:[{target.v6}]:{RDP}"]
    assert login.forward(*words).rc == 0
    held = login.client.popen(["nc", "127.0.0.1", "15908"],
                              stdin=subprocess.PIPE)
    visits.bastion.wait("ls /run/jump/connections | grep -q .")
    record = visits.bastion.run("cat /run/jump/connections/*").out
    uuid = record.split("session=", 1)[1].split("\n", 1)[0]
    seen = visits.bastion.run("jumpctl sessions --json").out
    assert uuid in json.dumps(json.loads(seen)), (record, seen)
    held.kill()
    login.cancel(*words)


def test_revoke_cuts_a_tunnel(visits, tech):
    """By the approver's word, all the way: gone in about a second. The
    tunnel's permission is fixed at login, so this is one of its own."""
    ident = visits.window(targets=("historian",), protocols=("vnc",),
                          account="")
    login = Login(visits, tech)
    target = visits.ot["historian"]
    assert login.forward("-L", f"15907:{target.v4}:{VNC}").rc == 0
    held = login.client.popen(["python3", "-uc", """
import socket, time
s = socket.create_connection(("127.0.0.1", 15907), 10)
s.recv(100)
print("up", flush=True)
s.settimeout(20)
try:
    s.recv(1)
except OSError:
    pass
print(time.time())
"""])
    assert held.stdout.readline() == "up\n"
    told = time.time()
    visits.jumpctl("anna", "revoke", ident)
    out, err = held.communicate(timeout=25)
    assert float(out) - told < 2.5, (out, err) # the commands' own time too
    login.end()


def test_killed_client_frees_the_target(visits, tech, login):
    """The whole ssh goes while a transfer runs: no process is left over."""
    target = visits.ot["hmi-1"]
    assert login.forward("-L", f"15901:{target.v4}:{VNC}").rc == 0
    flow = login.client.popen(
        ["sh", "-c", "nc 127.0.0.1 15901 </dev/zero >/dev/null"])
    visits.bastion.wait("ls /run/jump/connections | grep -q .")
    login.end()
    visits.bastion.wait("! ls /run/jump/connections | grep -q .", 10)
    flow.communicate(timeout=10) # its port is gone


def test_tun_is_refused(visits, tech):
    r = tech.login(options=["-N", "-w", "0:0", "-o",
                            "ExitOnForwardFailure=yes"], timeout=90)
    assert r.rc == 255, r
    assert visits.bastion.run("ip -o link show type tun").out == ""
