#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's clock: its word on whether it is synchronised, and its hands.

A module of the lab for the host, and the program lab-clock in each bed:
    lab-clock sync yes|no    what adjtimex(2) reports from now on
    lab-clock set EPOCH      set the time (VM only; containers lack the right)
    lab-clock step SECONDS   move it
"""
import ctypes
import sys
import time

ADJ_STATUS, ADJ_MAXERROR = 0x0010, 0x0004
STA_UNSYNC = 0x0040
# Some ask for the flag, others (timedatectl) whether the error is below this.
ERROR_LIMIT_USEC = 16000000


class Timex(ctypes.Structure):
    """struct timex of adjtimex(2); the tail is not used here."""
    _fields_ = [("modes", ctypes.c_uint), ("offset", ctypes.c_long),
                ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
                ("esterror", ctypes.c_long), ("status", ctypes.c_int),
                ("rest", ctypes.c_char * 256)]


def _adjtimex(timex):
    if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)) < 0:
        raise OSError(ctypes.get_errno(), "adjtimex")


def set_synchronised(yes):
    """Clear or set the kernel's word; the time itself is not touched."""
    timex = Timex()
    _adjtimex(timex)
    status = timex.status & ~STA_UNSYNC if yes else timex.status | STA_UNSYNC
    _adjtimex(Timex(modes=ADJ_STATUS | ADJ_MAXERROR, status=status,
                    maxerror=0 if yes else ERROR_LIMIT_USEC))


def is_synchronised():
    timex = Timex()
    _adjtimex(timex)
    return not timex.status & STA_UNSYNC


def set_time(epoch):
    """Set the time; the kernel then forgets that it was synchronised."""
    before = is_synchronised()
    time.clock_settime(time.CLOCK_REALTIME, epoch)
    set_synchronised(before)


def main():
    verb, value = sys.argv[1:]
    if verb == "sync":
        set_synchronised({"yes": True, "no": False}[value])
    elif verb == "set":
        set_time(float(value))
    elif verb == "step":
        set_time(time.time() + float(value))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
