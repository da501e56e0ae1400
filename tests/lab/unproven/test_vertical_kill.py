# SPDX-License-Identifier: BSD-2-Clause
"""kill -9 of each process of ours, at random instants of visits: what was
shown is in the recording, nothing stays open, and the next visit works."""
import base64
import json
import os
import random
import signal
import threading
import time

import pytest

from jumplab.bed import wait_for
from jumplab.inside import Inside
from jumplab.party import NO_CODE, RDP, Tunnel, connections, sessions
from jumplab.place import default_id, step
from jumplab.visit import URL, Visits

pytestmark = pytest.mark.vertical

TIMES = 20
AT_ONCE = 5
SECONDS = 1.5  # of a visit that is left alone
GONE_WITHIN = 6
SEED = int(os.environ.get("JUMP_LAB_SEED", time.time_ns() % 1000000))
SAY = ("i=0; while [ $i -lt {lines} ]; do echo {word}-$i.; i=$((i+1)); "
       "sleep 0.02; done; echo {word}-end.")


@pytest.fixture(scope="module")
def visits(open_site):
    print(f"JUMP_LAB_SEED={SEED}")
    with open_site(default_id()[:11] + "k") as one:
        with step("a site for kills"):
            ready = Visits(one.install(), otp_grace="1h")
            for i in range(6):
                ready.enrol(f"acme-tech{i}", key=f"tech{i}")
            # fetch is looked at only when it has something to say
            ready.inside = Inside(ready.bastion)
            ready.service_inside = Inside(ready.service)
        yield ready


@pytest.fixture
def dice(request):
    return random.Random(f"{SEED} {request.node.name}")


# -- which process

def relays(visits, children):
    """Those that carry a connection, or the one that accepts. (Children of
    one that was killed have init for a parent, as it has.)"""
    main = int(visits.bastion.run(
        "systemctl show -P MainPID jump-relay").out)
    return [one for one in visits.inside.processes("jump-relay")
            if (one.inner != main) == children]


def monitors(visits):
    return [one for one in visits.inside.processes("jump-sshd", uid=0)
            if "[priv]" in one.line]


def named(name):
    return lambda visits: visits.inside.processes(name)


KILLS_THE_VISIT = {
    "relay child": lambda visits: relays(visits, True),
    "jumpshell": named("jumpshell"),
    "recorder": named("jump-record"),
    "sshd monitor": monitors,
}
LEAVES_THE_VISIT = {
    "relay parent": lambda visits: relays(visits, False),
    "jump-apply": named("jump-apply"),
    "jump-watch": named("jump-watch"),
    "jump-fetch": named("jump-fetch"),
    "jump-cert": named("jump-cert"),
    "approvals service": lambda visits:
        visits.service_inside.processes("jump-approvals"),
}
KILLS_THE_BEGINNING = {
    "jump-dial": named("jump-dial"),
    "jump-keypair": named("jump-keypair"),
    "jump-cert": named("jump-cert"),
    "recorder": named("jump-record"),
    "relay parent": lambda visits: relays(visits, False),
}


# -- a visit, and what came of it

class Talk:
    """A command whose output is numbered lines, read as they come."""

    serial = 0

    def __init__(self, person, lines=int(SECONDS / 0.02)):
        Talk.serial += 1
        self.word = f"talk{Talk.serial}"
        self.heard, self.err = "", ""
        self.ssh = person.start("plc-gw", SAY.format(
            word=self.word, lines=lines), code=NO_CODE)
        self.reader = threading.Thread(target=self._listen)
        self.reader.start()

    def _listen(self):
        while piece := os.read(self.ssh.stdout.fileno(), 65536):
            self.heard += piece.decode(errors="replace")

    def end(self, timeout=20):
        self.ssh.wait(timeout)
        self.reader.join(timeout)
        self.err = self.ssh.stderr.read()
        return self

    def whole(self):
        return self.ssh.returncode == 0 and f"{self.word}-end." in self.heard


def shown(recording):
    """The exact output in a recording, however it ended."""
    out, exact = b"", None
    for line in recording.split("\n")[1:]:
        try:
            _, code, text = json.loads(line)
        except ValueError:
            break  # torn: it was never shown
        if code == "b":
            exact = base64.b64decode(text)
        elif code == "o":
            out += text.encode() if exact is None else exact
            exact = None
    return out.decode(errors="replace")


def recordings(visits):
    """Output of every recording there is."""
    listed = visits.bastion.run(
        "cd /var/lib/jump/recordings && for f in */*.cast; do "
        "printf '\\001'; cat $f; done", check=False).out
    return [shown(one) for one in listed.split("\1") if one]


def nothing_lost(visits, talks):
    kept = recordings(visits)
    for one in talks:
        if not one.heard.count(f"{one.word}-"):
            continue
        held = [text for text in kept if f"{one.word}-0." in text]
        assert len(held) == 1, f"{one.word}: {len(held)} recordings"
        assert one.heard in held[0].replace("\r", ""), (
            f"{one.word}: shown and not recorded: {one.heard[-200:]!r}, "
            f"recorded: {held[0][-200:]!r}")


def left_open(visits, mine=()):
    """What is there of suppliers beside the sessions named."""
    def foreign(records, key):
        return [one["name"] for one in records if one[key] not in mine]
    scopes = {one["name"] for one in sessions(visits.bastion)
              if one["uuid"] in mine}
    left = {
        "sessions": foreign(sessions(visits.bastion), "uuid"),
        "connections": foreign(connections(visits.bastion), "session"),
        "scopes": [one.name for one in visits.inside.supplier_scopes()
                   if one.name not in scopes],
        "recordings": visits.bastion.run(
            "cd /run/jump/live && for f in *; do [ ! -e $f ] || "
            "flock -n $f true || grep -H session= $f; done").out.splitlines(),
        "recorders": len(visits.inside.processes("jump-record")) - len(
            [one for one in connections(visits.bastion)
             if one["session"] in mine and one["recorded"] == "1"]),
        "programs": [str(one) for one in visits.inside.processes()
                     if one.uid >= 1900000000 and not mine],
    }
    left["recordings"] = [line for line in left["recordings"]
                          if line.partition("=")[2] not in mine]
    return left


def nothing_stays_open(visits, mine=()):
    def look():
        left = left_open(visits, mine)
        return not any(left.values()), left
    wait_for(look, GONE_WITHIN, "nothing left open", pause=0.2)


def filter_knows(visits, person):
    return str(person.uid) in visits.bastion.run(
        "nft list set inet jumphost granted4").out


def next_visit_works(visits, person, lines=3):
    one = Talk(person, lines).end()
    assert one.whole(), (one.heard, one.err)
    nothing_lost(visits, [one])


def window(visits, dice):
    """Somebody's window, and a login that stands for their code."""
    visits.turn = getattr(visits, "turn", -1) + 1
    person = visits.people[f"acme-tech{visits.turn % 6}"]
    ident = visits.window(person.name, targets=("plc-gw", "hmi-1"),
                          protocols=("ssh", "rdp"))
    person.port = 15000 + visits.turn
    known = {one["uuid"] for one in sessions(visits.bastion)}
    person.holder = person.start(options=[
        "-N", "-L", f"{person.port}:{visits.ot['hmi-1'].v4}:{RDP}"])
    def there():
        new = [one["uuid"] for one in sessions(visits.bastion)
               if one["uuid"] not in known]
        return new and person.client.run(
            ["sh", "-c", f"ss -Hltn 'sport = :{person.port}' | grep -q ."],
            check=False).rc == 0, new
    person.held = set(wait_for(there, 15, "the first login"))
    return person, ident


def close_window(visits, person, ident):
    """Taken back: no session, and no element of theirs in the filter."""
    visits.jumpctl("anna", "revoke", ident)
    nothing_stays_open(visits)
    assert not filter_knows(visits, person)
    person.holder.wait(10)


def kill_one(visits, choose, dice, done, timeout=5):
    """One that was not killed before; True when it died of it."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        there = [one for one in choose(visits) if one.pid not in done]
        if there:
            one = dice.choice(there)
            if one.signal(signal.SIGKILL):
                done.add(one.pid)
                return True
        time.sleep(0.005)
    return False


@pytest.mark.parametrize("kind", KILLS_THE_VISIT)
def test_what_a_visit_hangs_on_is_killed(visits, dice, kind):
    """Twenty visits, five at a time; in each, this dies once."""
    person, ident = window(visits, dice)
    choose = KILLS_THE_VISIT[kind]
    # the login that stands for the code is not to die
    holder = {one.pid for one in choose(visits)}
    talks, done = [], set(holder)
    for _ in range(TIMES // AT_ONCE):
        now = [Talk(person) for _ in range(AT_ONCE)]
        talks += now
        end = time.monotonic() + 20
        for _ in range(AT_ONCE):
            time.sleep(dice.uniform(0, SECONDS / AT_ONCE))
            kill_one(visits, choose, dice, done, end - time.monotonic())
        for one in now:
            one.end()
    killed = len(done - holder)
    whole = sum(one.whole() for one in talks)
    print(f"{kind}: {killed} killed, {whole} visits came through")
    assert killed >= TIMES - 2
    assert whole <= TIMES - killed + 2, "who was killed was not needed?"
    nothing_lost(visits, talks)
    nothing_stays_open(visits, person.held)
    next_visit_works(visits, person)
    close_window(visits, person, ident)


def test_what_a_visit_does_not_hang_on_is_killed(visits, dice):
    """One visit; meanwhile each of these dies twenty times. The visit goes
    on as if nothing had been."""
    person, ident = window(visits, dice)
    tunnel = Tunnel(person, person.port)
    talk = Talk(person, lines=2000)
    wait_for(lambda: talk.heard, 20, "the first line")
    stop, count = threading.Event(), dict.fromkeys(LEAVES_THE_VISIT, 0)

    def reaper(kind, choose, own):
        done = set()
        while count[kind] < TIMES and not stop.is_set():
            time.sleep(own.uniform(0, 0.4))
            if kind == "relay parent":
                # one comes with who knocks
                person.client.run(["nc", "-z", "127.0.0.1", person.port],
                                  check=False)
            if kind == "jump-cert":
                visits.bastion.run("systemctl start --no-block "
                                   "jump-cert@cell-a.service", check=False)
            if kind in ("jump-apply", "jump-watch"):
                visits.bastion.run(
                    f"systemctl start --no-block {kind}.service", check=False)
            count[kind] += kill_one(visits, choose, own, done, 3)
    reapers = [threading.Thread(target=reaper, daemon=True, args=(
        kind, choose, random.Random(dice.random())))
        for kind, choose in LEAVES_THE_VISIT.items()]
    for one in reapers:
        one.start()
    end = time.monotonic() + 45
    try:
        while (any(one.is_alive() for one in reapers) and
               time.monotonic() < end):
            assert tunnel.echoes(f"at {time.monotonic()}")
            assert talk.ssh.poll() is None, talk.end().err
            time.sleep(0.1)
    finally:
        stop.set()
        for one in reapers:
            one.join()
        visits.service.wait(f"curl -fsk {URL}/healthz")
    print(count)
    assert tunnel.echoes("after all of it")
    heard = len(talk.heard)
    wait_for(lambda: len(talk.heard) > heard, 3, "another line")
    assert min(count.values()) >= TIMES, count
    talk.ssh.terminate()
    talk.end()
    nothing_lost(visits, [talk])
    tunnel.hang_up()
    # fetch pauses for up to 15 s when the service was away again and again
    later = visits.window(person.name, wait=False)
    visits.wait_grant(later, 20)
    next_visit_works(visits, person)
    visits.jumpctl("anna", "revoke", later)
    close_window(visits, person, ident)


@pytest.mark.parametrize("kind", KILLS_THE_BEGINNING)
def test_what_a_connection_begins_with_is_killed(visits, dice, kind):
    """Somewhere between login and the first line; a visit comes through or
    ends, and none hangs."""
    person, ident = window(visits, dice)
    talks, done, choose = [], set(), KILLS_THE_BEGINNING[kind]
    for _ in range(TIMES // AT_ONCE):
        now = [Talk(person, lines=10) for _ in range(AT_ONCE)]
        talks += now
        for _ in range(AT_ONCE):
            time.sleep(dice.uniform(0, 0.05))
            kill_one(visits, choose, dice, done, 2)
        for one in now:
            one.end()
    whole = sum(one.whole() for one in talks)
    print(f"{kind}: {len(done)} killed, {whole} visits came through")
    assert done, f"{kind} was never met"
    nothing_lost(visits, talks)
    nothing_stays_open(visits, person.held)
    next_visit_works(visits, person)
    close_window(visits, person, ident)
