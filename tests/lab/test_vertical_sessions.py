# SPDX-License-Identifier: BSD-2-Clause
"""One person with several sessions: each event names the right one, the end
of one leaves the other; no session without a record; no more than allowed."""
import contextlib
import json
import time

import pytest

from jumplab.bed import wait_for
from jumplab.inside import Inside, peopled, when_gone
from jumplab.party import NO_CODE, Tunnel, connections, events, sessions
from jumplab.place import default_id, step
from jumplab.visit import Visits

pytestmark = pytest.mark.vertical

MOST = 3  # sessions at a time
RDP = 3389
LOUD = ["-o", "LogLevel=INFO"]  # ssh shows PAM's texts from there on
FREE_PORTS = iter(range(14000, 15000))


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "s") as one:
        with step("a site for sessions"):
            ready = Visits(one.install(), otp_grace="1h", sessions=MOST)
            for name in ("acme-two", "acme-three", "acme-many"):
                ready.enrol(name, key=name)
        yield ready


def fingerprint(person, key):
    out = person.client.run(["ssh-keygen", "-l", "-f",
                             person.client.key(key)]).out
    return out.split()[1]


class Forward:
    """`ssh -N -L` with this key, and a program that talks through it."""

    def __init__(self, visits, person, key):
        self.visits, self.person, self.key = visits, person, key
        self.port = next(FREE_PORTS)
        known = {one["uuid"] for one in sessions(visits.bastion)}
        self.ssh = person.start(key=key, options=[
            "-N", "-L", f"{self.port}:{visits.ot['hmi-1'].v4}:{RDP}"])
        listens = f"ss -Hltn 'sport = :{self.port}' | grep -q ."
        wait_for(lambda: person.client.run(["sh", "-c", listens],
                                           check=False).rc == 0, 15, "-L")
        def new():
            return ([one for one in sessions(visits.bastion)
                     if one["uuid"] not in known],) * 2
        self.record = wait_for(new, 10, "its record")[0]
        self.uuid = self.record["uuid"]

    def talk(self):
        one = Tunnel(self.person, self.port)
        assert one.greeting.startswith("rdp"), one.greeting
        return one

    def alive(self):
        return self.ssh.poll() is None


@pytest.fixture(scope="module")
def two(visits):
    """Somebody with two keys and a window to hmi-1."""
    person = visits.people["acme-two"]
    public = person.client.public_key("second")
    visits.service.put("/root/second.pub", public + "\n")
    visits.jumpctl("adam", "user", "key", "add", person.name,
                   "/root/second.pub")
    person.ident = visits.window(person.name, targets=("hmi-1", "plc-gw"),
                                 protocols=("rdp", "ssh"))
    def knows():
        shown = visits.bastion.run("jumpctl grants show --json").out
        return public in shown, shown
    wait_for(knows, 10, "the second key at the bastion")
    return person


@pytest.fixture
def pair(visits, two):
    made = [Forward(visits, two, key) for key in (two.key, "second")]
    yield made
    for one in made:
        one.ssh.kill()
        one.ssh.wait()
    wait_for(lambda: not sessions(visits.bastion), 8, "all gone")


def test_each_ones_tunnel_events_name_the_right_session(visits, two, pair):
    """Ten tunnels at the same time, in turns, each of another length."""
    start = time.time()
    for one in pair:
        assert one.record["key"] == fingerprint(two, one.key)
    assert pair[0].uuid != pair[1].uuid
    talks = [(number, pair[number % 2].talk()) for number in range(10)]
    lengths = {}
    for number, tunnel in talks:
        word = "x" * (1000 + number)
        assert tunnel.echoes(word)
        lengths[len(word) + 1] = pair[number % 2]
    open_now = connections(visits.bastion, two.name)
    assert sorted(one["session"] for one in open_now) == sorted(
        pair[number % 2].uuid for number, _ in talks)
    for _, tunnel in talks:
        tunnel.hang_up()
    def closed():
        told = events(visits.bastion, "conn.close", since=start,
                      user=two.name)
        return len(told) == 10, told
    ended = wait_for(closed, 8, "ten ends")
    began = {one["conn"]: one for one in events(
        visits.bastion, "conn.open", since=start, user=two.name)}
    for one in ended:
        right = lengths.pop(int(one["bytes_out"]))
        for event in (one, began[one["conn"]]):
            assert event["session"] == right.uuid, event
            assert event["key"] == right.record["key"], event
            assert event["src_port"] == right.record["source_port"], event
            assert event["grant"] == two.ident, event
    assert not lengths
    records = visits.site.audit.text()
    for conn, one in began.items():
        lines = [line for line in records.splitlines() if conn in line]
        assert lines and all(one["session"] in line for line in lines), conn


@pytest.mark.parametrize("how", ["operator", "monitor killed"])
def test_killing_one_leaves_the_other(visits, two, pair, how):
    victim, other = pair
    lost, kept = victim.talk(), other.talk()
    start = time.time()
    if how == "operator":
        visits.bastion.run(["jumpctl", "sessions", "end", victim.uuid,
                            "--reason", "another person's key"])
    else:
        visits.bastion.run(["kill", "-KILL", victim.record["monitor"]])
    folder = Inside(visits.bastion).scope(victim.record["name"])
    gone = when_gone({"tunnel": lost.alive, "ssh": victim.alive,
                      "session": lambda: folder and peopled(folder)}, 6)
    assert len(gone) == 3, gone
    wait_for(lambda: [one["uuid"] for one in sessions(visits.bastion)]
             == [other.uuid], 6, "one record left")
    told = wait_for(lambda: (events(
        visits.bastion, "conn.close", since=start,
        session=victim.uuid),) * 2, 6, "the end of the connection")
    assert len(told) == 1, told
    assert kept.echoes("still here")
    assert other.alive()
    assert [one["session"] for one in connections(visits.bastion)] == [
        other.uuid]


def test_a_session_without_a_record_is_gone_within_five_seconds(visits):
    """PAM can't write the record and refuses the session; `ssh -N` needs
    none and stays, until the worker sees a scope of nobody's."""
    person = visits.people["acme-three"]
    visits.window(person.name, targets=("hmi-1",), protocols=("rdp",),
                  account="")
    inside, bed = Inside(visits.bastion), visits.bastion
    start = time.time()
    bed.run("mount -t tmpfs -o ro,mode=0755 none /run/jump/sessions")
    try:
        silent = person.start(options=["-N"])
        scope = wait_for(lambda: (inside.supplier_scopes(),) * 2, 15,
                         "a scope")[0]
        came = time.time()
        gone = when_gone({"scope": lambda: peopled(scope),
                          "ssh": lambda: silent.poll() is None}, 8)
    finally:
        bed.run("umount /run/jump/sessions")
    assert len(gone) == 2, gone
    assert gone["scope"] - came < 5, gone["scope"] - came
    assert gone["ssh"] - came < 5, gone["ssh"] - came
    told = events(bed, "session.terminate", since=start)
    assert [one["reason"] for one in told] == ["record"], told
    assert told[0]["by"] == "deadline"


def test_no_more_sessions_than_allowed_however_they_come(visits):
    person = visits.people["acme-many"]
    visits.window(person.name, targets=("plc-gw",))
    first = person.start("plc-gw", "echo in; sleep 60")
    assert first.stdout.readline() == "in\n"
    # all at once: the count and the record are one step
    others = [person.start("plc-gw", "echo in; sleep 60", code=NO_CODE)
              for _ in range(MOST + 2)]
    def settled():
        out = [one.poll() for one in others]
        return sum(code is not None for code in out) == 3, out
    wait_for(settled, 20, "three refused")
    refused = [one for one in others if one.poll() is not None]
    inside = [one for one in others if one.poll() is None]
    for one in inside:
        assert one.stdout.readline() == "in\n"
    for one in refused:
        out, err = one.communicate()
        assert "in\n" not in out and one.returncode != 0
    assert len(sessions(visits.bastion, person.name)) == MOST
    shown = json.loads(visits.bastion.run("jumpctl sessions --json").out)
    assert len(shown["sessions"]) == MOST
    # told in plain words
    late = person.login("plc-gw", "echo in", options=LOUD)
    assert late.rc != 0 and "Close one first" in late.out + late.err, late
    inside[0].kill()
    wait_for(lambda: len(sessions(visits.bastion, person.name)) < MOST, 8,
             "room for one")
    assert person.login("plc-gw", "echo in", code=NO_CODE).out == "in\n"
    with contextlib.suppress(ProcessLookupError):
        first.kill()
