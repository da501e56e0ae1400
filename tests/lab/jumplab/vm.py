# SPDX-License-Identifier: BSD-2-Clause
"""A bed as a virtual machine: its own kernel, audit, auditd and clock.

Booting one takes half a minute where qemu has to emulate, so a booted machine
is saved once, and each start goes on from there in a few seconds.
"""
import hashlib
import pathlib
import shlex
import shutil
import subprocess
import time

from . import image, qemu, sweep
from .audit import SETTLE_WORD, AuditLog
from .bed import Bed, CommandFailed, wait_for
from .net import HOSTS, Net
from .nspawn import cgroup_kill
from .place import CACHE, LabError, Place, locked, step

CONTROL_PORT = 2200
DISK_SIZE = "4G"
MEMORY_MIB = 1024
VCPUS = 2
COMMAND_LINE = ("root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0 "
                "audit=1 audit_backlog_limit=8192 mitigations=off")


class VmBed(Bed):
    kind = "vm"

    def __init__(self, name, place, tree, net):
        super().__init__(name)
        self.place = place
        self.tree = pathlib.Path(tree) if tree else None
        self.net = net
        self.dir = place.dir / name
        self.monitor = None
        self._qemu = None

    @property
    def cgroup(self):
        return self.place.cgroup / self.name

    def start(self):
        """Go on from the saved machine, with the right time."""
        saved = prepare(self.tree)
        self.dir.mkdir(parents=True)
        self._make_disk(saved / "boot.qcow2", "qcow2")
        self._launch(["-incoming", f"exec:cat {saved}/state"])
        wait_for(lambda: self.monitor("query-status")["status"]
                 not in ("inmigrate", "postmigrate"), 60, "the saved state")
        self.monitor("cont")
        self._wait_control(60)
        self.run(f"hostname {self.name}; echo {self.name} > /etc/hostname")
        self.set_clock()
        return self

    def set_clock(self):
        """The host's time, as near as an emulated machine's answers allow."""
        self.run("lab-clock sync yes")
        for _ in range(5):
            asked = time.time()
            seen = float(self.run("date +%s.%N").out)
            answered = time.time()
            behind = (asked + answered) / 2 - seen
            if abs(behind) < max(0.2, (answered - asked) / 2):
                return
            self.run(f"lab-clock step {behind:.3f}")
        raise LabError(f"the clock of {self.name} stays {behind:.1f} s behind")

    def boot_cold(self, base):
        self.dir.mkdir(parents=True)
        self._make_disk(base, "raw")
        self._launch([])
        self._wait_control(180)
        self.run("systemctl is-system-running --wait", check=False,
                 timeout=120)

    def _make_disk(self, backing, kind):
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", kind,
                        "-b", str(backing), str(self.dir / "disk.qcow2")],
                       check=True)

    def _launch(self, extra):
        group = self.cgroup
        group.mkdir(parents=True, exist_ok=True)
        with open(self.dir / "qemu.log", "wb") as log:
            self._qemu = subprocess.Popen(
                ["sh", "-c", 'echo 0 > "$0" && exec "$@"',
                 str(group / "cgroup.procs"), *self.net.enter("dmz"),
                 *self._machine(), *extra], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)
        try:
            self.monitor = qemu.Monitor(self.dir / "monitor")
        except OSError:
            text = (self.dir / "qemu.log").read_text()
            self.kill()
            raise LabError(f"qemu did not start:\n{text}") from None

    def _machine(self):
        accel = qemu.accelerator(self.tree)
        threads = ",thread=multi" if accel == "tcg" else ""
        argv = ["qemu-system-x86_64", "-machine", "q35",
                "-accel", accel + threads,
                "-cpu", "max" if accel == "tcg" else "host",
                "-smp", str(VCPUS), "-m", str(MEMORY_MIB),
                "-nodefaults", "-no-user-config", "-display", "none",
                "-device", "virtio-rng-pci",
                "-serial", f"file:{self.dir}/console",
                "-qmp", f"unix:{self.dir}/monitor,server=on,wait=off",
                "-kernel", f"{self.tree}/vmlinuz",
                "-initrd", f"{self.tree}/initrd.img",
                "-append", COMMAND_LINE,
                "-drive", f"file={self.dir}/disk.qcow2,if=virtio,"
                          "format=qcow2,cache=unsafe"]
        return argv + self.cards()

    @staticmethod
    def cards():
        """A card that leads to the lab alone, then one for each network."""
        argv = ["-netdev", "user,id=control,restrict=on,ipv6=off,"
                f"hostfwd=tcp:127.0.0.1:{CONTROL_PORT}-10.0.2.15:{CONTROL_PORT}",
                "-device", f"virtio-net-pci,netdev=control,romfile=,"
                           f"mac={image.MAC['control']}"]
        for network in HOSTS["dmz"]:
            argv += ["-netdev", f"tap,id={network},ifname=tap-{network},"
                     "script=no,downscript=no",
                     "-device", f"virtio-net-pci,netdev={network},romfile=,"
                                f"mac={image.MAC[network]}"]
        return argv

    def entry(self, command, tty=False):
        if not self.dir.exists():
            raise LabError(f"bed {self.name} is not running")
        return [*self._ssh(), *(["-tt"] if tty else []), "root@127.0.0.1",
                "--", shlex.join(command)]

    def _ssh(self):
        return [*self.net.enter("dmz"), "ssh", "-F", "/dev/null",
                "-i", str(image.control_key()), "-p", str(CONTROL_PORT),
                "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
                "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                "-o", "ConnectTimeout=5", "-o", "ControlMaster=auto",
                "-o", "ControlPersist=600", "-o", "ServerAliveInterval=5",
                "-o", f"ControlPath={self.dir}/control"]

    def _wait_control(self, timeout):
        def look():
            if self._qemu and self._qemu.poll() is not None:
                raise LabError("qemu ended:\n" +
                               (self.dir / "qemu.log").read_text())
            result = self.run("true", check=False, timeout=30)
            return result.rc == 0, result
        try:
            wait_for(look, timeout, f"{self.name} to answer", pause=0.2)
        except LabError as error:
            raise LabError(f"{error}\n{self.console()}") from None

    def attach(self):
        self.monitor = qemu.Monitor(self.dir / "monitor")
        return self

    def console(self):
        path = self.dir / "console"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def save(self, into):
        """Stop the machine for good, with its memory in a file."""
        self.run("sync; echo 3 > /proc/sys/vm/drop_caches")
        self._drop_control()
        self.monitor("stop")
        self.monitor("migrate", uri=f"exec:cat > {into}/state")
        wait_for(lambda: self.monitor("query-migrate").get("status")
                 in ("completed", "failed"), 120, "the machine to be saved",
                 pause=0.1)
        if self.monitor("query-migrate")["status"] == "failed":
            raise LabError("qemu could not save the machine")
        # What was set on top of the base stays in the disk file.
        self.monitor("quit")
        self._qemu.wait(30)
        shutil.move(self.dir / "disk.qcow2", into / "boot.qcow2")

    def _drop_control(self):
        """A connection of ssh must not outlive the machine it leads to."""
        subprocess.run([*self._ssh(), "-O", "exit", "root@127.0.0.1"],
                       capture_output=True, check=False)
        (self.dir / "control").unlink(missing_ok=True)

    def reset(self, timeout=300):
        """Power cut: what was not written to the disk is lost."""
        self._drop_control()
        self.monitor("system_reset")
        self._wait_control(timeout)
        self.set_clock()

    def reboot(self, timeout=180):
        boot = self.read("/proc/sys/kernel/random/boot_id")
        self.run("systemctl reboot", check=False)
        self._drop_control()

        def booted():
            self._drop_control()
            seen = self.run("cat /proc/sys/kernel/random/boot_id",
                            check=False, timeout=30)
            return seen.rc == 0 and seen.out != boot
        wait_for(booted, timeout, f"{self.name} to reboot", pause=0.5)
        self.set_clock()

    def kill(self):
        if self.dir.exists():
            self._drop_control()
        if self.monitor:
            self.monitor.close()
            self.monitor = None
        cgroup_kill(self.cgroup)
        if self._qemu:
            self._qemu.wait(10)
            self._qemu = None

    def stop(self):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


class VmAuditLog(AuditLog):
    """What the real auditd of the VM wrote."""

    PATH = "/var/log/audit/audit.log"

    def __init__(self, bed):
        self.bed = bed

    def _raw(self):
        """The file, after a record of our own has reached it."""
        word = f"{SETTLE_WORD}-vm-{time.monotonic_ns()}"
        return self.bed.run(
            f"auditctl -m {word} > /dev/null && for i in $(seq 100); do "
            f"grep -q {word} {self.PATH} && break; sleep .05; done; "
            f"cat {self.PATH}", text=False).out

    def mark(self):
        return len(self._raw())

    def note(self, word):
        self.bed.run(["auditctl", "-m", word])

    def after_note(self, word, *patterns, timeout=10):
        """Looked for in the machine: asking from outside takes longer."""
        looks = " && ".join(f"echo \"$after\" | grep -q {shlex.quote(one)}"
                            for one in patterns)
        self.bed.run(
            f"end=$(($(date +%s) + {timeout})); "
            f"while after=$(sed -n /{word}/,\\$p {self.PATH}); "
            f"! {{ {looks}; }}; do "
            "[ $(date +%s) -lt $end ] || { echo \"$after\"; exit 1; }; "
            "sleep .1; done", timeout=timeout + 30)

    def text(self, mark=0):
        lines = self._raw()[mark:].decode(errors="replace").splitlines(True)
        return "".join(line for line in lines if SETTLE_WORD not in line)


def prepare(tree):
    """The folder with the saved machine of this tree; made when missing."""
    accel = qemu.accelerator(tree)
    machine = repr((VmBed.cards(), COMMAND_LINE, MEMORY_MIB, VCPUS, DISK_SIZE))
    digest = hashlib.sha256(machine.encode()).hexdigest()[:6]
    path = CACHE / f"vm-{tree_of(tree.name)}-{accel}-{digest}"
    with locked(CACHE / "vm.lock"):
        if not path.exists():
            _forget_old()
            with step(f"booting the VM once, to save it ({accel})"):
                _make(tree, path)
    return path


def tree_of(name):
    return name.split("-")[1]


def _forget_old():
    for path in CACHE.glob("vm-*"):
        if not (CACHE / f"tree-{tree_of(path.name)}").exists():
            shutil.rmtree(path)


def _make(tree, path):
    """A disk of the tree, a boot with the cards it will have, a snapshot."""
    half = path.with_name("half-" + path.name)
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", str(tree),
                    "-E", "lazy_itable_init=1,lazy_journal_init=1",
                    str(half / "base.raw"), DISK_SIZE], check=True)
    place = Place("image").open()
    try:
        sweep.clear(place)
        place.dir.mkdir(parents=True)
        net = Net(place)
        net.up(bastion_is_vm=True)
        bed = VmBed("bastion", place, tree, net)
        bed.boot_cold(half / "base.raw")
        bed.save(half)
        # the disk file names its backing file; make that true after rename
        subprocess.run(["qemu-img", "rebase", "-u", "-f", "qcow2", "-F", "raw",
                        "-b", str(path / "base.raw"), "boot.qcow2"],
                       cwd=half, check=True)
        half.rename(path)
    finally:
        place.close()
        sweep.remove(place.id)
