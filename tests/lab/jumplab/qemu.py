# SPDX-License-Identifier: BSD-2-Clause
"""qemu: which acceleration is real here, and talking to a running one."""
import json
import pathlib
import socket
import subprocess
import time

from .place import CACHE, LabError, locked, say

PROBE_SECONDS = 8


def accelerator(tree):
    """'kvm' if a guest that runs in it answers, else 'tcg'. /dev/kvm may be
    there and hang its guests, so its presence says nothing. Asked once a
    boot of this machine."""
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    note = CACHE / f"accelerator-{boot}"
    with locked(CACHE / "accelerator.lock"):
        if not note.exists():
            for old in CACHE.glob("accelerator-*"):
                old.unlink()
            note.write_text(_probe(tree))
    return note.read_text()


def _probe(tree):
    """Boot the beds' kernel into an init that is not there: it says so and,
    told to reboot on panic, ends qemu."""
    if not pathlib.Path("/dev/kvm").exists():
        say("no /dev/kvm: the VM is emulated (TCG)")
        return "tcg"
    argv = ["qemu-system-x86_64", "-machine", "q35", "-accel", "kvm",
            "-cpu", "host", "-m", "256", "-nodefaults", "-display", "none",
            "-no-reboot", "-serial", "stdio", "-kernel", f"{tree}/vmlinuz",
            "-append", "console=ttyS0 panic=-1 root=none"]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=PROBE_SECONDS)
        answered = b"Kernel panic - not syncing" in done.stdout
    except subprocess.TimeoutExpired:
        answered = False
    if not answered:
        say("a guest under /dev/kvm gave no answer: emulating (TCG)")
    return "kvm" if answered else "tcg"


class Monitor:
    """A QMP connection: one command, one answer."""

    def __init__(self, path, timeout=10):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        end = time.monotonic() + timeout
        while True:
            try:
                self.sock.connect(str(path))
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
        self.stream = self.sock.makefile("rw")
        self._line()
        self("qmp_capabilities")

    def _line(self):
        line = self.stream.readline()
        if not line:
            raise LabError("qemu closed its monitor")
        return json.loads(line)

    def __call__(self, command, **arguments):
        json.dump({"execute": command, "arguments": arguments}, self.stream)
        self.stream.flush()
        while True:
            answer = self._line()
            if "error" in answer:
                raise LabError(f"qemu {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def close(self):
        self.stream.close()
        self.sock.close()
