# SPDX-License-Identifier: BSD-2-Clause
"""The tunnelled road as suppliers use it: a real login, a real window, and
ssh's own forwardings through jump-sshd, filter and relay: whose they are,
and what ends them."""
import json
import subprocess
import time

import pytest

from jumplab.login import Login
from jumplab.place import default_id
from jumplab.visit import Visits

pytestmark = pytest.mark.vertical

VNC, RDP = 5900, 3389


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "t") as one:
        yield Visits(one.install())


@pytest.fixture(scope="module")
def tech(visits):
    return visits.usual()


@pytest.fixture
def login(visits, tech):
    one = Login(tech)
    yield one
    visits.bastion.wait("! ls /run/jump/connections | grep -q .", 10)
    one.end()


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
    login = Login(tech)
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
