# SPDX-License-Identifier: BSD-2-Clause
"""The clients that people have, run as doc/clients.md tells to: dropbear's,
paramiko, Ansible, git, an editor's remote half, a shared login."""
import json
import time

import pytest

from jumplab.bed import wait_for
from jumplab.evidence import Evidence
from jumplab.login import Login
from jumplab.party import NO_CODE, connections, sessions
from jumplab.place import default_id
from jumplab.toolbox import Ansible, Dropbear, certificate, configure
from jumplab.visit import PORT, V4, Visits

pytestmark = pytest.mark.protocols

ALL = ("plc-gw", "hmi-1", "historian")

# Machines that need not be recorded: they can be hopped to.
CONDUITS = "".join(f"""[conduit {name}]
Users = {users}
To = cell-a cell-b
Protocols = ssh
MaxWindow = 8h
Approvals = 1
Record = optional
OtpGrace = {grace}
MaxSessions = 32
MaxConnections = 64

""" for name, users, grace in (("hoppers", "hop-*", "1h"),
                               ("strict", "once-*", "0")))


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "c") as one:
        yield Visits(one.install(), otp_grace="1h", more=CONDUITS)


@pytest.fixture(scope="module")
def hopper(visits):
    """Further logins need no code while one lasts."""
    person = visits.enrol("hop-tech", key="hopper")
    visits.window(person.name, targets=ALL, record="optional")
    visits.ot.authorize("maint", person.client.public_key("hopper"))
    one = Login(person)
    yield person
    one.end()


@pytest.fixture
def strict(visits):
    """Somebody whose conduit has no OtpGrace. A code is good once, and a
    person has three in a minute: somebody else each time."""
    name = f"once-{time.monotonic_ns() % 10**9}"
    person = visits.enrol(name, key=name)
    visits.window(name, targets=("historian",), record="optional")
    return person


@pytest.fixture(autouse=True)
def _aftermath(visits):
    """What a test has started, goes; what the module has, stays."""
    client = visits.site.supplier
    before = list(client._started)
    yield
    for child in client._started[len(before):]:
        child.kill()
        child.wait(10)
    visits.bastion.wait("! ls /run/jump/connections | grep -q .", 20)


@pytest.fixture(scope="module")
def config(hopper):
    """~/.ssh/config with a signed key for each target."""
    return configure(hopper, ALL, certified=ALL)


def ssh(person, config, *words, code=NO_CODE, **kwargs):
    return person.client.run(["ssh", "-F", config, *words], check=False,
                             env=person.client.environment(code), **kwargs)


# -- dropbear

def test_dbclient_runs_a_command(visits, hopper):
    did = Dropbear(hopper).run("-p", PORT, f"{hopper.name}@{V4}", "plc-gw",
                               "echo on-$TARGET; exit 3")
    assert did.rc == 3 and "on-plc-gw" in did.out, did


def test_dbclient_hops(visits, hopper):
    """Its own form of -J. It knows no certificates: a key of one's own."""
    seen = Evidence(visits.site)
    did = Dropbear(hopper).run(f"{hopper.name}@{V4}/{PORT},maint@historian",
                               "echo on-$TARGET")
    assert "on-historian" in did.out, did
    seen.audit("USER_START", op="jump:conn_open", target="historian",
               acct=hopper.name)


def test_dbclient_forwards(hopper):
    Dropbear(hopper).start("-N", "-L", "15822:historian:22", "-p", PORT,
                           f"{hopper.name}@{V4}")
    wait_for(lambda: hopper.client.run(
        ["sh", "-c", "nc -w 2 127.0.0.1 15822 </dev/null"],
        check=False).out.startswith("SSH-2.0"), 15, "a forward")


# -- without OtpGrace

def test_each_login_asks_for_a_code(visits, strict):
    """An open session stands for nothing here, and the client is told what
    is wanted."""
    first = Login(strict)
    client = Dropbear(strict)
    did = client.run("-p", PORT, f"{strict.name}@{V4}", "window",
                     code=strict.totp.code())
    assert did.rc == 0 and "historian" in did.out, did
    refused = strict.login("window", code=NO_CODE,
                           options=["-o", "LogLevel=INFO"])
    assert refused.rc == 255 and "keyboard-interactive" in refused.err, refused
    child = strict.client.terminal(f"{strict.name}@{V4}", "window",
                                   key=strict.key, options=["-p", PORT])
    child.expect("One-time code: ")
    child.close(force=True)
    strict.client._started.remove(child)
    first.end()


# -- one login for many

def test_a_shared_login(visits, strict):
    """ControlMaster: one code, ten at once, a clear word to the eleventh,
    and no one of them outlives what was granted."""
    ident = visits.window(strict.name, targets=("plc-gw",), record="optional")
    one = Login(strict)
    children = [strict.client.popen(one.command("plc-gw", "echo in; sleep 99"))
                for _ in range(10)]
    assert all(child.stdout.readline() == "in\n" for child in children)
    eleventh = strict.client.run(one.command("list"), check=False, timeout=30)
    assert eleventh.rc == 255, eleventh
    assert "refused" in eleventh.err, eleventh
    seen = Evidence(visits.site)
    visits.jumpctl("anna", "revoke", ident)
    for child in children:
        assert child.wait(20) != 0
    seen.journal("conn.close", user=strict.name, reason="revoked")
    assert strict.client.run(one.command("list"), check=False).rc == 0
    one.end()


def test_a_login_that_comes_again(visits, hopper):
    """autossh, where an open session stands for the code."""
    forward = "15823:historian:22"
    before = {one["uuid"] for one in sessions(visits.bastion, hopper.name)}
    hopper.client.popen(
        ["autossh", "-M", "0", *hopper.client.ssh_argv(
            f"{hopper.name}@{V4}", key=hopper.key,
            options=["-N", "-L", forward, "-p", PORT])[1:]],
        env=hopper.client.environment(NO_CODE) | {"AUTOSSH_GATETIME": "0"})

    def greeted():
        return hopper.client.run(
            ["sh", "-c", "nc -w 2 127.0.0.1 15823 </dev/null"],
            check=False).out.startswith("SSH-2.0")
    wait_for(greeted, 15, "a forward")
    mine = {one["uuid"]: one["monitor"]
            for one in sessions(visits.bastion, hopper.name)
            if one["uuid"] not in before}
    visits.bastion.run(["kill", *mine.values()])
    wait_for(lambda: not any(one["uuid"] in mine for one in sessions(
        visits.bastion, hopper.name)), 10, "its end")
    wait_for(greeted, 20, "a forward that came again")


# -- paramiko

PARAMIKO = r"""
import json, sys, paramiko
host, port, user, path, cert, code = sys.argv[1:]
key = paramiko.Ed25519Key.from_private_key_file(path)
asked = []
def answer(title, instructions, prompts):
    asked.extend(prompt for prompt, echo in prompts)
    return [code] * len(prompts)
bastion = paramiko.Transport((host, int(port)))
bastion.start_client(timeout=20)
if bastion.auth_publickey(user, key):
    bastion.auth_interactive(user, answer)

command = bastion.open_session()
command.exec_command("historian cat; exit 7")
command.sendall(bytes(range(256)) * 1000)
command.shutdown_write()
got = b""
while data := command.recv(65536):
    got += data
told = {"asked": asked, "same": got == bytes(range(256)) * 1000,
        "status": command.recv_exit_status()}

if not cert:
    print(json.dumps(told))
    sys.exit()
key.load_certificate(cert)
hop = paramiko.Transport(bastion.open_channel(
    "direct-tcpip", ("historian", 22), ("127.0.0.1", 0)))
hop.start_client(timeout=20)
hop.auth_publickey("maint", key)
there = hop.open_session()
there.exec_command("echo on-$TARGET")
told["there"] = there.makefile().read().decode().strip()
try:
    bastion.open_channel("direct-tcpip", ("nowhere", 22), ("127.0.0.1", 0))
except paramiko.ChannelException as e:
    told["refused"] = e.text or str(e)
print(json.dumps(told))
bastion.close()
"""


def paramiko(person, code, cert=""):
    did = person.client.run(
        ["/usr/bin/python3", "-W", "ignore", "-c", PARAMIKO, V4, PORT,
         person.name, person.client.key(person.key), cert, code], check=False)
    assert did.rc == 0, did
    return json.loads(did.out)


def test_paramiko(visits, hopper):
    """A command and a hop over one transport; bytes are bytes."""
    told = paramiko(hopper, NO_CODE, certificate(hopper, "historian"))
    assert told["same"] and told["status"] == 7
    assert told["there"] == "on-historian" and told["asked"] == []
    assert "rohibited" in told["refused"] or "1" in told["refused"]


CONNECT = r"""
import sys, paramiko
host, port, user, path, code = sys.argv[1:]
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect(host, int(port), user, code, key_filename=path,
               look_for_keys=False, allow_agent=False)
print(client.exec_command("historian hostname")[1].read().decode())
client.close()
"""


def test_paramiko_answers_the_question(strict):
    """With a code for a password, its simple form does so too."""
    told = paramiko(strict, strict.totp.code())
    assert told["asked"] == ["One-time code: "] and told["same"]
    did = strict.client.run(
        ["/usr/bin/python3", "-W", "ignore", "-c", CONNECT, V4, PORT,
         strict.name, strict.client.key(strict.key), strict.totp.code()])
    assert did.out.strip(), did


# -- Ansible

TASKS = [
    {"name": "ping", "ping": {}},
    {"name": "command", "command": "printenv TARGET", "register": "told",
     "failed_when": "told.stdout != inventory_hostname"},
    {"name": "shell", "shell": "umask 022; cat > /tmp/note.$TARGET",
     "args": {"stdin": "of {{ inventory_hostname }}",
              "executable": "/bin/sh"}},
    {"name": "slurp", "slurp": {"src": "/tmp/note.{{ inventory_hostname }}"}},
    {"name": "stat", "stat": {"path": "/etc/hostname"}},
]
COPY = {"name": "copy", "copy": {"content": "of {{ inventory_hostname }}\n",
                                 "dest": "/tmp/copy.{{ inventory_hostname }}"}}
TWO = ("plc-gw", "historian")


def assert_played(recap, tasks):
    assert sorted(recap) == sorted(TWO)
    assert all(one["ok"] == len(tasks) for one in recap.values()), recap


def test_ansible_hops(visits, hopper, config):
    """Through ProxyJump, with signed keys, over one shared login."""
    assert ssh(hopper, config, "-fN", "bastion").rc == 0
    inventory = "[plant]\n" + "".join(
        f"{name} ansible_ssh_common_args='-F {config}'\n" for name in TWO)
    seen = Evidence(visits.site)
    one = Ansible(hopper, inventory)
    assert_played(one.play([*TASKS, COPY]), [*TASKS, COPY])
    for name in TWO:
        assert visits.ot.bed.read(f"/tmp/copy.{name}") == f"of {name}\n"
        seen.audit("USER_START", op="jump:conn_open", target=name,
                   acct=hopper.name)
    one.hang_up()
    ssh(hopper, config, "-O", "exit", "bastion")


def test_ansible_by_commands(visits, hopper, config):
    """Through `ssh bastion TARGET COMMAND`, where everything is recorded:
    the name of the target stands before the shell that Ansible starts. It
    answers no questions: the login is there before, and ssh_args are taken
    from Ansible, so that it uses that one."""
    assert ssh(hopper, config, "-fN", "bastion").rc == 0
    inventory = "[plant]\n" + "".join(
        f"{name} ansible_host=bastion ansible_ssh_use_tty=false "
        f"ansible_shell_executable='{name} /bin/sh' "
        f"ansible_ssh_args='-F {config}'\n" for name in TWO)
    seen = Evidence(visits.site)
    one = Ansible(hopper, inventory)
    assert_played(one.play(TASKS), TASKS)
    for name in TWO:
        seen.journal("record.end", user=hopper.name, target=name)
    one.hang_up()
    ssh(hopper, config, "-O", "exit", "bastion")


# -- git

def git(person, *words, ssh_command, **more):
    environment = person.client.environment(NO_CODE) | {
        "GIT_SSH_COMMAND": ssh_command, "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com",
        "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.com",
        **more}
    return person.client.run(["git", *words], env=environment)


# Git hands over the host and one word of command.
BY_COMMAND = ('f() {{ host=$1; shift; exec ssh -F {} bastion "$host $*"; }}; '
              'f')


@pytest.mark.parametrize("road", ["hop", "command"])
def test_git(visits, hopper, config, road):
    """Clone, commit, push, to a repository on a machine."""
    repository = f"/home/maint/{road}.git"
    visits.ot.bed.run(["su", "maint", "-c", "git init -q --bare -b main "
                       f"{repository}"])
    place = hopper.client.dir / f"clone-{road}"
    if road == "hop":
        how, host = {"ssh_command": f"ssh -F {config}"}, "historian"
    else:
        how, host = {"ssh_command": BY_COMMAND.format(config),
                     "GIT_SSH_VARIANT": "simple"}, "historian"
    git(hopper, "clone", "-q", f"{host}:{repository}", place, **how)
    (place / "plc.st").write_text("PROGRAM main\n" * 5000)
    git(hopper, "-C", place, "add", ".", **how)
    git(hopper, "-C", place, "commit", "-qm", "as found", **how)
    git(hopper, "-C", place, "push", "-q", "origin", "HEAD:main", **how)
    there = visits.ot.bed.run(["su", "maint", "-c", "git --git-dir "
                               f"{repository} show main:plc.st"]).out
    assert there == "PROGRAM main\n" * 5000
    git(hopper, "-C", place, "fetch", "-q", **how)
    ssh(hopper, config, "-O", "exit", "bastion")


# -- an editor's remote half

# What the editor starts on the machine: a server behind a port of its own.
SERVER = r"""
import socket, threading
def serve(s):
    try:
        while data := s.recv(65536):
            s.sendall(data)
    except OSError:
        pass
ear = socket.create_server(("127.0.0.1", 0))
print("listens", ear.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=[ear.accept()[0]], daemon=True).start()
"""
# And at the laptop: channels through the proxy of `ssh -D`, until they end.
CHANNELS = r"""
import json, os, socket, sys, threading, time
proxy, port, count = map(int, sys.argv[1:])
data = os.urandom(32768)
rounds, errors = [0] * count, [""] * count
def read(s, n):
    got = b""
    while len(got) < n:
        part = s.recv(n - len(got))
        if not part:
            raise ConnectionError("end")
        got += part
    return got
def talk(i):
    s = socket.create_connection(("127.0.0.1", proxy), 20)
    s.sendall(b"\5\1\0")
    assert read(s, 2) == b"\5\0"
    name = b"127.0.0.1"
    s.sendall(b"\5\1\0\3" + bytes([len(name)]) + name + port.to_bytes(2, "big"))
    answer = read(s, 10)
    if answer[1]:
        errors[i] = f"socks {answer[1]}"
        return
    try:
        while True:
            s.sendall(data)
            if read(s, len(data)) != data:
                errors[i] = "other bytes"
                return
            rounds[i] += 1
            time.sleep(0.05)
    except OSError as e:
        errors[i] = "cut"
threads = [threading.Thread(target=talk, args=[i]) for i in range(count)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps({"rounds": rounds, "errors": errors, "end": time.time()}))
"""
MANY = 16


def editor(person, config, proxy):
    """`ssh -D` to the machine itself, over a hop, with the server in it; the
    server's port there."""
    child = person.client.popen(
        ["ssh", "-F", config, "-T", "-D", proxy, "-o",
         "ExitOnForwardFailure=yes", "historian", "exec python3 -u -c "
         "'import sys; exec(sys.stdin.read())'"],
        env=person.client.environment(NO_CODE), stdin=-1)
    child.stdin.write(SERVER)
    child.stdin.close()
    child.stdin = None
    line = child.stdout.readline().split()
    assert line[:1] == ["listens"], child.communicate()
    return child, line[1]


def test_an_editor_works_until_the_window_ends(visits, hopper):
    """The machine has to know the person's own key: what the bastion signs
    carries no forwarding. All channels live in one hop and end with it."""
    person = visits.enrol("hop-editor", key="editor")
    visits.ot.authorize("maint", "\n".join(
        person.client.public_key(name) for name in ("hopper", "editor")))
    ident = visits.window(person.name, targets=("historian",), opens=-40,
                          lasts=60, record="optional")
    ends = visits.ends(ident)
    one = Login(person)
    config = configure(person, ("historian",))
    child, port = editor(person, config, "11099")
    seen = Evidence(visits.site)
    talk = person.client.popen(["/usr/bin/python3", "-c", CHANNELS, "11099",
                                port, str(MANY)])
    out, err = talk.communicate(timeout=60)
    told = json.loads(out)
    assert told["errors"] == ["cut"] * MANY, (told, err)
    assert min(told["rounds"]) > 5, told
    assert -1 < told["end"] - ends < 3, (told, ends)
    assert child.wait(20) != 0
    seen.journal("conn.close", user=person.name, reason="window")
    assert not connections(visits.bastion, person.name)
    one.end()
    visits.ot.authorize("maint", person.client.public_key("hopper"))


def test_a_signed_key_forwards_nothing(visits, hopper, config):
    """Else one machine would be the way to all others of its zone."""
    child, port = editor(hopper, config, "11098")
    told = hopper.client.run(["/usr/bin/python3", "-c", CHANNELS, "11098",
                              port, "1"], check=False)
    assert "cut" not in told.out and told.rc == 0, told
    assert json.loads(told.out)["rounds"] == [0], told
    ssh(hopper, config, "-O", "exit", "bastion")


@pytest.mark.long
def test_an_editor_stays_for_minutes(visits, hopper):
    """Six minutes of many channels, idle ones among them."""
    config = configure(hopper, ("historian",), name="editor")
    child, port = editor(hopper, config, "11097")
    talk = hopper.client.popen(["/usr/bin/python3", "-c", CHANNELS, "11097",
                                port, str(MANY)])
    time.sleep(360)
    assert talk.poll() is None and child.poll() is None
    child.kill()
    out, _ = talk.communicate(timeout=30)
    assert min(json.loads(out)["rounds"]) > 1000, out
