# SPDX-License-Identifier: BSD-2-Clause
"""Devices that speak telnet: logins that are answered, and by whom not."""
import contextlib
import glob
import os
import socket
import threading
import time

import pytest

from bed import STATE, recording, sh, shown, write

ADDRESS = "10.20.0.31"
CANARY = "Canary-tN4hLq8sVd"
IAC, DO, WILL, BREAK = b"\xff", b"\xfd", b"\xfb", b"\xff\xf3"
RULES = """Credential = password
Login.User = login:
Login.Password = Password:
Login.Ready = >
Login.Failed = incorrect
"""


class Device:
    """One machine, one connection at a time: `script` is what it does."""

    def __init__(self, script):
        self.script, self.heard, self.done = script, b"", threading.Event()
        self.listener = socket.create_server((ADDRESS, 23))
        self.listener.settimeout(20)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            self.peer, _ = self.listener.accept()
            self.peer.settimeout(10)
            with self.peer, contextlib.suppress(OSError):
                self.script(self)
        self.done.set()

    def say(self, text):
        self.peer.sendall(text if isinstance(text, bytes) else text.encode())

    def hear(self, text):
        """Up to this, which counts as heard then."""
        text = text.encode() if isinstance(text, str) else text
        new = b""
        while text not in new:
            data = self.peer.recv(4096)
            self.heard += data
            new += data
            if not data:
                raise OSError("gone")
        return new

    def rest(self):
        with contextlib.suppress(OSError):
            while True:
                data = self.peer.recv(65536)
                self.heard += data
                if not data:
                    break

    def login(self, echo=False):
        self.say("Device 7\r\nlogin: ")
        self.hear("maint\r\0")
        self.say("maint\r\nPassword: ")
        got = self.hear("\r\0")[:-2]
        if echo:
            self.say(got[:5])
            time.sleep(0.4)
            self.say(got[5:] + b"\r\n" + got + b"\r\n")
        return got == CANARY.encode()

    def close(self):
        self.listener.close()
        self.thread.join(15)


@contextlib.contextmanager
def device(script):
    d = Device(script)
    try:
        yield d
    finally:
        d.close()


@pytest.fixture(scope="module")
def address(house):
    sh("ip", "address", "add", ADDRESS + "/24", "dev", "lo")
    yield
    os.unlink("/etc/jump/policy.d/old.conf")


@pytest.fixture
def bed(address, house):
    house.set_health(audit="ok", auditd="ok")
    house.clock()
    house.session()
    mark = len(house.journal)
    house.since = lambda name: [
        e for e in house.journal[mark:] if e.get("JUMP_EVENT") == name]
    yield house
    house.end_session()


def policy(bed, rules=RULES, protocols="telnet", secret=CANARY + "\n"):
    bed._policy()
    write("/etc/jump/policy.d/old.conf", f"""[target old-7]
Zone = cell-a
Address = {ADDRESS}
Protocols = telnet
Accounts = maint
{rules}
[conduit devices]
Users = acme-*
To = cell-a
Protocols = telnet
MaxWindow = 8h
Approvals = 1
Record = required
""")
    if secret:
        bed.keep("maint", "old-7", secret)
    bed.publish(bed.grant(targets=("old-7",), protocols=(protocols,)))


def everything(bed):
    """What is left of it all: recordings, events."""
    text = b"".join(open(f, "rb").read() for f in glob.glob(
        f"{STATE}/recordings/**/*.cast", recursive=True))
    out = b"".join(shown(recording(f)[1]) for f in bed.recordings())
    return text + out + repr(bed.journal).encode()


def test_a_login_is_answered_and_recorded(bed):
    policy(bed)

    def script(d):
        d.say(IAC + DO + b"\x18" + IAC + WILL + b"\x01" + IAC + DO + b"\x1f")
        if d.login(echo=True):
            d.say("\r\nwelcome\r\nplc> ")
        d.hear("show\r\0")
        d.say("state well\r\nplc> ")
        d.rest()
    with device(script) as d:
        t = bed.terminal("old-7", cols=101, rows=33)
        t.expect("plc> ")
        t.send("show\r")
        t.expect("state well")
        t.send("\r~.")
        assert t.wait() == 0
        t.close()
    assert IAC + b"\xfb\x1f" + IAC + b"\xfa\x1f\0e\0!" + IAC + b"\xf0" in d.heard
    assert d.heard.count(CANARY.encode()) == 1
    header, events = recording(bed.recordings()[-1])
    said = shown(events)
    assert b"login: maint" in said and b"welcome" in said
    assert b"state well" in said
    assert header["jump"]["target"] == "old-7"
    assert CANARY.encode() not in everything(bed)
    time.sleep(0.1)
    assert [e["JUMP_OUTCOME"] for e in bed.since("credential.use")] == ["success"]
    assert bed.since("conn.open")[-1]["JUMP_PROTO"] == "telnet"
    assert bed.since("conn.login") == []


def test_a_wrong_password_is_tried_once(bed):
    policy(bed, secret="not-the-password\n")

    def script(d):
        d.login()
        d.say("\r\nLogin incorrect\r\nlogin: ")
        d.rest()
    with device(script) as d:
        t = bed.terminal("old-7")
        t.expect("refused the account or the password")
        assert t.wait() == 240
        t.close()
    assert d.heard.count(b"not-the-password") == 1
    end = time.monotonic() + 5
    while not bed.since("credential.wrong") and time.monotonic() < end:
        time.sleep(0.05)
    assert len(bed.since("credential.wrong")) == 1
    event, = bed.since("conn.login")
    assert event["JUMP_REASON"] == "wrong"
    with device(lambda d: (d.login(), d.rest())) as d:
        t = bed.terminal("old-7")
        t.expect("not tried again")
        assert t.wait() == 245
        t.close()
    assert b"not-the" not in d.heard
    assert b"not-the-password" not in everything(bed)


HOSTILE = {
    "asks twice": (lambda d: (d.login(), d.say("\r\nPassword: "), d.rest()),
                   1, "wrong"),
    "password first": (lambda d: (d.say("Password: "), d.rest()),
                       0, "order"),
    "ready first": (lambda d: (d.say("plc> "), d.rest()), 0, "order"),
    "asks again for the account": (
        lambda d: (d.say("login: "), d.hear("\r\0"), d.say("\r\nlogin: "),
                   d.rest()), 0, "order"),
    "flood of commands": (
        lambda d: (d.say((IAC + WILL + b"\x22") * 20000), d.rest()),
        0, "telnet"),
    "negotiates for ever": (
        lambda d: [(d.say(IAC + DO + b"\x1f" + IAC + b"\xfe\x1f"),
                    d.peer.recv(65536)) for _ in range(2000)], 0, "telnet"),
    "long subnegotiation": (
        lambda d: (d.say(IAC + b"\xfa\x18" + b"x" * 5000), d.rest()),
        0, "telnet"),
    "too much": (lambda d: (d.say(b"x" * 200000), d.rest()), 0, "much"),
    "hangs up": (lambda d: d.say("login: "), 0, "order"),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_hostile_devices(bed, how):
    script, times, reason = HOSTILE[how]
    policy(bed)
    with device(script) as d:
        t = bed.terminal("old-7")
        assert 240 <= t.wait() <= 246, t.seen
        t.close()
    assert d.heard.count(CANARY.encode()) == times
    time.sleep(0.1)
    event, = bed.since("conn.login")
    assert event["JUMP_REASON"] == reason
    assert CANARY.encode() not in everything(bed)


def test_a_prompt_in_a_banner_is_none(bed):
    policy(bed)

    def script(d):
        d.say("\r\nlogin: use your own\r\nPassword: never told\r\n")
        time.sleep(0.6)
        assert b"maint" not in d.heard
        d.login()
        d.say("\r\n> ")
        d.rest()
    with device(script) as d:
        t = bed.terminal("old-7")
        t.expect("never told")
        t.expect("> ")
        t.send("~.")
        assert t.wait() == 0
        t.close()
    assert d.heard.count(CANARY.encode()) == 1


@pytest.mark.parametrize("end,sent", [
    ("", b"\r\0"), ("LineEnd = cr", b"\r"), ("LineEnd = crlf", b"\r\n"),
    ("LineEnd = lf", b"\n")])
def test_keys_break_and_line_ends_arrive(bed, end, sent):
    """Without a credential the person logs in; nothing is answered."""
    policy(bed, rules=end, secret=None)

    def script(d):
        d.say("login: ")
        d.hear("end" + sent.decode())
        d.say("bye\r\n")
        d.rest()
    with device(script) as d:
        t = bed.terminal("old-7")
        t.expect("login: ")
        t.send("me\r~Bx~B\r~~\r~?end\r")
        t.expect("send a BREAK")
        t.expect("bye")
        t.send("~.")
        assert t.wait() == 0
        t.close()
    assert d.heard == (b"me" + sent + BREAK + b"x~B" + sent + b"~" + sent +
                       b"end" + sent)
    assert bed.since("credential.use") == []


def test_what_is_typed_from_a_file_waits_for_the_login(bed):
    policy(bed)

    def script(d):
        d.login()
        d.say("\r\n> ")
        d.hear("show\r\0")
        d.say("well\r\n")
    with device(script):
        r = bed.run("telnet old-7", stdin=b"show\n")
    assert r.status == 0 and b"well" in r.out, r


def test_no_command_and_no_ssh(bed):
    policy(bed)
    r = bed.run("old-7 reboot")
    assert r.status == 255 and b"runs no commands" in r.err, r
    r = bed.run("telnet plc-gw")
    assert r.status == 255 and r.out == b"", r
    r = bed.run("list")
    assert b"old-7" in r.out and b"telnet" in r.out, r
    r = bed.run("tunnel old-7")
    assert r.status == 255 and b"telnet" not in r.out, r


def test_a_window_that_is_taken_back_cuts(bed):
    policy(bed)

    def script(d):
        d.login()
        d.say("\r\n> ")
        d.hear("show\r\0")
        d.say("well\r\n> ")
        d.rest()
    with device(script):
        t = bed.terminal("old-7")
        t.expect("> ")
        t.send("show\r")
        t.expect("well")
        bed.publish(bed.grant(targets=("old-7",), protocols=("telnet",),
                              revoked=True))
        t.expect("taken back")
        assert t.wait() == 255
        t.close()
    time.sleep(0.1)
    assert bed.since("conn.close")[-1]["JUMP_REASON"] == "revoked"


def test_it_can_do_nothing_but_move_bytes(bed):
    """After its first byte of the device: no file, no socket, no process."""
    policy(bed)
    with device(lambda d: (d.say("Device\r\n"), d.rest())):
        t = bed.terminal("old-7")
        t.expect("Device")
        pid, = [int(p) for p in os.listdir("/proc") if p.isdigit() and
                cmdline(p).startswith(b"/") and b"jump-telnet" in cmdline(p)
                and seccomp(p) == "2"]
        with open(f"/proc/{pid}/status", encoding="utf-8") as f:
            status = f.read()
        assert "NoNewPrivs:\t1" in status
        t.send("\x03")
        assert t.wait() == 0
        t.close()


def cmdline(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as f:
        return f.read()
    return b""


def seccomp(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status",
                                            encoding="utf-8") as f:
        return f.read().split("Seccomp:\t")[1].split("\n")[0]
    return ""
