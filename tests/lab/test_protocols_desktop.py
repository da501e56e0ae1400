# SPDX-License-Identifier: BSD-2-Clause
"""RDP and VNC: FreeRDP and TigerVNC at the laptop, by the lines that the
bastion prints, look at desktops of xrdp and TigerVNC in OT, until the window
is over."""
import time

import pytest

from jumplab import desktop
from jumplab.bed import wait_for
from jumplab.desktop import BY_RDP, BY_VNC, PORTS, Screen
from jumplab.evidence import Evidence
from jumplab.inside import Inside, when_gone
from jumplab.party import connections, sessions
from jumplab.place import default_id
from jumplab.visit import V4, Visits

pytestmark = pytest.mark.protocols

GRACE = 1
WITHIN = 1.0  # of the deadline and its grace, or of the decision
PROTOCOLS = ("rdp", "vnc")
VIEWERS = {"rdp": ("FreeRDP", Screen.xfreerdp, BY_RDP),
           "vnc": ("TigerVNC", Screen.vncviewer, BY_VNC)}


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "d") as one:
        one.ot["historian"].ports["rdp"] = desktop.MOVED_RDP
        desktop.set_up(one.ot)
        yield Visits(one.install(), grace=f"{GRACE}s")


class Visit:
    """Somebody with a window, who does what `tunnel` says."""

    def __init__(self, visits, name, **window):
        self.visits, self.bed = visits, visits.bastion
        self.person = visits.enrol(name, key=name)
        self.grant = visits.window(name, account="", **window)
        self.since = Evidence(visits.site)
        self.ssh, self.viewers = None, {}

    def told(self, *words):
        """What `tunnel` prints, as {program: [its line's words]}."""
        shown = self.person.login("tunnel", *words)
        assert shown.rc == 0, shown
        lines = {}
        for line in shown.out.splitlines():
            words = line.split()
            if line.startswith("  ") and len(words) > 1:
                lines.setdefault(words[0], []).append(words[1:])
        return lines

    def type_ssh(self, lines):
        """The OpenSSH lines; of several one, with the forwards of all."""
        program, *words = lines[0]
        assert program == "ssh" and words[0] == "-N", lines
        for other in lines[1:]:
            words[1:1] = other[other.index("-L"):][:2]
        client = self.person.client
        self.ssh = client.popen(
            client.ssh_argv(words[0], *words[1:], key=self.person.key),
            env=client.environment(self.person.totp))
        for at, word in enumerate(words):
            if word == "-L":
                self._wait_port(words[at + 1].split(":")[0])

    def _wait_port(self, port):
        listens = f"ss -Hltn 'sport = :{port}' | grep -q ."
        wait_for(lambda: self.person.client.run(
            ["sh", "-c", listens], check=False).rc == 0, 40, f"-L {port}")

    def look(self, proto, lines):
        """The viewer by its line, until its desktop is on a screen."""
        program, start, colours = VIEWERS[proto]
        screen = Screen(self.person.client)
        self.viewers[proto] = start(screen, lines[program][0])
        screen.wait_for(colours)
        return screen

    def connections(self):
        return {one["proto"]: one for one in
                connections(self.bed, self.person.name)}

    def watched(self):
        """For when_gone(): relays, and what runs at the laptop."""
        relays = {one.inner: one for one in
                  Inside(self.bed).processes("jump-relay")}
        things = {f"connection {proto}": relays[int(one["pid"])].alive
                  for proto, one in self.connections().items()}
        things["ssh"] = lambda: self.ssh.poll() is None
        for proto, child in self.viewers.items():
            things[f"viewer {proto}"] = lambda child=child: (
                child.poll() is None)
        return things

    def opened(self, proto, target, port):
        """The event of the connection, in both logs; its number."""
        session, = sessions(self.bed, self.person.name)
        conn = self.connections()[proto]["name"]
        place = self.visits.ot[target].v4
        told = self.since.journal("conn.open", conn=conn)
        assert (told["JUMP_SESSION"], told["JUMP_USER"], told["JUMP_GRANT"],
                told["JUMP_TARGET"], told["JUMP_PROTO"],
                told["JUMP_TARGET_ADDR"], told["JUMP_TARGET_PORT"]) == (
            session["uuid"], self.person.name, self.grant, target, proto,
            place, str(port))
        self.since.audit("USER_START", op="jump:conn_open", conn=conn,
                         uuid=session["uuid"], target=target, app=proto,
                         daddr=place, dport=port, addr="10.10.0.20")
        return conn

    def closed(self, conn, proto, reason):
        """And that of its end."""
        told = self.since.journal("conn.close", conn=conn)
        assert (told["JUMP_REASON"], told["JUMP_PROTO"]) == (reason, proto)
        for way in ("IN", "OUT"):
            assert int(told[f"JUMP_BYTES_{way}"]) > 100, told
        self.since.audit("USER_END", op="jump:conn_close", conn=conn,
                         app=proto, reason=reason)


def all_gone(visit, things, since):
    """Connections within a second of that moment, the rest soon after."""
    gone = when_gone(things, since + 8 - time.time())
    late = {name: f"{gone[name] - since:.2f}" if name in gone else "never"
            for name in things if name not in gone or (
                name.startswith("connection") and gone[name] - since > WITHIN)}
    assert not late, late
    return gone


@pytest.mark.parametrize("proto", PROTOCOLS)
def test_desktop_by_the_printed_lines(visits, proto):
    """A picture comes, a click arrives, and a revocation ends it."""
    visit = Visit(visits, f"acme-{proto}", targets=("hmi-1",),
                  protocols=(proto,))
    lines = visit.told("hmi-1", proto)
    assert lines["OpenSSH"] == [
        ["ssh", "-N", "-L", f"1{PORTS[proto]}:10.20.0.11:{PORTS[proto]}", "-p",
         "2222", f"{visit.person.name}@{V4}"]]
    visit.type_ssh(lines["OpenSSH"])
    screen = visit.look(proto, lines)
    screen.click()
    screen.wait_for(VIEWERS[proto][2][::-1])
    screen.click()
    screen.wait_for(VIEWERS[proto][2])
    conn = visit.opened(proto, "hmi-1", PORTS[proto])
    things = visit.watched()
    assert len(things) == 3
    visits.jumpctl("anna", "revoke", visit.grant)
    all_gone(visit, things, time.time())
    visit.closed(conn, proto, "revoked")


def test_two_desktops_by_one_login_until_the_window_ends(visits):
    visit = Visit(visits, "acme-two", targets=("hmi-1",), protocols=PROTOCOLS,
                  opens=-40, lasts=60)
    lines = visit.told("hmi-1")
    visit.type_ssh(lines["OpenSSH"])
    for proto in PROTOCOLS:
        visit.look(proto, lines)
    conns = {proto: visit.opened(proto, "hmi-1", PORTS[proto])
             for proto in PROTOCOLS}
    deadline = visits.ends(visit.grant)
    things = visit.watched()
    assert len(things) == 5 and time.time() < deadline
    gone = all_gone(visit, things, deadline + GRACE)
    early = [name for name, at in gone.items() if at < deadline + GRACE - 0.05]
    assert not early, early
    for proto, conn in conns.items():
        visit.closed(conn, proto, "window")


def test_a_port_that_policy_moves(visits):
    """At historian RDP is on 3390; 3389 there answers too, and not to us."""
    visit = Visit(visits, "acme-moved", targets=("historian",),
                  protocols=("rdp",))
    lines = visit.told("historian", "rdp")
    old = [word.replace("3390:10.30.0.10:3390", "3391:10.30.0.10:3389")
           for word in lines["OpenSSH"][0]]
    visit.type_ssh([lines["OpenSSH"][0], old])
    visit.look("rdp", lines)
    visit.opened("rdp", "historian", desktop.MOVED_RDP)
    assert visits.ot.bed.run("nc -z 10.30.0.10 3389", check=False).rc == 0
    heard = visit.person.client.run(
        ["sh", "-c", "printf 'x' | nc -N -w 5 127.0.0.1 13391"], check=False)
    assert heard.out == "", heard
    assert list(visit.connections()) == ["rdp"]
    assert [one["JUMP_TARGET_PORT"] for one in
            visit.since.journals("conn.open", user=visit.person.name)] == [
                str(desktop.MOVED_RDP)]
