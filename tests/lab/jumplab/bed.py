# SPDX-License-Identifier: BSD-2-Clause
"""What every bed can do, whichever way its machine is made."""
import dataclasses
import pathlib
import shlex
import subprocess
import time

from .place import LabError


@dataclasses.dataclass
class Result:
    argv: list
    rc: int
    out: str
    err: str

    def __str__(self):
        return (f"$ {' '.join(map(str, self.argv))}\nrc={self.rc}\n"
                f"{self.out}{self.err}")


class CommandFailed(LabError):
    def __init__(self, result, where):
        super().__init__(f"in {where}: {result}")
        self.result = result


def run_host(argv, where="host", check=True, timeout=60, input=None,
             shown=None, **kwargs):
    """Run argv on this machine; text in and out unless text=False. shown:
    what a failure says was run."""
    kwargs.setdefault("text", True)
    stdin = {"input": input} if input is not None else {
        "stdin": subprocess.DEVNULL}
    done = subprocess.run(argv, capture_output=True, timeout=timeout,
                          **stdin, **kwargs)
    result = Result(shown or argv, done.returncode, done.stdout, done.stderr)
    if check and done.returncode:
        raise CommandFailed(result, where)
    return result


def shell_words(command):
    """A string is a shell script, a list is an argument vector."""
    if isinstance(command, str):
        return ["/bin/sh", "-c", command]
    return [str(word) for word in command]


class Bed:
    """A machine under test. Subclasses say how to get in."""

    kind = None

    def __init__(self, name):
        self.name = name

    def entry(self, command, tty=False):
        """The host's argv that runs command as root inside."""
        raise NotImplementedError

    def run(self, command, check=True, timeout=60, input=None, **kwargs):
        """Run a shell string or an argv as root inside; a Result."""
        words = shell_words(command)
        return run_host(self.entry(words), self.name, check, timeout, input,
                        shown=words, **kwargs)

    def popen(self, command, **kwargs):
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        kwargs.setdefault("stdout", subprocess.PIPE)
        kwargs.setdefault("stderr", subprocess.PIPE)
        kwargs.setdefault("text", True)
        return subprocess.Popen(self.entry(shell_words(command)), **kwargs)

    def run_as(self, uid, command, **kwargs):
        """As a bare uid without a session, groups or capabilities."""
        return self.run(["setpriv", f"--reuid={uid}", f"--regid={uid}",
                         "--clear-groups", "--inh-caps=-all",
                         *shell_words(command)], **kwargs)

    def put(self, path, content, mode=0o644, owner="root:root"):
        """Write content (str or bytes) to path inside, folders made."""
        if isinstance(content, str):
            content = content.encode()
        quoted = shlex.quote(str(path))
        self.run(f"mkdir -p $(dirname {quoted}) && cat > {quoted} && "
                 f"chown {owner} {quoted} && chmod {mode:o} {quoted}",
                 input=content, text=False)

    def put_file(self, source, path, mode=None, owner="root:root"):
        source = pathlib.Path(source)
        self.put(path, source.read_bytes(),
                 source.stat().st_mode & 0o7777 if mode is None else mode, owner)

    def put_tree(self, folder, into="/"):
        """Unpack a host folder (as a DESTDIR) over the bed's tree."""
        with subprocess.Popen(["tar", "-C", str(folder), "--owner=0",
                               "--group=0", "--numeric-owner", "-cf", "-", "."],
                              stdout=subprocess.PIPE) as tar:
            done = subprocess.run(
                self.entry(["tar", "-C", into, "--keep-directory-symlink",
                            "--no-overwrite-dir", "-xpf", "-"]),
                stdin=tar.stdout, capture_output=True, text=True, timeout=120)
        if tar.returncode or done.returncode:
            raise LabError(f"{self.name}: unpacking {folder}: {done.stderr}")

    def get(self, path):
        return self.run(["cat", path], text=False).out

    def read(self, path):
        return self.run(["cat", path]).out

    def exists(self, path):
        return self.run(["test", "-e", path], check=False).rc == 0

    def journal(self, *matches, since=None):
        """Journal entries as text lines; since is a cursor of journal_mark()."""
        argv = ["journalctl", "--no-pager", "-q", "-o", "short-precise", *matches]
        if since:
            argv.append(f"--after-cursor={since}")
        return self.run(argv).out

    def journal_mark(self):
        self.run(["journalctl", "--sync"], check=False)
        out = self.run("journalctl -q --no-pager -n 0 --show-cursor").out
        return out.rsplit("-- cursor: ", 1)[1].strip() if "cursor" in out else None

    def wait(self, command, timeout=10, what=None):
        """Run command until it succeeds; its Result. Fails with the last one."""
        return wait_for(lambda: self._succeeds(command), timeout,
                        what or f"{self.name}: {command}")

    def _succeeds(self, command):
        result = self.run(command, check=False)
        return (result.rc == 0 and (result or True)), result


def wait_for(look, timeout=10, what="it", pause=0.05):
    """Call look() until true. look may return (truth, last seen)."""
    end = time.monotonic() + timeout
    while True:
        seen = look()
        truth, last = seen if isinstance(seen, tuple) else (seen, seen)
        if truth:
            return last
        if time.monotonic() > end:
            raise LabError(f"not within {timeout} s: {what}; last: {last}")
        time.sleep(pause)
