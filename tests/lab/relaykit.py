# SPDX-License-Identifier: BSD-2-Clause
"""A bastion with filter and relay at work and suppliers' sessions as the
relay sees them: a scope of systemd, a record of it, processes of the uid
inside. How a session comes to be is not the matter here (PAM's tests do
that), so this stands for PAM, jump-apply and jump-watch."""
import contextlib
import json
import secrets
import time
import uuid as uuids

from jumplab import product
from jumplab.bed import wait_for

TECH1, TECH2 = 1900000001, 1900000002
NAMES = {TECH1: "acme-tech1", TECH2: "acme-tech2"}

# hmi-1's protocols are the lab's services: http echoes, vnc discards, https
# is a source; its ssh need not be recorded, plc-gw's must.
POLICY = """[bastion]
Id = bastion1
HealthMaxAge = 5m

[zone cell-a]
Networks = 10.20.0.0/24 fd00:20::/64

[zone cell-b]
Networks = 10.30.0.0/24 fd00:30::/64

[target plc-gw]
Zone = cell-a
Address = 10.20.0.10 fd00:20::10
Protocols = ssh sftp
HostKey = {plc-gw}
Accounts = maint

[target hmi-1]
Zone = cell-a
Address = 10.20.0.11 fd00:20::11
Protocols = ssh rdp vnc http https
Port.http = 7
Port.vnc = 9
Port.https = 19
HostKey = {hmi-1}
Accounts = maint

[target historian]
Zone = cell-b
Address = 10.30.0.10 fd00:30::10
Protocols = https
Port.https = 9999

[conduit acme]
Users = acme-*
To = cell-a cell-b
Protocols = ssh sftp rdp vnc http https
MaxWindow = 8h
Approvals = 1
Record = optional
Grace = {grace}
MaxConnections = 16
"""

PORTS = {"ssh": 22, "rdp": 3389, "vnc": 9, "http": 7, "https": 19}
KEY = "ssh-ed25519 " \
    "AAAAC3NzaC1lZDI1NTE5AAAAIGvu5xJPs5YvEy4SBjJplBHbwNlDrUNr2dyF4czi1Ot+"


def grant(ident, target, protocols, uid=TECH1, **more):
    now = int(time.time())
    return {"id": ident, "user": NAMES[uid], "targets": [target],
            "protocols": protocols, "account": "maint",
            "not_before": now - 60, "not_after": now + 3600,
            "revoked": False, "approved_by": ["anna"], "ticket": "",
            "record": "none", "files": [], "sources": [], **more}


def usual_grants():
    return [grant("G-hmi", "hmi-1", ["ssh", "rdp", "vnc", "http", "https"]),
            grant("G-plc", "plc-gw", ["ssh"], record="required"),
            grant("G-two", "hmi-1", ["http"], uid=TECH2)]


class Child:
    """A process in a bed that said its pid there in its first line. (What
    popen() started on this machine is only the way in.)"""

    def __init__(self, bed, popen):
        self.bed, self.popen = bed, popen
        self.pid = int(popen.stdout.readline())

    def kill(self):
        self.bed.run(["kill", "-KILL", str(self.pid)], check=False)
        self.popen.communicate(timeout=10)


class Session:
    """One login of a supplier, as pam_jump would have written it down."""

    def __init__(self, kit, uid=TECH1):
        self.kit, self.uid = kit, uid
        self.user = NAMES[uid]
        self.uuid = str(uuids.uuid4())
        self.scope = f"session-t{secrets.token_hex(4)}.scope"
        self.record = f"/run/jump/sessions/{self.scope}"
        self.holder = None

    def open(self):
        # The scope lives as long as its first process.
        self.holder = self.kit.bed.popen(
            ["systemd-run", "-q", "--scope", f"--unit={self.scope}",
             "sleep", "infinity"])
        self.kit.bed.wait(f"systemctl is-active -q {self.scope}")
        self.cgroup = self.kit.bed.run(
            f"systemctl show -P ControlGroup {self.scope}").out.strip()
        inode = self.kit.bed.run(
            f"stat -c %i /sys/fs/cgroup{self.cgroup}").out.strip()
        self.write({"cgroup_id": inode})
        return self

    def write(self, more=None):
        fields = {
            "uuid": self.uuid, "uid": self.uid, "user": self.user,
            "key": "SHA256:test", "source": "10.10.0.20",
            "source_port": 40000, "auid": self.uid, "ses": 7,
            "cgroup": self.cgroup, "cgroup_id": 0, "monitor": 1,
            "monitor_start": 1, "started": int(time.time()), **(more or {})}
        self.kit.bed.put(self.record, "".join(
            f"{key}={value}\n" for key, value in fields.items()), 0o640,
            "root:jump-gates")

    def forget(self):
        self.kit.bed.run(["rm", "-f", self.record])

    def words(self, argv):
        """argv as a process of this session."""
        return ["sh", "-c",
                f"echo $$ > /sys/fs/cgroup{self.cgroup}/cgroup.procs && "
                'exec setpriv --reuid="$0" --regid="$0" --groups='
                + self.kit.users_gid + ' "$@"', str(self.uid), *argv]

    def run(self, argv, **kwargs):
        return self.kit.bed.run(self.words(argv), **kwargs)

    def popen(self, argv, **kwargs):
        return self.kit.bed.popen(self.words(argv), **kwargs)

    def python(self, script, *args, **kwargs):
        return self.run(["python3", "-c", script, *map(str, args)], **kwargs)

    def close(self):
        self.forget()
        self.kit.bed.run(f"systemctl kill -s KILL {self.scope}; "
                         f"systemctl stop {self.scope}", check=False)
        if self.holder:
            self.holder.wait(10)
            self.holder.stdout.close()
            self.holder.stderr.close()


class Kit:
    """Filter and relay of one bastion."""

    def __init__(self, site):
        self.site, self.bed, self.ot = site, site.bastion, site.ot
        self.serial = int(time.time())
        self.grants = []
        self.users_gid = ""

    def setup(self, grace="0"):
        gids = self.bed.run("getent group jump-users jump-gates | "
                            "cut -d: -f3").out.split()
        self.users_gid, self.gates_gid = gids
        keys = {name: target.host_key
                for name, target in self.ot.targets.items()}
        self.policy = POLICY.replace("{grace}", grace)
        for name, key in keys.items():
            self.policy = self.policy.replace("{%s}" % name, key)
        self.bed.put("/etc/jump/jump.conf", self.policy)
        # what this kit stands for does not run beside it
        self.bed.run("systemctl stop 'jump-*'; systemctl mask --runtime "
                     "jump-apply.service jump-watch.service; "
                     "rm -rf /var/lib/jump/state/*; "
                     "systemctl reset-failed; true")
        self.well()
        self.publish(usual_grants())
        self.bed.run("systemctl restart jump-filter.service && "
                     "systemctl start jump-relay.socket")
        self.grant_all()
        return self

    def well(self):
        """Health and clock as jump-watch would write them."""
        self.bed.run(["python3", "-c", """
import time
boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000000
wall = time.time_ns() // 1000000
words = "".join(f"{w}=ok\\n" for w in
                "audit auditd lost clock disk recorder".split())
open("/run/jump/health", "w").write(f"boot_ms={boot}\\n{words}lost_count=0\\n")
open("/run/jump/clock", "w").write(
    f"trusted=1\\noffset_ms={wall - boot}\\nwhy=\\nboot_ms={boot}\\nsynced=1\\n")
"""])

    def publish(self, grants, **more):
        """These grants in force, by the tool that compiles unsigned ones."""
        self.grants = sorted(grants, key=lambda g: g["id"])
        self.serial += 1
        now = int(time.time())
        payload = {"v": 1, "iss": "approvals", "aud": "bastion1", "iat": now,
                   "exp": now + 86400, "serial": self.serial,
                   "users": [{"name": NAMES[uid], "uid": uid, "gecos": "",
                              "disabled": False, "keys": [KEY]}
                             for uid in sorted(NAMES)],
                   "grants": self.grants, **more}
        self.bed.put("/root/payload.json", json.dumps(payload), 0o600)
        mkrights = product.stage().parent / "build/tests/tools/mkrights"
        if not self.bed.exists("/root/mkrights"):
            self.bed.put_file(mkrights, "/root/mkrights", 0o700)
        return self.bed.run(
            ["/root/mkrights", "--give", self.gates_gid, "--users-gid",
             self.users_gid, "/etc/jump", "/root/payload.json",
             "/run/jump/db"])

    def grant_all(self):
        """What jump-apply would put into the filter."""
        lines = []
        for one in self.grants:
            uid = next(u for u, n in NAMES.items() if n == one["user"])
            for name in one["targets"]:
                target = self.ot[name]
                for proto in one["protocols"]:
                    if proto in PORTS:
                        lines += [f"granted4 {uid} . {target.v4}",
                                  f"granted6 {uid} . {target.v6}"]
                        lines[-2:] = [f"{line} . {PORTS[proto]}"
                                      for line in lines[-2:]]
        self.bed.run(["nft", "-f", "-"], input="".join(
            f"add element inet jumphost {line.split()[0]} "
            f"{{ {line.split(' ', 1)[1]} timeout 1h }}\n"
            for line in sorted(set(lines))))

    def granted(self):
        """The elements that the filter has now, without their times."""
        found = []
        for name in "granted4", "granted6":
            tree = json.loads(self.bed.run(
                f"nft -j list set inet jumphost {name}").out)
            for part in tree["nftables"]:
                for one in part.get("set", {}).get("elem", []):
                    found.append(tuple(one["elem"]["val"]["concat"]))
        return sorted(found)

    def uid_of(self, user):
        return int(self.bed.run(["id", "-u", user]).out)

    def nft_grant(self, uid, target, port):
        one = self.ot[target]
        self.bed.run(["nft", "-f", "-"], input="".join(
            f"add element inet jumphost granted{family} "
            f"{{ {uid} . {address} . {port} timeout 1h }}\n"
            for family, address in ((4, one.v4), (6, one.v6))))

    def remove(self):
        """The bastion as it was before setup()."""
        self.bed.run(
            "systemctl stop 'jump-*'; systemctl unmask --runtime "
            "jump-apply.service jump-watch.service; "
            "nft delete table inet jumphost; "
            "rm -rf /etc/jump/jump.conf /run/jump/db/* /run/jump/health "
            "/run/jump/clock /run/jump/filter /run/jump/sessions/* "
            "/root/mkrights; true")

    @contextlib.contextmanager
    def recording(self, conn, of, locked=True, **lie):
        """A live recording, as jump-record@ holds one; the process of it."""
        says = {"session": of.uuid, "uid": of.uid,
                "target": "plc-gw", "proto": "ssh", "pid": 1, **lie}
        script = """
import fcntl, os, sys, time
f = open(sys.argv[1], "x")
f.write(sys.argv[2]); f.flush()
if sys.argv[3] == "True":
    fcntl.flock(f, fcntl.LOCK_EX)
print(os.getpid(), flush=True)
time.sleep(600)
"""
        path = f"/run/jump/live/{conn}"
        child = Child(self.bed, self.bed.popen([
            "setpriv", "--reuid=jump-record", "--regid=jump-gates",
            "--clear-groups", "sh", "-c", 'umask 027; exec "$@"', "-",
            "python3", "-c", script, path,
            "".join(f"{k}={v}\n" for k, v in says.items()), str(locked)]))
        try:
            yield child
        finally:
            child.kill()
            self.bed.run(["rm", "-f", path])

    @contextlib.contextmanager
    def ot_silent(self, *addresses):
        """Machines that are switched off: no answer, not even a refusal."""
        rules = "".join(f"add rule inet off in ip{'6' * (':' in a)} daddr {a} "
                        "drop\n" for a in addresses)
        self.ot.bed.run(["nft", "-f", "-"], input=(
            "add table inet off\nadd chain inet off in "
            "{ type filter hook input priority 0; }\n" + rules))
        try:
            yield
        finally:
            self.ot.bed.run("nft delete table inet off")

    @contextlib.contextmanager
    def session(self, uid=TECH1):
        one = Session(self, uid)
        try:
            yield one.open()
        finally:
            one.close()

    def events(self, since, name=None, **fields):
        """The journal's copies of our events since a cursor, as dicts."""
        # (journalctl finds nothing when it has both a cursor and a match)
        self.bed.run(["journalctl", "--sync"], check=False)
        out = self.bed.run(["journalctl", "-q", "--no-pager", "-o", "json",
                            "--all", f"--after-cursor={since}"]).out
        if name:
            fields["event"] = name
        found = [json.loads(line) for line in out.splitlines()]
        return [entry for entry in found if "JUMP_EVENT" in entry and all(
            entry.get(f"JUMP_{key.upper()}") == value
            for key, value in fields.items())]

    def wait_event(self, since, name, timeout=10, **fields):
        def look():
            found = self.events(since, name, **fields)
            return bool(found), found
        return wait_for(look, timeout, f"event {name} {fields}")[-1]

    def connections(self):
        """Records of live connections, by CONN."""
        text = self.bed.run("cd /run/jump/connections && "
                            "grep -H . * 2>/dev/null || true").out
        found = {}
        for line in text.splitlines():
            conn, pair = line.split(":", 1)
            key, value = pair.split("=", 1)
            found.setdefault(conn, {})[key] = value
        return found

    def relay_pids(self):
        return self.bed.run("pgrep -x jump-relay || true").out.split()
