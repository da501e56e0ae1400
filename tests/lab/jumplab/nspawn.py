# SPDX-License-Identifier: BSD-2-Clause
"""A bed as a systemd-nspawn container: pristine at each start, up in a second.

Everything it holds (mounts, processes) hangs on one private mount namespace
and one cgroup: killing that cgroup leaves nothing, whatever state it was in.
"""
import contextlib
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import time

from .bed import Bed, wait_for
from .place import LabError

# nspawn's own set, with what an audited, filtered bastion needs on top.
EXTRA_CAPABILITIES = ("CAP_AUDIT_CONTROL,CAP_AUDIT_WRITE,CAP_AUDIT_READ,"
                      "CAP_NET_ADMIN,CAP_SYS_PTRACE")

# Commands that the lab runs inside get no more than the container has: with
# CAP_SYS_TIME in hand, `date -s` in a bed would set the host's clock.
INSIDE_CAPABILITIES = ",".join(["-all"] + ["+" + name for name in (
    "audit_control audit_write audit_read chown dac_override dac_read_search "
    "fowner fsetid ipc_owner kill lease linux_immutable mknod net_admin "
    "net_bind_service net_broadcast net_raw setfcap setgid setpcap setuid "
    "sys_admin sys_boot sys_chroot sys_nice sys_ptrace sys_resource "
    "sys_tty_config").split()])

# cgroup v2 alone, whatever the host has: systemd in the bed then behaves as
# on a stock Debian 12. The overlay is mounted here and nowhere else.
START = r"""
set -e
echo 0 > "$CGROUP/cgroup.procs"
[ "$(cat /proc/self/loginuid)" = 4294967295 ] || echo 4294967295 > /proc/self/loginuid
mount -t overlay jump-lab -o "lowerdir=$TREE,upperdir=$BED/upper,workdir=$BED/work" "$BED/root"
umount -l /sys/fs/cgroup
mount -t tmpfs tmpfs /sys/fs/cgroup 2>/dev/null && umount /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
exec systemd-nspawn -q -D "$BED/root" -b -M "$MACHINE" --register=no \
	--keep-unit --notify-ready=yes --network-namespace-path="$NETNS" \
	--resolv-conf=off --timezone=off --link-journal=no --console=pipe \
	--capability="$CAPABILITIES" $NSPAWN_EXTRA
"""

# Enter as a process of the container: its cgroup too, or logind and
# /proc/self/cgroup would see a stranger; and with no one's login.
ENTER = ('d=/sys/fs/cgroup/lab; [ -d $d ] || mkdir -p $d; '
         'echo 0 > $d/cgroup.procs; '
         'read -r auid < /proc/self/loginuid; [ "$auid" = 4294967295 ] || '
         'echo 4294967295 > /proc/self/loginuid; '
         'exec setpriv --bounding-set=$0 -- "$@"')


class NspawnBed(Bed):
    kind = "nspawn"

    def __init__(self, name, place, tree, netns_path, extra=()):
        super().__init__(name)
        self.dir = place.dir / name
        self.place = place
        self.tree = tree
        self.netns_path = netns_path
        self.extra = list(extra)
        self.leader = None
        self._supervisor = None

    @property
    def cgroup(self):
        return self.place.cgroup / self.name

    def start(self, timeout=30):
        """Boot from the untouched tree; returns when systemd says ready."""
        for part in ("upper/etc", "work", "root"):
            (self.dir / part).mkdir(parents=True)
        self._identity()
        return self._boot(timeout)

    def _boot(self, timeout=30):
        self.cgroup.mkdir(parents=True, exist_ok=True)
        ready = self._notify_socket()
        with open(self.dir / "console", "wb") as console:
            self._supervisor = subprocess.Popen(
                ["unshare", "-m", "--propagation", "slave", "sh", "-c", START],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                start_new_session=True, env=self._environment(ready))
        try:
            self._wait_ready(ready, timeout)
        finally:
            ready.close()
        (self.dir / "leader").write_text(f"{self.leader}\n")
        return self

    def _environment(self, ready):
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
            "NOTIFY_SOCKET": ready.getsockname(),
            "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
            # with nspawn's filter socket(NETLINK_AUDIT) is refused
            "SYSTEMD_SECCOMP": "0",
            # a bastion sets its own net.* settings; the rest is the host's
            "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
            "CGROUP": str(self.cgroup), "TREE": str(self.tree),
            "BED": str(self.dir), "NETNS": self.netns_path,
            "MACHINE": f"jl-{self.place.id}-{self.name}",
            "CAPABILITIES": EXTRA_CAPABILITIES,
            "NSPAWN_EXTRA": " ".join(self.extra),
        }

    def _identity(self):
        etc = self.dir / "upper/etc"
        (etc / "hostname").write_text(self.name + "\n")
        (etc / "hosts").write_text(
            f"127.0.0.1 localhost {self.name}\n::1 localhost\n")
        (etc / "machine-id").write_text(os.urandom(16).hex() + "\n")

    def _notify_socket(self):
        path = self.dir / "notify"
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ready.bind(str(path))
        return ready

    def _wait_ready(self, ready, timeout):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if select.select([ready], [], [], 0.1)[0]:
                if self._notified(ready.recv(8192).decode()):
                    return
            elif self._supervisor.poll() is not None:
                break
        self.kill()
        raise LabError(f"bed {self.name} did not boot:\n{self.console()}")

    def _notified(self, message):
        fields = dict(line.split("=", 1) for line in message.splitlines()
                      if "=" in line)
        if "X_NSPAWN_LEADER_PID" in fields:
            self.leader = int(fields["X_NSPAWN_LEADER_PID"])
        return fields.get("READY") == "1" and self.leader

    def attach(self):
        """Take over a bed that an earlier process started and left running."""
        self.leader = int((self.dir / "leader").read_text())
        return self

    def console(self):
        return (self.dir / "console").read_text(errors="replace")[-3000:]

    def entry(self, command, tty=False):
        if not self.leader:
            raise LabError(f"bed {self.name} is not running")
        environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
                       "LC_ALL=C.UTF-8", "SHELL=/bin/bash"]
        if tty:
            environment.append(f"TERM={os.environ.get('TERM', 'xterm')}")
        return ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n",
                "-p", "-C", "-r", "-w", "--", "/usr/bin/env", "-i",
                *environment, "/bin/sh", "-c", ENTER, INSIDE_CAPABILITIES,
                *command]

    def host_pid(self, pid):
        """The host's number of a pid inside: what its audit records say."""
        for entry in self._host_pids():
            status = pathlib.Path(f"/proc/{entry}/status").read_text()
            numbers = [line.split() for line in status.splitlines()
                       if line.startswith("NSpid:")]
            if numbers and numbers[0][-1] == str(pid) and len(numbers[0]) > 2:
                return entry
        raise LabError(f"{self.name}: no process {pid}")

    def _host_pids(self):
        pids = []
        for path in self.cgroup.rglob("cgroup.procs"):
            try:
                pids += [int(word) for word in path.read_text().split()]
            except OSError:
                continue
        return pids

    def reset(self):
        """Power cut and boot again from the same disk."""
        self.kill()
        shutil.rmtree(self.dir / "work", ignore_errors=True)
        self._restart()

    def reboot(self):
        """An orderly shutdown, then boot from the same disk."""
        self.shutdown()
        self._restart()

    def _restart(self):
        keep = self.dir / "upper"
        aside = self.dir.with_name(self.dir.name + ".disk")
        keep.rename(aside)
        shutil.rmtree(self.dir, ignore_errors=True)
        for part in ("work", "root"):
            (self.dir / part).mkdir(parents=True)
        aside.rename(keep)
        self._boot()

    def shutdown(self, timeout=30):
        if self._supervisor:
            self._supervisor.send_signal(signal.SIGTERM)
            self._supervisor.wait(timeout)
        self.kill()

    def kill(self):
        """End every process at once; their mounts go with them."""
        cgroup_kill(self.cgroup)
        if self._supervisor:
            self._supervisor.wait(10)
            self._supervisor = None
        self.leader = None

    def stop(self):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


def cgroup_kill(cgroup):
    """Kill all processes below cgroup, wait until they are gone, remove it.
    Somebody else may be doing the same: what is gone is fine."""
    with contextlib.suppress(FileNotFoundError):
        (cgroup / "cgroup.kill").write_text("1")
        wait_for(lambda: "populated 0" in (cgroup / "cgroup.events").read_text(),
                 10, f"{cgroup} to be empty", pause=0.01)
    for folder, _, _ in os.walk(cgroup, topdown=False):
        with contextlib.suppress(FileNotFoundError):
            os.rmdir(folder)
