# SPDX-License-Identifier: BSD-2-Clause
"""Programs that speak a TCP protocol of their own, and pages at two ports: a
controller's Modbus is read by mbpoll through the tunnels that jumpshell
prints, and nothing is open beside the ports that were granted."""
import pathlib
import re
import shlex
import struct
import time

import pytest

from jumplab.bed import wait_for
from jumplab.login import Login
from jumplab.party import NO_CODE, connections, events
from jumplab.place import default_id
from jumplab.visit import V4, Visits
from jumplab.web import CA, Web

pytestmark = pytest.mark.protocols

MODBUS, OPCUA = 502, 4840
PYTHON = pathlib.Path("/usr/lib/python3/dist-packages")
AT_ONCE = 2
CONDUITS = f"""
[conduit vendors-plc]
Users = acme-*
To = cell-a
Protocols = https tcp/{MODBUS} tcp/{OPCUA}
MaxWindow = 8h
Approvals = 1
Record = none
OtpGrace = 1h
MaxConnections = {AT_ONCE}

[conduit watched]
Users = watched-*
To = cell-a
Protocols = ssh tcp/{MODBUS}
MaxWindow = 8h
Approvals = 1
Record = required
OtpGrace = 1h
"""


@pytest.fixture(autouse=True)
def _aftermath(visits):
    """The login stays; its connections do not."""
    yield
    visits.bastion.wait("! ls /run/jump/connections | grep -q .", 20)


def start_controller(ot):
    """pymodbus as Debian has it here; the OT machine has none."""
    for part in "pymodbus", "serial", "serial_asyncio":
        into = f"/etc/ot/plc/{part}"
        ot.bed.run(["mkdir", "-p", into])
        ot.bed.put_tree(PYTHON / part, into)
    ot.bed.put_file(pathlib.Path(__file__).parent / "ot/plc.py",
                    "/etc/ot/plc.py")
    ot.bed.run(["systemd-run", "-q", "--unit=ot-plc", "/usr/bin/python3",
                "/etc/ot/plc.py"])
    for port in MODBUS, OPCUA:
        ot.bed.wait(f"ss -Hltn 'sport = :{port}' | grep -q .", 20)


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "p") as one:
        for target in one.ot.targets.values():
            target.tcp = (MODBUS, OPCUA)
        one.ot["hmi-1"].ports["https"] = "443 8443"
        start_controller(one.ot)
        made = Visits(one.install(), otp_grace="1h", more=CONDUITS)
        made.web = Web(made.ot, {"hmi-1": (CA, "hmi-1")})
        yield made


@pytest.fixture(scope="module")
def tech(visits):
    person = visits.enrol()
    person.plc = visits.window(targets=("plc-gw",), protocols=("tcp/502",),
                               account="")
    visits.window(targets=("hmi-1",), protocols=("https",), account="")
    return person


@pytest.fixture(scope="module")
def login(tech):
    one = Login(tech)
    yield one
    one.end()


# -- what is read through a tunnel

def mbpoll(person, port, *words, first=1, count=3):
    how_many = [] if words else ["-c", str(count)]
    return person.client.run(
        ["mbpoll", "-m", "tcp", "-1", "-a", "1", "-t", "4", "-r", str(first),
         "-p", str(port), *how_many, "127.0.0.1", *words], check=False,
        timeout=20)


def registers(did):
    return [int(value) for value in
            re.findall(r"^\[\d+\]:\s+(-?\d+)", did.out, re.M)]


def modbus(person, port, **kwargs):
    """Registers of the controller, as soon as ssh listens there."""
    def look():
        did = mbpoll(person, port, **kwargs)
        return registers(did), did
    return registers(wait_for(look, 15, f"a controller behind port {port}"))


HELLO = """
import socket, struct, sys
url = b"opc.tcp://plc-gw:4840"
far = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)
far.sendall(struct.pack("<4sI5Ii", b"HELF", 32 + len(url), 0, 65535, 65535,
                        0, 0, len(url)) + url)
print(far.recv(100).hex())
"""


def hello(person, port):
    """The answer to OPC UA's first message; b"" when there is none."""
    did = person.client.run(["python3", "-c", HELLO, str(port)], check=False,
                            timeout=20)
    return bytes.fromhex(did.out.strip()) if did.rc == 0 else b""


def printed(person, *words):
    did = person.login(*words, code=NO_CODE)
    assert did.rc == 0, did
    return did.out


def line_for(text, program):
    found = re.search(rf"^  {program} +(.*)$", text, re.M)
    assert found, text
    return shlex.split(found[1])


def test_the_printed_line_reads_a_controller(visits, tech, login):
    """And writes to it; event and record have the port for a name."""
    text = printed(tech, "tunnel", "plc-gw", "tcp/502")
    assert text.count("tcp/502 is a label") == 1
    program, *words, where = line_for(text, "OpenSSH")
    assert program == "ssh" and where == f"{tech.name}@{V4}"
    port = words[words.index("-L") + 1].split(":")[0]
    assert line_for(text, "Program")[-1] == port
    start = time.time()
    child = tech.client.ssh_start(where, code=NO_CODE, key=tech.key,
                                  options=words)
    assert modbus(tech, port) == [4711, 42, 7]
    assert mbpoll(tech, port, "99", first=10).rc == 0
    assert modbus(tech, port, first=10, count=1) == [99]
    child.kill()
    opened = events(visits.bastion, "conn.open", since=start)
    assert {(one["target"], one["proto"], one["target_port"], one["grant"])
            for one in opened} == {("plc-gw", "tcp/502", "502", tech.plc)}
    told = visits.bastion.run(["journalctl", "-q", f"--since=@{start:.3f}",
                               "JUMP_EVENT=conn.open"]).out
    assert "not looked into" in told


def test_a_controller_through_a_proxy(tech, login):
    """By its name, with a program that knows nothing of SOCKS."""
    assert login.forward("-D", "11502").rc == 0
    child = tech.client.popen(
        ["socat", "TCP-LISTEN:15502,bind=127.0.0.1,reuseaddr,fork",
         f"SOCKS4A:127.0.0.1:plc-gw:{MODBUS},socksport=11502"])
    assert modbus(tech, 15502) == [4711, 42, 7]
    child.kill()
    assert login.cancel("-D", "11502").rc == 0


def test_pages_at_two_ports(visits, tech, login):
    """Each by the address that is printed for it, through one proxy."""
    text = printed(tech, "tunnel", "hmi-1", "https")
    pages = re.findall(r"^  Chromium .* (https://\S+)/$", text, re.M)
    assert pages == ["https://hmi-1", "https://hmi-1:8443"], text
    (tech.client.dir / "ca.crt").write_text(visits.web.ca)
    assert login.forward("-D", "11443").rc == 0
    start = time.time()
    told = [tech.client.run(
        ["curl", "-sS", "--cacert", tech.client.dir / "ca.crt",
         "--socks5-hostname", "127.0.0.1:11443", f"{page}/port"]).out.strip()
        for page in pages]
    assert told == ["443", "8443"]
    assert login.cancel("-D", "11443").rc == 0
    assert [(one["proto"], one["target_port"]) for one in events(
        visits.bastion, "conn.open", since=start)] == [
            ("https", "443"), ("https", "8443")]


# -- what is not open

def test_a_port_that_was_not_granted_is_refused(visits, tech, login):
    """The controller offers it, the conduit carries it, no grant has it."""
    start = time.time()
    address = visits.ot["plc-gw"].v4
    assert login.forward("-L", f"14840:{address}:{OPCUA}").rc == 0
    assert hello(tech, 14840) == b""
    assert login.cancel("-L", f"14840:{address}:{OPCUA}").rc == 0
    denied = f"to connect to host {address} port {OPCUA}, but the request "

    def noted():
        log = visits.bastion.run(["journalctl", "-q", "-t", "jump-sshd",
                                  f"--since=@{start:.3f}"]).out
        return denied + "was denied" in log, log
    wait_for(noted, 5, "the refusal in the journal")
    assert not events(visits.bastion, "conn.open", since=start)
    did = tech.login("tunnel", "plc-gw", "tcp/4840", code=NO_CODE)
    assert did.rc == 255 and "ssh -N" not in did.out, did


def test_the_other_port_alone(visits):
    """The same machine for somebody else: OPC UA, and no Modbus."""
    other = visits.enrol("acme-opc", key="opc")
    visits.window(other.name, targets=("plc-gw",), protocols=("tcp/4840",),
                  account="")
    login, address = Login(other), visits.ot["plc-gw"].v6
    assert login.forward("-L", f"14841:[{address}]:{OPCUA}", "-L",
                         f"14842:[{address}]:{MODBUS}").rc == 0
    kind, size = struct.unpack("<4sI", hello(other, 14841)[:8])
    assert (kind, size) == (b"ACKF", 28)
    assert not registers(mbpoll(other, 14842))
    login.end()


def test_one_more_than_the_conduit_has_is_refused(visits, tech, login):
    """Its event says by the port what it was for."""
    start = time.time()
    where = f"15503:{visits.ot['plc-gw'].v4}:{MODBUS}"
    assert login.forward("-L", where).rc == 0
    held = []
    for count in range(1, AT_ONCE + 1):
        held.append(tech.client.popen(
            ["socat", "-u", "TCP:127.0.0.1:15503", "-"]))
        wait_for(lambda: len(connections(visits.bastion, tech.name)) == count,
                 10, f"{count} connections")
    assert {one["proto"] for one in connections(
        visits.bastion, tech.name)} == {"tcp/502"}
    assert not registers(mbpoll(tech, 15503))
    denied = wait_for(lambda: events(visits.bastion, "conn.deny",
                                     since=start), 10, "a refusal")
    assert {(one["reason"], one["proto"], one["target"])
            for one in denied} == {("limit", "tcp/502", "plc-gw")}
    for child in held:
        child.kill()
    assert login.cancel("-L", where).rc == 0


def explain(visits, user, target, proto):
    did = visits.bastion.run(["jumpctl", "policy", "explain", user, target,
                              proto], check=False)
    return did.rc, did.out


def line_of(visits, text):
    """FILE:LINE of a line of the policy."""
    lines = visits.bastion.read("/etc/jump/policy.d/site.conf").splitlines()
    return f"policy.d/site.conf:{lines.index(text) + 1}"


def test_which_line_decided(visits, tech):
    rc, said = explain(visits, tech.name, "plc-gw", "tcp/502")
    assert rc == 0 and line_of(visits, "[conduit vendors-plc]") in said, said
    rc, said = explain(visits, tech.name, "plc-gw", "tcp/503")
    assert rc != 0 and "not tcp/503" in said, said


def test_a_conduit_without_it_refuses(visits, tech):
    """historian offers it; what leads to its zone carries other things."""
    rc, said = explain(visits, tech.name, "historian", "tcp/502")
    assert rc != 0 and "not tcp/502" in said, said
    assert line_of(visits, "[conduit vendors-ssh]") in said, said
    did = visits.jumpctl(
        "rita", "request", tech.name, "--target", "historian", "--protocol",
        "tcp/502", "--to", "+1h", "--purpose", "firmware 4.2", check=False)
    assert did.rc != 0 and "historian" in did.out + did.err, did


def test_a_target_that_is_recorded_refuses(visits):
    """No recording could say what went through: as it is with RDP."""
    person = visits.enrol("watched-1", key="watched")
    visits.window(person.name, targets=("plc-gw",),
                  protocols=("ssh", "tcp/502"))
    rc, said = explain(visits, person.name, "plc-gw", "tcp/502")
    assert rc != 0 and "requires recording" in said, said
    login = Login(person)
    assert login.forward("-L", f"15504:plc-gw:{MODBUS}").rc == 0
    assert not registers(mbpoll(person, 15504))
    did = person.login("tunnel", "plc-gw", "tcp/502", code=NO_CODE)
    assert did.rc == 255 and "recorded" in did.err, did
    login.end()
