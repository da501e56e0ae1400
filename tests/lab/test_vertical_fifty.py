# SPDX-License-Identifier: BSD-2-Clause
"""`jumpctl sessions` says what is so, with fifty sessions open at a time and
others coming and going. What is so: the connections that this test's own ssh
processes hold, and the session scopes that the kernel has."""
import concurrent.futures
import json
import random
import re
import threading
import time

import pytest

from jumplab.bed import wait_for
from jumplab.inside import Inside
from jumplab.party import NO_CODE, RDP, Tunnel
from jumplab.place import default_id, step
from jumplab.visit import PORT, V4, Visits

pytestmark = pytest.mark.vertical

SESSIONS = 50
PEOPLE = 10
AT_A_TIME = 7  # logins under way from one machine; sshd allows ten
CHURN_SEC = 6


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "f") as one:
        with step("ten people of two machines"):
            ready = Visits(one.install(), otp_grace="1h", sessions=64)
            idents = [engineer(ready, number) for number in range(PEOPLE)]
            for ident in idents:
                ready.wait_grant(ident)
        yield ready


def engineer(visits, number):
    site = visits.site
    client = [site.supplier, site.second_supplier][number % 2]
    name = f"acme-e{number}"
    visits.enrol(name, client=client, key=name)
    return visits.window(name, targets=("plc-gw", "hmi-1"),
                         protocols=("ssh", "rdp"), wait=False)


class Terminal:
    """jumpshell's menu, nothing else."""
    connections = []

    def __init__(self, person, code):
        self.child = person.terminal(code=code) if code != NO_CODE else (
            person.client.terminal(f"{person.name}@{V4}", code=NO_CODE,
                                   key=person.key, options=["-p", PORT]))
        self.child.expect("jump> ", timeout=30)
        self.pid = self.child.pid

    def close(self):
        self.child.close(force=True)


class Command:
    """A command at plc-gw: a recorded connection."""
    connections = [("brokered", "plc-gw", "ssh", True)]

    def __init__(self, person, code):
        self.ssh = person.start("plc-gw", "echo up; exec cat", code=code,
                                stdin=-1)
        self.pid = self.ssh.pid
        assert self.ssh.stdout.readline() == "up\n", self.ssh.stderr.read()

    def close(self):
        self.ssh.kill()
        self.ssh.wait()


class Forward:
    """`ssh -N -L`, and a program that talks to hmi-1 through it."""
    connections = [("tunnel", "hmi-1", "rdp", False)]
    ports = iter(range(16000, 17000))

    def __init__(self, person, code):
        port = next(self.ports)
        panel = person.visits.ot["hmi-1"].v4
        self.ssh = person.start(code=code, options=[
            "-N", "-o", "ExitOnForwardFailure=yes", "-L",
            f"{port}:{panel}:{RDP}"])
        self.pid = self.ssh.pid
        self.tunnel = Tunnel(person, port)
        assert self.tunnel.greeting.startswith("rdp"), self.ssh.poll()

    def close(self):
        self.tunnel.hang_up()
        self.ssh.kill()
        self.ssh.wait()


class House:
    """Everybody, what each holds open, and what the bastion says of it."""

    def __init__(self, visits):
        self.visits, self.bed = visits, visits.bastion
        self.inside = Inside(visits.bastion)
        self.people = [visits.people[f"acme-e{n}"] for n in range(PEOPLE)]
        self.doors = {person.client.host: threading.Semaphore(AT_A_TIME)
                      for person in self.people}
        self.lock = threading.Lock()
        self.held, self.closed = {}, set()  # by (source, port)
        self.keys = {person.name: self.fingerprint(person)
                     for person in self.people}

    def fingerprint(self, person):
        return person.client.run(["ssh-keygen", "-l", "-f", person.client.key(
            person.key)]).out.split()[1]

    def open(self, kind, person, code=NO_CODE):
        with self.doors[person.client.host]:
            one = kind(person, code)
        one.person, one.by_code = person, code != NO_CODE
        one.name = self.ours(person.client)[one.pid]
        with self.lock:
            self.held[one.name] = one
        return one

    def close(self, one):
        """Closed is what the kernel has no session scope of any more."""
        with self.lock:
            del self.held[one.name]
        scope = {(s["source"], s["source_port"]): s["scope"]
                 for s in self.listed()}[one.name]
        one.close()
        wait_for(lambda: self.inside.scope(scope) is None, 15, "its end")
        with self.lock:
            self.closed.add(one.name)

    def ours(self, client):
        """{pid of an ssh: (address, port) it comes from}"""
        out = client.run(["ss", "-Htnp", "state", "established", "dport",
                          f"= :{PORT}"]).out
        return {int(pid): (address, int(port)) for address, port, pid in
                re.findall(r"([\d.]+):(\d+) +\S+ +.*?pid=(\d+)", out)}

    def listed(self):
        out = self.bed.run(["jumpctl", "sessions", "--json"]).out
        return json.loads(out)["sessions"]

    def agrees(self):
        """At rest: neither more nor less, and each as it is."""
        listed = {(s["source"], s["source_port"]): s for s in self.listed()}
        held = {}
        for client in {person.client for person in self.people}:
            held.update((name, pid) for pid, name in self.ours(client).items())
        assert held.keys() == self.held.keys()
        assert listed.keys() == held.keys()
        for name, one in self.held.items():
            s = listed[name]
            assert (s["user"], s["uid"], s["key"], s["alive"]) == (
                one.person.name, one.person.uid, self.keys[one.person.name],
                True)
            assert [(c["channel"], c["target"], c["proto"], c["recorded"])
                    for c in s["connections"]] == one.connections, s
        assert sorted(s["scope"] for s in listed.values()) == sorted(
            scope.name for scope in self.inside.supplier_scopes())
        self.monitors_are_theirs(listed.values())
        text = self.bed.run(["jumpctl", "sessions"]).out
        rows = re.findall(r"(?m)^(\S+)  (\S+) +from (\S+) port (\d+) since",
                          text)
        assert sorted(rows) == sorted(
            (s["session"], s["user"], s["source"], str(s["source_port"]))
            for s in listed.values())
        return len(listed)

    def monitors_are_theirs(self, listed):
        """What the kernel says of the scope's first process: audit session,
        login uid."""
        script = "".join(
            f"p=$(head -1 /sys/fs/cgroup/user.slice/user-{s['uid']}.slice/"
            f"{s['scope']}/cgroup.procs); echo {s['scope']} "
            "$(cat /proc/$p/sessionid) $(cat /proc/$p/loginuid)\n"
            for s in listed)
        assert sorted(self.bed.run(script).out.splitlines()) == sorted(
            f"{s['scope']} {s['audit_session']} {s['uid']}" for s in listed)


def pick(number):
    return (Terminal, Command, Forward)[number % 3]


def test_jumpctl_sessions_is_the_truth_under_fifty_sessions(visits):
    house = House(visits)
    before = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(2 * AT_A_TIME) as pool:
        # one's first login is by code, the others stand on it
        list(pool.map(lambda number: house.open(
            pick(number), house.people[number],
            house.people[number].totp.code()), range(PEOPLE)))
        list(pool.map(lambda number: house.open(
            pick(number), house.people[number % PEOPLE]),
            range(PEOPLE, SESSIONS)))
        opened = time.monotonic()
        assert house.agrees() == SESSIONS
        looks = churn(house, pool)
        assert house.agrees() == SESSIONS
        list(pool.map(house.close, list(house.held.values())))
    assert house.agrees() == 0
    assert visits.bastion.run("jumpctl sessions").out == "no session\n"
    print(f"fifty open in {opened - before:.1f} s, {looks} looks, "
          f"{len(house.closed) - SESSIONS} came and went")


def churn(house, pool):
    """Four people keep leaving and coming back while the list is read: who
    is in from before it to after it is on it, who was gone is not."""
    end = time.monotonic() + CHURN_SEC
    def restless(seed):
        dice = random.Random(seed)
        while time.monotonic() < end:
            with house.lock:
                # the one by code stays: the others stand on it
                mine = [one for one in house.held.values()
                        if house.people.index(one.person) % 4 == seed
                        and not one.by_code]
            one = dice.choice(mine)
            house.close(one)
            house.open(type(one), one.person)
    restless_ones = [pool.submit(restless, seed) for seed in range(4)]
    looks = 0
    while not all(one.done() for one in restless_ones):
        with house.lock:
            held, closed = set(house.held), set(house.closed)
        listed = {(s["source"], s["source_port"]) for s in house.listed()}
        with house.lock:
            held &= set(house.held)
        assert held <= listed, held - listed
        assert not closed & listed, closed & listed
        looks += 1
    for one in restless_ones:
        one.result()
    return looks
