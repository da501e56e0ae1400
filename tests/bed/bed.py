# SPDX-License-Identifier: BSD-2-Clause
"""The inside of a bastion in a namespace of its own, in a second.

Real are: jumpshell with its file capability, ssh, jump-dial, jump-relay,
jump-record, jump-cert, the compiled rights, cgroups, a target's sshd. Not
here are sshd and PAM of the bastion, the packet filter and systemd: the lab
has those. What they would do is done by hand: a session's cgroup and record,
and starting workers with their sockets.

tests/bed/run makes the namespaces; nothing in here touches the host.
"""
import contextlib
import fcntl
import glob
import json
import os
import pty
import select
import shutil
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import uuid

BUILD = os.environ["JUMP_BUILDDIR"]
SOURCE = os.environ["JUMP_SRCDIR"]
LIBEXEC = os.environ["JUMP_LIBEXECDIR"]

RUN = "/run/jump"
STATE = "/var/lib/jump"
CGROUP = "/sys/fs/cgroup"
POLICY = "/etc/jump"
WORK = "/run/jump-bed"

USER, UID = "acme-tech1", 1900000001
OTHER, OTHER_UID = "acme-tech2", 1900000002
GIDS = {"jump-users": 64001, "jump-gates": 64002, "jump-auditors": 64003}
UIDS = {"jump-relay": 64011, "jump-record": 64012, "jump-cert": 64013,
        "jump-credential": 64015,
        "jump-check": 64014,
        "maint": 64020}
TARGETS = {"plc-gw": "10.20.0.10", "hmi-1": "10.20.0.11"}
SOURCE_ADDRESS = "192.0.2.7"


def sh(*argv, **kw):
    return subprocess.run(argv, check=True, capture_output=True, text=True,
                          **kw).stdout


def write(path, text, mode=0o644, owner=0, group=0):
    # a name of its own: the heartbeat writes health while a test does
    new = f"{path}.{os.urandom(4).hex()}"
    with open(new, "w", encoding="utf-8") as f:
        f.write(text)
    os.chown(new, owner, group)
    os.chmod(new, mode)
    os.rename(new, path)


def overlay(folder):
    """What is put there from now on is seen in here alone."""
    name = WORK + "/overlay" + folder.replace("/", "-")
    os.makedirs(name + "/up")
    os.makedirs(name + "/work")
    sh("mount", "-t", "overlay", "-o",
       f"lowerdir={folder},upperdir={name}/up,workdir={name}/work",
       "overlay", folder)


def boot_ms():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000000


def keyfile(**values):
    return "".join(f"{k}={v}\n" for k, v in values.items())


def entry(data):
    """One datagram of the journal's native protocol."""
    fields = {}
    while data:
        line, _, data = data.partition(b"\n")
        if b"=" in line:
            key, _, value = line.partition(b"=")
        else:
            size = struct.unpack("<Q", data[:8])[0]
            key, value, data = line, data[8:8 + size], data[9 + size:]
        fields[key.decode()] = value.decode()
    return fields


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f"<{self.status} {self.out!r} {self.err!r}>"


class Terminal:
    """jumpshell on a terminal, as sshd would start it."""

    def __init__(self, bed, argv, env, cols=80, rows=24, prepare=None):
        self.bed, self.seen = bed, b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                bed.enter_session()
                if prepare:
                    prepare()
                os.execve(argv[0], argv[1], env)
            except BaseException as e:  # pylint: disable=broad-except
                os.write(2, repr(e).encode())
            os._exit(126)
        self.resize(cols, rows)
        self.status = None

    def resize(self, cols, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, cols, 0, 0))

    def send(self, data):
        os.write(self.fd, data.encode() if isinstance(data, str) else data)

    def read(self, timeout):
        if not select.select([self.fd], [], [], timeout)[0]:
            return None
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return b""
        self.seen += data
        return data

    def expect(self, text, timeout=10):
        """Waits for the text; what came up to its end is taken away."""
        text = text.encode() if isinstance(text, str) else text
        end = time.monotonic() + timeout
        while text not in self.seen:
            left = end - time.monotonic()
            data = self.read(max(left, 0))
            if data is None or (data == b"" and text not in self.seen):
                raise AssertionError(f"{text!r} did not come: {self.seen!r}")
        before, self.seen = self.seen.split(text, 1)
        return before + text

    def expect_keys(self, timeout=10):
        """Waits until keys are taken one by one: the prompt comes before, and
        what is an end of file then is a key afterwards."""
        end = time.monotonic() + timeout
        while termios.tcgetattr(self.fd)[3] & termios.ICANON:
            assert time.monotonic() < end, "no line editor"
            time.sleep(0.01)

    def wait(self, timeout=10):
        """The exit status; reads on meanwhile."""
        end = time.monotonic() + timeout
        while self.status is None:
            if time.monotonic() > end:
                raise AssertionError(f"still there: {self.seen!r}")
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        while self.read(0.05):
            pass
        return self.status

    def close(self):
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
        os.close(self.fd)


class Bed:
    def __init__(self):
        self.serial = 0
        self.scope = None
        self.stop = threading.Event()
        self.children = []
        self.health = {"audit": "ok", "auditd": "ok", "lost": "ok",
                       "clock": "ok", "disk": "ok", "recorder": "ok"}
        self.records = {}
        self.sockets = []
        self.worker_pids = {"record": [], "cert": [], "check": []}
        self.uuid = None

    # -- building -----------------------------------------------------

    def build(self):
        sh("mount", "-t", "cgroup2", "none", CGROUP)
        for path in (RUN, STATE, WORK):
            os.makedirs(path, exist_ok=True)
            sh("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", path)
        sh("ip", "link", "set", "lo", "up")
        for address in TARGETS.values():
            sh("ip", "address", "add", address + "/24", "dev", "lo")
        self._names()
        self._programs()
        self._folders()
        self._target()
        self._policy()
        self._journal()
        self.clock()
        self._health()
        threading.Thread(target=self._heartbeat, daemon=True).start()
        self._workers()

    def _names(self):
        overlay("/etc")
        with open("/etc/passwd", encoding="utf-8") as f:
            passwd = f.read()
        with open("/etc/group", encoding="utf-8") as f:
            group = f.read()
        for name, uid in UIDS.items():
            home = WORK + "/home" if name == "maint" else "/"
            passwd += f"{name}:x:{uid}:{uid}::{home}:/bin/sh\n"
            group += f"{name}:x:{uid}:\n"
        for name, gid in GIDS.items():
            group += f"{name}:x:{gid}:\n"
        # suppliers are nss_jump's, as on a bastion
        switch = "passwd: files jump\ngroup: files jump\n"
        for path, text in (("passwd", passwd), ("group", group),
                           ("nsswitch.conf", switch)):
            write(f"/etc/{path}", text)
        libraries = os.path.dirname(glob.glob("/usr/lib/*/libc.so.6")[0])
        overlay(libraries)
        shutil.copy(f"{BUILD}/.libs/libnss_jump.so.2", libraries)

    def _programs(self):
        parent = os.path.dirname(LIBEXEC)
        while not os.path.isdir(parent):
            parent = os.path.dirname(parent)
        overlay(parent)
        os.makedirs(LIBEXEC, exist_ok=True)
        for name in ("jumpshell/jumpshell", "jump-keypair", "jump-dial",
                     "jump-askpass", "jump-credential", "jump-telnet",
                     "jump-relay", "jump-record", "jump-cert",
                     "jump-check", "jump-sftp"):
            to = f"{LIBEXEC}/{os.path.basename(name)}"
            shutil.copy(f"{BUILD}/{name}", to)
            os.chmod(to, 0o755)
        shutil.copy(f"{SOURCE}/jumpshell/ssh_config", LIBEXEC)
        os.chmod(LIBEXEC + "/ssh_config", 0o644)
        os.chown(LIBEXEC + "/jumpshell", 0, GIDS["jump-users"])
        os.chmod(LIBEXEC + "/jumpshell", 0o750)
        sh("setcap", "cap_audit_write+ep", LIBEXEC + "/jumpshell")

    def _folders(self):
        gates, record = GIDS["jump-gates"], UIDS["jump-record"]
        for path, mode, uid, gid in (
                (RUN + "/db", 0o755, 0, 0),
                (RUN + "/sessions", 0o750, 0, gates),
                (RUN + "/connections", 0o750, UIDS["jump-relay"], gates),
                (RUN + "/closed", 0o750, UIDS["jump-relay"], gates),
                (RUN + "/live", 0o750, record, gates),
                (RUN + "/cert", 0o755, 0, 0),
                (RUN + "/credential", 0o755, 0, 0),
                (RUN + "/spent", 0o700, UIDS["jump-credential"], 0),
                (STATE + "/credential", 0o700, UIDS["jump-credential"], 0),
                (STATE + "/ca", 0o700, 0, 0),
                (STATE + "/recordings", 0o2750, record,
                 GIDS["jump-auditors"])):
            os.makedirs(path, exist_ok=True)
            os.chown(path, uid, gid)
            os.chmod(path, mode)

    def _target(self):
        """One sshd of a target: only the zone's CA is trusted there."""
        home = WORK + "/home"
        os.makedirs(home)
        os.chown(home, UIDS["maint"], UIDS["maint"])
        os.makedirs("/run/sshd", exist_ok=True)
        sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "cell-a",
           "-f", STATE + "/ca/cell-a")
        for name, address in TARGETS.items():
            key = f"{WORK}/{name}.hostkey"
            sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
            write(f"{WORK}/{name}.conf", f"""
ListenAddress {address}
HostKey {key}
TrustedUserCAKeys {STATE}/ca/cell-a.pub
AuthorizedKeysFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PrintMotd no
PrintLastLog no
LogLevel VERBOSE
MaxStartups 100
PidFile none
StrictModes no
Subsystem sftp internal-sftp
""")
            log = open(f"{WORK}/{name}.log", "wb")
            self.children.append(subprocess.Popen(
                ["/usr/sbin/sshd", "-D", "-e", "-f", f"{WORK}/{name}.conf"],
                stderr=log, stdin=subprocess.DEVNULL))
        # its first line is not a test's
        while not all("Server listening" in self.target_log(name)
                      for name in TARGETS):
            time.sleep(0.02)

    def _policy(self, grace="0", record="required", files="up down",
                more=""):
        os.makedirs(POLICY + "/policy.d", exist_ok=True)
        keys = {}
        for name in TARGETS:
            with open(f"{WORK}/{name}.hostkey.pub", encoding="utf-8") as f:
                keys[name] = " ".join(f.read().split()[:2])
        write(POLICY + "/jump.conf", """
[bastion]
Id = bastion-1
TimeZone = Europe/Berlin
DiskReserve = 16M
HealthMaxAge = 15s
""")
        write(POLICY + "/policy.d/cells.conf", f"""
[zone cell-a]
Networks = 10.20.0.0/24
[target plc-gw]
Zone = cell-a
Address = {TARGETS['plc-gw']}
Protocols = ssh sftp rdp
Accounts = maint
HostKey = {keys['plc-gw']}
[target hmi-1]
Zone = cell-a
Address = {TARGETS['hmi-1']}
Protocols = ssh sftp vnc https tcp/502 tcp/4840
Port.https = 443 8443
Accounts = maint
HostKey = {keys['hmi-1']}
[conduit vendors]
Users = acme-*
To = cell-a
Protocols = ssh sftp rdp vnc https tcp/502 tcp/4840
MaxWindow = 8h
Grace = {grace}
Approvals = 1
Record = {record}
MaxConnections = 64
Files = {files}
{more}
""")

    def _journal(self):
        """Hears what would go to the journal."""
        os.makedirs("/run/systemd/journal", exist_ok=True)
        sh("mount", "-t", "tmpfs", "tmpfs", "/run/systemd/journal")
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind("/run/systemd/journal/socket")
        os.chmod("/run/systemd/journal/socket", 0o666)
        self.journal = []

        def hear():
            while not self.stop.is_set():
                self.journal.append(entry(s.recv(65536)))
        threading.Thread(target=hear, daemon=True).start()

    def events(self, name, **fields):
        """Entries of that event, e.g. events("record.start", JUMP_CONN=c)."""
        time.sleep(0.05)
        return [e for e in list(self.journal)
                if e.get("JUMP_EVENT") == name and
                all(e.get(k) == v for k, v in fields.items())]

    # -- what root's workers publish ----------------------------------

    def clock(self, trusted=1):
        offset = time.time_ns() // 1000000 - boot_ms()
        write(RUN + "/clock", keyfile(
            trusted=trusted, offset_ms=offset,
            why="ok" if trusted else "step", boot_ms=boot_ms(), synced=1))

    def _health(self):
        write(RUN + "/health", keyfile(boot_ms=boot_ms(), lost_count=0,
                                       **self.health))

    def set_health(self, **words):
        self.health.update(words)
        self._health()

    def _heartbeat(self):
        while not self.stop.wait(1):
            self._health()

    def grant(self, gid="G1", user=USER, targets=("plc-gw", "hmi-1"),
              protocols=("ssh",), begin=-60, seconds=3600, **more):
        """begin and seconds count from now."""
        now = int(time.time())
        return {"id": gid, "user": user, "targets": list(targets),
                "protocols": list(protocols), "account": "maint",
                "not_before": now + begin, "not_after": now + seconds,
                "revoked": False, "approved_by": ["olga"],
                "ticket": "CHG-42", "record": "required", "files": [],
                "sources": [], **more}

    def publish(self, *grants, life=86400, users=True):
        self.serial += 1
        now = int(time.time())
        key = ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGvu5xJPs5YvEy4SBjJplB"
               "HbwNlDrUNr2dyF4czi1Ot+")
        payload = {
            "v": 1, "iss": "approvals", "aud": "bastion-1",
            "iat": now - 1, "exp": now + life, "serial": self.serial,
            "users": [{"name": n, "uid": u, "gecos": "", "disabled": False,
                       "keys": [key]}
                      for n, u in ((USER, UID), (OTHER, OTHER_UID))]
            if users else [],
            "grants": sorted(grants, key=lambda g: g["id"])}
        write(WORK + "/payload.json", json.dumps(payload))
        return sh(BUILD + "/tests/tools/mkrights", POLICY,
                  WORK + "/payload.json", RUN + "/db", "--give",
                  str(GIDS["jump-gates"]), "--users-gid",
                  str(GIDS["jump-users"]))

    # -- workers, as systemd would start them -------------------------

    def _listen(self, path, kind):
        s = socket.socket(socket.AF_UNIX, kind)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        s.bind(path)
        os.chown(path, 0, GIDS["jump-users"])
        os.chmod(path, 0o660)
        s.listen(64)
        self.sockets.append(s)
        return s

    def _worker(self, name, user, fd, argv=(), env=None, kind=None):
        pid = os.fork()
        if pid:
            if kind:
                self.worker_pids[kind].append(pid)
            return pid
        try:
            os.setgroups([GIDS["jump-gates"]])
            os.setgid(GIDS["jump-gates"])
            high = fcntl.fcntl(fd, fcntl.F_DUPFD, 100)
            os.dup2(high, 3)
            os.set_inheritable(3, True)
            null = os.open("/dev/null", os.O_RDWR)
            log = os.open(f"{WORK}/{name}.err",
                          os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(null, 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.closerange(4, 200)
            environment = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid()),
                           **(env or {})}
            # ambient capability for audit, as the unit has it
            os.execve("/usr/bin/setpriv", [
                "setpriv", "--reuid", str(UIDS[user]), "--inh-caps",
                "-all,+audit_write", "--ambient-caps",
                "-all,+audit_write", "--bounding-set", "-all,+audit_write",
                "--keep-groups", "--no-new-privs",
                "/bin/sh", "-c",
                'export LISTEN_PID=$$; exec "$@"', "sh",
                f"{LIBEXEC}/{name}", *argv], environment)
        except BaseException as e:  # pylint: disable=broad-except
            os.write(2, repr(e).encode())
        os._exit(126)

    def _accept(self, listener, kind):
        while not self.stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._worker(f"jump-{kind}", f"jump-{kind}", connection.fileno(),
                         kind=kind)
            connection.close()

    def _activate(self, listener, zone):
        """Accept=no: one worker while it lasts, another when somebody
        knocks."""
        credentials = f"{WORK}/credentials"
        os.makedirs(credentials, exist_ok=True)
        shutil.copy(f"{STATE}/ca/{zone}", credentials + "/ca")
        os.chown(credentials + "/ca", UIDS["jump-cert"], 0)
        os.chmod(credentials + "/ca", 0o400)
        while not self.stop.is_set():
            if not select.select([listener], [], [], 0.5)[0]:
                continue
            pid = self._worker(
                "jump-cert", "jump-cert", listener.fileno(), (zone,),
                {"CREDENTIALS_DIRECTORY": credentials}, kind="cert")
            os.waitpid(pid, 0)

    def keep(self, account, target, secret):
        """A stored credential and the worker that holds it; what systemd
        would decrypt is put where it would put it."""
        name = f"{account}@{target}"
        folder = f"{WORK}/kept-{name}"
        os.makedirs(folder, exist_ok=True)
        write(f"{folder}/{name}", secret, 0o400, UIDS["jump-credential"], 0)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{STATE}/credential/{name}")
        path = f"{RUN}/credential/{name}.sock"
        if os.path.exists(path):
            return
        listener = self._listen(path, socket.SOCK_STREAM)

        def activate():
            while not self.stop.is_set():
                if not select.select([listener], [], [], 0.5)[0]:
                    continue
                pid = self._worker(
                    "jump-credential", "jump-credential", listener.fileno(),
                    (name,), {"CREDENTIALS_DIRECTORY": folder})
                os.waitpid(pid, 0)
        threading.Thread(target=activate, daemon=True).start()

    def _workers(self):
        record = self._listen(RUN + "/record.sock", socket.SOCK_SEQPACKET)
        check = self._listen(RUN + "/check.sock", socket.SOCK_SEQPACKET)
        for listener, kind in ((record, "record"), (check, "check")):
            threading.Thread(target=self._accept, args=(listener, kind),
                             daemon=True).start()
        cert = self._listen(RUN + "/cert/cell-a.sock", socket.SOCK_STREAM)
        threading.Thread(target=self._activate, args=(cert, "cell-a"),
                         daemon=True).start()
        self._relay_socket = self._listen(RUN + "/relay.sock",
                                          socket.SOCK_STREAM)
        self.relay_pid = None
        threading.Thread(target=self._relay, daemon=True).start()

    def _relay(self):
        while not self.stop.is_set():
            if not select.select([self._relay_socket], [], [], 0.5)[0]:
                continue
            self.relay_pid = self._worker(
                "jump-relay", "jump-relay", self._relay_socket.fileno())
            os.waitpid(self.relay_pid, 0)

    # -- sessions -----------------------------------------------------

    def session(self, uid=UID, user=USER, source=SOURCE_ADDRESS):
        """What logind and pam_jump leave behind for a login."""
        self.end_session()
        self.uid, self.user = uid, user
        self.scope = f"session-t{os.urandom(6).hex()}.scope"
        path = f"{CGROUP}/{self.scope}"
        os.mkdir(path)
        self.uuid = str(uuid.uuid4())
        self.records[self.scope] = self.uuid
        write(f"{RUN}/sessions/{self.scope}", keyfile(
            uuid=self.uuid, uid=uid, user=user, key="SHA256:abc",
            source=source, source_port=40000, auid=uid, ses=7,
            cgroup="/" + self.scope, cgroup_id=os.stat(path).st_ino,
            monitor=os.getpid(), monitor_start=1,
            started=int(time.time())), 0o640, 0, GIDS["jump-gates"])
        return self.uuid

    def end_session(self):
        if not self.scope:
            return
        path = f"{CGROUP}/{self.scope}"
        with open(path + "/cgroup.kill", "w", encoding="utf-8") as f:
            f.write("1")
        for _ in range(200):
            try:
                os.rmdir(path)
                break
            except OSError:
                time.sleep(0.01)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{RUN}/sessions/{self.scope}")
        self.scope = None

    def enter_session(self):
        with open(f"{CGROUP}/{self.scope}/cgroup.procs", "w",
                  encoding="utf-8") as f:
            f.write("0")
        os.setgroups([GIDS["jump-users"]])
        os.setresgid(self.uid, self.uid, self.uid)
        os.setresuid(self.uid, self.uid, self.uid)
        os.chdir("/")

    def environment(self, **more):
        return {"SSH_CONNECTION": f"{SOURCE_ADDRESS} 40000 198.51.100.1 22",
                "JUMP_SESSION": self.uuid, "JUMP_SCOPE": self.scope,
                "HOME": "/", "USER": self.user, "LOGNAME": self.user,
                "SHELL": LIBEXEC + "/jumpshell", "PATH": "/usr/bin:/bin",
                "TERM": "xterm",
                **{k: v for k, v in os.environ.items()
                   if k.endswith("SAN_OPTIONS")}, **more}

    def argv(self, command):
        shell = LIBEXEC + "/jumpshell"
        if command is None:
            return shell, ["-jumpshell"]
        return shell, ["jumpshell", "-c", command]

    def terminal(self, command=None, prepare=None, env=None, **more):
        return Terminal(self, self.argv(command),
                        env or self.environment(), prepare=prepare, **more)

    def popen(self, command, prepare=None, env=None, **more):
        def before():
            self.enter_session()
            if prepare:
                prepare()
        path, argv = self.argv(command)
        more.setdefault("stdin", subprocess.PIPE)
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(argv, executable=path, preexec_fn=before,
                                env=env or self.environment(), **more)

    def run(self, command, stdin=b"", timeout=30, **more):
        p = self.popen(command, **more)
        try:
            out, err = p.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            p.kill()
            raise
        return Result(p.returncode, out, err)

    # -- looking ------------------------------------------------------

    def processes(self):
        """Command lines of what is in the session."""
        found = []
        with open(f"{CGROUP}/{self.scope}/cgroup.procs",
                  encoding="utf-8") as f:
            pids = f.read().split()
        for pid in pids:
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    found.append(f.read().replace(b"\0", b" ").decode())
        return found

    def recordings(self):
        found = []
        for folder, _, files in os.walk(STATE + "/recordings"):
            found += [os.path.join(folder, f) for f in files]
        return sorted(found, key=os.path.getmtime)

    def target_log(self, name="plc-gw"):
        with open(f"{WORK}/{name}.log", encoding="utf-8",
                  errors="replace") as f:
            return f.read()

    def jumpctl(self, *words, **more):
        p = subprocess.run([f"{BUILD}/jumpctl/jumpctl", *words],
                           capture_output=True, check=False, **more)
        return Result(p.returncode, p.stdout, p.stderr)

    def errors(self):
        text = ""
        for name in ("jump-record", "jump-cert", "jump-check", "jump-relay",
                     "jump-credential"):
            with contextlib.suppress(FileNotFoundError):
                with open(f"{WORK}/{name}.err", encoding="utf-8") as f:
                    text += f.read()
        return text

    def close(self):
        self.stop.set()
        self.end_session()
        for p in self.children:
            p.kill()


def recording(path):
    """Header and events of one recording: [(time, code, bytes)]."""
    with open(path, "rb") as f:
        lines = f.read().split(b"\n")
    header = json.loads(lines[0])
    events, exact = [], None
    for line in lines[1:]:
        if not line:
            continue
        try:
            when, code, text = json.loads(line)
        except ValueError:
            break
        if code == "b":
            import base64
            exact = base64.b64decode(text)
            continue
        data = text.encode()
        if code == "o" and exact is not None:
            data, exact = exact, None
        events.append((when, code, data))
    return header, events


def shown(events):
    return b"".join(data for _, code, data in events if code == "o")
