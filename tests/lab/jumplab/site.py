# SPDX-License-Identifier: BSD-2-Clause
"""One whole site: networks, bastion, approvals host, OT, and the people."""
import concurrent.futures
import json

from . import host, image, product, sweep
from .audit import HostAuditLog
from .client import Client
from .net import Net
from .nspawn import NspawnBed
from .ot import Ot
from .place import LabError, Place
from .vm import VmAuditLog, VmBed

# Sessions of suppliers: every scope below their slices, processes and all.
END_SESSIONS = r"""
for slice in /sys/fs/cgroup/user.slice/user-19*.slice; do
	[ -d "$slice" ] && echo 1 > "$slice/cgroup.kill"
done
true"""


class Site:
    """Everything of one instance id. Use as a context manager, or up/stop."""

    def __init__(self, ident=None, bastion="nspawn"):
        self.place = Place(ident)
        self.kind = bastion
        self.net = Net(self.place)
        self.tree = None
        self.bastion = self.approvals = self.ot = None
        self.audit = self.host_audit = None
        self.supplier = self.second_supplier = self.approver = None

    def up(self):
        self.place.open()
        try:
            self._up()
        except BaseException:
            self.stop()
            raise
        return self

    def _up(self):
        sweep.clear(self.place)
        self.place.dir.mkdir(parents=True)
        self.tree = image.prepare(self.place)
        host.prepare()
        self.net.up(bastion_is_vm=self.kind == "vm")
        self.host_audit = HostAuditLog(self.place).start()
        self._members()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            beds = [pool.submit(bed.start) for bed in self.beds()]
            for bed in beds:
                bed.result()
        self.ot.setup()
        (self.place.dir / "site.json").write_text(json.dumps(
            {"bastion": self.kind}))

    def _members(self):
        """Objects for the beds and people, none of them started."""
        self.bastion = self._bed("bastion", "dmz")
        self.audit = (VmAuditLog(self.bastion) if self.kind == "vm"
                      else self.host_audit)
        self.approvals = self._bed("approvals", "approvals")
        self.ot = Ot(self._bed("ot", "ot"))
        self.supplier = Client(self, "laptop")
        self.second_supplier = Client(self, "laptop2")
        self.approver = Client(self, "approvals", "approver")

    def _bed(self, name, host_name):
        if name == "bastion" and self.kind == "vm":
            return VmBed(name, self.place, self.tree, self.net)
        return NspawnBed(name, self.place, self.tree, self.net.path(host_name))

    def install(self):
        """The product into bastion and approvals host; nothing configured."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for done in [pool.submit(product.install, self.bastion, "bastion"),
                         pool.submit(product.install, self.approvals,
                                     "approvals")]:
                done.result()
        return self

    def beds(self):
        return [self.bastion, self.approvals, self.ot.bed]

    def tidy(self):
        """Between tests: no client and no session is left; beds live."""
        for client in self.people():
            client.hang_up()
        self.bastion.run(END_SESSIONS)
        self.ot.forget_discarded()
        for bed in self.beds():
            bed.run("true")

    def people(self):
        return [self.supplier, self.second_supplier, self.approver]

    def evidence(self, since):
        """(title, text) of what the machines logged since a time."""
        when = f"--since=@{int(since)}"
        sections = [(f"{self.place.id}: journal of {bed.name}",
                     bed.journal(when)[-8000:]) for bed in self.beds()]
        records = [record.line for record in self.audit.since()
                   if record.time >= since]
        return sections + [(f"{self.place.id}: audit",
                            "\n".join(records)[-8000:])]

    @classmethod
    def attach(cls, ident):
        """A site that an earlier process started and kept."""
        place = Place(ident)
        if not (place.dir / "site.json").exists():
            raise LabError(f"no site {ident} is up (lab up --id {ident})")
        facts = json.loads((place.dir / "site.json").read_text())
        site = cls(ident, facts["bastion"])
        site.host_audit = HostAuditLog(site.place)
        site._members()
        for bed in site.beds():
            bed.attach()
        site.ot.attach()
        return site

    def keep(self):
        """Leave it running when this process ends; `lab down` removes it."""
        self.place.kept_path.touch()
        self.place.close()

    def stop(self):
        sweep.remove(self.place.id)
        self.place.close()

    def __enter__(self):
        return self.up()

    def __exit__(self, *exc):
        self.stop()
