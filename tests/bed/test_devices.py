# SPDX-License-Identifier: BSD-2-Clause
"""Old devices: cryptography that is allowed for one machine alone, logins by
a stored password or key that nobody sees, machines behind others."""
import contextlib
import glob
import os
import re
import subprocess
import time

import pytest

from bed import CGROUP, RUN, STATE, USER, WORK, recording, sh, shown, write

HERE = os.path.dirname(os.path.abspath(__file__))
ADDRESS = {"old-1": "10.20.0.21", "deep-1": "10.20.0.22",
           "dev-1": "10.20.0.23"}
CANARY = "Canary-kQ7vXw3nPz"
UNTIL = "2099-12-31"

OLD = """KexAlgorithms diffie-hellman-group1-sha1
HostKeyAlgorithms ssh-rsa
Ciphers aes128-cbc,3des-cbc
MACs hmac-sha1-96
"""
WORDS = "legacy-dh1 legacy-rsa legacy-cbc legacy-mac"


def host_key(name, kind="ed25519"):
    path = f"{WORK}/{name}.{kind}"
    if not os.path.exists(path):
        sh("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path)
    with open(path + ".pub", encoding="utf-8") as f:
        return path, " ".join(f.read().split()[:2])


def wait_for(path, text, timeout=10):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError):
            with open(path, encoding="utf-8", errors="replace") as f:
                if text in f.read():
                    return
        time.sleep(0.02)
    raise AssertionError(f"{path}: no {text!r}")


class Plant:
    def __init__(self, house):
        self.house, self.devices = house, {}
        for name, address in ADDRESS.items():
            sh("ip", "address", "add", address + "/24", "dev", "lo")
        self.sshd("old-1", OLD, "rsa")
        self.sshd("deep-1", "", "ed25519")
        host_key("dev-1")

    def sshd(self, name, more, kind):
        key, _ = host_key(name, kind)
        write(f"{WORK}/{name}.conf", f"""
ListenAddress {ADDRESS[name]}
HostKey {key}
TrustedUserCAKeys {STATE}/ca/cell-a.pub
CASignatureAlgorithms +ssh-ed25519
PubkeyAcceptedAlgorithms +ssh-rsa
AuthorizedKeysFile {WORK}/{name}.keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PrintMotd no
LogLevel VERBOSE
PidFile none
StrictModes no
{more}""")
        log = open(f"{WORK}/{name}.log", "wb")
        self.house.children.append(subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", f"{WORK}/{name}.conf"],
            stderr=log, stdin=subprocess.DEVNULL))
        wait_for(f"{WORK}/{name}.log", "Server listening")

    @contextlib.contextmanager
    def device(self, how, password=CANARY):
        log = f"{WORK}/device-{how}.log"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(log)
        with subprocess.Popen(
                ["/usr/bin/python3", HERE + "/device.py", ADDRESS["dev-1"],
                 host_key("dev-1")[0], log, password, how]) as p:
            try:
                wait_for(log, "up")
                yield lambda: open(log, encoding="utf-8").read().split(
                    "\n")[1:-1]
            finally:
                p.kill()

    def policy(self, **targets):
        """More lines for each target, by its name with _ for -."""
        self.house._policy()
        text = ""
        for name, address in ADDRESS.items():
            kind = "rsa" if name == "old-1" else "ed25519"
            text += (f"[target {name}]\nZone = cell-a\nAddress = {address}\n"
                     f"Protocols = ssh\nAccounts = maint\n"
                     f"HostKey = {host_key(name, kind)[1]}\n" +
                     targets.get(name.replace("-", "_"), "") + "\n")
        write("/etc/jump/policy.d/old.conf", text)
        self.house.publish(self.house.grant(
            targets=("plc-gw", *sorted(targets_named(targets)))))


def targets_named(targets):
    return {name.replace("_", "-") for name in targets}


@pytest.fixture(scope="module")
def plant(house):
    yield Plant(house)
    os.unlink("/etc/jump/policy.d/old.conf")


@pytest.fixture
def bed(plant, house):
    house.set_health(audit="ok", auditd="ok")
    house.clock()
    house.session()
    mark = len(house.journal)
    house.since = lambda name: [
        e for e in house.journal[mark:] if e.get("JUMP_EVENT") == name]
    yield house
    house.end_session()


# -- cryptography

def test_old_cryptography_is_refused_with_what_would_allow_it(plant, bed):
    plant.policy(old_1="")
    r = bed.run("old-1 id")
    assert r.status == 255 and r.out == b""
    assert b"diffie-hellman-group1-sha1" in r.err, r
    assert b"[target old-1]\n\tCrypto = legacy-dh1\n\tCryptoUntil = " in r.err
    time.sleep(0.1)
    event, = bed.since("conn.legacy")
    assert event["JUMP_OUTCOME"] == "failure"
    assert event["JUMP_REASON"] == "offer"
    assert "diffie-hellman-group1-sha1" in event["MESSAGE"]


def test_one_word_does_not_allow_another(plant, bed):
    plant.policy(old_1=f"Crypto = legacy-dh1\nCryptoUntil = {UNTIL}\n")
    r = bed.run("old-1 id")
    assert r.status == 255, r
    assert b"Crypto = legacy-dh1 legacy-rsa\n" in r.err, r


def test_old_cryptography_works_where_it_is_allowed(plant, bed):
    plant.policy(old_1=f"Crypto = {WORDS}\nCryptoUntil = {UNTIL}\n")
    r = bed.run("old-1 id -un")
    assert (r.status, r.out) == (0, b"maint\n"), r
    time.sleep(0.1)
    event, = bed.since("conn.legacy")
    assert event["JUMP_OUTCOME"] == "success"
    assert event["JUMP_ALLOWED"] == WORDS
    assert event["JUMP_TARGET"] == "old-1"
    assert event["JUMP_WINDOW_END"] == "2100-01-01T00:00:00Z"


def test_after_its_day_it_is_refused(plant, bed):
    plant.policy(old_1=f"Crypto = {WORDS}\nCryptoUntil = 2026-01-31\n")
    before = open(f"{WORK}/old-1.log", encoding="utf-8").read()
    r = bed.run("old-1 id")
    assert r.status == 255 and b"a day that is over" in r.err, r
    assert open(f"{WORK}/old-1.log", encoding="utf-8").read() == before
    time.sleep(0.1)
    event, = bed.since("conn.legacy")
    assert (event["JUMP_OUTCOME"], event["JUMP_REASON"]) == (
        "failure", "crypto")
    assert bed.since("conn.deny")[-1]["JUMP_REASON"] == "crypto"


def arguments(bed, target):
    """What ssh was started with, as soon as it is there."""
    p = bed.popen(f"{target} sleep 5")
    line = None
    for _ in range(200):
        for one in bed.processes():
            if one.startswith("/usr/bin/ssh -F"):
                line = one
        if line:
            break
        time.sleep(0.02)
    p.kill()
    p.communicate()
    for _ in range(100):
        if not bed.processes():
            break
        time.sleep(0.02)
    words = line.split(" -o ")
    options = [words[i].split(" -T ")[0] for i in range(1, len(words))]
    return [one for one in options if not re.match(
        r"ProxyCommand|IdentityFile|CertificateFile|UserKnownHosts", one)]


def effective(options):
    return sh("ssh", "-G", "-F",
              os.path.join(os.environ["JUMP_SRCDIR"], "jumpshell/ssh_config"),
              *[word for one in options for word in ("-o", one)], "target")


def test_nothing_is_weakened_for_another_target(plant, bed):
    plant.policy(old_1=f"Crypto = {WORDS}\nCryptoUntil = {UNTIL}\n",
                 deep_1="")
    plain = arguments(bed, "deep-1")
    assert plain == ["User=maint"]
    assert effective(plain) == effective(["User=maint"])
    kinds = ("kexalgorithms", "hostkeyalgorithms", "ciphers", "macs",
             "pubkeyacceptedalgorithms")
    old = {one.split()[0]: one for one in
           effective(arguments(bed, "old-1")).splitlines()}
    new = {one.split()[0]: one for one in effective(plain).splitlines()}
    assert {one for one in new if new[one] != old[one]} == set(kinds)
    for kind in kinds:
        # what is good is still preferred; what is old comes behind it
        assert old[kind].startswith(new[kind] + ","), kind
        assert not re.search(r"group1-|-cbc|hmac-md5|hmac-sha1-96$|ssh-dss",
                             new[kind])


# -- stored passwords and keys

def stored(plant, bed, kind="password", secret=CANARY + "\n"):
    plant.policy(dev_1=f"Credential = {kind}\n")
    bed.keep("maint", "dev-1", secret)


def everything(bed):
    """What was written by anybody, in one piece."""
    text = repr(bed.journal)
    for folder in (RUN, STATE, "/tmp", "/var/tmp", "/dev/shm"):
        for path, _, files in os.walk(folder):
            for name in files:
                with contextlib.suppress(OSError):
                    with open(os.path.join(path, name), "rb") as f:
                        text += f.read().decode("latin-1")
    return text


@contextlib.contextmanager
def onlooker(bed):
    """Arguments and environments of all processes meanwhile."""
    import threading
    seen, stop = set(), threading.Event()

    def look():
        while not stop.is_set():
            for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob(
                    "/proc/[0-9]*/environ"):
                with contextlib.suppress(OSError):
                    with open(path, "rb") as f:
                        seen.add(f.read())
    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("how", ["password", "interactive"])
def test_a_password_is_used_and_nowhere_to_be_found(plant, bed, how):
    stored(plant, bed)
    with plant.device(how) as told, onlooker(bed) as seen:
        r = bed.run("dev-1 whatever")
    assert r.status == 0 and r.out == b"done\n", (r, bed.errors())
    assert told() == [f"told right {len(CANARY)}"]
    time.sleep(0.1)
    event, = bed.since("credential.use")
    assert event["JUMP_OUTCOME"] == "success"
    assert event["JUMP_TARGET"] == "dev-1"
    assert event["JUMP_CONN"] == bed.since("conn.open")[-1]["JUMP_CONN"]
    assert bed.since("cert.issue") == [] and bed.since("credential.wrong") == []
    everywhere = b"".join(seen)
    # it does see them; the device itself is told it on its command line
    assert b"/usr/lib" in everywhere or b"jump-askpass" in everywhere
    for one in seen:
        assert CANARY.encode() not in one or b"device.py" in one, one
    assert CANARY not in everything(bed)
    assert CANARY not in r.err.decode()


def test_it_works_again_and_on_a_terminal(plant, bed):
    stored(plant, bed)
    with plant.device("password") as told:
        for _ in range(4):
            assert bed.run("dev-1 x").status == 0
        assert told() == [f"told right {len(CANARY)}"] * 4
    assert len(bed.since("credential.use")) == 4


@pytest.mark.parametrize("how", ["password", "interactive", "both"])
def test_a_wrong_one_is_tried_once(plant, bed, how):
    stored(plant, bed, secret="not-the-password\n")
    with plant.device(how) as told:
        for _ in range(3):
            r = bed.run("dev-1 x")
            assert r.status in (255, 143) and r.out == b"", r
            assert b"stored password" in r.err, r
        assert told() == [f"told wrong {len('not-the-password')}"]
    time.sleep(0.1)
    assert len(bed.since("credential.wrong")) == 1
    refused = [e["JUMP_REASON"] for e in bed.since("credential.use")
               if e["JUMP_OUTCOME"] == "failure"]
    assert refused[-2:] == ["wrong", "wrong"]
    # somebody stores the right one
    stored(plant, bed)
    if how != "both":
        with plant.device(how):
            assert bed.run("dev-1 x").status == 0


def test_a_device_that_asks_twice_gets_it_once(plant, bed):
    stored(plant, bed)
    with plant.device("twice") as told:
        r = bed.run("dev-1 x")
        assert r.status != 0 and b"asked for it twice" in r.err, r
        assert told() == [f"told right {len(CANARY)}"]
    assert CANARY not in everything(bed)


def test_a_device_that_asks_for_something_else_gets_nothing(plant, bed):
    stored(plant, bed)
    with plant.device("other") as told:
        r = bed.run("dev-1 x")
        assert r.status != 0 and b"other than a password" in r.err, r
        assert told() == []
    assert bed.since("credential.use") == []


def test_a_device_that_asks_late_gets_nothing(plant, bed):
    stored(plant, bed)
    with plant.device("later") as told:
        p = bed.popen("dev-1 x")
        out = p.stdout.read()
        p.communicate()
        assert out.endswith(b"done\n")
        assert told()[1:] == ["shell got 0"]


def test_what_a_device_prints_itself_is_shown(plant, bed):
    """It has the password, as it must; its output is its own."""
    stored(plant, bed)
    with plant.device("echo"):
        r = bed.run("dev-1 x")
    assert r.out == CANARY.encode() + b"\ndone\n"
    header, events = recording(bed.recordings()[-1])
    assert CANARY.encode() in shown(events)
    assert CANARY not in str(header)
    os.unlink(bed.recordings()[-1])


def test_without_a_stored_one_nothing_is_sent(plant, bed):
    plant.policy(dev_1="Credential = password\n")
    path = f"{RUN}/credential/maint@dev-1.sock"
    if os.path.exists(path):
        os.rename(path, path + ".aside")
    try:
        with plant.device("password") as told:
            r = bed.run("dev-1 x")
            assert r.status != 0 and b"No password is stored" in r.err, r
            assert told() == []
    finally:
        if os.path.exists(path + ".aside"):
            os.rename(path + ".aside", path)


ASK = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\\n")
got = b""
while True:
    more = s.recv(4096)
    if not more:
        break
    got += more
print(got.decode())
"""


def ask(bed, words, name="maint@dev-1"):
    return subprocess.run(
        ["/usr/bin/python3", "-c", ASK, f"{RUN}/credential/{name}.sock",
         words], preexec_fn=bed.enter_session, capture_output=True,
        text=True, check=False).stdout


def test_only_that_connection_has_it(plant, bed):
    """A process of the session that can say anything: it has to name a
    connection of its own that is open, and has not had it."""
    stored(plant, bed)
    got = ask(bed, "get conn=0123456789abcdef target=dev-1")
    assert got.startswith("no "), got
    p = bed.popen("plc-gw sleep 20")
    for _ in range(200):
        names = os.listdir(RUN + "/connections")
        if names:
            break
        time.sleep(0.02)
    conn, = [one for one in names if one[0] != "."]
    for target in ("dev-1", "plc-gw"):
        got = ask(bed, f"get conn={conn} target={target}")
        assert got.startswith("no "), got
    p.kill()
    p.communicate()
    assert CANARY not in everything(bed)


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_a_stored_key_signs_and_stays(plant, bed, kind):
    path, public = host_key(f"login-{kind}", kind)
    write(f"{WORK}/deep-1.keys", public + "\n")
    with open(path, encoding="utf-8") as f:
        secret = f.read()
    plant.policy(deep_1="Credential = key\n")
    bed.keep("maint", "deep-1", secret)
    for _ in range(3):
        r = bed.run("deep-1 id -un")
        assert (r.status, r.out) == (0, b"maint\n"), (r, bed.errors())
    time.sleep(0.1)
    assert [e["JUMP_OUTCOME"] for e in bed.since("credential.use")] == [
        "success"] * 3
    assert bed.since("cert.issue") == []


def test_a_stored_key_that_is_not_taken(plant, bed):
    path, _ = host_key("login-other")
    write(f"{WORK}/deep-1.keys", "")
    with open(path, encoding="utf-8") as f:
        secret = f.read()
    plant.policy(deep_1="Credential = key\n")
    bed.keep("maint", "deep-1", secret)
    r = bed.run("deep-1 id -un")
    assert r.status == 255 and b"stored key" in r.err, r


# -- behind another

VIA = {"deep_1": "Via = hmi-1\n"}


def test_a_target_behind_another(plant, bed):
    plant.policy(**VIA)
    mark = len(bed.target_log("hmi-1"))
    r = bed.run("deep-1 id -un; echo $SSH_CONNECTION")
    assert r.status == 0 and r.out.startswith(b"maint\n"), (r, bed.errors())
    hop = bed.target_log("hmi-1")[mark:]
    assert "Accepted publickey for maint" in hop and "conn=" in hop
    time.sleep(0.1)
    opened = bed.since("conn.open")[-1]
    assert opened["JUMP_TARGET"] == "deep-1" and opened["JUMP_VIA"] == "hmi-1"
    assert opened["JUMP_TARGET_ADDR"] == "10.20.0.11"
    assert [e["JUMP_TARGET"] for e in bed.since("cert.issue")] == [
        "hmi-1", "deep-1"]
    header, _ = recording(bed.recordings()[-1])
    assert "hmi-1" in str(header)


def test_on_a_terminal_behind_another(plant, bed):
    plant.policy(**VIA)
    t = bed.terminal("deep-1")
    t.expect("$ ")
    t.send("echo over-$((40+2))\r")
    t.expect("over-42")
    t.send("exit\r")
    assert t.wait() == 0
    t.close()


def test_what_one_is_behind_is_not_granted(plant, bed):
    plant.policy(**VIA)
    for command in ("hmi-1 id", "connect hmi-1"):
        r = bed.run(command)
        assert r.status == 255 and b"not part of your window" in r.err, r
    assert b"hmi-1" not in bed.run("list").out


def test_a_hop_with_another_key_is_refused(plant, bed):
    plant.policy(**VIA)
    path = "/etc/jump/policy.d/cells.conf"
    with open(path, encoding="utf-8") as f:
        text = f.read()
    keys = re.findall(r"HostKey = (\S+ \S+)", text)
    write(path, text.replace(keys[1], host_key("dev-1")[1]))
    bed.publish(bed.grant(targets=("deep-1",)))
    r = bed.run("deep-1 id")
    assert r.status == 255 and b"host key" in r.err.lower(), r


def test_a_hop_with_a_password(plant, bed):
    """The hop is logged in to by what the policy says of it."""
    path, public = host_key("login-hop")
    write(f"{WORK}/deep-1.keys", public + "\n")
    plant.policy(deep_1="", dev_1="Via = deep-1\n")
    with plant.device("password", "hop-second"):
        text = open("/etc/jump/policy.d/old.conf", encoding="utf-8").read()
        write("/etc/jump/policy.d/old.conf", text.replace(
            "Via = deep-1\n", "Via = deep-1\nCredential = password\n"))
        bed.keep("maint", "dev-1", "hop-second\n")
        bed.publish(bed.grant(targets=("dev-1",)))
        r = bed.run("dev-1 x")
    assert (r.status, r.out) == (0, b"done\n"), (r, bed.errors())
    used, = bed.since("credential.use")
    assert used["JUMP_VIA"] == "deep-1"
