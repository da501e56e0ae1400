# SPDX-License-Identifier: BSD-2-Clause
"""What both of the relay's figures need: a bastion with filter and relay, one
supplier's session, and two ports of one target that are the same service,
one reached through the relay, one past it by a rule that is only here."""
import pathlib
import statistics
import sys

LAB = pathlib.Path(__file__).resolve().parent.parent / "lab"
sys.path.insert(0, str(LAB))

from jumplab.bed import wait_for  # noqa: E402,F401
from jumplab.place import default_id  # noqa: E402
from jumplab.site import Site  # noqa: E402
from relaykit import TECH1, Kit, grant  # noqa: E402

TARGET = "10.20.0.11"
RELAYED, DIRECT = 3389, 5900 # granted as rdp; let past the relay here


class Bench:
    def __enter__(self):
        self.site = Site(default_id()[:11] + "b").up()
        try:
            self.site.install()
            self.kit = Kit(self.site).setup()
            self.kit.publish([grant("G", "hmi-1", ["rdp"])])
            self.kit.grant_all()
            self.kit.bed.run(
                f"nft insert rule inet jumphost leave meta skuid {TECH1} "
                f"ip daddr {TARGET} tcp dport {DIRECT} "
                "ct mark set ct mark \\| 0x40000000 accept")
            self.session = self.kit.session()
            self.login = self.session.__enter__()
        except BaseException:
            self.site.stop()
            raise
        return self

    def __exit__(self, *exc):
        try:
            self.session.__exit__(*exc)
        finally:
            self.site.stop()


def spread(values):
    """'LOW..HIGH' of the middle four fifths."""
    values = sorted(values)
    cut = len(values) // 10
    return values[cut], values[-1 - cut]


def say(name, values, unit, goal, met, more=""):
    middle = statistics.median(values)
    low, high = spread(values)
    print(f"{name} {middle:.3f} {unit} {goal} "
          f"{'met' if met(middle) else 'short'}  "
          f"spread {low:.3f}..{high:.3f} of {len(values)} pairs{more}",
          flush=True)
