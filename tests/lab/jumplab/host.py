# SPDX-License-Identifier: BSD-2-Clause
"""The few settings of the host's kernel that beds share with it.

Containers have no kernel of their own: audit is off or on for the whole
machine, and so is the clock's word on whether it is synchronised. What the lab
changes it notes before, and puts back when the last site is gone.
"""
import ctypes
import json
import re
import subprocess

from .place import CACHE, locked

ADJ_STATUS, ADJ_MAXERROR = 0x0010, 0x0004
STA_UNSYNC = 0x0040
BACKLOG = 8192


class Timex(ctypes.Structure):
    """struct timex of adjtimex(2); the tail is not used here."""
    _fields_ = [("modes", ctypes.c_uint), ("offset", ctypes.c_long),
                ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
                ("esterror", ctypes.c_long), ("status", ctypes.c_int),
                ("rest", ctypes.c_char * 256)]


def _state_path():
    return CACHE / "host-settings.json"


def _adjtimex(timex):
    if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)) < 0:
        raise OSError(ctypes.get_errno(), "adjtimex")


def clock_set_synchronised(yes):
    """Clear or set the kernel's word; the time itself is not touched."""
    timex = Timex()
    _adjtimex(timex)
    status = timex.status & ~STA_UNSYNC if yes else timex.status | STA_UNSYNC
    change = Timex(modes=ADJ_STATUS | ADJ_MAXERROR, status=status, maxerror=0)
    _adjtimex(change)


def clock_is_synchronised():
    timex = Timex()
    _adjtimex(timex)
    return not timex.status & STA_UNSYNC


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
            state = audit_status() | {"synchronised": clock_is_synchronised()}
            _state_path().write_text(json.dumps(state))
        status = audit_status()
        if status["enabled"] == 0:
            _auditctl("-e", 1)
        if status["backlog_limit"] < BACKLOG:
            _auditctl("-b", BACKLOG)
        clock_set_synchronised(True)


def restore():
    with locked(CACHE / "host.lock"):
        if not _state_path().exists():
            return
        state = json.loads(_state_path().read_text())
        if audit_status()["enabled"] != 2:
            _auditctl("-e", state["enabled"])
            _auditctl("-b", state["backlog_limit"])
        if not state["synchronised"]:
            clock_set_synchronised(False)
        _state_path().unlink()
