# SPDX-License-Identifier: BSD-2-Clause
"""One whole site: networks, bastion, approvals host, OT, and the people."""
import concurrent.futures
import json

from . import host, image, sweep
from .audit import HostAuditLog
from .client import Client
from .net import Net
from .nspawn import NspawnBed
from .ot import Ot
from .place import LabError, Place


class Site:
    """Everything of one instance id. Use as a context manager, or up/stop."""

    def __init__(self, ident=None, bastion="nspawn"):
        self.place = Place(ident)
        self.kind = bastion
        self.net = Net(self.place)
        self.tree = None
        self.bastion = self.approvals = self.ot = self.audit = None
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
        self.audit = HostAuditLog(self.place).start()
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
        self.approvals = self._bed("approvals", "approvals")
        self.ot = Ot(self._bed("ot", "ot"))
        self.supplier = Client(self, "laptop")
        self.second_supplier = Client(self, "laptop2")
        self.approver = Client(self, "approvals", "approver")

    def _bed(self, name, host_name):
        if name == "bastion" and self.kind == "vm":
            from .vm import VmBed
            return VmBed(name, self.place, self.tree, self.net)
        return NspawnBed(name, self.place, self.tree, self.net.path(host_name))

    def beds(self):
        return [self.bastion, self.approvals, self.ot.bed]

    @classmethod
    def attach(cls, ident):
        """A site that an earlier process started and kept."""
        place = Place(ident)
        if not (place.dir / "site.json").exists():
            raise LabError(f"no site {ident} is up (lab up --id {ident})")
        facts = json.loads((place.dir / "site.json").read_text())
        site = cls(ident, facts["bastion"])
        site.audit = HostAuditLog(site.place)
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
