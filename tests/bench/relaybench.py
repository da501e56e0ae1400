# SPDX-License-Identifier: BSD-2-Clause
"""What both of the relay's figures need: a bastion with filter and relay, one
supplier's session, and two ports of one target that are the same service,
one reached through the relay, one past it by a rule that is only here."""
from sitebench import SiteBench

from jumplab.bed import wait_for  # noqa: F401
from relaykit import TECH1, Kit, grant

TARGET = "10.20.0.11"
RELAYED, DIRECT = 3389, 5900 # granted as rdp; let past the relay here


class Bench(SiteBench):
    def prepare(self):
        self.kit = Kit(self.site).setup()
        self.kit.publish([grant("G", "hmi-1", ["rdp"])])
        self.kit.grant_all()
        self.kit.bed.run(
            f"nft insert rule inet jumphost leave meta skuid {TECH1} "
            f"ip daddr {TARGET} tcp dport {DIRECT} "
            "ct mark set ct mark \\| 0x40000000 accept")
        self.session = self.kit.session()
        self.login = self.session.__enter__()

    def finish(self):
        self.session.__exit__(None, None, None)
