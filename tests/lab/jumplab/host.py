# SPDX-License-Identifier: BSD-2-Clause
"""The few settings of the host's kernel that beds share with it.

Containers have no kernel of their own: audit is off or on for the whole
machine, and so is the clock's word on whether it is synchronised. What the lab
changes it notes before, and puts back when the last site is gone.
"""
import json
import pathlib
import re
import subprocess

from . import clock
from .place import CACHE, locked

BACKLOG = 8192
# root of all beds is one user to this limit, and each systemd takes dozens
INOTIFY = pathlib.Path("/proc/sys/fs/inotify/max_user_instances")
INSTANCES = 8192


def _state_path():
    return CACHE / "host-settings.json"


def audit_status():
    out = subprocess.run(["auditctl", "-s"], capture_output=True, text=True,
                         check=True).stdout
    return {key: int(value) for key, value in
            re.findall(r"^(enabled|backlog_limit) (\d+)", out, re.M)}


def _auditctl(*words):
    subprocess.run(["auditctl", *map(str, words)], check=True,
                   stdout=subprocess.DEVNULL)


def prepare():
    """Audit on with room for a burst; the clock called synchronised."""
    with locked(CACHE / "host.lock"):
        if not _state_path().exists():
            state = audit_status() | {"synchronised": clock.is_synchronised(),
                                      "inotify": INOTIFY.read_text()}
            _state_path().write_text(json.dumps(state))
        status = audit_status()
        if status["enabled"] == 0:
            _auditctl("-e", 1)
        if status["backlog_limit"] < BACKLOG:
            _auditctl("-b", BACKLOG)
        if int(INOTIFY.read_text()) < INSTANCES:
            INOTIFY.write_text(str(INSTANCES))
        clock.set_synchronised(True)


def restore():
    with locked(CACHE / "host.lock"):
        if not _state_path().exists():
            return
        state = json.loads(_state_path().read_text())
        if audit_status()["enabled"] != 2:
            _auditctl("-e", state["enabled"])
            _auditctl("-b", state["backlog_limit"])
        if not state["synchronised"]:
            clock.set_synchronised(False)
        if "inotify" in state:
            INOTIFY.write_text(state["inotify"])
        _state_path().unlink()
