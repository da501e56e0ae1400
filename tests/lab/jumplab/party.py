# SPDX-License-Identifier: BSD-2-Clause
"""A visit in all its shapes at once, and what is seen of it at the bastion:
a terminal, a command, and `ssh -N -L`, with what each has open in OT."""
import json
import time

from .bed import wait_for
from .inside import Inside, peopled

RDP = 3389
NO_CODE = "is not asked for"  # OtpGrace: an open session stands for it
COMMAND = "trap '' HUP TERM; echo under way; while :; do sleep 1; done"


def keyfiles(bed, folder):
    """All state files of a folder: a list of dicts, `name` the file's."""
    files = {}
    for line in bed.run(f"cd {folder} && grep -H . * 2>/dev/null",
                        check=False).out.splitlines():
        name, _, rest = line.partition(":")
        key, _, value = rest.partition("=")
        files.setdefault(name, {"name": name})[key] = value
    return list(files.values())


def sessions(bed, user=None):
    return [one for one in keyfiles(bed, "/run/jump/sessions")
            if user in (None, one.get("user"))]


def connections(bed, user=None):
    return [one for one in keyfiles(bed, "/run/jump/connections")
            if user in (None, one.get("user"))]


def events(bed, *names, since, **match):
    """Journal events of these names after a time, as dicts without JUMP_."""
    words = [f"JUMP_EVENT={name}" for name in names]
    words += [f"JUMP_{key.upper()}={value}" for key, value in match.items()]
    out = bed.run(["journalctl", "-q", "--no-pager", "-o", "json", "--all",
                   f"--since=@{since:.3f}", *words]).out
    return [{key[5:].lower(): value for key, value in json.loads(line).items()
             if key.startswith("JUMP_")} for line in out.splitlines()]


# Unlike nc it ends when the far end does, and waits for ssh to listen.
TALK = """
import os, socket, sys, threading, time
end = time.monotonic() + 30
while True:
    try:
        far = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        break
    except ConnectionRefusedError:
        if time.monotonic() > end:
            raise
        time.sleep(0.05)
def send():
    for line in sys.stdin:
        far.sendall(line.encode())
threading.Thread(target=send, daemon=True).start()
try:
    while data := far.recv(65536):
        os.write(1, data)
except OSError:
    pass
os._exit(0)
"""


class Tunnel:
    """A program at the laptop that talks through a -L."""

    def __init__(self, person, port):
        self.port = port
        self.talk = person.client.popen(
            ["/usr/bin/python3", "-c", TALK, port], stdin=-1, bufsize=1)
        self.greeting = self.talk.stdout.readline()

    def echoes(self, word):
        self.talk.stdin.write(word + "\n")
        return self.talk.stdout.readline() == word + "\n"

    def alive(self):
        return self.talk.poll() is None

    def hang_up(self):
        self.talk.kill()


class Party:
    """One person's terminal, command and tunnels."""

    free_port = 13000

    def __init__(self, visits, person):
        self.visits, self.person, self.bed = visits, person, visits.bastion
        self.inside = Inside(visits.bastion)
        self.terminal = self.command = self.forward = None
        self.tunnels = {}

    def come(self, *tunnels):
        """Terminal and command at plc-gw, and a tunnel to each of these."""
        self.terminal = self.person.terminal()
        self.terminal.expect("plc-gw")
        self.terminal.sendline("connect plc-gw")
        self.command = self.person.start("plc-gw", COMMAND, code=NO_CODE)
        ports = {}
        options = ["-N"]
        for target in tunnels:
            Party.free_port += 1
            ports[target] = Party.free_port
            options += ["-L", f"{ports[target]}:"
                        f"{self.visits.ot[target].v4}:{RDP}"]
        self.forward = self.person.start(options=options, code=NO_CODE)
        for target, port in ports.items():
            self._await_port(port)
            self.tunnels[target] = Tunnel(self.person, port)
            assert self.tunnels[target].greeting.startswith("rdp"), target
        assert self.command.stdout.readline() == "under way\n"
        self.terminal.expect(r"\$ ")
        return self._look()

    def _await_port(self, port):
        listens = f"ss -Hltn 'sport = :{port}' | grep -q ."
        wait_for(lambda: self.person.client.run(
            ["sh", "-c", listens], check=False).rc == 0, 15, f"-L {port}")

    def _look(self):
        """Who is who at the bastion."""
        self.sessions = sessions(self.bed, self.person.name)
        self.connections = connections(self.bed, self.person.name)
        relays = {one.inner: one
                  for one in self.inside.processes("jump-relay")}
        for one in self.connections:
            one["relay"] = relays[int(one["pid"])]
        for one in self.sessions:
            one["folder"] = self.inside.scope(one["name"])
        channels = {one["session"]: one["channel"] for one in self.connections}
        self.silent = [one for one in self.sessions
                       if channels.get(one["uuid"]) == "tunnel"]
        assert len(self.sessions) == 3, self.sessions
        assert len(self.connections) == 2 + len(self.tunnels)
        return self

    def to(self, target):
        return [one for one in self.connections if one["target"] == target]

    def connections_watched(self, *targets):
        """For when_gone(): the relay processes towards these targets."""
        return {f"{one['target']} {one['name']}": one["relay"].alive
                for one in self.connections
                if not targets or one["target"] in targets}

    def watched(self):
        """For when_gone(): all that this party has at bastion and laptop."""
        things = self.connections_watched()
        for one in self.sessions:
            things[f"session {one['uuid']}"] = (
                lambda folder=one["folder"]: peopled(folder))
        for target, tunnel in self.tunnels.items():
            things[f"what talks to {target}"] = tunnel.alive
        things["terminal's ssh"] = self.terminal.isalive
        things["command's ssh"] = lambda: self.command.poll() is None
        things["forward's ssh"] = lambda: self.forward.poll() is None
        return things

    def who_cut(self, since):
        """By session uuid and by connection: who is told to have cut it."""
        told = {}
        for one in events(self.bed, "session.terminate", "conn.close",
                          since=since):
            if one.get("by"):
                for key in ("session", "conn"):
                    if one.get(key):
                        told.setdefault(one[key], set()).add(one["by"])
        return told

    def leave(self):
        for one in (self.command, self.forward,
                    *(tunnel.talk for tunnel in self.tunnels.values())):
            if one and one.poll() is None:
                one.kill()
        if self.terminal:
            self.terminal.close(force=True)


def narrow(visits, ident, targets):
    """The grant loses targets. The service has no verb for it: its store is
    changed, and what is approved next publishes that too. The time when it
    was approved."""
    spare = visits.request("acme-spare", targets=("historian",),
                           protocols=("rdp",), account="")
    visits.service.run(["python3", "-c", """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=5)
with db:
    changed = db.execute("UPDATE visit SET targets = ? WHERE id = ?",
                         sys.argv[2:]).rowcount
sys.exit(0 if changed == 1 else 1)
""", "/var/lib/jump-approvals/approvals.db",
        " ".join(targets), ident])
    visits.approve(spare)
    return time.time()

