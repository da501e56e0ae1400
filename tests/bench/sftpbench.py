# SPDX-License-Identifier: BSD-2-Clause
"""What the figures of files need: OpenSSH's sftp at the laptop, the target's
sftp-server behind jump-sshd, jumpshell, relay and ssh, and in the middle
either jump-sftp or a plain pipe (tests/tools/pipegate): all else is the very
same. Files are in memory at both ends; the clock runs from before the first
byte to after the last, and not while anybody logs in."""
import pathlib
import re
import shutil
import sys

from figure import LEAST, medians, pairs, ratios, say
from visitbench import PORT, V4, Bench

from jumplab import product
from jumplab.login import Login

GATE = "/usr/lib/jump/jump-sftp"
FOLDER = "/srv/files"  # of the target
SHELF = pathlib.Path("/dev/shm/jump-bench")  # of the laptop
CONDUIT = """[conduit vendors-files]
Users = acme-*
To = cell-a
Protocols = sftp
MaxWindow = 8h
Approvals = 1
Record = required
Files = up down
FileSize = 8G
FileCount = 1000000
OtpGrace = 1h
MaxSessions = 64
"""


class SftpBench(Bench):
    """ours() and plain(): seconds that a batch of sftp's commands takes."""

    def __init__(self):
        super().__init__(otp_grace="1h", more=CONDUIT)

    def prepare(self):
        super().prepare()
        self.bed.run(f"cp -p {GATE} /root/gate")
        self.bed.put_file(
            product.stage().parent / "build/tests/tools/pipegate",
            "/root/pipe", 0o755)
        self.site.ot.bed.run(f"install -d {FOLDER} && mount -t tmpfs -o "
                             f"size=3g,mode=1777 tmpfs {FOLDER}")
        shutil.rmtree(SHELF, ignore_errors=True)
        SHELF.mkdir()
        self.person = self.visits.enrol()
        self.visits.window(protocols=("sftp",), files="up,down")
        self.login = Login(self.person)

    def finish(self):
        shutil.rmtree(SHELF, ignore_errors=True)
        super().finish()

    def _batch(self, middle, root, commands):
        """The middle is changed by rename: nobody runs half a program."""
        self.bed.run(f"cp -p /root/{middle} {GATE}.new && "
                     f"mv {GATE}.new {GATE}")
        clock = "!date +clock=%s.%N"
        client = self.person.client
        argv = client.ssh_argv(
            f"{self.person.name}@{V4}", key=self.person.key, program="sftp",
            options=["-P", PORT, "-o", "BatchMode=no", "-q", "-b", "-"])
        lines = [line.format(root=root, shelf=SHELF) for line in commands]
        did = client.run(argv, env=client.environment("not asked for"),
                         input="\n".join([clock, *lines, clock, "bye\n"]),
                         check=False, timeout=600)
        told = re.findall(r"clock=([\d.]+)", did.out)
        if did.rc or len(told) < 2:
            sys.exit(f"{middle}: {did}")
        return float(told[-1]) - float(told[-2])

    def ours(self, *commands):
        return self._batch("gate", f"/plc-gw{FOLDER}", commands)

    def plain(self, *commands):
        return self._batch("pipe", FOLDER, commands)

    def measure(self, name, commands, goal, size_mb, before=(), times=LEAST):
        """Each batch opens the link first, and is then timed alone."""
        opened = ["cd {root}", *before, "!date +clock=%s.%N"]

        def one(which):
            return which(*opened, *commands)

        one(self.ours), one(self.plain)  # warm
        seen = pairs(lambda: one(self.ours), lambda: one(self.plain), times)
        rates = [(size_mb / gate, size_mb / pipe) for gate, pipe in seen]
        say(name, ratios(rates), "ratio", f">={goal}",
            "{:.1f} MB/s through the gate, {:.1f} through a plain pipe".format(
                *medians(rates)))
