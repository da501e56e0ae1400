# SPDX-License-Identifier: BSD-2-Clause
"""kill -9 of each process of ours, twenty times each, at random instants of
visits: what was acknowledged is not lost, nothing stays open, and the next
visit works."""
import base64
import concurrent.futures
import contextlib
import json
import os
import random
import subprocess
import threading
import time

import pytest

from jumplab.bed import wait_for
from jumplab.hunt import Grounds, Hunt, field, kill
from jumplab.inside import Inside
from jumplab.party import NO_CODE, RDP, Tunnel, connections, events, sessions
from jumplab.place import default_id, step
from jumplab.visit import URL, Visits

pytestmark = pytest.mark.vertical

TIMES = 20
GUESTS = 5
GONE_WITHIN = 6
CUT_WITHIN = 3
SEED = int(os.environ.get("JUMP_LAB_SEED", time.time_ns() % 1000000))
SAY = ("i=0; while [ $i -lt {lines} ]; do echo {word}-$i.; i=$((i+1)); "
       "sleep 0.02; done; echo {word}-end.")
FOR_EVER = 100000


@pytest.fixture(scope="module")
def visits(open_site):
    print(f"JUMP_LAB_SEED={SEED}")
    with open_site(default_id()[:11] + "k") as one:
        with step("a site for kills"):
            ready = Visits(one.install(), otp_grace="1h")
            for i in range(GUESTS):
                ready.enrol(f"acme-tech{i}", key=f"tech{i}")
            ready.inside = Inside(ready.bastion)
            ready.grounds = Grounds(ready.bastion)
            ready.begun = time.time()
        yield ready


@pytest.fixture
def dice(request):
    return random.Random(f"{SEED} {request.node.name}")


# -- a visit, and what came of it

class Talk:
    """A command whose output is numbered lines, read as they come."""

    serial = 0

    def __init__(self, person, lines, options=()):
        Talk.serial += 1
        self.word = f"talk{Talk.serial}"
        self.heard, self.err = "", ""
        self.ssh = person.start("plc-gw", SAY.format(
            word=self.word, lines=lines), code=NO_CODE, options=options)
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


def nothing_lost(visits, talks):
    """What anybody saw is in a recording, and in one."""
    listed = visits.bastion.run(
        "cd /var/lib/jump/recordings && for f in */*.cast; do "
        "printf '\\001'; cat $f; done", check=False).out
    kept = [shown(one) for one in listed.split("\1") if one]
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
    known = sessions(visits.bastion)
    open_now = connections(visits.bastion)
    scopes = {one["name"] for one in known if one["uuid"] in mine}
    left = {
        "sessions": foreign(known, "uuid"),
        "connections": foreign(open_now, "session"),
        "scopes": [one.name for one in visits.inside.supplier_scopes()
                   if one.name not in scopes],
        "recordings": visits.bastion.run(
            "cd /run/jump/live && for f in *; do [ ! -e $f ] || "
            "flock -n $f true || grep -H session= $f; done").out.splitlines(),
        "recorders": len(visits.grounds.recorders()) - len(
            [one for one in open_now
             if one["session"] in mine and one["recorded"] == "1"]),
        "relays": len(visits.grounds.relays(children=True)) - len(
            [one for one in open_now if one["session"] in mine]),
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


def nothing_stays_open_in_the_log(visits):
    """Each session and each connection that began is told to have ended."""
    for begin, end, key in (("session.start", "session.end", "session"),
                            ("conn.open", "conn.close", "conn")):
        def untold():
            return {one[key] for one in events(
                visits.bastion, begin, since=visits.begun)} - {
                    one[key] for one in events(
                        visits.bastion, end, since=visits.begun)}
        wait_for(lambda: (not untold(), untold()), 5, f"an {end} of each")


def next_visit_works(visits, person):
    one = Talk(person, 3).end()
    assert one.whole(), (one.heard, one.err)
    nothing_lost(visits, [one])


class Guest:
    """A person with a window and a login that stands for the code; further
    visits can go through that login."""

    def __init__(self, visits, name):
        self.visits, self.person = visits, visits.people[name]
        self.uid = self.person.uid
        self.ident = visits.window(name, targets=("plc-gw", "hmi-1"),
                                   protocols=("ssh", "rdp"))
        number = visits.turn = getattr(visits, "turn", 0) + 1
        self.port = 15000 + number
        self.mux = ["-o", "ControlPath="
                    f"{self.person.client.dir}/mux{number}"]
        self.holder = self.person.start(options=[
            *self.mux, "-o", "ControlMaster=yes", "-N", "-L",
            f"{self.port}:{visits.ot['hmi-1'].v4}:{RDP}"])
        self.held = wait_for(self._there, 15, "the first login")
        self.own = self.processes()

    def _there(self):
        """The sessions, once the tunnel's port is open."""
        held = {one["uuid"] for one in sessions(self.visits.bastion,
                                                self.person.name)}
        listens = self.person.client.run(
            ["sh", "-c", f"ss -Hltn 'sport = :{self.port}' | grep -q ."],
            check=False).rc == 0
        return listens and len(held) == 1, held

    def processes(self):
        """All that runs for this person at the bastion."""
        grounds = self.visits.grounds
        return set(grounds.at_work(self.uid) + grounds.recorders(self.uid) +
                   grounds.carriers(self.uid))

    def await_quiet(self):
        """What a visit has left, and begins late, is not the next one's."""
        def left():
            there = self.processes() - self.own
            return not there, there
        wait_for(left, GONE_WITHIN, "the visit before to be over", pause=0.02)

    def leave(self):
        """Taken back: not an element of theirs is left in the filter."""
        self.visits.jumpctl("anna", "revoke", self.ident)
        self.holder.wait(10)
        wait_for(lambda: f"{self.uid} ." not in self.visits.bastion.run(
            "nft list set inet jumphost granted4").out, 5, "the filter")


@contextlib.contextmanager
def guests(visits, count):
    """They come; and when they have left, nothing of them is there."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        here = list(pool.map(lambda i: Guest(visits, f"acme-tech{i}"),
                             range(count)))
        try:
            yield here
            nothing_stays_open(visits, set().union(*(one.held
                                                     for one in here)))
            for one in here[:2]:
                next_visit_works(visits, one.person)
        finally:
            list(pool.map(Guest.leave, here))
    nothing_stays_open(visits)
    nothing_stays_open_in_the_log(visits)


def at_once(work, items):
    """work(item) for all, and the first thing that went wrong."""
    with concurrent.futures.ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(work, items))


# -- what a visit hangs on: with it, the visit ends

KILLS_THE_VISIT = {
    "relay child": lambda grounds, guest: grounds.carriers(guest.uid),
    "jumpshell": lambda grounds, guest: grounds.named("jumpshell", guest.uid),
    "recorder": lambda grounds, guest: grounds.recorders(guest.uid),
    "sshd monitor": lambda grounds, guest: grounds.titled(
        f"jump-sshd: {guest.person.name} [priv]", guest.uid),
}


def kill_in_a_visit(visits, guest, kind, delay):
    """One visit without an end of its own, killed that long after the process
    was there."""
    def look():
        return set(KILLS_THE_VISIT[kind](visits.grounds, guest)) - before

    def strike():
        """A child of it that is about to become something else is not it."""
        there = look()
        struck = [(pid, field(pid, "Name"), field(pid, "State"))
                  for pid in there
                  if int(field(pid, "PPid") or 0) not in there]
        return any([kill(pid) for pid, *_ in struck]), struck
    before = set()
    guest.await_quiet()
    before = look()
    talk = Talk(guest.person, FOR_EVER)
    wait_for(look, 15, kind, pause=0.01)
    time.sleep(delay)
    struck = wait_for(strike, 5, f"{kind} to kill", pause=0.005)
    killed = time.monotonic()
    try:
        talk.end()
    except subprocess.TimeoutExpired:
        pytest.fail(f"{kind} {struck} killed after {delay:.3f} s, and the "
                    "visit goes on")
    took = time.monotonic() - killed
    assert took < CUT_WITHIN, f"{kind}: the visit went on for {took:.1f} s"
    assert not talk.whole()
    return talk


def test_what_a_visit_hangs_on_is_killed(visits, dice):
    todo = [(kind, dice.choice((dice.uniform(0, 0.1), dice.uniform(0, 1))))
            for kind in KILLS_THE_VISIT for _ in range(TIMES)]
    dice.shuffle(todo)
    with guests(visits, GUESTS) as here:
        talks = [talk for done in at_once(
            lambda i: [kill_in_a_visit(visits, here[i], *one)
                       for one in todo[i::GUESTS]], range(GUESTS))
                 for talk in done]
        assert len(talks) == TIMES * len(KILLS_THE_VISIT)
        assert sum(bool(one.heard) for one in talks) > TIMES
        nothing_lost(visits, talks)


# -- what a connection begins with: it comes to be or it does not

def test_what_a_connection_begins_with_is_killed(visits, dice):
    """Short connections, one after another, while what they need dies: each
    goes through or ends, and none hangs."""
    grounds = visits.grounds
    kinds = {
        "jump-dial": (lambda: grounds.named("jump-dial"), 0.03, 0.7),
        "jump-keypair": (lambda: grounds.named("jump-keypair"), 0.5, 0.2),
        "jump-cert": (grounds.certifiers, 0.3, 0.3),
        "recorder": (grounds.recorders, 0.5, 0.2),
        "relay parent": (lambda: grounds.relays(False), 0.5, 1),
        "relay child": (lambda: grounds.relays(True), 0.2, 0.2),
    }
    with guests(visits, 2) as here, Hunt(dice, TIMES, kinds) as hunt:
        talks = []
        end = time.monotonic() + 90

        def come(i):
            while not hunt.over() and time.monotonic() < end:
                one = Talk(here[i % 2].person, 5, here[i % 2].mux)
                talks.append(one)
                one.end()
        at_once(come, range(GUESTS))
        whole = sum(one.whole() for one in talks)
        print(f"{hunt.count}; of {len(talks)} connections {whole} came to be")
        assert hunt.over(), hunt.count
        assert 0 < whole < len(talks)
        nothing_lost(visits, talks)


# -- what a visit does not hang on: it goes on as if nothing had been

class Decisions:
    """Windows that are approved and taken back meanwhile. Who is told "done"
    has it in writing, whatever dies afterwards."""

    def __init__(self, visits, dice):
        self.visits, self.dice = visits, dice
        self.approved, self.revoked = [], []
        self.doubtful = set()  # asked to be taken back, maybe unheard

    def make(self, stop):
        while not stop.is_set():
            self._one_more()

    def _one_more(self):
        name = f"acme-tech{self.dice.randrange(GUESTS)}"
        with contextlib.suppress(Exception):
            ident = self.visits.window(name, wait=False, protocols=("http",),
                                       targets=("hmi-1",), account=None)
            self.approved.append(ident)
            if self.dice.random() < 0.5:
                self.doubtful.add(ident)
                self.visits.jumpctl("anna", "revoke", ident)
                self.revoked.append(ident)

    def stand(self):
        """All of them, at the bastion. Not told "done" may still be done."""
        def look():
            there = self.visits.grants()
            lost = [one for one in self.approved
                    if one not in there and one not in self.doubtful] + [
                one for one in self.revoked
                if one in there and not there[one]["revoked"]]
            return not lost, lost
        wait_for(look, 10, "what was decided")

    def withdraw(self):
        for one in set(self.approved) - set(self.revoked):
            self.visits.jumpctl("anna", "revoke", one,
                                check=one not in self.doubtful)


def starter(visits, units, stop, pause=0.15):
    """Starts them again and again, as news and timers do."""
    while not stop.is_set():
        visits.bastion.run(["systemctl", "start", "--no-block", *units],
                           check=False)
        visits.service.run("systemctl start --no-block jump-approvals",
                           check=False)
        stop.wait(pause)


def test_what_a_visit_does_not_hang_on_is_killed(visits, dice):
    grounds, service = visits.grounds, Grounds(visits.service)
    kinds = {
        "relay parent": (lambda: grounds.relays(False), 0.5, 1),
        "jump-apply": (lambda: grounds.service("jump-apply"), 0.1, 0.7),
        "jump-watch": (lambda: grounds.service("jump-watch"), 0.5, 1),
        "jump-fetch": (lambda: grounds.service("jump-fetch"), 0.5, 1),
        "approvals service": (lambda: service.service("jump-approvals"),
                              1.5, 1),
    }
    decisions = Decisions(visits, dice)
    stop = threading.Event()
    with guests(visits, 1) as (guest,):
        tunnel = Tunnel(guest.person, guest.port)
        talk = Talk(guest.person, FOR_EVER)
        wait_for(lambda: talk.heard, 20, "the first line")
        helpers = [threading.Thread(target=starter, args=(
            visits, ["jump-apply", "jump-watch", "jump-fetch"], stop)),
                   threading.Thread(target=decisions.make, args=(stop,))]
        for one in helpers:
            one.start()
        end = time.monotonic() + 90
        try:
            with Hunt(dice, TIMES, kinds) as hunt:
                while not hunt.over() and time.monotonic() < end:
                    assert tunnel.echoes(f"at {time.monotonic()}")
                    assert talk.ssh.poll() is None, talk.end().err
                    # one of the relays comes with who knocks
                    guest.person.client.run(
                        ["nc", "-z", "127.0.0.1", guest.port], check=False)
                    time.sleep(0.05)
        finally:
            stop.set()
            for one in helpers:
                one.join()
        print(hunt.count, f"{len(decisions.approved)} windows approved, "
              f"{len(decisions.revoked)} taken back")
        assert hunt.over() and decisions.approved, hunt.count
        visits.service.wait(f"curl -fsk {URL}/healthz")
        assert tunnel.echoes("after all of it")
        heard = len(talk.heard)
        wait_for(lambda: len(talk.heard) > heard, 3, "another line")
        talk.ssh.terminate()
        nothing_lost(visits, [talk.end()])
        tunnel.hang_up()
        decisions.stand()
        decisions.withdraw()


# -- while PAM asks: a code is good once, whatever dies

def last_step(visits, person):
    """The step of the code that was used last; 0: none was."""
    path = visits.grounds.root / f"var/lib/jump/otp/{person.uid}"
    with contextlib.suppress(OSError):
        return int(path.read_text().partition("step=")[2].split()[0])
    return 0


def kill_in_pam(visits, person, delay):
    """A login that is killed, or was faster; then the same code once more."""
    code = person.totp.code(lasting=True)
    used = last_step(visits, person)
    login = person.start("whoami", code=code)
    pam = f"jump-sshd: {person.name} [pam]"

    def look():
        return login.poll() is not None or next(
            iter(visits.grounds.titled(pam, person.uid)), None)
    pid = wait_for(look, 15, "PAM", pause=0.001)
    time.sleep(delay)
    killed = pid is not True and kill(pid)
    login.communicate(timeout=15)
    spent = last_step(visits, person) > used
    again = person.login("whoami", code=code)
    assert spent or login.returncode != 0, "came in and the code is not spent"
    assert (again.rc == 0) == (not spent), (spent, again)
    return killed


def test_pam_is_killed_while_it_asks(visits, dice):
    """In the process of sshd that asks for the code and decides."""
    people = at_once(lambda i: visits.enrol(f"acme-pam{i}", key=f"pam{i}"),
                     range(20))
    idents = at_once(lambda one: visits.window(one.name), people)
    tried = []

    def work(i):
        """In turn: of each, two codes are good at a time. How long it lives
        is learnt: what was missed was gone sooner."""
        life = 0.03
        for person in people[i::4] * 3:
            if sum(tried) < TIMES:
                tried.append(kill_in_pam(visits, person,
                                         dice.uniform(0, life)))
                life *= 1.1 if tried[-1] else 0.7
    at_once(work, range(4))
    print(f"{sum(tried)} killed of {len(tried)}")
    assert sum(tried) >= TIMES, tried
    nothing_stays_open(visits)
    assert people[-1].login("plc-gw", "echo in").out == "in\n"
    at_once(lambda ident: visits.jumpctl("anna", "revoke", ident), idents)
    nothing_stays_open_in_the_log(visits)
