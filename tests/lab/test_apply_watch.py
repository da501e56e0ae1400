# SPDX-License-Identifier: BSD-2-Clause
"""jump-apply and jump-watch as systemd runs them: news come into force, windows
open and end on time, what is over ends whatever the processes do. Sessions
are scopes with a record, as PAM leaves them; the approvals service is a key."""
import json
import secrets
import signal
import time
import uuid as uuids

import pytest

from jumplab.bed import run_host, wait_for
from jumplab.place import step

pytestmark = pytest.mark.vertical

UID = 1900000001
KEY = "ssh-ed25519 " \
    "AAAAC3NzaC1lZDI1NTE5AAAAIGvu5xJPs5YvEy4SBjJplBHbwNlDrUNr2dyF4czi1Ot+"
POLICY = """[bastion]
Id = bastion1
Audit = optional
"""
CELL = """[zone cell-a]
Networks = 10.20.0.0/24
[target hmi-1]
Zone = cell-a
Address = 10.20.0.11
Protocols = rdp
[conduit acme]
Users = acme-*
To = cell-a
Protocols = rdp
MaxWindow = 8h
Approvals = 1
Record = optional
Grace = 1s
"""
GRACE = 1
ELEMENT = f"{UID} . 10.20.0.11 . 3389"


def grant(ident="G-1", opens=-60, lasts=3600, **more):
    now = int(time.time())
    return {"id": ident, "user": "acme-tech1", "targets": ["hmi-1"],
            "protocols": ["rdp"], "account": "", "not_before": now + opens,
            "not_after": now + opens + lasts, "revoked": False,
            "approved_by": ["anna"], "ticket": "", "record": "none",
            "files": [], "sources": [], **more}


class Session:
    """A supplier's processes in a scope, with a record of it or without."""

    def __init__(self, bed, record=True, command="sleep infinity"):
        self.bed, self.uuid = bed, str(uuids.uuid4())
        self.scope = f"session-t{secrets.token_hex(4)}.scope"
        self.cgroup = (f"/user.slice/user-{UID}.slice/{self.scope}")
        self.folder = f"/sys/fs/cgroup{self.cgroup}"
        self.holder = bed.popen(
            ["systemd-run", "-q", "--scope", f"--unit={self.scope}",
             f"--slice=user-{UID}.slice", "-p", "TimeoutStopSec=2min",
             "sh", "-c", f"echo $$; {command}"])
        self.pid = int(self.holder.stdout.readline())
        self.since = time.time()
        if record:
            self.write()

    def write(self):
        inode = self.bed.run(["stat", "-c", "%i", self.folder]).out.strip()
        start = self.bed.read(f"/proc/{self.pid}/stat").rsplit(")", 1)[1]
        fields = {
            "uuid": self.uuid, "uid": UID, "user": "acme-tech1",
            "key": "SHA256:test", "source": "10.10.0.20",
            "source_port": 40000, "factor": "code", "auid": UID, "ses": 7,
            "cgroup": self.cgroup, "cgroup_id": inode, "monitor": self.pid,
            "monitor_start": start.split()[19], "started": int(time.time())}
        self.bed.put(f"/run/jump/sessions/{self.scope}", "".join(
            f"{key}={value}\n" for key, value in fields.items()), 0o640)

    def lives(self):
        return self.holder.poll() is None

    def gone(self, timeout=15):
        """When the last process of it was gone (seconds since the epoch)."""
        def look():
            inside = self.bed.run(["cat", self.folder + "/cgroup.procs"],
                                  check=False)
            return not inside.out.strip(), inside
        wait_for(look, timeout, f"the end of {self.scope}")
        return time.time()

    def close(self):
        self.bed.run(f"echo 1 > {self.folder}/cgroup.kill", check=False)
        self.holder.send_signal(signal.SIGCONT)  # the way in stops with it
        self.holder.communicate(timeout=10)


class Desk:
    """The approvals service's side: a key, and what it signs."""

    def __init__(self, bed):
        self.bed, self.serial = bed, int(time.time())
        self.key = run_host(["jose", "jwk", "gen", "-i",
                             '{"kty":"EC","crv":"P-256"}']).out
        public = run_host(["jose", "jwk", "pub", "-i", "-"],
                          input=self.key).out
        bed.put("/etc/jump/jump.conf", POLICY)
        bed.put("/etc/jump/policy.d/cell.conf", CELL)
        bed.put("/etc/jump/trust/k1.jwk", public)
        bed.run("systemctl start jump-filter jump-watch.timer jump-apply.path")
        bed.wait("test -e /run/jump/clock")

    def sign(self, grants, **more):
        self.serial += 1
        now = int(time.time())
        payload = json.dumps({
            "v": 1, "iss": "approvals", "aud": "bastion1", "iat": now,
            "exp": now + 86400, "serial": self.serial,
            "users": [{"name": "acme-tech1", "uid": UID, "gecos": "Ada",
                       "disabled": False, "keys": [KEY]}],
            "grants": sorted(grants, key=lambda g: g["id"]), **more})
        header = json.dumps({"protected": {
            "alg": "ES256", "kid": "k1", "typ": "jump-snapshot+jws"}})
        # jose reads one thing from standard input: the key comes as JSON.
        return run_host(["jose", "jws", "sig", "-I", "-", "-k", self._key(),
                         "-s", header, "-c"], input=payload).out.strip()

    def _key(self):
        path = f"/tmp/jump-lab-desk-{id(self)}.jwk"
        with open(path, "w", encoding="ascii") as out:
            out.write(self.key)
        return path

    def deliver(self, text):
        """As jump-fetch does it: a rename, by its user."""
        self.bed.put("/var/lib/jump/inbox/.new", text, 0o644,
                     "jump-fetch:jump-fetch")
        at = time.time()
        self.bed.run("mv /var/lib/jump/inbox/.new "
                     "/var/lib/jump/inbox/snapshot.jws")
        return at

    def in_force(self, timeout=10):
        def look():
            seen = self.bed.run(["cat", "/run/jump/apply"], check=False).out
            return f"serial={self.serial}\n" in seen, seen
        wait_for(look, timeout, f"serial {self.serial} in force")

    def grants(self, *grants):
        at = self.deliver(self.sign(grants))
        self.in_force()
        return at

    def filter_has(self):
        return ELEMENT in self.bed.run(
            "nft list set inet jumphost granted4").out

    def events(self, name):
        out = self.bed.run(["journalctl", "-q", "--no-pager", "-o", "json",
                            "--all", f"JUMP_EVENT={name}"]).out
        return [json.loads(line) for line in out.splitlines()]

    def sessions(self):
        return json.loads(
            self.bed.run("jumpctl sessions --json").out)["sessions"]


@pytest.fixture(scope="module")
def desk(site):
    with step("bringing apply and watch up"):
        one = Desk(site.bastion)
    yield one
    site.bastion.run(
        "systemctl stop jump-watch.timer jump-watch.service jump-apply.path "
        "jump-filter; "
        "nft delete table inet jumphost; rm -rf /etc/jump/jump.conf "
        "/etc/jump/policy.d/* /etc/jump/trust/* /var/lib/jump/inbox/* "
        "/var/lib/jump/state/* /run/jump/db/* /run/jump/apply /run/jump/wake "
        "/run/jump/clock /run/jump/health; true")


@pytest.fixture
def session(desk):
    made = []

    def make(**how):
        made.append(Session(desk.bed, **how))
        return made[-1]
    yield make
    for one in made:
        one.close()


def test_news_come_into_force_within_a_second(desk):
    desk.grants(grant(revoked=True))
    assert not desk.filter_has()
    at = desk.grants(grant())
    took = time.time() - at
    assert desk.filter_has()
    assert took < 1.5, took    # the look itself takes a part of it
    passwd = desk.bed.run(["getent", "passwd", "acme-tech1"]).out
    assert passwd == (f"acme-tech1:*:{UID}:{UID}:Ada:/:"
                      "/usr/lib/jump/jumpshell\n")
    assert desk.bed.run(["id", "-Gn", "acme-tech1"]).out.split() == [
        "acme-tech1", "jump-users"]
    assert desk.bed.run(["getent", "group", str(UID)]).out == (
        f"acme-tech1:x:{UID}:\n")
    assert desk.events("snapshot.accept")[-1]["JUMP_SERIAL"] == str(desk.serial)


def test_twenty_news_at_once_end_with_the_last(desk):
    """A path unit does not see what happens while its service runs."""
    texts = [desk.sign([grant(revoked=bool(i % 2))]) for i in range(20)]
    for text in texts:
        desk.deliver(text)
    desk.in_force(timeout=12)
    assert not desk.filter_has()
    assert desk.bed.run("systemctl is-active jump-apply.path").out == "active\n"


def test_a_window_opens_on_time(desk):
    one = grant(opens=5)
    desk.grants(one)
    assert not desk.filter_has()
    wait_for(lambda: (desk.filter_has(), ""), 15, "the opening")
    late = time.time() - one["not_before"]
    assert 0 <= late < 1.2, late


def test_the_end_comes_on_time_whatever_they_do(desk, session):
    """Deaf to signals, stopped: gone within a second of window and grace."""
    one = grant(opens=-60, lasts=64)
    desk.grants(one)
    deaf = session(command='trap "" TERM HUP INT; while :; do sleep 1; done')
    stopped = session()
    desk.bed.run(["kill", "-STOP", str(stopped.pid)])
    for each in (deaf, stopped):
        late = each.gone() - one["not_after"] - GRACE
        assert 0 <= late < 1.2, late
    assert desk.sessions() == []
    told = [entry for entry in desk.events("session.terminate")
            if entry.get("JUMP_SESSION") in (deaf.uuid, stopped.uuid)]
    assert {entry["JUMP_BY"] for entry in told} == {"deadline"}
    assert {entry["JUMP_REASON"] for entry in told} == {"window"}
    assert len(told) == 2


def test_a_revocation_cuts_within_a_second(desk, session):
    desk.grants(grant())
    deaf = session(command='trap "" TERM HUP INT; while :; do sleep 1; done')
    text = desk.sign([grant(revoked=True)])
    at = desk.deliver(text)
    took = deaf.gone() - at
    assert took < 1.5, took
    desk.in_force()
    assert not desk.filter_has()


def test_an_extension_goes_on(desk, session):
    desk.grants(grant(opens=-60, lasts=63))
    one = session()
    desk.grants(grant())
    time.sleep(6)
    assert one.lives()


def test_a_scope_without_record_is_gone_within_five_seconds(desk, session):
    desk.grants(grant())
    known, unknown = session(), session(record=False)
    took = unknown.gone() - unknown.since
    assert took < 5, took
    assert known.lives()


def test_masked_apply_and_killed_watch_are_made_good(desk, session):
    one = grant(opens=-60, lasts=65)
    desk.grants(one)
    there = session()
    desk.bed.run("systemctl mask --runtime jump-apply.service")
    try:
        for _ in range(4):
            desk.bed.run("systemctl kill -s KILL jump-watch.service",
                         check=False)
            time.sleep(0.4)
        late = there.gone() - one["not_after"] - GRACE
        assert late < 1.2, late
    finally:
        desk.bed.run("systemctl unmask --runtime jump-apply.service; "
                     "systemctl reset-failed; true")


def test_a_stopped_watch_is_replaced(desk, session):
    pid = desk.bed.run("systemctl show -P MainPID jump-watch").out.strip()
    desk.bed.run(["kill", "-STOP", pid])
    time.sleep(3)

    def look():
        seen = desk.bed.run("jumpctl health --json", check=False).out
        return seen and json.loads(seen)["age_ms"] < 2000, seen
    wait_for(look, 25, "another one that looks")
    assert pid != desk.bed.run("systemctl show -P MainPID jump-watch").out.strip()


def test_an_operator_ends_a_session(desk, session):
    desk.grants(grant())
    mine, other = session(), session()
    assert {s["session"] for s in desk.sessions()} == {mine.uuid, other.uuid}
    said = desk.bed.run(["jumpctl", "sessions", "end", mine.uuid[:13],
                         "--reason", "wrong person"]).out
    assert mine.uuid in said
    assert [s["session"] for s in desk.sessions()] == [other.uuid]
    told = [entry for entry in desk.events("session.terminate")
            if entry.get("JUMP_SESSION") == mine.uuid]
    assert [entry["JUMP_REASON"] for entry in told] == ["operator"]


def test_health_and_clock_are_fresh(desk):
    health = json.loads(desk.bed.run("jumpctl health --json", check=False).out)
    assert health["age_ms"] < 5000
    assert health["parts"]["clock"] == "ok"
    assert desk.bed.run("jumpctl clock show").rc == 0


def test_a_power_cut_denies_until_apply_has_run(desk):
    desk.grants(grant())
    desk.bed.run("systemctl stop jump-watch.timer jump-watch.service "
                 "jump-apply.path; rm -rf /run/jump/db/* /run/jump/apply; "
                 "nft flush set inet jumphost granted4")
    assert desk.bed.run(["getent", "passwd", "acme-tech1"],
                        check=False).rc == 2
    desk.bed.run("rm -f /var/lib/jump/inbox/snapshot.jws; "
                 "systemctl start jump-apply.service")
    assert desk.filter_has()
    assert desk.bed.run(["getent", "passwd", "acme-tech1"]).rc == 0
    desk.bed.run("systemctl start jump-watch.timer jump-apply.path")
