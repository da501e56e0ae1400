# SPDX-License-Identifier: BSD-2-Clause
"""A site at work: policy, zone CAs, the approvals service, people with
certificates, enrolled suppliers, and windows that go from request to
approval. Everything by the commands that administrators type."""
import calendar
import json
import re
import time

from . import net
from .bed import wait_for
from .client import Totp

BASTION_ID = "bastion-1"
PORT = "2222"
V4 = net.v4("it", net.BASTION)
V6 = net.v6("it", net.BASTION)
SERVICE = net.v4("it", net.APPROVALS)
URL = f"https://{SERVICE}:8443"
PEOPLE = "/root/people"
ROLES = {"rita": ["requester"], "otto": ["requester", "approver"],
         "anna": ["approver"], "olaf": ["approver"], "adam": ["admin"],
         "vera": ["auditor"]}

JUMP_CONF = """[bastion]
Id = {id}
TimeZone = Europe/Berlin
Audit = {audit}
HealthMaxAge = 30s
"""

# Recorded: cell-a by terminal and command. Tunnels: the rest.
CONDUITS = """[conduit vendors-ssh]
Users = acme-*
To = cell-a cell-b
Protocols = ssh
MaxWindow = 8h
Approvals = {approvals}
Record = required
Grace = {grace}
OtpGrace = {otp_grace}
MaxSessions = {sessions}
MaxConnections = 64

[conduit vendors-tunnel]
Users = acme-*
To = cell-a cell-b
Protocols = rdp vnc http
MaxWindow = 8h
Approvals = {approvals}
Record = none
Grace = {grace}
OtpGrace = {otp_grace}
MaxSessions = {sessions}
MaxConnections = 64
"""

APPROVALS_CONF = """[service]
Issuer = approvals
Url = {url}
Listen = [::]:8443
"""


def utc(sec):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(sec))


class Person:
    """A supplier's engineer: a key at a laptop and an authenticator."""

    def __init__(self, visits, name, uid, seed, client, key):
        self.visits, self.name, self.uid = visits, name, uid
        self.client, self.key = client, key
        self.totp = Totp(seed)

    def _ssh_options(self, options):
        # ssh takes the first of two ports: the caller's
        return [*options, "-p", PORT]

    def login(self, *command, where=V4, code=None, key=None, options=(),
              **kwargs):
        return self.client.ssh(
            f"{self.name}@{where}", *command, code=code or self.totp,
            key=key or self.key, options=self._ssh_options(options), **kwargs)

    def start(self, *command, where=V4, code=None, key=None, options=(),
              **kwargs):
        return self.client.ssh_start(
            f"{self.name}@{where}", *command, code=code or self.totp,
            key=key or self.key, options=self._ssh_options(options), **kwargs)

    def terminal(self, *command, where=V4, code=None, key=None, options=(),
                 **kwargs):
        """On a pty; the code is typed at the prompt."""
        child = self.client.terminal(
            f"{self.name}@{where}", *command, key=key or self.key,
            options=self._ssh_options(options), **kwargs)
        child.expect("One-time code: ")
        child.sendline(code or self.totp.code())
        return child


class Visits:
    """One site, ready for visits. Made once more for the same site (several
    files of tests share the VM), it is that one with another policy."""

    def __init__(self, site, audit="optional", **conduits):
        """conduits: grace, approvals, otp_grace, sessions of all of them."""
        self._of(site)
        self.policy(audit, **conduits)
        before = getattr(site, "visits", None)
        if not before:
            self._zone_cas()
            self._service_up()
            self._join()
        self._bastion_up()
        if before:
            self.people = before.people
            self.bastion.run("systemctl start jump-apply", timeout=120)
        site.visits = self

    @classmethod
    def attach(cls, site):
        """Those of a site that another process has made ready."""
        visits = cls.__new__(cls)
        visits._of(site)
        return visits

    def _of(self, site):
        self.site, self.people = site, {}
        self.bastion, self.service, self.ot = (site.bastion, site.approvals,
                                               site.ot)

    @property
    def patience(self):
        """Seconds to wait for what takes one: an emulated machine is slow."""
        return 60 if self.site.kind == "vm" else 10

    # -- making it

    def policy(self, audit="optional", grace="0", approvals=1, more="",
               otp_grace="0", sessions=64):
        self.bastion.put("/etc/jump/jump.conf",
                         JUMP_CONF.format(id=BASTION_ID, audit=audit))
        self.bastion.put(
            "/etc/jump/policy.d/site.conf", self.ot.policy() +
            CONDUITS.format(grace=grace, approvals=approvals,
                            otp_grace=otp_grace, sessions=sessions) + more)
        self.bastion.run("jumpctl policy check")

    def _zone_cas(self):
        for zone in ("cell-a", "cell-b"):
            self.bastion.run(["jumpctl", "zone", "ca", zone])
            self.ot.trust_ca(
                zone, self.bastion.read(f"/var/lib/jump/ca/{zone}.pub"))

    def _service_up(self):
        self.service.put("/etc/jump/approvals.conf",
                         APPROVALS_CONF.format(url=URL))
        self.service.run("/usr/lib/jump/jump-approvals init && "
                         f"install -d -m 0700 {PEOPLE}")
        for name, roles in ROLES.items():
            words = [word for role in roles for word in ("--role", role)]
            self.service.run(["/usr/lib/jump/jump-approvals", "client", name,
                              *words, "--out", f"{PEOPLE}/{name}"])
        self.service.run("systemctl start jump-approvals")
        self.service.wait(f"curl -fsk {URL}/healthz")

    def _join(self):
        token = self.token = self.service.run(
            ["/usr/lib/jump/jump-approvals", "token", BASTION_ID]).out.strip()
        ca = self.service.run(["cat", f"{PEOPLE}/adam/ca.crt"]).out
        self.bastion.put("/root/ca.crt", ca)
        self.bastion.run(["jumpctl", "join", URL, "--token", "-",
                          "--ca", "/root/ca.crt"], input=token + "\n")

    def _bastion_up(self):
        self.bastion.run(["jumpctl", "inventory", "push"])
        self.bastion.run(
            "systemctl reload-or-restart jump-filter && "
            "systemctl start jump-relay.socket jump-record.socket "
            "jump-check.socket "
            "jump-watch.timer jump-apply.path jump-fetch jump-sshd "
            "&& systemctl start jump-cert@cell-a.socket jump-cert@cell-b.socket",
            timeout=300)  # an emulated machine among other work
        self.bastion.wait("test -e /run/jump/clock", 60)

    # -- people and windows

    @staticmethod
    def words(who, *words):
        """The command line of a verb, as this person of the site."""
        return ["jumpctl", *map(str, words), "--identity", f"{PEOPLE}/{who}"]

    def jumpctl(self, who, *words, check=True):
        """A verb of the service, as this person of the site."""
        return self.service.run(self.words(who, *words), check=check)

    def enrol(self, name="acme-tech1", client=None, key="id"):
        """A new user at the service; a Person."""
        client = client or self.site.supplier
        self.service.put(f"/root/{name}.pub", client.public_key(key) + "\n")
        shown = self.jumpctl("adam", "user", "add", name, "--key",
                             f"/root/{name}.pub", "--json")
        user = json.loads(shown.out)
        seed = re.search(r"secret=([A-Z2-7]+)", json.dumps(user))[1]
        uid = int(re.search(r'"uid": ?(\d+)', json.dumps(user))[1])
        person = Person(self, name, uid, seed, client, key)
        self.people[name] = person
        self.bastion.wait(["getent", "passwd", name], self.patience)
        return person

    def request(self, user="acme-tech1", targets=("plc-gw",),
                protocols=("ssh",), opens=0, lasts=3600, account="maint",
                who="rita", **more):
        """Ask for a window; the id of the request."""
        now = int(time.time())
        words = ["request", user, "--target", ",".join(targets), "--protocol",
                 ",".join(protocols), "--from", utc(now + opens), "--to",
                 utc(now + opens + lasts), "--purpose", "firmware 4.2",
                 "--json"]
        if account:
            words += ["--account", account]
        for option, value in more.items():
            words += [f"--{option}", value]
        return json.loads(self.jumpctl(who, *words).out)["id"]

    def approve(self, ident, who="anna", check=True):
        return self.jumpctl(who, "approve", ident, check=check)

    def window(self, user="acme-tech1", wait=True, **what):
        """Request and approval; waits until the bastion has it in force."""
        ident = self.request(user, **what)
        self.approve(ident)
        if wait:
            self.wait_grant(ident)
        return ident

    def usual(self):
        """Somebody with what most visits need: hmi-1's panel and desktop,
        not recorded; plc-gw's ssh, recorded."""
        person = self.enrol()
        self.window(targets=("hmi-1",), protocols=("vnc", "rdp"), account="")
        self.window(targets=("plc-gw",), protocols=("ssh",))
        return person

    def grants(self):
        """What is in force here, by id."""
        seen = self.bastion.run(["jumpctl", "grants", "show", "--json"])
        return {one["id"]: one for user in json.loads(seen.out)["users"]
                for one in user["grants"]}

    def ends(self, ident):
        """When a grant in force here ends: seconds since the epoch."""
        return calendar.timegm(time.strptime(self.grants()[ident]["not_after"],
                                             "%Y-%m-%dT%H:%M:%SZ"))

    def wait_grant(self, ident, timeout=None):
        def look():
            seen = self.bastion.run(
                ["jumpctl", "grants", "show", "--json"], check=False)
            return ident in seen.out, seen
        return wait_for(look, timeout or self.patience,
                        f"grant {ident} at the bastion")

    def close_all(self):
        """Take back every window; no session is left."""
        for one in json.loads(
                self.jumpctl("adam", "requests", "--json").out)["requests"]:
            if one["state"] == "approved":
                self.jumpctl("anna", "revoke", one["id"], check=False)
