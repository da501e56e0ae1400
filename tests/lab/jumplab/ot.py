# SPDX-License-Identifier: BSD-2-Clause
"""The OT machines: one container that is four targets by address."""
import dataclasses

from . import net
from .bed import wait_for
from .place import LAB_DIR

OT_DIR = LAB_DIR / "ot"
ACCOUNTS = ("maint", "engineer")


@dataclasses.dataclass
class Target:
    """One machine as the policy knows it."""
    name: str
    network: str
    number: int
    trusts_ca: bool = True
    host_key: str = ""
    ports: dict = dataclasses.field(default_factory=dict)
    tcp: tuple = ()

    @property
    def v4(self):
        return net.v4(self.network, self.number)

    @property
    def v6(self):
        return net.v6(self.network, self.number)

    @property
    def zone(self):
        return self.network


class Ot:
    """The bed, its targets, and what they have seen."""

    def __init__(self, bed):
        self.bed = bed
        self.targets = {target.name: target for target in (
            Target("plc-gw", "cell-a", 10),
            Target("hmi-1", "cell-a", 11),
            Target("legacy-1", "cell-a", 12, trusts_ca=False),
            Target("historian", "cell-b", 10))}

    def __getitem__(self, name):
        return self.targets[name]

    def setup(self):
        self.bed.put_file(OT_DIR / "services.py", "/etc/ot/services.py")
        self.bed.put_file(OT_DIR / "setup.sh", "/etc/ot/setup.sh")
        self.bed.run(["sh", "/etc/ot/setup.sh", *ACCOUNTS], input="".join(
            f"{target.name} {target.zone if target.trusts_ca else '-'} "
            f"{target.v4} {target.v6}\n" for target in self.targets.values()))
        return self.attach()

    def attach(self):
        keys = self.bed.run("cat /etc/ot/*.key.pub").out
        for line in keys.splitlines():
            kind, key, name = line.split()
            self.targets[name].host_key = f"{kind} {key}"
        return self

    def policy(self, protocols="ssh sftp rdp vnc http https"):
        """[zone] and [target] sections of everything here; conduits are the
        test's own."""
        text = "".join(f"[zone {one.name}]\nNetworks = {one.v4} {one.v6}\n\n"
                       for one in net.NETWORKS.values() if one.name != "it")
        for target in self.targets.values():
            text += (f"[target {target.name}]\nZone = {target.zone}\n"
                     f"Address = {target.v4} {target.v6}\n"
                     f"Protocols = {protocols}"
                     f"{''.join(f' tcp/{port}' for port in target.tcp)}\n"
                     f"HostKey = {target.host_key}\n"
                     f"Accounts = {' '.join(ACCOUNTS)}\n")
            for protocol, port in target.ports.items():
                text += f"Port.{protocol} = {port}\n"
            text += "\n"
        return text

    def leave_out(self, *ports):
        """The stand-ins give these ports up, for real servers."""
        with_others = {*self.bed.run("cat /etc/ot/without 2>/dev/null",
                                     check=False).out.split(),
                       *map(str, ports)}
        self.bed.put("/etc/ot/without", " ".join(sorted(with_others)) + "\n")
        self.bed.run("systemctl restart ot-services")

    def trust_ca(self, zone, public_key):
        """Targets of zone accept user certificates of this CA from now on."""
        self.bed.put(f"/etc/ot/ca/{zone}.pub", public_key.strip() + "\n")

    def authorize(self, account, public_key):
        """A plain key on every target, for what the CA does not do."""
        self.bed.put(f"/etc/ot/keys/{account}", public_key.strip() + "\n",
                     0o644)

    def log(self, target, since=None):
        """What that target's sshd wrote."""
        return self.bed.journal("-t", target, since=since)

    def discarded(self):
        """(bytes, sha256, peer, 'eof'|'reset') of each ended stream to port 9."""
        text = self.bed.run("cat /run/ot/discard 2>/dev/null || true").out
        return [(int(count), digest, peer, end) for count, digest, peer, end
                in map(str.split, text.splitlines())]

    def forget_discarded(self):
        self.bed.run("rm -f /run/ot/discard")

    def wait_discarded(self, how_many=1, timeout=10):
        def look():
            found = self.discarded()
            return len(found) >= how_many, found
        return wait_for(look, timeout, f"{how_many} streams to port 9")
