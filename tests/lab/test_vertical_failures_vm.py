# SPDX-License-Identifier: BSD-2-Clause
"""Rows of the design's failure table that need a kernel of their own: the
clock, audit, the power. One machine for all of them."""
import concurrent.futures
import contextlib
import time

import pytest

from jumplab.bed import wait_for
from jumplab.evidence import Evidence
from jumplab.visit import Visits

pytestmark = [pytest.mark.vertical, pytest.mark.vm, pytest.mark.timeout(600)]

TOLD = ["-o", "LogLevel=INFO"]


PEOPLE = 4


@pytest.fixture(scope="module")
def visits(vm_site):
    vm_site.bastion.set_clock()
    made = Visits(vm_site, audit="required")
    # what was up for longer and never synchronised is in doubt
    made.bastion.run("sed -i '/^Audit/a ClockUnsyncedMax = 1m' "
                     "/etc/jump/jump.conf && systemctl start jump-apply && "
                     "systemctl enable -q jump-cert@cell-a.socket")
    names = [f"acme-tech{i}" for i in range(PEOPLE)]
    with concurrent.futures.ThreadPoolExecutor(PEOPLE) as pool:
        made.ready = list(pool.map(lambda n: made.enrol(n, key=n), names))
        made.windows = dict(zip(names, pool.map(
            lambda n: made.window(n, lasts=4 * 3600), names)))
    return made


@pytest.fixture(autouse=True)
def _right_time(visits):
    """What a test did to the clock is no matter of the next."""
    yield
    visits.bastion.set_clock()
    visits.bastion.run("jumpctl clock confirm")


def somebody(visits):
    """In turn: nobody is to wait for their next code."""
    visits.ready.append(visits.ready.pop(0))
    return visits.ready[-1]


def code_of(person):
    """An emulated machine may take a while to ask for it."""
    return person.totp.code(lasting=True)


class Work:
    """Somebody at a target's terminal, and whether that goes on."""

    def __init__(self, person, code=None):
        self.child = person.terminal("plc-gw", timeout=60,
                                     code=code or code_of(person))
        self.child.expect(r"\$ ")
        self.count = 0

    def goes_on(self):
        self.count += 1
        word = f"still-{1000 + self.count}"
        self.child.sendline(f"echo still-$((1000+{self.count}))")
        self.child.expect(word)
        return word


def refused(visits, seen, reason, sentence):
    """With a right code; they are told why, and so are both logs."""
    person = somebody(visits)
    did = person.login("whoami", code=code_of(person), options=TOLD)
    assert did.rc == 255 and sentence in did.err, did
    seen.journal("access.check", user=person.name, reason=reason)
    return person


def comes_in(visits, *command):
    person = somebody(visits)
    did = person.login(*(command or ["whoami"]), code=code_of(person),
                       options=TOLD)
    assert did.rc == 0, did
    return did


# -- clock steps, or is unsynchronised beyond a limit

def trusted(bastion):
    bastion.wait("grep -q ^trusted=1 /run/jump/clock", 20)


def offset(bastion):
    """What is added to BOOTTIME; the deadlines' time."""
    return int(bastion.run(
        "sed -n s/^offset_ms=//p /run/jump/clock").out)


def in_doubt(bastion):
    bastion.wait("grep -q ^trusted=0 /run/jump/clock", 20)


def confirm(bastion):
    """Of a doubt: what the watch has not seen yet is not confirmed."""
    in_doubt(bastion)
    bastion.run("jumpctl clock confirm")
    trusted(bastion)


@contextlib.contextmanager
def doubted(visits, why):
    """What is done here makes the clock doubtful: told, and no new session."""
    seen, before = Evidence(visits.site), offset(visits.bastion)
    yield seen
    in_doubt(visits.bastion)
    assert abs(offset(visits.bastion) - before) < 5000, "deadlines moved"
    assert visits.bastion.run("jumpctl clock show", check=False).rc == 1
    seen.audit("USYS_CONFIG", op="jump:clock_doubt", reason=why)
    seen.journal("clock.doubt", reason=why)
    person = refused(visits, seen, "clock", "does not trust its clock")
    seen.audit("USER_ACCT", op="jump:access", acct=person.name,
               reason="clock", res="failed")


def test_clock_steps_either_way_or_is_unsynchronised_beyond_a_limit(visits):
    """No new session until it is synchronised again or an operator confirms;
    what runs goes on. (A step leaves a kernel's clock unsynchronised.)"""
    bastion = visits.bastion
    work = Work(somebody(visits))
    with doubted(visits, "step"):
        bastion.run("date -s @$(($(date +%s) + 8))")
    assert work.goes_on()
    confirm(bastion)
    comes_in(visits)
    with doubted(visits, "step"):
        bastion.run("date -s @$(($(date +%s) - 8))")
    assert work.goes_on()
    confirm(bastion)
    bastion.run("lab-clock sync yes")
    # as after a boot: the watch remembers no time at which it was right
    with doubted(visits, "unsynchronised") as seen:
        bastion.run("systemctl stop jump-watch.timer jump-watch.service && "
                    "rm /run/jump/clock && lab-clock sync no && "
                    "systemctl start jump-watch.timer")
    assert work.goes_on()
    bastion.run("lab-clock sync yes")
    trusted(bastion)
    seen.audit("USYS_CONFIG", op="jump:clock_trust")
    comes_in(visits)


# -- auditd stopped, kernel audit off, backlog lost

AUDIT = {
    "auditd": ("gone", "pkill -TERM -x auditd", "systemctl start auditd"),
    "audit": ("off", "auditctl -e 0", "auditctl -e 1"),
    "lost": ("records", "auditctl -r 1; for i in 1 2 3 4 5 6; do "
             "auditctl -m burst; done; auditctl -r 0",
             "auditctl --reset-lost"),
}
WELL = ("[ $(grep -Ec '^(audit|auditd|lost|clock|disk|recorder)=ok$' "
        "/run/jump/health) = 6 ]")


def test_auditd_stopped_kernel_audit_off_backlog_lost(visits):
    """Required and ill: no new session; in the journal always."""
    bastion = visits.bastion
    bastion.wait(WELL, 20)
    work = Work(somebody(visits))
    for part, (word, ill, well) in AUDIT.items():
        seen = Evidence(visits.site)
        try:
            bastion.run(ill)
            bastion.wait(f"grep -q '^{part}={word}$' /run/jump/health", 20)
            refused(visits, seen, "audit", "can't write its audit log")
            assert work.goes_on()
        finally:
            bastion.run(well)
        bastion.wait(WELL, 20)
        reason = f"{part}_{word}"
        seen.journal("health.bad", reason=reason)
        seen.journal("health.good", reason=f"{part}_ok")
    comes_in(visits)


# -- power cut

ACCEPTED = "/var/lib/jump/state/accepted"


def cut_at_work(visits, person, grant, code):
    """The power goes while somebody works. The recording's path, and what was
    shown last."""
    bastion = visits.bastion
    seen = Evidence(visits.site)
    work = Work(person, code)
    started = seen.audit("TRUSTED_APP", op="jump:record_start", grant=grant)
    work.goes_on()
    time.sleep(2)
    bastion.run("echo lost > /var/lib/jump/recordings/control")
    last = work.goes_on()
    # the recorder syncs once a second
    time.sleep(2)
    bastion.reset()
    # what nobody syncs is lost, or it was no power cut
    assert not bastion.run("cat /var/lib/jump/recordings/control",
                           check=False).out
    return started["file"], last


def replayed(visits, person, code, when):
    """Even where an operator says that it is the time of the code again."""
    bastion = visits.bastion
    bastion.run(f"lab-clock set {when}")
    confirm(bastion)
    seen = Evidence(visits.site)
    assert person.login("whoami", code=code).rc == 255
    seen.journal("auth.otp", user=person.name, reason="otp_replay")
    bastion.set_clock()
    confirm(bastion)


def test_power_cut(visits):
    """On boot nobody has any right until jump-apply has run. Accepted serial,
    snapshot, used codes and recordings are there, by what was synced."""
    bastion = visits.bastion
    person = somebody(visits)
    grant = visits.windows[person.name]
    # (this is not what is to be durable)
    bastion.run("systemctl mask -q jump-apply.service && sync")
    accepted = bastion.read(ACCEPTED)
    when, code = time.time(), code_of(person)
    recording, last = cut_at_work(visits, person, grant, code)
    assert not bastion.exists("/run/jump/db/current")
    assert bastion.read(ACCEPTED) == accepted
    shown = bastion.run(["jumpctl", "recording", "cat", recording],
                        check=False)
    assert last in shown.out, shown
    bastion.wait("systemctl is-active -q jump-sshd", 60)
    assert person.login("whoami").rc == 255
    bastion.run("systemctl unmask -q jump-apply.service && "
                "systemctl start jump-apply")
    wait_for(lambda: grant in visits.grants(), 20, "the grant again")
    replayed(visits, person, code, when)
    assert comes_in(visits, "plc-gw", "echo back").out == "back\n"
