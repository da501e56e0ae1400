# SPDX-License-Identifier: BSD-2-Clause
"""What moves files from a supplier's laptop: OpenSSH's sftp and scp, PuTTY's
psftp, sshfs, rclone, rsync, paramiko; and what they have moved."""
import hashlib
import os
import subprocess

from .party import NO_CODE
from .visit import PORT, V4


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Files:
    """One person's programs. An open login stands for the code."""

    def __init__(self, person):
        self.person, self.client = person, person.client
        self.folder = self.client.dir / f"files-{person.name}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.where = f"{person.name}@{V4}"
        self.env = self.client.environment(NO_CODE)

    def path(self, name):
        return self.folder / name

    def make(self, name, size=None, data=None):
        """A file at the laptop; its bytes."""
        data = os.urandom(size) if data is None else data
        self.path(name).write_bytes(data)
        return data

    def argv(self, program, *words, options=()):
        # sftp -b and scp -B switch off what answers the code's question
        return self.client.ssh_argv(
            words[0] if words else self.where, *words[1:],
            key=self.person.key, program=program,
            options=["-o", "BatchMode=no", "-P", PORT, *options])

    def sftp(self, *lines, options=(), **kwargs):
        """A batch, which stops at the first that fails unless it begins with
        a dash."""
        kwargs.setdefault("check", False)
        return self.client.run(
            self.argv("sftp", self.where, options=[*options, "-b", "-"]),
            env=self.env, input="\n".join(lines) + "\n", cwd=self.folder,
            **kwargs)

    def sftp_start(self, *lines, options=()):
        """A batch that is left running: a Popen."""
        child = self.client.popen(
            self.argv("sftp", self.where, options=[*options, "-b", "-"]),
            env=self.env, cwd=self.folder, stdin=subprocess.PIPE)
        child.stdin.write("\n".join(lines) + "\n")
        child.stdin.flush()
        return child

    def scp(self, *words, options=()):
        return self.client.run(self.argv("scp", *words, options=options),
                               env=self.env, cwd=self.folder, check=False)

    def at(self, target, path):
        """As scp has it."""
        return f"{self.where}:/{target}{path}"

    def subsystem(self, data, timeout=30):
        """`ssh -s bastion sftp` with these bytes: what came back, and the
        exit status."""
        argv = self.client.entry(self.client.ssh_argv(
            self.where, "sftp", key=self.person.key,
            options=["-p", PORT, "-s"]))
        did = subprocess.run(argv, input=data, env=self.env,
                             capture_output=True, timeout=timeout,
                             check=False)
        return did

    def run(self, *argv, check=False, **kwargs):
        return self.client.run(list(argv), env=self.env | {
            "PYTHONPATH": ""}, cwd=self.folder, check=check, **kwargs)

    def ssh_words(self, *host):
        """`ssh ...` as another program's option has it."""
        words = self.client.ssh_argv("", key=self.person.key,
                                     options=["-p", PORT])
        return " ".join([*words[:-1], *host])
