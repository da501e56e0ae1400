# SPDX-License-Identifier: BSD-2-Clause
"""Suppliers who log in: policy, rights and seeds put where the gates read
them, and ssh with key and code to jump-sshd.

The rights come from tests/tools/mkrights, unsigned; everything that reads
them is the real part."""
import base64
import hashlib
import json
import re
import time

from jumplab import net, product
from jumplab.bed import wait_for
from jumplab.client import Totp

PORT = "2222"
FIRST_UID = 1900000001
PEOPLE = 60
V4 = net.v4("it", net.BASTION)
V6 = net.v6("it", net.BASTION)
ASKED = "One-time code: "


class Person:
    """Somebody enrolled: a name, a uid, a seed. Each test takes another one,
    because a code is good once and a person has three in a minute."""

    def __init__(self, number):
        self.name = f"acme-tech{number}"
        self.uid = FIRST_UID + number - 1
        self.seed = base64.b32encode(
            hashlib.sha256(self.name.encode()).digest()[:20]).decode()
        self.totp = Totp(self.seed)
        self.disabled = number == PEOPLE


def grant(user, ident=None, opens=-60, lasts=3660, **members):
    """opens and lasts in seconds; as doc/formats/snapshot.md has it."""
    start = int(time.time()) + opens
    return {"id": ident or f"G-{user.name}", "user": user.name,
            "targets": ["plc-gw", "hmi-1"],
            "protocols": ["ssh", "rdp"], "account": "maint",
            "not_before": start, "not_after": start + lasts,
            "revoked": False, "approved_by": ["olga"], "ticket": "CHG0042",
            "record": "optional", "files": [], "sources": [], **members}


class Visits:
    """One bastion, configured, and its suppliers' ways in."""

    def __init__(self, site):
        self.site = site
        self.bed = site.bastion
        self.people = [Person(n) for n in range(1, PEOPLE + 1)]
        self.taken = 0
        self.serial = 0
        self.bed.put_file(product.stage().parent / "build/tests/tools/mkrights",
                          "/root/mkrights", 0o755)
        self.gids = [self.bed.run(f"getent group {name} | cut -d: -f3")
                     .out.strip() for name in ("jump-gates", "jump-users")]
        self.policy()
        self.bed.run("".join(map(self.seed_script, self.people)))
        self.publish([])
        self.bed.run("systemctl start jump-watch.timer jump-sshd")
        self.bed.wait("test -e /run/jump/clock")

    def policy(self, audit="optional", bastion="", conduit="",
               record="optional", window="8h"):
        self.bed.put("/etc/jump/jump.conf",
                     f"[bastion]\nId = bastion-1\nTimeZone = Europe/Berlin\n"
                     f"Audit = {audit}\n{bastion}")
        self.bed.put("/etc/jump/policy.d/site.conf", self.site.ot.policy() +
                     "[conduit vendors]\nUsers = acme-*\nTo = cell-a cell-b\n"
                     "Protocols = ssh sftp rdp vnc http\nApprovals = 1\n"
                     f"MaxWindow = {window}\nRecord = {record}\n{conduit}")

    def person(self):
        """Somebody who has not been here before."""
        self.taken += 1
        return self.people[self.taken - 1]

    def publish(self, grants, life=86400):
        """Compile these grants and let the gates read them from now on."""
        self.serial += 1
        now = int(time.time())
        keys = [self.site.supplier.public_key(),
                self.site.supplier.public_key("second")]
        users = [{"name": one.name, "uid": one.uid, "gecos": "",
                  "disabled": one.disabled, "keys": keys}
                 for one in sorted(self.people, key=lambda one: one.name)]
        self.bed.put("/root/payload.json", json.dumps({
            "v": 1, "iss": "approvals", "aud": "bastion-1", "iat": now - 60,
            "exp": now + life, "serial": self.serial, "users": users,
            "grants": sorted(grants, key=lambda one: one["id"])}), 0o600)
        self.bed.run(["/root/mkrights", "/etc/jump", "/root/payload.json",
                      "/run/jump/db", "--give", self.gids[0], "--users-gid",
                      self.gids[1]])

    @staticmethod
    def seed_script(person):
        secret = base64.b32decode(person.seed).hex()
        return ("umask 077; printf 'alg=sha1\\ndigits=6\\nperiod=30\\n"
                f"secret={secret}\\n' > /run/jump/seeds/{person.uid}\n")

    def login(self, person, *command, code=None, where=V4, options=(),
              **kwargs):
        """ssh with key and code (a good one when none is given); a Result."""
        return self.site.supplier.ssh(
            f"{getattr(person, 'name', person)}@{where}", *command,
            code=code or person.totp, options=["-p", PORT, *options], **kwargs)

    def start(self, person, *command, code=None, where=V4, options=(),
              **kwargs):
        """The same, left running; without a command and -N: nothing runs."""
        return self.site.supplier.ssh_start(
            f"{person.name}@{where}", *command, code=code or person.totp,
            options=["-p", PORT, *options], **kwargs)

    def records(self):
        """The session records: {scope: {key: value}}."""
        text = self.bed.run("cd /run/jump/sessions && grep -H . *.scope",
                            check=False).out
        found = {}
        for scope, key, value in re.findall(r"^([^:]+):(\w+)=(.*)$", text,
                                            re.M):
            found.setdefault(scope, {})[key] = value
        return found

    def wait_records(self, how_many, timeout=10):
        def look():
            found = self.records()
            return len(found) == how_many, found
        return wait_for(look, timeout, f"{how_many} session records")
