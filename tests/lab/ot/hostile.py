#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Machines in OT that mean harm, each at a port of the address that is the
first argument. Some need a whole login first: they stand in front of an honest
sshd (its configuration is the second argument) in a network of its own, where
they come from the bastion's address (the third), because certificates are good
from there alone. What each has seen is a line in /run/ot/hostile."""
import ctypes
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import threading
import time

HOST, CONFIG, BASTION = sys.argv[1:]
HONEST = 2299
CLONE_NEWNET = 0x40000000
VERSION = b"SSH-2.0-OpenSSH_9.2p1\r\n"
SEEN = pathlib.Path("/run/ot/hostile")


def note(text):
    with SEEN.open("a") as out:
        out.write(text + "\n")


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    conn.shutdown(socket.SHUT_RD) # whoever waits in recv() keeps it open
    time.sleep(0.05)
    conn.close()


def until_gone(conn):
    """Reads and says nothing."""
    while conn.recv(65536):
        pass


def silent(conn):
    until_gone(conn)


def banner(conn):
    """A megabyte of lines before the version."""
    conn.sendall(b"".join(b"%06d " % i + b"welcome " * 11 + b"\r\n"
                          for i in range(10600)))
    conn.sendall(VERSION)
    until_gone(conn)


def line(conn):
    """A line without an end."""
    while True:
        conn.sendall(b"x" * 65536)


def control(conn):
    """A banner that would like to be a terminal's."""
    conn.sendall(b"\x1b]0;owned\x07\x1b[2J\x1b[31mroot@bastion:~# \r\n" * 500)
    conn.sendall(b"SSH-1.5-\x1b[2Jx\r\n")
    until_gone(conn)


def handshake(conn):
    """A version, and an offer whose end never comes."""
    conn.sendall(VERSION + struct.pack(">IB", 29996, 4) + b"\x14")
    while True:
        time.sleep(1)
        conn.sendall(b"\0")


def at_once(conn):
    reset(conn)


def carry(conn, change=None, back=None):
    """To the honest sshd, and what happens to the bytes on the way."""
    far = socket.create_connection(("127.0.0.1", HONEST),
                                   source_address=(BASTION, 0))

    def copy(a, b, through):
        try:
            while data := a.recv(65536):
                b.sendall(data)
                if through:
                    through(data, conn, far)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass
    other = threading.Thread(target=copy, args=(far, conn, back), daemon=True)
    other.start()
    copy(conn, far, change)
    other.join()


def slow(conn):
    """Reads a kilobyte at a time, with a nap between."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    took = [0]

    def nap(data, *_):
        took[0] += len(data)
        if took[0] > 20000: # it was polite until then
            time.sleep(0.5)
    carry(conn, change=nap)


def torn(conn):
    """Works, and is torn after the login."""
    gave = [0]

    def tear(data, conn, far):
        gave[0] += len(data)
        if gave[0] > 40000:
            reset(conn)
            far.close()
    carry(conn, back=tear)


def honest(conn):
    carry(conn)


KINDS = [silent, banner, line, control, handshake, at_once, slow, torn, honest]


def serve(kind, conn):
    note(f"{kind.__name__}: connected")
    began = time.monotonic()
    try:
        with conn:
            kind(conn)
    except OSError as error:
        note(f"{kind.__name__}: {error}")
    note(f"{kind.__name__}: over after {time.monotonic() - began:.1f} s")


def listen(ear, kind):
    while True:
        conn, _ = ear.accept()
        threading.Thread(target=serve, args=(kind, conn), daemon=True).start()


def go_inside():
    """What is opened from here on is in a network that nobody else is in."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "addr", "add", f"{BASTION}/32", "dev", "lo"],
                   check=True)
    text = re.sub(r"^ListenAddress.*\n", "", pathlib.Path(CONFIG).read_text(),
                  flags=re.M)
    path = pathlib.Path("/run/ot/hostile.conf")
    path.write_text(f"ListenAddress 127.0.0.1:{HONEST}\n" + text)
    return subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", path])


ears = [socket.create_server((HOST, 2200 + number), backlog=200)
        for number in range(len(KINDS))]
sshd = go_inside()
for ear, kind in zip(ears, KINDS):
    threading.Thread(target=listen, args=(ear, kind), daemon=True).start()
pathlib.Path("/run/ot/hostile.pid").write_text(f"{os.getpid()} {sshd.pid}")
print("listening", flush=True)
threading.Event().wait()
