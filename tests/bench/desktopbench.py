# SPDX-License-Identifier: BSD-2-Clause
"""How long a click takes to show: from the viewer's screen by ssh -L to a
desktop in OT, which changes its colours, and back to a pixel. Two viewers
with a desktop each, alike and on the same machine: one through the relay, one
past it by a rule that is only here."""
import random
import time

from figure import median, say
from relaybench import TARGET, TECH1, sshd
from sitebench import SiteBench

from jumplab import desktop
from jumplab.desktop import Screen
from relaykit import Kit, grant

PAST = {"rdp": desktop.MOVED_RDP, "vnc": 5901}
CLICKS = 101


class Bench(SiteBench):
    def prepare(self):
        desktop.set_up(self.site.ot)
        kit = self.kit = Kit(self.site).setup()
        kit.bed.put("/etc/jump/jump.conf",
                    kit.policy.replace("Port.vnc = 9\n", ""))
        kit.publish([grant("G", "hmi-1", ["rdp", "vnc"])])
        for proto, port in desktop.PORTS.items():
            kit.nft_grant(TECH1, "hmi-1", port)
            kit.bed.run(
                f"nft insert rule inet jumphost leave meta skuid {TECH1} "
                f"ip daddr {TARGET} tcp dport {PAST[proto]} "
                "ct mark set ct mark \\| 0x40000000 accept")
        self.session = kit.session()
        self.login = self.session.__enter__()

    def finish(self):
        self.session.__exit__(None, None, None)

    def measure(self, name, proto, start, colours, accounts):
        """start(screen, port, account): a viewer; both look at once."""
        places = {17001: f"{TARGET}:{desktop.PORTS[proto]}",
                  17002: f"{TARGET}:{PAST[proto]}"}
        sshd(self, places)
        screens = [Screen(self.site.supplier) for _ in places]
        for screen, local, account in zip(screens, places, accounts):
            start(screen, local, account)
            screen.wait_for(colours)
        seen = []
        for turn in range(CLICKS + 5):
            order = screens if turn % 2 else screens[::-1]
            took = {one: click_to_pixel(one, colours) for one in order}
            seen.append(tuple(took[one] for one in screens))
        seen = seen[5:]
        say(name, [relayed - past for relayed, past in seen], "ms", "<=1.0",
            "{:.1f} ms through the relay, {:.1f} past it".format(
                *(median(column) for column in zip(*seen))))


def click_to_pixel(screen, colours):
    """Milliseconds; the clicks are not in step with anybody's clock."""
    time.sleep(0.03 + random.uniform(0, 0.02))
    before = screen.wait_for(colours, colours[::-1])
    began = time.perf_counter()
    screen.click()
    while screen.top() == before[0]:
        pass
    took = time.perf_counter() - began
    screen.wait_for(before[::-1])
    return took * 1000
