# SPDX-License-Identifier: BSD-2-Clause
"""Which site a process belongs to, also after it is gone.

An audit record names a pid, and a short-lived process has ended before anybody
can look. The kernel's process events (fork, exec) come early enough to look at
its cgroup once; children belong where their parent does.
"""
import collections
import pathlib
import re
import socket
import struct

NETLINK_CONNECTOR, CN_IDX_PROC = 11, 1
LISTEN = struct.pack("=IHHII IIIIHH I", 40, 3, 0, 0, 0,
                     CN_IDX_PROC, 1, 0, 0, 4, 0, 1)
FORK, EXEC = 1, 2
REMEMBERED = 20000


class Family:
    """pid to site id, of processes that were seen in one."""

    def __init__(self):
        self.sites = collections.OrderedDict()
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM,
                                  NETLINK_CONNECTOR)
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # RCVBUFFORCE
        self.sock.bind((0, CN_IDX_PROC))
        self.sock.send(LISTEN)
        self.sock.setblocking(False)

    def catch_up(self):
        """Take in what has happened until now; the pids that began another
        program."""
        execed = []
        while True:
            try:
                data = self.sock.recv(4096)
            except BlockingIOError:
                return execed
            except OSError:
                continue
            # nlmsghdr 16, cn_msg 20, then what, cpu, time, and the pids
            what = struct.unpack_from("=I", data, 36)[0]
            if what == FORK:
                parent, _, child = struct.unpack_from("=III", data, 56)
                self._learn(child, self.sites.get(parent))
            elif what == EXEC:
                pid = struct.unpack_from("=II", data, 52)[1]
                execed.append(pid)
                if pid not in self.sites:
                    self._learn(pid, None)

    def _learn(self, pid, site):
        site = site or site_of_living(pid)
        self.sites.pop(pid, None)
        if site:
            self.sites[pid] = site
            if len(self.sites) > REMEMBERED:
                self.sites.popitem(last=False)

    def site_of(self, pid):
        return site_of_living(pid) or self.sites.get(pid)


def site_of_living(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return None
    found = re.search(r"^0::.*?/jump-lab/([a-z0-9]+)/", text, re.M)
    return found and found[1]
