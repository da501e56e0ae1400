# SPDX-License-Identifier: BSD-2-Clause
"""The design's failure table, one test a row: what breaks, what then is
refused and why, what goes on, and that it comes back."""
import contextlib
import re
import time

import pexpect
import pytest

from jumplab.bed import run_host, wait_for
from jumplab.evidence import Evidence
from jumplab.forge import Forge
from jumplab.place import LAB_DIR, default_id
from jumplab.visit import Visits

pytestmark = pytest.mark.vertical

TOLD = ["-o", "LogLevel=INFO"]


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "z") as one:
        yield Visits(one.install())


def person_with(visits, name, **window):
    person = visits.enrol(name, key=name)
    return person, visits.window(name, **window)


def refused(visits, person, reason):
    seen = Evidence(visits.site)
    did = person.login("whoami", options=TOLD)
    assert did.rc == 255, did
    seen.audit("USER_ACCT", op="jump:access", acct=person.name,
               reason=reason, res="failed")
    seen.journal("access.check", user=person.name, reason=reason)
    return did


class Work:
    """A session on a target's terminal, and whether it goes on."""

    def __init__(self, person):
        self.child = person.terminal("plc-gw")
        self.child.expect(r"\$ ")
        self.count = 0

    def goes_on(self):
        self.count += 1
        self.child.sendline(f"echo still-$((1000+{self.count}))")
        self.child.expect(f"still-{1000 + self.count}")
        return True

    def end(self, timeout=10):
        """What was shown until it was over."""
        self.child.expect(pexpect.EOF, timeout=timeout)
        return self.child.before


# -- approvals service down, slow, wrong certificate, garbage

@contextlib.contextmanager
def service_replaced(visits, kind):
    visits.service.run("systemctl stop jump-approvals; rm -f /run/impostor")
    fake = None
    if kind != "down":
        visits.service.put_file(LAB_DIR / "ot/impostor.py",
                                "/root/impostor.py")
        fake = visits.service.popen(["python3", "/root/impostor.py", kind])
        assert fake.stdout.readline() == "listening\n", fake.stderr.read()
    try:
        yield
    finally:
        if fake:
            visits.service.run("pkill -f /root/impostor.py", check=False)
            fake.communicate(timeout=10)
        visits.service.run("systemctl start jump-approvals")
        visits.service.wait("curl -fsk https://10.10.0.5:8443/healthz")


@pytest.mark.parametrize("kind", ["down", "slow", "stranger", "garbage"])
def test_approvals_service_down_slow_wrong_certificate_garbage(visits, kind):
    """The last good snapshot serves; what runs goes on; and when the service
    is itself again, its news arrive."""
    person, _ = person_with(visits, f"acme-svc{kind}")
    work = Work(person)
    before = visits.grants()
    with service_replaced(visits, kind):
        since = visits.bastion.journal_mark()
        visits.bastion.run("systemctl restart jump-fetch")
        if kind == "down":
            wait_for(lambda: "no answer from" in visits.bastion.journal(
                since=since), 10, "a call without an answer")
        else:
            said = "connected" if kind == "slow" else kind
            visits.service.wait(f"grep -q {said} /run/impostor")
        assert person.login("plc-gw", "echo in").out == "in\n"
        assert work.goes_on()
        assert visits.grants() == before
    later, _ = person_with(visits, f"acme-nxt{kind}")
    assert later.login("whoami").rc == 0
    assert work.goes_on()


def test_approvals_service_down_until_the_snapshot_ends(visits):
    """At its exp: no new session, reason stale; running ones keep their
    deadline."""
    person, _ = person_with(visits, "acme-exp")
    with Forge(visits) as forge:
        payload = forge.payload()
        payload["iat"] -= 60
        payload["exp"] = int(time.time()) + 8
        forge.deliver(forge.sign(payload))
        visits.bastion.wait(f"grep -q serial={payload['serial']} "
                            "/run/jump/apply")
        work = Work(person)
        wait_for(lambda: time.time() > payload["exp"] + 0.5, 15, "exp")
        refused(visits, person, "stale")
        assert work.goes_on()


# -- snapshot with bad signature, other bastion, lower serial, unknown
# critical member

def bad_signature(forge, payload):
    head, body, signature = forge.sign(payload).split(".")
    return ".".join([head, body, signature[:20] + (
        "A" if signature[20] != "A" else "B") + signature[21:]])


def another_key(forge, payload):
    forge.key = run_host(["jose", "jwk", "gen", "-i",
                          '{"kty":"EC","crv":"P-256"}']).out
    return forge.sign(payload)


def changed(**members):
    return lambda forge, payload: forge.sign({**payload, **members})


BAD = {
    "bad-signature": (bad_signature, "signature"),
    "another-key": (another_key, "signature"),
    "other-bastion": (changed(aud="bastion-2"), "audience"),
    "lower-serial": (changed(serial=5), "serial"),
    "unknown-critical-member": (changed(a_new_rule=True), "member"),
    "critical-header": (lambda forge, payload: forge.sign(
        payload, crit=["exp"]), "header"),
    "unknown-key": (lambda forge, payload: forge.sign(
        payload, kid="jump-000000000000"), "key"),
}


@pytest.mark.parametrize("what", BAD)
def test_snapshot_with_bad_signature_other_bastion_lower_serial_unknown_member(
        visits, what):
    """Refused whole, evented; the last good one stays."""
    if "acme-snap" not in visits.people:
        person_with(visits, "acme-snap")
    make, reason = BAD[what]
    with Forge(visits) as forge:
        payload = forge.payload()
        forge.add(payload, "users", {
            "name": "acme-ghost", "uid": 1900009998, "gecos": "",
            "disabled": False, "keys": []})
        before = visits.bastion.run("readlink /run/jump/db/current").out
        seen = Evidence(visits.site)
        forge.deliver(make(forge, payload))
        record = seen.audit("USYS_CONFIG", op="jump:snapshot_refuse",
                            res="failed")
        assert record["reason"] == reason, record.line
        seen.journal("snapshot.refuse", reason=reason, outcome="failure")
        assert visits.bastion.run("readlink /run/jump/db/current").out == before
        assert visits.bastion.run("getent passwd acme-ghost", check=False).rc
        assert visits.grants()


# -- health file old

def test_health_file_old(visits):
    person, _ = person_with(visits, "acme-old")
    visits.policy("required")
    conf = visits.bastion.read("/etc/jump/jump.conf")
    visits.bastion.put("/etc/jump/jump.conf", conf.replace(
        "HealthMaxAge = 30s", "HealthMaxAge = 5s"))
    try:
        visits.bastion.run("systemctl start jump-apply; "
                           "systemctl stop jump-watch.timer jump-watch")
        old = time.monotonic()
        wait_for(lambda: time.monotonic() - old > 5.5, 10, "an old file")
        did = refused(visits, person, "health")
        assert "does not know its own state" in did.err
    finally:
        visits.policy()
        visits.bastion.run("systemctl start jump-watch.timer; "
                           "systemctl start jump-apply")
    assert person.login("whoami").rc == 0


# -- recorder gone, disk full

def test_recorder_gone(visits):
    """Killed in the middle: the running connection ends within a second,
    with a reason, and what was recorded is there."""
    person, grant = person_with(visits, "acme-reckill")
    seen = Evidence(visits.site)
    work = Work(person)
    assert work.goes_on()
    started = seen.audit("TRUSTED_APP", op="jump:record_start", grant=grant)
    begin = time.monotonic()
    visits.bastion.run("pkill -9 -x jump-record")
    shown = work.end()
    assert time.monotonic() - begin < 2
    assert "the recording broke off" in shown
    cut = seen.audit("USER_END", op="jump:conn_close", conn=started["conn"])
    assert cut["reason"] == "recorder"
    seen.audit("RESP_TERM_ACCESS", op="jump:terminate", grant=grant,
               reason="recorder", by="jumpshell")
    seen.journal("session.terminate", conn=started["conn"], reason="recorder")
    assert "still-1001" in visits.bastion.read(started["file"])
    assert person.login("plc-gw", "true").rc == 0


@contextlib.contextmanager
def small_disk(bastion):
    folder = "/var/lib/jump/recordings"
    bastion.run(f"mount -t tmpfs -o size=40m,mode=2750,uid=jump-record,"
                f"gid=$(stat -c %g {folder}) tmpfs {folder}")
    conf = bastion.read("/etc/jump/jump.conf")
    bastion.put("/etc/jump/jump.conf", conf + "DiskReserve = 16M\n")
    bastion.run("systemctl start jump-apply")
    try:
        yield f"dd if=/dev/zero of={folder}/full bs=1M count=30 status=none"
    finally:
        bastion.put("/etc/jump/jump.conf", conf)
        bastion.run(f"umount -l {folder}; systemctl start jump-apply")


def test_disk_full(visits):
    """Below what is kept for operators: no new recorded connection, and a
    running one ends after a notice."""
    person, grant = person_with(visits, "acme-disk")
    with small_disk(visits.bastion) as fill:
        work = Work(person)
        seen = Evidence(visits.site)
        visits.bastion.run(fill)
        shown = work.end(15)
        assert "no more room for recordings" in shown
        seen.audit("RESP_TERM_ACCESS", op="jump:terminate", grant=grant,
                   reason="disk")
        seen.journal("session.terminate", grant=grant, reason="disk")
        did = person.login("plc-gw", "true")
        assert did.rc != 0 and "no room for recordings" in did.err, did
        seen.audit("USER_ACCT", op="jump:conn", acct=person.name,
                   reason="disk", res="failed")
        seen.journal("conn.deny", user=person.name, reason="disk")
    assert person.login("plc-gw", "true").rc == 0


# -- jump-apply dies at any instant

def test_jump_apply_dies_at_any_instant(visits):
    """Killed 0 to 200 ms after its start, eight times, each time with news in
    the inbox: the gates have a whole generation, the next run repairs."""
    person, grant = person_with(visits, "acme-apply")
    work = Work(person)
    for ms in range(0, 200, 25):
        seen = Evidence(visits.site)
        killer = visits.bastion.popen(
            "while ! pid=$(pidof jump-apply); do :; done; "
            f"sleep 0.{ms:03}; kill -9 $pid")
        ident = visits.window(person.name, wait=False,
                              targets=("hmi-1",), protocols=("http",),
                              account=None)
        killer.communicate(timeout=10)
        assert grant in visits.grants()
        visits.wait_grant(ident)
        uid = person.uid
        visits.bastion.wait("nft list set inet jumphost granted4 | grep -q "
                            f"'{uid} . 10.20.0.11 . 80'")
        seen.journal("grant.add", grant=ident)
        assert work.goes_on()
    assert person.login("plc-gw", "true").rc == 0


def test_the_path_to_jump_apply_comes_back(visits):
    """Without its path unit no revocation would arrive."""
    person, grant = person_with(visits, "acme-path")
    visits.bastion.run("systemctl stop jump-apply.path")
    visits.jumpctl("anna", "revoke", grant)
    wait_for(lambda: visits.grants()[grant]["revoked"], 10, "the revocation")
    refused(visits, person, "revoked")


# -- session had to be killed by its cgroup

def test_session_had_to_be_killed_by_its_cgroup(visits):
    """No PAM ran: the deadline worker writes the end into both logs. aulast
    looks for no such record (doc/adr/0006-aulast.md): to it the session goes
    on, until the machine boots."""
    person, _ = person_with(visits, "acme-cgkill")
    seen = Evidence(visits.site)
    work = Work(person)
    login = seen.audit("USER_LOGIN", acct=person.name, res="success")
    folder = visits.bastion.run(
        f"ls -d /sys/fs/cgroup/user.slice/user-{person.uid}.slice/"
        "session-*.scope").out.strip()
    visits.bastion.run(f"echo 1 > {folder}/cgroup.kill")
    work.end()
    ended = seen.journal("session.end", session=login["uuid"], timeout=10)
    assert ended["JUMP_USER"] == person.name
    assert ended["JUMP_BY"] == "deadline", ended
    told = seen.audit("USER_LOGOUT", op="jump:logout", uuid=login["uuid"])
    assert (told["by"], told["ses"]) == ("deadline", "4294967295"), told
    assert not seen.audits(type="USER_END", ses=login["ses"])
    wait_for(lambda: person.name not in visits.bastion.run(
        "jumpctl sessions").out, 5, "the session is off the list")
    assert visits.bastion.run(["test", "-d", folder], check=False).rc
    log = visits.site.place.dir / "cgkill.log"
    seen.site.audit.write(log, seen.audit_mark)
    assert re.search(r"10\.10\.0\.20 .*still logged in",
                     run_host(["aulast", "-f", str(log)]).out)
    with open(log, "a") as file:
        file.write(f"type=SYSTEM_BOOT msg=audit({time.time() + 60:.3f}:999999"
                   "): pid=1 uid=0 auid=4294967295 ses=4294967295 "
                   "msg='comm=\"systemd-update-utmp\" exe=\"?\" hostname=? "
                   "addr=? terminal=? res=success'\n")
    assert re.search(r"10\.10\.0\.20 .*- crash",
                     run_host(["aulast", "-f", str(log)]).out)


# -- upgrade or restart of jump-sshd

def test_restart_of_jump_sshd(visits):
    person, _ = person_with(visits, "acme-restart")
    work = Work(person)
    visits.bastion.run("systemctl restart jump-sshd")
    assert work.goes_on()
    assert person.login("plc-gw", "true").rc == 0
    assert work.goes_on()
    visits.bastion.run("systemctl stop jump-sshd")
    assert work.goes_on()
    visits.bastion.run("systemctl start jump-sshd")
