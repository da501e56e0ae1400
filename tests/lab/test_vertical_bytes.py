# SPDX-License-Identifier: BSD-2-Clause
"""A supplier's laptop sends 1 byte, 1 kB or 100 MB through jump-sshd and
closes at once, 200 times: the target has every byte and the end of file, on
both roads, over IPv4 and IPv6. Here a sample of what is slow; in full with
`-m long`, half an hour and more."""
import json

import pytest

from jumplab.bed import wait_for
from jumplab.login import Login
from jumplab.place import default_id
from jumplab.visit import V4, V6, Visits

pytestmark = pytest.mark.vertical

BYTE, KILOBYTE, BULK = 1, 1000, 100_000_000
TIMES = 200
WHERE = {"v4": V4, "v6": V6}
PORT = {"v4": 15920, "v6": 15921}
DISCARD = 9
# AES in hardware on both sides: what is measured is the road.
FAST = ["-o", "Ciphers=aes128-gcm@openssh.com"]

# N connections, or execs, of a size, some at a time. Prints the digests of
# what was sent, and in the case of execs what came back.
SEND = r"""
import concurrent.futures, hashlib, json, socket, subprocess, sys, time
spec = json.loads(sys.argv[1])

def pattern(n):
    size = spec["size"]
    block = hashlib.sha256(b"%d" % n).digest() * 2048
    return (block * (size // len(block) + 1))[:size]

began = time.time()

def tunnel(n):
    data = pattern(n)
    # of more in a second than people make, the filter refuses some
    time.sleep(max(0, began + (n - 50) / 35 - time.time()))
    s = socket.create_connection(("127.0.0.1", spec["port"]), 30)
    s.settimeout(300)
    s.sendall(data)
    s.close()  # at once and for good: nobody waits for an answer
    return hashlib.sha256(data).hexdigest(), ""

def brokered(n):
    data = pattern(n)
    done = subprocess.run(spec["command"], input=data, capture_output=True,
                          timeout=300)
    return (hashlib.sha256(data).hexdigest(),
            done.stdout.decode() + done.stderr.decode())

how = brokered if "command" in spec else tunnel
with concurrent.futures.ThreadPoolExecutor(spec["at_a_time"]) as pool:
    print(json.dumps(list(pool.map(how, range(spec["times"])))))
"""


class Roads(Visits):
    """hmi-1's vnc is the service that counts; plc-gw has but IPv4, historian
    but IPv6, so that the road to either is of one family."""

    def policy(self, *args, **kwargs):
        super().policy(*args, **kwargs)
        path = "/etc/jump/policy.d/site.conf"
        text = self.bastion.read(path)
        for name, family in ("plc-gw", "v4"), ("historian", "v6"):
            target = self.ot[name]
            both = f"Address = {target.v4} {target.v6}\n"
            assert both in text
            text = text.replace(both,
                                f"Address = {getattr(target, family)}\n")
        text = text.replace("[target hmi-1]\n",
                            f"[target hmi-1]\nPort.vnc = {DISCARD}\n")
        self.bastion.put(path, text)
        self.bastion.run("jumpctl policy check")


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "y") as one:
        yield Roads(one.install())


@pytest.fixture(scope="module")
def people(visits):
    """One for each family: a uid may open so many connections in a second."""
    found = {}
    for family in WHERE:
        person = visits.enrol(f"acme-{family}", key=family)
        visits.window(person.name, targets=("hmi-1",), protocols=("vnc",),
                      account="")
        visits.window(person.name, targets=("plc-gw", "historian"))
        found[family] = person
    return found


@pytest.fixture(autouse=True)
def _aftermath(visits):
    """The logins stay; their connections do not."""
    yield
    visits.bastion.wait("! ls /run/jump/connections | grep -q .", 20)


@pytest.fixture(scope="module")
def logins(visits, people):
    made = {}
    for family, where in WHERE.items():
        made[family] = Login(people[family], where=where, options=FAST)
        address = getattr(visits.ot["hmi-1"], family)
        host = f"[{address}]" if family == "v6" else address
        assert made[family].forward(
            "-L", f"{PORT[family]}:{host}:{DISCARD}").rc == 0
    yield made
    for one in made.values():
        one.end()


def send(login, timeout, **spec):
    out = login.client.run(["python3", "-c", SEND, json.dumps(spec)],
                           timeout=timeout).out
    return json.loads(out)


def through_tunnels(visits, logins, size, times, timeout=120):
    """Both families at once, the same bytes over each."""
    ot = visits.ot
    ot.forget_discarded()
    waits = {family: login.client.popen(
        ["python3", "-c", SEND, json.dumps({
            "size": size, "times": times, "port": PORT[family],
            "at_a_time": 8 if size < BULK else 2})])
        for family, login in logins.items()}
    sent = []
    for child in waits.values():
        out, err = child.communicate(timeout=timeout)
        assert child.returncode == 0, err
        sent += [digest for digest, _ in json.loads(out)]
    assert len(sent) == 2 * times

    def look():
        found = ot.discarded()
        return len(found) >= len(sent), (len(found), found[-3:])
    wait_for(look, 60, f"{len(sent)} streams at the target")
    arrived = ot.discarded()
    assert {(count, end) for count, _, _, end in arrived} == {(size, "eof")}
    assert sorted(digest for _, digest, _, _ in arrived) == sorted(sent)


def through_jumpshell(login, target, size, times, timeout=120):
    """`ssh bastion target sha256sum` with the bytes as standard input."""
    seen = send(login, timeout, size=size, times=times, at_a_time=2,
                command=login.command(target, "cat > /dev/shm/$$; sha256sum "
                                      "< /dev/shm/$$; rm /dev/shm/$$"))
    assert len(seen) == times
    for digest, said in seen:
        assert said == f"{digest}  -\n", said


@pytest.mark.parametrize("size,times", [
    (BYTE, TIMES), (KILOBYTE, TIMES), (BULK, 2)])
def test_tunnel(visits, logins, size, times):
    """Both families at a time."""
    through_tunnels(visits, logins, size, times)


TARGET = {"v4": "plc-gw", "v6": "historian"}


@pytest.mark.parametrize("family", WHERE)
def test_jumpshell(logins, family):
    for size, times in (BYTE, 4), (KILOBYTE, 4), (BULK, 1):
        through_jumpshell(logins[family], TARGET[family], size, times)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_tunnel_in_full(visits, logins):
    through_tunnels(visits, logins, BULK, TIMES, timeout=7000)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("size", [BYTE, KILOBYTE, BULK])
@pytest.mark.parametrize("family", WHERE)
def test_jumpshell_in_full(logins, family, size):
    through_jumpshell(logins[family], TARGET[family], size, TIMES,
                      timeout=7000)
