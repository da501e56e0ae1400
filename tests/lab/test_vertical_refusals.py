# SPDX-License-Identifier: BSD-2-Clause
"""Each way to be refused: the person hears why (after both factors, or in the
session), audit and journal say the same word. What is wrong before both
factors have passed looks the same to everybody outside."""
import concurrent.futures
import contextlib
import time

import pytest

from jumplab.bed import wait_for
from jumplab.evidence import Evidence
from jumplab.forge import Forge
from jumplab.place import default_id
from jumplab.visit import Visits

pytestmark = pytest.mark.vertical

TOLD = ["-o", "LogLevel=INFO"]  # ssh shows what the server says
SILENCE = "Permission denied (keyboard-interactive)."


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "y") as one:
        yield Visits(one.install())


def enrol(visits, name):
    return visits.enrol(name, key=name)


def person_with(visits, name, **window):
    person = enrol(visits, name)
    return person, visits.window(name, **window)


def refused(visits, person, reason, *sentences, **login):
    """A login that ends with these sentences; the same word in both logs."""
    seen = Evidence(visits.site)
    did = person.login("whoami", options=TOLD, **login)
    assert did.rc == 255 and SILENCE in did.err, did
    for sentence in sentences:
        assert sentence in did.err, did
    record = seen.audit("USER_ACCT", op="jump:access", acct=person.name,
                        reason=reason, res="failed")
    entry = seen.journal("access.check", user=person.name, reason=reason,
                         outcome="failure")
    assert entry["JUMP_SESSION"] == record["uuid"]
    assert not seen.audits(type="USER_LOGIN", id=person.uid, res="success")
    return did


def denied(visits, person, reason, sentence, *command, **login):
    """In a session: this connection is refused."""
    seen = Evidence(visits.site)
    did = person.login(*command, **login)
    assert did.rc != 0 and sentence in did.err, did
    record = seen.audit("USER_ACCT", op="jump:conn", acct=person.name,
                        reason=reason, res="failed")
    entry = seen.journal("conn.deny", user=person.name, reason=reason)
    assert entry["JUMP_SESSION"] == record["uuid"]
    assert not seen.audits(type="USER_START", op="jump:conn_open",
                           acct=person.name)
    return record


def wrong_factor(visits, person, reason, code):
    """Refused at the second factor: nothing is told but "no"."""
    seen = Evidence(visits.site)
    did = person.login("whoami", options=TOLD, code=code)
    assert did.rc == 255 and SILENCE in did.err, did
    assert "window" not in did.err and "code" not in did.err, did
    seen.audit("USER_AUTH", op="jump:totp", acct=person.name, reason=reason,
               res="failed")
    seen.journal("auth.otp", user=person.name, reason=reason,
                 outcome="failure")
    assert not seen.audits(type="USER_ACCT", op="jump:access",
                           acct=person.name)
    return did


# -- windows

def test_no_window(visits):
    refused(visits, enrol(visits, "acme-none"), "no_grant",
            "No window has been approved for you. Request one.")


def test_asked_for_and_not_approved_is_no_window(visits):
    person = enrol(visits, "acme-hope")
    ident = visits.request(person.name)
    visits.jumpctl("anna", "deny", ident, "--reason", "not today")
    refused(visits, person, "no_grant",
            "No window has been approved for you.")


def test_early(visits):
    person, _ = person_with(visits, "acme-early", opens=3600,
                            targets=("plc-gw", "hmi-1"))
    refused(visits, person, "early", "Your window is not open yet.",
            "Your next window opens ", "UTC (", "Europe/Berlin)",
            "hmi-1", "plc-gw")


def test_late(visits):
    person, ident = person_with(visits, "acme-late", opens=-58, lasts=60)
    wait_for(lambda: visits.grants()[ident]["state"] not in ("open", "early"),
             10, "the end of the window")
    refused(visits, person, "late", "Your window is over.")


def test_revoked(visits):
    person, ident = person_with(visits, "acme-revoked")
    visits.jumpctl("anna", "revoke", ident)
    wait_for(lambda: visits.grants()[ident]["revoked"], 10,
             "the revocation at the bastion")
    refused(visits, person, "revoked", "Your window was revoked.")


# -- what a window does not carry

def test_other_target(visits):
    person, _ = person_with(visits, "acme-target")
    denied(visits, person, "target",
           "historian: This target is not part of your window.",
           "historian", "true")


def test_other_protocol(visits):
    person, _ = person_with(visits, "acme-proto", protocols=("http",),
                            targets=("hmi-1",), account=None)
    denied(visits, person, "protocol",
           "hmi-1: This protocol is not granted for this target.",
           "hmi-1", "true")


def test_other_source(visits):
    person, _ = person_with(visits, "acme-source", source="10.10.0.21/32")
    refused(visits, person, "source",
            "Your window is not valid from this network address.")


# -- the second factor

def test_replayed_code(visits):
    person, _ = person_with(visits, "acme-replay")
    code = person.totp.code()
    assert person.login("whoami", code=code).rc == 0
    wrong_factor(visits, person, "otp_replay", code)


def test_wrong_code(visits):
    person, _ = person_with(visits, "acme-wrong")
    right = person.totp.code()
    wrong_factor(visits, person, "otp_bad", f"{(int(right) + 1) % 10**6:06}")


def test_wrong_code_and_no_window_tell_the_same(visits):
    """Who has the key alone can't learn whether a window is open."""
    inside, _ = person_with(visits, "acme-inside")
    outside = enrol(visits, "acme-outside")
    told = [wrong_factor(visits, person, "otp_bad", "000000").err.replace(
        person.name, "NAME") for person in (inside, outside)]
    assert told[0] == told[1]


def test_locked_out(visits):
    """After five wrong codes the right one does not help either."""
    person, _ = person_with(visits, "acme-locked")
    seen = Evidence(visits.site)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        tried = [pool.submit(person.login, "whoami", code="000000")
                 for _ in range(5)]
        assert all(one.result().rc == 255 for one in tried)
    did = person.login("whoami", options=TOLD)
    assert did.rc == 255 and SILENCE in did.err, did
    seen.audit("RESP_ACCT_LOCK_TIMED", op="jump:totp_limit", acct=person.name,
               reason="locked")
    seen.journal("auth.locked", user=person.name, reason="locked")
    visits.bastion.run(["faillock", "--dir", "/var/lib/jump/faillock",
                        "--user", person.name, "--reset"])
    assert person.login("whoami").rc == 0


# -- the bastion itself

def test_stale(visits):
    """The last word of the service is older than it may be."""
    person, _ = person_with(visits, "acme-stale")
    with Forge(visits) as forge:
        payload = forge.payload()
        payload["iat"] -= 60
        payload["exp"] = int(time.time()) + 3
        forge.deliver(forge.sign(payload))
        visits.bastion.wait(f"grep -q serial={payload['serial']} "
                            "/run/jump/apply")
        wait_for(lambda: time.time() > payload["exp"], 5, "its end")
        refused(visits, person, "stale", "has not heard from the approvals "
                "service for too long", "Ask the operator")
    assert person.login("whoami").rc == 0


@contextlib.contextmanager
def mark_from_tomorrow(bastion):
    """The bastion has once seen a later time than the clock says."""
    late = int((time.time() + 86400) * 1000)
    bastion.put("/var/lib/jump/state/clock", f"utc_ms={late}\n", 0o600)
    bastion.wait("grep -q ^trusted=0 /run/jump/clock")
    try:
        yield
    finally:
        bastion.run("jumpctl clock confirm")
        bastion.wait("grep -q ^trusted=1 /run/jump/clock")


def test_clock(visits):
    person, _ = person_with(visits, "acme-clock")
    seen = Evidence(visits.site)
    with mark_from_tomorrow(visits.bastion):
        seen.audit("USYS_CONFIG", op="jump:clock_doubt", reason="past")
        seen.journal("clock.doubt", reason="past")
        refused(visits, person, "clock", "does not trust its clock",
                "Ask the operator")
    seen.audit("USYS_CONFIG", op="jump:clock_trust")
    seen.journal("clock.trust")
    assert person.login("whoami").rc == 0


def test_audit_down(visits):
    """Required, and not to be had: the kernel's audit is not a container's
    to ask."""
    person, _ = person_with(visits, "acme-audit")
    seen = Evidence(visits.site)
    visits.policy("required")
    visits.bastion.run("systemctl start jump-apply")
    try:
        refused(visits, person, "audit", "can't write its audit log",
                "Ask the operator")
        assert "unreadable" in visits.bastion.read("/run/jump/health")
    finally:
        visits.policy("optional")
        visits.bastion.run("systemctl start jump-apply")
    assert person.login("whoami").rc == 0


def test_recorder_down(visits):
    person, _ = person_with(visits, "acme-norec")
    visits.bastion.run("systemctl stop jump-record.socket")
    try:
        denied(visits, person, "recorder",
               "plc-gw: The recording could not be started, and this target "
               "must be recorded.", "plc-gw", "true")
    finally:
        visits.bastion.run("systemctl start jump-record.socket")
    assert person.login("plc-gw", "true").rc == 0


# -- a service that lies

@pytest.fixture
def forge(visits):
    with Forge(visits) as one:
        yield one


BEYOND = {
    "a conduit that there is not": ({"protocols": ["sftp"]}, "policy"),
    "no such target": ({"targets": ["plc-99"]}, "policy"),
    "longer than any conduit": ({"longer": 9 * 3600}, "length"),
    "approved by its own user": ({"own": True}, "approvals"),
}


def test_a_forging_service_opens_nothing_outside_the_policy(visits, forge):
    """Its real key, a good signature; the local policy stands."""
    person = enrol_before(visits, forge, "acme-forged")
    payload, wrong = forge.payload(), {}
    for what, (change, _) in BEYOND.items():
        change = dict(change)
        one = forge.grant(person.name)
        one["not_after"] += change.pop("longer", 0)
        if change.pop("own", False):
            one["approved_by"] = [person.name]
        one.update(change)
        wrong[what] = one["id"]
        forge.add(payload, "grants", one)
    seen = Evidence(visits.site)
    forge.deliver(forge.sign(payload))
    for what, (_, reason) in BEYOND.items():
        record = seen.audit("USYS_CONFIG", op="jump:grant_refuse",
                            grant=wrong[what], res="failed")
        assert record["reason"] == reason, what
        seen.journal("grant.refuse", grant=wrong[what], reason=reason)
    refused(visits, person, "no_grant", "No window has been approved for you")


def enrol_before(visits, forge, name):
    """Enrolled by the genuine service, before the lies begin."""
    visits.bastion.run("systemctl start jump-fetch")
    person = enrol(visits, name)
    visits.bastion.run("systemctl stop jump-fetch")
    forge.genuine = visits.bastion.read("/var/lib/jump/inbox/snapshot.jws")
    return person


@pytest.mark.parametrize("name", ["root", "sudo", "daemon", "eve"])
def test_a_forging_service_enrols_no_local_name(visits, forge, name):
    """Accounts and groups of the host, and names of no conduit."""
    payload = forge.payload()
    model = payload["users"][0]
    forge.add(payload, "users", {**model, "name": name, "uid": 1900009999,
                                 "keys": [], "gecos": "", "otp": None}
              | ({} if "otp" not in model else {}))
    for user in payload["users"]:
        if user.get("otp") is None:
            user.pop("otp", None)
    forge.add(payload, "grants", forge.grant(name))
    seen = Evidence(visits.site)
    forge.deliver(forge.sign(payload))
    seen.audit("USYS_CONFIG", op="jump:user_refuse", acct=name, res="failed")
    seen.journal("user.refuse", user=name)
    uid = visits.bastion.run(["id", "-u", name], check=False).out.strip()
    assert uid != "1900009999"
    assert visits.bastion.run(["getent", "passwd", "1900009999"],
                              check=False).rc != 0


WHOLE = {
    "audience": {"aud": "bastion-2"},
    "serial": {"serial": 5},
    "member": {"a_new_rule": True},
}


@pytest.mark.parametrize("reason", WHOLE)
def test_a_forged_snapshot_is_refused_whole(visits, forge, reason):
    """For another bastion, older than the last, with a member that may not be
    overlooked: nothing of it comes into force."""
    payload = {**forge.payload(), **WHOLE[reason]}
    forge.add(payload, "users", {
        "name": "acme-ghost", "uid": 1900009998, "gecos": "",
        "disabled": False, "keys": []})
    before = visits.bastion.run("readlink /run/jump/db/current").out
    seen = Evidence(visits.site)
    forge.deliver(forge.sign(payload))
    record = seen.audit("USYS_CONFIG", op="jump:snapshot_refuse",
                        res="failed")
    assert record["reason"] == reason, record.line
    seen.journal("snapshot.refuse", reason=reason, outcome="failure")
    assert visits.bastion.run("readlink /run/jump/db/current").out == before
    assert visits.bastion.run("getent passwd acme-ghost", check=False).rc
