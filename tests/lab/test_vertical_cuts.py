# SPDX-License-Identifier: BSD-2-Clause
"""What is over is gone: a terminal, a command and `ssh -N -L`, at the end of
the window, when the grant is taken back, when it loses a target; and so with
each single thing broken that could stand in the way."""
import contextlib
import random
import signal
import threading
import time

import pytest

from jumplab.bed import wait_for
from jumplab.inside import Process, when_gone
from jumplab.party import Party, events, narrow, sessions
from jumplab.place import default_id, step
from jumplab.visit import Visits

pytestmark = pytest.mark.vertical

GRACE = 1
WITHIN = 1.0  # of the deadline and its grace, or of the decision
SPARE = ("historian",)
DEAF = "sleep 1000"
TARGETS = ("plc-gw", "hmi-1", "historian")


def ready_for_cuts(site, people=9):
    """A code is good once: who comes for the second time may wait."""
    with step("a site for cuts"):
        visits = Visits(site, grace=f"{GRACE}s", otp_grace="1h")
        for name in ("spare", *(f"tech{i}" for i in range(people))):
            visits.enrol(f"acme-{name}", key=name)
    return visits


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "c") as one:
        yield ready_for_cuts(one.install())


@pytest.fixture
def party(visits):
    """Somebody with a terminal, a command, and tunnels to two machines."""
    made = []

    def come(until=None):
        number = visits.turn = getattr(visits, "turn", -1) + 1
        turns = [one for name, one in visits.people.items() if "-tech" in name]
        person = turns[number % len(turns)]
        # the shortest window is a minute: most of it is over
        opens = until - 60 if until else -10
        ident = visits.window(person.name, targets=TARGETS,
                              protocols=("ssh", "rdp"), opens=opens,
                              lasts=60 if until else 3600)
        made.append(Party(visits, person).come("hmi-1", "historian"))
        made[-1].grant = ident
        return made[-1]
    yield come
    for one in made:
        one.leave()
        visits.jumpctl("anna", "revoke", one.grant, check=False)


# -- what could stand in the way; each is undone afterwards

@contextlib.contextmanager
def nothing(*_):
    yield


@contextlib.contextmanager
def deaf_processes(visits, party):
    """In every session something that ignores signals, and a monitor that
    can't hear the one that asks it to close the session. (The programs at the
    targets are deaf always.)"""
    held = []
    for one in party.sessions:
        party.inside.processes(inner=int(one["monitor"]))[0].signal(
            signal.SIGSTOP)
        deaf = visits.bastion.popen(
            ["sh", "-c", f"echo $$ > /sys/fs/cgroup{one['cgroup']}/"
             "cgroup.procs; trap '' TERM HUP INT QUIT PIPE; echo $$; "
             f"exec setpriv --reuid={one['uid']} --regid={one['uid']} "
             f"--clear-groups {DEAF}"])
        deaf.stdout.readline()
        held.append(deaf)
    yield
    for one in party.inside.processes():
        if one.line == DEAF and one.uid >= 1900000000:
            one.signal(signal.SIGKILL)
        elif "[priv]" in one.line:
            one.signal(signal.SIGCONT)
    for one in held:
        one.communicate(timeout=10)


@contextlib.contextmanager
def service_down(visits, party):
    visits.service.run("systemctl stop jump-approvals.socket; "
                       "systemctl kill -s KILL jump-approvals; "
                       "systemctl stop jump-approvals; true")
    yield
    visits.service.run("systemctl start jump-approvals")
    visits.service.wait("systemctl is-active -q jump-approvals")


@contextlib.contextmanager
def apply_killed(visits, party):
    """The next run of jump-apply dies, some milliseconds old."""
    stop, killed = threading.Event(), []
    age = random.uniform(0, 0.02)
    print(f"jump-apply is killed {age * 1000:.0f} ms after it was seen")
    system = party.inside.scope("system.slice")

    def hunt():
        while not stop.is_set() and not killed:
            with contextlib.suppress(OSError, ValueError, KeyError):
                path = system / "jump-apply.service/cgroup.procs"
                for pid in path.read_text().split():
                    one = Process(int(pid))
                    if one.name != "jump-apply":
                        continue
                    time.sleep(age)
                    if one.signal(signal.SIGKILL):
                        killed.append(one)
            time.sleep(0.001)
    hunter = threading.Thread(target=hunt)
    hunter.start()
    yield
    stop.set()
    hunter.join()
    assert killed, "jump-apply was never met"


@contextlib.contextmanager
def first_enforcer_stopped(visits, party):
    """Relay and jumpshell, all of them."""
    held = (party.inside.processes("jump-relay") +
            party.inside.processes("jumpshell"))
    assert len(held) >= 5, held
    for one in held:
        one.signal(signal.SIGSTOP)
    yield
    for one in held:
        one.signal(signal.SIGCONT)


@contextlib.contextmanager
def timer_masked(visits, party):
    """And what ran then is killed: what is there has come without a timer."""
    visits.bastion.run("systemctl mask --runtime --now jump-watch.timer; "
                       "systemctl kill -s KILL jump-watch.service")
    yield
    visits.bastion.run(WATCH_BACK)


@contextlib.contextmanager
def no_watch(visits, party):
    visits.bastion.run("systemctl mask --runtime --now jump-watch.timer; "
                       "systemctl stop jump-watch.service")
    yield
    visits.bastion.run(WATCH_BACK)


WATCH_BACK = ("systemctl unmask --runtime jump-watch.timer; "
              "systemctl start jump-watch.timer")
TROUBLES = [nothing, deaf_processes, service_down, apply_killed,
            first_enforcer_stopped, timer_masked, no_watch]


def under(troubles):
    return pytest.mark.parametrize("trouble", troubles,
                                   ids=lambda one: one.__name__)


# Who is down takes nothing back.
SERVICE_UP = [one for one in TROUBLES if one is not service_down]


def look(party, gone, things, since, what):
    """Nothing too soon, nothing late; whoever is late is named."""
    late = {name: f"{gone[name] - since:.2f}" if name in gone else "never"
            for name in things
            if name not in gone or gone[name] - since > WITHIN}
    assert not late, f"{what}: {late}"


def told_by(party, since, things):
    """Each connection and each session has an event that says who cut it."""
    def all_told():
        told = party.who_cut(since)
        lacking = [name for name in things if name not in told]
        return not lacking, (lacking, told)
    return wait_for(all_told, 5, "who cut it")[1]


@under(TROUBLES)
def test_the_end_of_the_window_cuts(visits, party, trouble):
    here = party(until=11)
    deadline = visits.ends(here.grant)
    start = time.time()
    with trouble(visits, here):
        things = here.watched()
        if trouble is apply_killed:
            # it has no part in this; so that there is one to be killed
            visits.bastion.run("systemctl start --no-block jump-apply")
        if trouble is no_watch:
            # With nobody to look after logins that have nothing open, an
            # empty `ssh -N` stays until the watch is back; see below.
            for one in here.silent:
                del things[f"session {one['uuid']}"]
            del things["forward's ssh"]
        assert time.time() < deadline, "came too late to see anything"
        gone = when_gone(things, deadline + GRACE + 6 - time.time())
    early = [name for name, at in gone.items() if at < deadline + GRACE - 0.05
             and name in here.connections_watched()]
    assert not early, early
    look(here, gone, things, deadline + GRACE, "after deadline and grace")
    told = told_by(here, start, [one["name"] for one in here.connections])
    if trouble is first_enforcer_stopped:
        assert set().union(*told.values()) == {"deadline"}, told
    if trouble is no_watch:
        assert "deadline" not in set().union(*told.values()), told
        when = when_gone(here.watched(), 6)
        assert len(when) == len(here.watched()), "the watch is back"


@under(SERVICE_UP)
def test_a_revocation_cuts(visits, party, trouble):
    here = party()
    start = time.time()
    with trouble(visits, here):
        things = here.watched()
        visits.jumpctl("anna", "revoke", here.grant)
        decided = time.time()
        gone = when_gone(things, 8)
    look(here, gone, things, decided, "after the revocation")
    told = told_by(here, start, [one["name"] for one in here.connections] +
                   [one["uuid"] for one in here.sessions])
    if trouble is first_enforcer_stopped:
        assert set().union(*told.values()) <= {"deadline", "apply"}, told


@under(SERVICE_UP)
def test_narrowing_ends_one_target_and_leaves_the_sessions(
        visits, party, trouble):
    here = party()
    start = time.time()
    with trouble(visits, here):
        decided = narrow(visits, here.grant, ("plc-gw", "historian"))
        things = here.connections_watched("hmi-1")
        gone = when_gone(things, 8)
        look(here, gone, things, decided, "hmi-1 after narrowing")
        decided = narrow(visits, here.grant, SPARE)
        things = here.connections_watched("plc-gw")
        gone = when_gone(things, 8)
        look(here, gone, things, decided, "plc-gw after narrowing")
    told_by(here, start, [one["name"] for one in here.connections
                          if one["target"] != "historian"])
    # the terminal is back at the menu, the other tunnel goes on
    assert here.tunnels["historian"].echoes("still here")
    assert here.terminal.isalive() and here.forward.poll() is None
    here.terminal.sendline("list")
    here.terminal.expect("historian")
    left = {one["uuid"] for one in sessions(visits.bastion, here.person.name)}
    assert {one["uuid"] for one in here.silent} <= left


def test_an_extension_goes_on_past_the_old_end(visits, party):
    here = party(until=9)
    deadline = visits.ends(here.grant)
    visits.jumpctl("rita", "extend", here.grant, "--to", "+1h")
    visits.approve(here.grant)
    wait_for(lambda: visits.ends(here.grant) > deadline, 5, "a later end")
    here.terminal.expect("extended")
    lost = when_gone(here.watched(), deadline + GRACE + 2.5 - time.time())
    assert not lost, lost
    assert here.tunnels["hmi-1"].echoes("after the old end")
    here.terminal.sendline("echo after $((40+2))")
    here.terminal.expect("after 42")
    assert not events(visits.bastion, "session.terminate",
                      since=deadline - 1, user=here.person.name)
