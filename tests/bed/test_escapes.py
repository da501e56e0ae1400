# SPDX-License-Identifier: BSD-2-Clause
"""escapes.tsv, each row with the kernel's fence and without it."""
import ast
import ctypes
import os
import re
import resource
import shutil
import signal
import stat
import struct
import time

import pytest

from bed import BUILD, LIBEXEC, UID

HERE = os.path.dirname(os.path.abspath(__file__))
MARKS = "/run/jump-bed/marks"
TRAPS = "/run/jump-bed/traps"
MARK = f"touch {MARKS}/mark"

# What may be seen of a session, by the name of the program.
OURS = ("jumpshell", "-jumpshell", "-sh", "jump-keypair", "ssh", "jump-dial")


def rows():
    with open(HERE + "/escapes.tsv", encoding="utf-8") as f:
        for line in f:
            if line.startswith("#"):
                continue
            name, how, must, payload = line.rstrip("\n").split("\t")
            yield pytest.param(how, must, payload, id=name)


ROWS = list(rows())


def test_there_are_enough_rows():
    assert len(ROWS) >= 50
    assert len({r.id for r in ROWS}) == len(ROWS)


def expand(payload):
    payload = re.sub(r"\{(\d+)\*A\}", lambda m: "A" * int(m[1]), payload)
    return (payload.replace("{M}", MARK).replace("{D}", MARKS)
            .replace("{E}", TRAPS))


def literal(payload):
    """Bytes, with the escapes of a Python literal."""
    return (expand(payload).encode().decode("unicode_escape")
            .encode("latin-1"))


@pytest.fixture(scope="module", autouse=True)
def traps(house):
    """A folder where every file that a program might look for is bait."""
    os.makedirs(MARKS)
    os.chmod(MARKS, 0o1777)
    os.makedirs(TRAPS + "/.ssh")
    os.makedirs(TRAPS + "/e")
    bait = f"#!/bin/sh\n{MARK}\n"
    for name in ("evil", "ssh", "sh", "vi", "touch", "jump-dial", "evil/x"):
        path = f"{TRAPS}/{name}"
        if "/" in name:
            continue
        with open(path, "w", encoding="utf-8") as f:
            f.write(bait)
        os.chmod(path, 0o755)
    shutil.copy(f"{BUILD}/.libs/libjump_evil.so", TRAPS + "/evil.so")
    for name in ("libc.so.6", "libedit.so.2", "libcrypto.so.3"):
        shutil.copy(TRAPS + "/evil.so", f"{TRAPS}/{name}")
    for name, text in (
            (".ssh/config", f"Host *\n ProxyCommand {TRAPS}/evil\n"
                            f" PermitLocalCommand yes\n LocalCommand {MARK}\n"),
            ("config", f"Host *\n ProxyCommand {TRAPS}/evil\n"),
            (".editrc", "bind -v\nbind ^T vi-histedit\n"),
            (".inputrc", '"a": "!sh\\n"\n'),
            ("openssl.cnf", "openssl_conf=a\n[a]\nengines=b\n[b]\nc=c\n[c]\n"
                            f"dynamic_path={TRAPS}/evil.so\n"),
            ("termcap", "evil:co#80:\n"), ("hosts", "plc-gw evil\n")):
        with open(f"{TRAPS}/{name}", "w", encoding="utf-8") as f:
            f.write(text)
    yield
    shutil.rmtree(TRAPS)


class Watch:
    """Looks for what must not be."""

    def __init__(self, bed):
        self.bed = bed
        for name in os.listdir(MARKS):
            os.unlink(f"{MARKS}/{name}")
        self.log = bed.target_log()

    def processes(self):
        for line in self.bed.processes():
            word = line.split()
            if not word:
                continue
            name = os.path.basename(word[0])
            assert name in OURS, line

    def done(self, must):
        self.processes()
        for name in os.listdir(MARKS):
            st = os.stat(f"{MARKS}/{name}")
            assert st.st_uid != UID, name
            assert must in ("remote",), name
        if must in ("refused", "answered"):
            assert self.bed.target_log() == self.log


def no_landlock():
    """As on a kernel without it: the filter stays over exec. Not portable
    on purpose: the numbers are x86-64's, and arm64 has the same for this
    call."""
    code = [struct.pack("HBBI", 0x20, 0, 0, 0),       # ld nr
            struct.pack("HBBI", 0x15, 0, 1, 444),     # landlock_create_ruleset
            struct.pack("HBBI", 0x06, 0, 0, 0x00050000 | 38),  # ENOSYS
            struct.pack("HBBI", 0x06, 0, 0, 0x7fff0000)]
    program = ctypes.create_string_buffer(b"".join(code))
    fprog = struct.pack("HxxxxxxP", len(code), ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(22, 2, ctypes.create_string_buffer(fprog), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


@pytest.fixture(params=["fence", "no-fence"])
def session(bed, request):
    """The bed, with or without Landlock under it."""
    enter = bed.enter_session
    if request.param == "no-fence":
        def without():
            no_landlock()
            enter()
        bed.enter_session = without
    yield bed
    bed.__dict__.pop("enter_session", None)


def check(result, must, watch):
    if must == "refused":
        assert result.status != 0 and result.out == b"", result
    elif must == "works":
        assert (result.status, result.out) == (0, b"well\n"), result
    elif must == "listed":
        assert result.status == 0, result
        assert result.out.startswith(b"Open now:\n"), result
    watch.done(must)


def state(words, began):
    """What to do to the process before it begins; what to do after."""
    kind, *rest = words.split()
    if kind == "close":
        return lambda: [os.close(int(n)) for n in rest]
    if kind == "open":
        def leave_open():
            for _ in range(20):
                os.set_inheritable(os.open("/etc/passwd", os.O_RDONLY), True)
        return leave_open
    if kind == "cwd":
        def leave():
            os.mkdir(f"{MARKS}/x{os.getpid()}")
            os.chdir(f"{MARKS}/x{os.getpid()}")
            os.rmdir(f"{MARKS}/x{os.getpid()}")
        return leave
    if kind == "umask":
        return lambda: os.umask(0)
    if kind == "limit":
        what = getattr(resource, "RLIMIT_" + rest[0])
        return lambda: resource.setrlimit(what, (int(rest[1]),) * 2)
    if kind == "core":
        def cores():
            os.chdir(MARKS)
            resource.setrlimit(resource.RLIMIT_CORE,
                               (resource.RLIM_INFINITY,) * 2)
        return cores
    if kind == "ignore":
        def ignore():
            for n in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPIPE,
                      signal.SIGWINCH, signal.SIGHUP):
                signal.signal(n, signal.SIG_IGN)
        return ignore
    if kind == "block":
        return lambda: signal.pthread_sigmask(
            signal.SIG_BLOCK, signal.valid_signals())
    return None


@pytest.mark.parametrize("how,must,payload", ROWS)
def test_escape(session, how, must, payload):
    bed, watch = session, Watch(session)
    run = {"command": command, "menu": menu, "inside": inside, "env": env,
           "argv": argv, "state": in_state}[how]
    run(bed, watch, must, payload)
    watch.done(must)


def command(bed, watch, must, payload):
    check(bed.run(literal(payload)), must, watch)
    # the same with a terminal: -tt 'scp -t x; sh'
    t = bed.terminal(literal(payload))
    status = t.wait(20)
    t.close()
    assert must != "refused" or status != 0


def menu(bed, watch, must, payload):
    t = bed.terminal()
    t.expect("jump> ")
    t.send(literal(payload))
    time.sleep(0.15)
    watch.processes()
    t.send("\r")
    time.sleep(0.1)
    watch.processes()
    t.send("\x15\rwhoami\r")
    t.expect("You are acme-tech1")
    t.send("\x15exit\r")
    t.wait()
    t.close()
    del must


def inside(bed, watch, must, payload):
    t = bed.terminal("plc-gw cat -v")
    while not any("/usr/bin/ssh" in p for p in bed.processes()):
        time.sleep(0.02)
    time.sleep(0.6)
    t.send("stty -isig -icanon\r")
    t.send(literal(payload))
    time.sleep(0.3)
    watch.processes()
    assert t.status is None
    t.close()
    del must


def env(bed, watch, must, payload):
    more = dict(w.split("=", 1) for w in expand(payload).split(" ")
                if "=" in w)
    base = {} if payload == "-" else bed.environment(**more)
    check(bed.run("plc-gw echo well", env=base), must, watch)
    t = bed.terminal(env=base)
    t.expect("jump> ")
    t.send("whoami\r")
    t.expect("You are acme-tech1")
    t.send("exit\r")
    t.wait()
    t.close()


def argv(bed, watch, must, payload):
    words = ast.literal_eval(expand(payload))
    bed.argv = lambda _: (LIBEXEC + "/jumpshell", words or [""])
    try:
        check(bed.run(None), must, watch)
    finally:
        del bed.argv


def in_state(bed, watch, must, payload):
    kind, *rest = payload.split()
    if kind == "kill" or kind == "core":
        return killed(bed, watch, must, kind, rest)
    prepare = state(payload, bed)
    if kind == "close":
        return closed(bed, watch, must, prepare)
    r = bed.run("plc-gw echo well", prepare=prepare)
    if must == "works":
        check(r, must, watch)
    else:
        assert r.status != 0 and r.out == b"", r
    return None


def closed(bed, watch, must, prepare):
    """Without 0, 1 or 2: ends by itself, and what is left works."""
    p = bed.popen("plc-gw echo well", prepare=prepare)
    out, _ = p.communicate(b"", 20)
    assert must != "works" or out == b"well\n"
    watch.processes()


def killed(bed, watch, must, kind, rest):
    t = bed.terminal(prepare=state("core", bed))
    t.expect("jump> ")
    os.kill(t.pid, getattr(signal, "SIG" + (rest or ["SEGV"])[0]))
    time.sleep(0.1)
    if must == "answered":
        t.send("\x15\rwhoami\r")
        t.expect("You are acme-tech1")
        t.send("exit\r")
    t.wait()
    t.close()
    assert kind and watch


def test_no_shell_is_behind_ssh(bed):
    """Where /bin/sh does not exist, everything still works."""
    import subprocess
    sh = os.path.realpath("/bin/sh")
    broken = "/run/jump-bed/no-sh"
    with open(broken, "w", encoding="utf-8") as f:
        f.write("no shell\n")

    def inside(command):
        # only for jumpshell: the target, in another place, has its shell
        return subprocess.run(
            ["unshare", "--mount", "/bin/sh", "-c",
             f"mount --bind {broken} {sh}; exec setpriv --reuid {UID} "
             f"--regid {UID} --groups 64001 "
             f"{LIBEXEC}/jumpshell -c '{command}'"],
            preexec_fn=lambda: join(bed), capture_output=True, check=False,
            env=bed.environment(), stdin=subprocess.DEVNULL)
    r = inside("plc-gw echo well")
    assert (r.returncode, r.stdout) == (0, b"well\n"), r


def join(bed):
    with open(f"/sys/fs/cgroup/{bed.scope}/cgroup.procs", "w",
              encoding="utf-8") as f:
        f.write("0")


def test_the_fence_holds_by_itself(bed):
    """What the kernel refuses, were jumpshell taken over: asked of a program
    that enters the same fence and then tries."""
    import subprocess

    def before():
        bed.enter_session()
    r = subprocess.run([f"{BUILD}/tests/tools/fenced", MARKS, TRAPS + "/evil"],
                       preexec_fn=before, capture_output=True, check=False)
    assert r.returncode == 0, r
    assert not stat.S_ISSOCK(os.stat(MARKS).st_mode)
    assert os.listdir(MARKS) == []
