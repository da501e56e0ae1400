# SPDX-License-Identifier: BSD-2-Clause
"""Rows of the design's failure table that need a kernel of their own: the
clock, audit, the power. One machine for all of them."""
import contextlib
import time

import pytest

from jumplab.bed import wait_for
from jumplab.evidence import Evidence
from jumplab.visit import Visits

pytestmark = [pytest.mark.vertical, pytest.mark.vm, pytest.mark.timeout(600)]

TOLD = ["-o", "LogLevel=INFO"]


@pytest.fixture(scope="module")
def visits(vm_site):
    made = Visits(vm_site, audit="required")
    # so that a test can see both the doubt and its end
    made.bastion.run("sed -i '/^Audit/a ClockUnsyncedMax = 1m' "
                     "/etc/jump/jump.conf && systemctl start jump-apply")
    return made


def person_with(visits, name, **window):
    person = visits.enrol(name, key=name)
    return person, visits.window(name, **window)


def refused(visits, person, reason, sentence):
    seen = Evidence(visits.site)
    did = person.login("whoami", options=TOLD)
    assert did.rc == 255 and sentence in did.err, did
    entry = seen.journal("access.check", user=person.name, reason=reason)
    return seen, entry


def trusted(bastion, yes, timeout=20):
    bastion.wait(f"grep -q ^trusted={int(yes)} /run/jump/clock", timeout)


def goes_on(child, word):
    child.sendline(f"echo {word}-$((40+2))")
    child.expect(f"{word}-42", timeout=30)


@pytest.fixture
def work(visits):
    """Somebody is at work already."""
    person, _ = person_with(visits, f"acme-w{time.monotonic_ns() % 10**8}")
    child = person.terminal("plc-gw", timeout=30)
    child.expect(r"\$ ")
    return child


def test_clock_steps_either_way_by_more_than_five_seconds(visits, work):
    """No new session until an operator confirms; what runs goes on."""
    bastion = visits.bastion
    person, _ = person_with(visits, "acme-step")
    for step in (8, -8):
        seen = Evidence(visits.site)
        bastion.run(f"lab-clock step {step}")
        trusted(bastion, False)
        refused(visits, person, "clock", "does not trust its clock")
        seen.audit("USYS_CONFIG", op="jump:clock_doubt")
        seen.journal("clock.doubt")
        goes_on(work, f"step{abs(step + 8)}")
        bastion.run("jumpctl clock confirm")
        trusted(bastion, True)
        seen.audit("USYS_CONFIG", op="jump:clock_trust")
    assert person.login("whoami").rc == 0


def test_clock_unsynchronised_beyond_a_limit(visits, work):
    bastion = visits.bastion
    person, _ = person_with(visits, "acme-unsync")
    bastion.run("lab-clock sync no")
    try:
        begin = time.monotonic()
        trusted(bastion, False, 90)
        assert time.monotonic() - begin > 40
        refused(visits, person, "clock", "does not trust its clock")
        goes_on(work, "unsync")
    finally:
        bastion.run("lab-clock sync yes")
    trusted(bastion, True, 60)
    assert person.login("whoami").rc == 0


@contextlib.contextmanager
def audit_ill(bastion, ill, well, word):
    bastion.run(ill)
    try:
        bastion.wait(f"grep -Eq '^(audit|auditd|lost)={word}' "
                     "/run/jump/health", 20)
        yield
    finally:
        bastion.run(well)
        bastion.wait("! grep -Eqv '^(boot_ms|lost_count)=|=ok$' "
                     "/run/jump/health", 20)


AUDIT = {
    "auditd-stopped": ("systemctl kill -s TERM auditd; "
                       "while pidof auditd; do sleep .1; done",
                       "systemctl start auditd", "gone"),
    "kernel-audit-off": ("auditctl -e 0", "auditctl -e 1", "off"),
    "backlog-lost": ("auditctl -r 1; for i in 1 2 3 4 5 6; do "
                     "auditctl -m burst; done; auditctl -r 0",
                     "auditctl --reset-lost", "records"),
}


@pytest.mark.parametrize("what", AUDIT)
def test_audit(visits, what, work):
    """Required and ill: no new session; in the journal always."""
    ill, well, word = AUDIT[what]
    person, _ = person_with(visits, f"acme-{what}")
    seen = Evidence(visits.site)
    with audit_ill(visits.bastion, ill, well, word):
        refused(visits, person, "audit", "can't write its audit log")
        seen.journal("health.bad")
    seen.journal("health.good", timeout=20)
    assert person.login("whoami").rc == 0


def test_power_cut(visits):
    """On boot: deny until jump-apply has run. Accepted serial, snapshot, used
    codes and what was recorded are durable."""
    bastion = visits.bastion
    person, grant = person_with(visits, "acme-power")
    seen = Evidence(visits.site)
    child = person.terminal("plc-gw", timeout=30)
    child.expect(r"\$ ")
    child.sendline("echo before-$((40+2))")
    child.expect("before-42")
    started = seen.audit("TRUSTED_APP", op="jump:record_start", grant=grant)
    used = bastion.read(f"/var/lib/jump/otp/{person.uid}")
    accepted = bastion.read("/var/lib/jump/state/accepted")
    # what is recorded is written before it is shown and synced soon after
    time.sleep(6)
    bastion.run("systemctl mask jump-apply.service")
    bastion.reset()
    assert not bastion.exists("/run/jump/db/current")
    assert bastion.read(f"/var/lib/jump/otp/{person.uid}") == used
    assert bastion.read("/var/lib/jump/state/accepted") == accepted
    assert "before-42" in bastion.read(started["file"])
    bastion.wait("systemctl start jump-sshd", 60)
    assert person.login("whoami").rc == 255
    bastion.run("systemctl unmask jump-apply.service && "
                "systemctl start jump-apply jump-filter jump-relay.socket "
                "jump-record.socket jump-watch.timer jump-apply.path "
                "jump-fetch jump-cert@cell-a.socket")
    wait_for(lambda: grant in visits.grants(), 20, "the grant again")
    trusted(bastion, True, 60)
    assert person.login("plc-gw", "echo back").out == "back\n"
