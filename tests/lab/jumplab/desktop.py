# SPDX-License-Identifier: BSD-2-Clause
"""Desktops of the plant, and screens of suppliers who look at them: real
servers, real viewers, and a screenshot that tells which desktop it is."""
import collections
import os

from Xlib import X, display
from Xlib.ext import xtest

from .bed import run_host, wait_for
from .ot import OT_DIR

WIDTH, HEIGHT = 640, 480
ACCOUNT, RDP_PASSWORD, VNC_PASSWORD = "panel", "Pump-7-open", "valve-8"
# Of the panels, from above; no colour twice, so that nothing else has them.
BY_RDP = (0xC02020, 0x20A040, 0x2040C0)
BY_VNC = (0xE0A010, 0x10A0A0, 0x802080)
PORTS = {"rdp": 3389, "vnc": 5900}
MOVED_RDP = 3390


def set_up(ot):
    """xrdp and TigerVNC instead of the stand-ins, on every address."""
    ot.leave_out(3389, 5900)
    ot.bed.put_file(OT_DIR / "bands.py", "/etc/ot/bands.py", 0o755)
    ot.bed.put_file(OT_DIR / "desktops.sh", "/etc/ot/desktops.sh", 0o755)
    ot.bed.put("/etc/ot/vnc.passwd", vnc_secret(), 0o600)
    ot.bed.run(["/etc/ot/desktops.sh", ACCOUNT, words_of(BY_RDP),
                words_of(BY_VNC)], input=RDP_PASSWORD + "\n")
    for port in (3389, MOVED_RDP, 5900):
        ot.bed.wait(f"ss -Hltn 'sport = :{port}' | grep -q .")


def vnc_secret():
    """VNC's password as its programs keep it."""
    return run_host(["tigervncpasswd", "-f"], input=VNC_PASSWORD.encode(),
                    text=False).out


def words_of(colours):
    return " ".join(f"{colour:06x}" for colour in colours)


class Screen:
    """An X server without a monitor at the supplier's machine."""

    def __init__(self, client):
        self.client = client
        server = client.popen(["Xvfb", "-displayfd", "1", "-nolisten", "tcp",
                               "-screen", "0", f"{WIDTH}x{HEIGHT}x24"])
        self.name = ":" + server.stdout.readline().strip()
        self.display = display.Display(self.name)
        self.root = self.display.screen().root

    def start(self, argv):
        """A program that shows itself here; a Popen."""
        return self.client.popen(argv, env={
            "PATH": os.environ["PATH"], "HOME": str(self.client.dir),
            "LC_ALL": "C.UTF-8", "DISPLAY": self.name})

    def xfreerdp(self, argv, account=ACCOUNT):
        return self.start([*argv, f"/u:{account}", f"/p:{RDP_PASSWORD}",
                           f"/size:{WIDTH}x{HEIGHT}", "/cert:tofu"])

    def vncviewer(self, argv):
        secret = self.client.dir / "vnc.passwd"
        secret.write_bytes(vnc_secret())
        return self.start([argv[0], "-PasswordFile", secret,
                           "-ReconnectOnError=0", "-AlertOnFatalError=0",
                           *argv[1:]])

    def top(self):
        """The colour of one pixel near the upper edge."""
        image = self.root.get_image(WIDTH // 2, 20, 1, 1, X.ZPixmap,
                                    0xFFFFFFFF).data
        return int.from_bytes(image[:3], "little")

    def bands(self):
        """A screenshot: the colours from above that nearly all of the
        screen's columns have, each at least 100 pixels high."""
        image = self.root.get_image(0, 0, WIDTH, HEIGHT, X.ZPixmap,
                                    0xFFFFFFFF).data
        step = 16
        seen = collections.Counter(
            self._column(image, x) for x in range(0, WIDTH, step))
        colours, columns = seen.most_common(1)[0]
        return colours if columns * step > 0.9 * WIDTH else None

    @staticmethod
    def _column(image, x):
        runs = []
        for y in range(HEIGHT):
            at = (y * WIDTH + x) * 4
            colour = int.from_bytes(image[at:at + 3], "little")
            if runs and runs[-1][0] == colour:
                runs[-1][1] += 1
            else:
                runs.append([colour, 1])
        return tuple(colour for colour, high in runs if high >= 100)

    def wait_for(self, *wanted, timeout=25):
        """One of these desktops; which."""
        def look():
            seen = self.bands()
            return seen in wanted, seen
        return wait_for(look, timeout, " or ".join(map(words_of, wanted)))

    def click(self):
        """In the middle of it."""
        for kind, detail, x, y in ((X.MotionNotify, 0, WIDTH // 2, HEIGHT // 2),
                                   (X.ButtonPress, 1, 0, 0),
                                   (X.ButtonRelease, 1, 0, 0)):
            xtest.fake_input(self.display, kind, detail, x=x, y=y)
        self.display.sync()
