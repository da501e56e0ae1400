# SPDX-License-Identifier: BSD-2-Clause
"""People at their own machines: ssh with a key and a one-time code."""
import os
import subprocess
import time

import pexpect

from .bed import run_host

ASKPASS = '#!/bin/sh\nprintf "%s\\n" "$JUMP_LAB_CODE"\n'


class Totp:
    """A second factor. A code is good once, so each step is given out once;
    the product accepts one step of skew, so three logins can follow closely
    before the next has to wait."""

    STEP = 30

    def __init__(self, seed):
        self.seed = seed
        self._last_step = 0

    def at(self, when):
        """The code at a time, used or not."""
        return run_host(["oathtool", "--totp", "-b", "--now",
                         f"@{int(when)}", "-"], input=self.seed + "\n").out.strip()

    def code(self, lasting=False):
        """A code that was not given out before; waits when there is none.
        lasting: good for half a minute from now."""
        while True:
            now = int(time.time()) // self.STEP
            step = max(self._last_step + 1, now if lasting else now - 1)
            # the previous step's last second would be over at the bastion
            if step == now - 1 and time.time() % self.STEP > 25:
                step = now
            if step <= now + 1:
                self._last_step = step
                return self.at(step * self.STEP)
            time.sleep(0.2)


class Client:
    """One person at one host of the IT network."""

    def __init__(self, site, host, name=None):
        self.site = site
        self.host = host
        self.name = name or host
        self.dir = site.place.dir / "people" / self.name
        self._started = []

    def entry(self, argv):
        return [*self.site.net.enter(self.host), *map(str, argv)]

    def run(self, argv, **kwargs):
        """Run a program of this machine on that host's wires."""
        return run_host(self.entry(argv), self.name, **kwargs)

    def popen(self, argv, **kwargs):
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        kwargs.setdefault("stdout", subprocess.PIPE)
        kwargs.setdefault("stderr", subprocess.PIPE)
        kwargs.setdefault("text", True)
        child = subprocess.Popen(self.entry(argv), **kwargs)
        self._started.append(child)
        return child

    def hang_up(self):
        """End every program of this person that still runs."""
        for child in self._started:
            if isinstance(child, pexpect.spawn):
                child.close(force=True)
                continue
            if child.poll() is None:
                child.kill()
            child.wait(10)
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream:
                    stream.close()
        self._started.clear()

    def key(self, name="id", kind="ed25519"):
        """Path of a private key, made when missing."""
        path = self.dir / name
        if not path.exists():
            self.dir.mkdir(parents=True, exist_ok=True)
            run_host(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name,
                      "-f", str(path)])
        return path

    def public_key(self, name="id"):
        """'ssh-ed25519 AAAA...' without the comment."""
        text = self.key(name).with_suffix(".pub").read_text()
        return " ".join(text.split()[:2])

    def ssh_argv(self, destination, *command, key="id", options=(),
                 program="ssh"):
        # ssh takes an option's first value: the caller's come before ours
        return [program, "-F", "/dev/null", *map(str, options),
                "-i", str(self.key(key)), "-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=10",
                "-o", "StrictHostKeyChecking=accept-new",
                "-o", f"UserKnownHostsFile={self.dir}/known_hosts",
                "-o", "NumberOfPasswordPrompts=1", "-o", "LogLevel=ERROR",
                destination, *command]

    def environment(self, code):
        """ssh's prompt is answered by a program with this code."""
        askpass = self.dir / "askpass"
        if not askpass.exists():
            self.dir.mkdir(parents=True, exist_ok=True)
            askpass.write_text(ASKPASS)
            askpass.chmod(0o700)
        if callable(getattr(code, "code", None)):
            code = code.code()
        return {"PATH": os.environ["PATH"], "HOME": str(self.dir),
                "LC_ALL": "C.UTF-8", "SSH_ASKPASS": str(askpass),
                "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": "",
                "TERM": "xterm", "JUMP_LAB_CODE": code or ""}

    def ssh(self, destination, *command, code=None, key="id", options=(),
            check=False, **kwargs):
        """ssh without a terminal; a Result. code: text, a Totp, or nothing."""
        return self.run(self.ssh_argv(destination, *command, key=key,
                                      options=options),
                        check=check, env=self.environment(code), **kwargs)

    def ssh_start(self, destination, *command, code=None, key="id",
                  options=(), **kwargs):
        """The same, left running: a Popen."""
        return self.popen(self.ssh_argv(destination, *command, key=key,
                                        options=options),
                          env=self.environment(code), **kwargs)

    def terminal(self, destination, *command, code=None, key="id",
                 options=(), dimensions=(24, 80), timeout=15):
        """ssh on a pty: a pexpect child. Without code the test types it."""
        argv = self.entry(self.ssh_argv(
            destination, *command, key=key, options=["-tt", *options]))
        environment = self.environment(code)
        if code is None:
            environment.pop("SSH_ASKPASS_REQUIRE")
            environment.pop("SSH_ASKPASS")
        child = pexpect.spawn(argv[0], argv[1:], env=environment,
                              encoding="utf-8", codec_errors="replace",
                              dimensions=dimensions, timeout=timeout)
        self._started.append(child)
        return child

    def reaches(self, address, port, timeout=2):
        """'open', 'refused' or 'silent': what a TCP connect meets."""
        tried = self.run(["nc", "-nvz", "-w", timeout, address, port],
                         check=False)
        return connect_word(tried)

    def pings(self, address, timeout=1):
        return self.run(["ping", "-n", "-c", "1", "-W", timeout, address],
                        check=False).rc == 0


def connect_word(result):
    if result.rc == 0:
        return "open"
    if "refused" in result.err or "reset" in result.err:
        return "refused"
    return "silent"
