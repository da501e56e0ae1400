# SPDX-License-Identifier: BSD-2-Clause
"""Files: granted targets are folders of one sftp server, which is the
bastion's; behind each is the target's own. The programs that people have, what
they may move, what is looked at before it is let through, and what is left of
it in the logs."""
import os

import pytest

from jumplab.bed import wait_for
from jumplab.evidence import Evidence
from jumplab.filebox import Files, digest
from jumplab.login import Login
from jumplab.party import NO_CODE, connections
from jumplab.place import default_id
from jumplab.visit import PORT, V4, Visits

pytestmark = pytest.mark.protocols

VIRUS = b"this is a jump-virus, or would be one"
SIGNATURES = "/etc/jump/lab.ndb"
CLAMSCAN = f"/usr/bin/clamscan --no-summary -d {SIGNATURES} -"

CONDUITS = "".join(f"""[conduit {name}]
Users = {name}-*
To = cell-a cell-b
Protocols = ssh sftp
MaxWindow = 8h
Approvals = 1
Record = required
OtpGrace = 1h
MaxSessions = 32
MaxConnections = 64
{more}

""" for name, more in (
    ("mover", "Files = up down"),
    ("bring", "Files = up\nFileNames = *.bin *.acd\nFileSize = 100K\n"
              "FileCount = 6"),
    ("fetch", "Files = down"),
    ("check", f"Files = up down\nFileCheck = {CLAMSCAN}\n"
              "FileCheckSize = 1M")))


@pytest.fixture(autouse=True)
def _aftermath(visits):
    """What a test has started goes; the logins of the module stay."""
    client = visits.site.supplier
    before = list(client._started)
    yield
    for child in client._started[len(before):]:
        child.kill()
        child.wait(10)
    visits.ot.bed.run("rm -rf /tmp/lab && install -d -m 777 /tmp/lab")
    visits.bastion.wait("! ls /run/jump/connections | grep -q .", 20)


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "f") as one:
        made = Visits(one.install(), more=CONDUITS)
        made.bastion.put(SIGNATURES, "Lab.Test:0:*:" +
                         b"jump-virus".hex() + "\n")
        made.ot.bed.run("install -d -m 777 /tmp/lab")
        yield made


def someone(visits, name, files="up,down", **more):
    """Somebody with files to plc-gw and hmi-1, logged in."""
    person = visits.enrol(name, key=name)
    person.grant = visits.window(
        name, targets=("hmi-1", "plc-gw"), protocols=("sftp",),
        files=files, **more)
    person.files = Files(person)
    person.open = Login(person)
    return person


@pytest.fixture(scope="module")
def mover(visits):
    return someone(visits, "mover-one")


@pytest.fixture(scope="module")
def bring(visits):
    return someone(visits, "bring-one", files="up")


@pytest.fixture(scope="module")
def fetch(visits):
    return someone(visits, "fetch-one", files="down")


@pytest.fixture(scope="module")
def checked(visits):
    return someone(visits, "check-one")


def there(visits, path):
    """What the target has, as a sum; None where there is nothing."""
    did = visits.ot.bed.run(["sha256sum", path], check=False)
    return did.out.split()[0].lstrip("\\") if did.rc == 0 else None


# -- OpenSSH


def test_targets_are_folders(visits, mover):
    did = mover.files.sftp("ls -1 /", "cd /plc-gw/tmp/lab", "pwd")
    assert did.rc == 0, did
    assert "/hmi-1" in did.out and "/plc-gw" in did.out, did
    assert "historian" not in did.out and "legacy-1" not in did.out
    assert "/plc-gw/tmp/lab" in did.out


@pytest.mark.parametrize("name", ["plain.bin", "two words.bin",
                                  "Übergröße ä€.bin", "-dash", "q'uo\"te"])
def test_up_and_down(visits, mover, name):
    data = mover.files.make(name, 300_001)
    quoted = '"' + name.replace('"', '\\"') + '"'
    did = mover.files.sftp(f"put ./{quoted} /plc-gw/tmp/lab/{quoted}",
                           f"get /plc-gw/tmp/lab/{quoted} back")
    assert did.rc == 0, did
    assert there(visits, f"/tmp/lab/{name}") == digest(data)
    assert mover.files.path("back").read_bytes() == data


def test_from_one_target_to_another(visits, mover):
    """In one session; each has its own link, recording and connection."""
    seen = Evidence(visits.site)
    data = mover.files.make("a", 70_000)
    did = mover.files.sftp("put a /plc-gw/tmp/lab/a",
                           "get /plc-gw/tmp/lab/a b",
                           "put b /hmi-1/tmp/lab/b")
    assert did.rc == 0, did
    assert there(visits, "/tmp/lab/b") == digest(data)
    opened = seen.journals("conn.open", user=mover.name)
    assert [(one["JUMP_TARGET"], one["JUMP_PROTO"]) for one in opened] == [
        ("plc-gw", "sftp"), ("hmi-1", "sftp")]
    assert len({one["JUMP_SESSION"] for one in opened}) == 1


def test_scp(visits, mover):
    box = mover.files
    data = box.make("tree.bin", 123_456)
    did = box.scp("tree.bin", box.at("plc-gw", "/tmp/lab/t ä.bin"))
    assert did.rc == 0, did
    assert there(visits, "/tmp/lab/t ä.bin") == digest(data)
    did = box.scp(box.at("plc-gw", "/tmp/lab/t ä.bin"), "back")
    assert did.rc == 0 and box.path("back").read_bytes() == data, did
    (box.folder / "dir" / "sub").mkdir(parents=True, exist_ok=True)
    (box.folder / "dir" / "sub" / "x").write_bytes(b"x" * 9000)
    did = box.scp("-r", "dir", box.at("hmi-1", "/tmp/lab/"))
    assert did.rc == 0, did
    assert there(visits, "/tmp/lab/dir/sub/x") == digest(b"x" * 9000)


def test_events_and_recording(visits, mover):
    seen = Evidence(visits.site)
    data = mover.files.make("fw 4.2.bin", 200_000)
    want = "sha256:" + digest(data)
    did = mover.files.sftp(
        'put "fw 4.2.bin" "/plc-gw/tmp/lab/fw 4.2.bin"',
        'get "/plc-gw/tmp/lab/fw 4.2.bin" back',
        'rename "/plc-gw/tmp/lab/fw 4.2.bin" /plc-gw/tmp/lab/fw',
        "mkdir /plc-gw/tmp/lab/d", "rm /plc-gw/tmp/lab/fw",
        "rmdir /plc-gw/tmp/lab/d")
    assert did.rc == 0, did
    up = seen.journal("file.transfer", direction="up", user=mover.name)
    down = seen.journal("file.transfer", direction="down", user=mover.name)
    for one in (up, down):
        assert (one["JUMP_FILE"], one["JUMP_DIGEST"], one["JUMP_SIZE"],
                one["JUMP_EXTENT"], one["JUMP_OUTCOME"], one["JUMP_GRANT"],
                one["JUMP_TARGET"], one["JUMP_AUDIT"]) == (
            "/tmp/lab/fw 4.2.bin", want, "200000", "whole", "success",
            mover.grant, "plc-gw", "ok")
    begun = seen.journals("file.begin", user=mover.name)
    assert [one["JUMP_DIRECTION"] for one in begun] == ["up", "down"]
    assert [one["JUMP_CMD"] for one in
            seen.journals("file.change", user=mover.name)
            if "attributes" not in one["JUMP_CMD"]] == [
        "rename /tmp/lab/fw 4.2.bin /tmp/lab/fw", "mkdir /tmp/lab/d",
        "remove /tmp/lab/fw", "rmdir /tmp/lab/d"]
    seen.audit("USER_CMD", op="jump:file_transfer", digest=want,
               acct=mover.name, direction="up", extent="whole",
               size="200000", res="success")
    conn = up["JUMP_CONN"]
    shown = visits.bastion.run(
        ["jumpctl", "recording", "cat", conn], check=False)
    assert f"put /tmp/lab/fw 4.2.bin: 200000 bytes, whole, {want}" in \
        shown.out, shown
    assert "rename /tmp/lab/fw 4.2.bin -> /tmp/lab/fw" in shown.out
    verified = visits.bastion.run(["jumpctl", "recording", "verify", conn],
                                  check=False)
    assert verified.rc == 0, verified


# -- what may not be


def test_directions(visits, bring, fetch):
    visits.ot.bed.run("echo secret > /tmp/lab/s.bin")
    seen = Evidence(visits.site)
    did = bring.files.sftp("get /plc-gw/tmp/lab/s.bin")
    assert did.rc != 0 and "Permission denied" in did.err, did
    assert not bring.files.path("s.bin").exists()
    fetch.files.make("x.bin", 1000)
    did = fetch.files.sftp("put x.bin /plc-gw/tmp/lab/x.bin")
    assert did.rc != 0 and "ermission denied" in did.err, did
    assert there(visits, "/tmp/lab/x.bin") is None
    for change in ("rm /plc-gw/tmp/lab/s.bin", "mkdir /plc-gw/tmp/lab/d",
                   "rename /plc-gw/tmp/lab/s.bin /plc-gw/tmp/lab/t.bin"):
        assert fetch.files.sftp(change).rc != 0, change
    assert fetch.files.sftp("get /plc-gw/tmp/lab/s.bin").rc == 0
    for person in (bring, fetch):
        denied = seen.journal("file.deny", user=person.name)
        assert denied["JUMP_TARGET"] == "plc-gw"
    seen.audit("USER_ACCT", op="jump:file", res="failed", acct=bring.name)


def test_names_size_and_number(visits, bring):
    box = bring.files
    box.make("a.txt", 10)
    box.make("big.bin", 150_000)
    box.make("ok.bin", 100)
    did = box.sftp("put a.txt /plc-gw/tmp/lab/a.txt")
    assert did.rc != 0 and there(visits, "/tmp/lab/a.txt") is None, did
    did = box.sftp("put big.bin /plc-gw/tmp/lab/big.bin")
    assert did.rc != 0, did
    assert there(visits, "/tmp/lab/big.bin") != digest(
        box.path("big.bin").read_bytes())
    # six in one session and target, and six in the next session
    did = box.sftp(*(f"put ok.bin /plc-gw/tmp/lab/{n}.bin"
                     for n in range(8)))
    assert did.rc != 0, did
    got = [n for n in range(8) if there(visits, f"/tmp/lab/{n}.bin")]
    assert got == [0, 1, 2, 3, 4, 5], (got, did)
    assert box.sftp("put ok.bin /plc-gw/tmp/lab/9.bin").rc == 0


def test_ways_out_of_a_folder(visits, mover):
    """`..` stays within, and a link of the target names files of that target
    alone."""
    visits.ot.bed.run("echo own > /tmp/lab/own; ln -s / /tmp/lab/root; "
                      "ln -s /hmi-1/etc/passwd /tmp/lab/other; "
                      "ln -s ../../../../../.. /tmp/lab/up")
    box = mover.files
    did = box.sftp("get /plc-gw/../hmi-1/../../plc-gw/tmp/lab/own own")
    assert did.rc == 0 and box.path("own").read_bytes() == b"own\n", did
    for path in ("/historian/etc/hostname", "/../etc/hostname",
                 "/plc-gw/tmp/lab/other", "/etc/hostname",
                 "/plc-gw/../../etc/hostname"):
        assert box.sftp(f"get {path} stolen").rc != 0, path
        assert not box.path("stolen").exists()
    did = box.sftp("cd /plc-gw/tmp/lab/up/tmp/lab", "pwd", "get own again")
    assert did.rc == 0 and box.path("again").read_bytes() == b"own\n", did
    assert "working directory: /plc-gw/" in did.out


# -- a file is looked at before it is let through


def test_a_clean_file_goes_through(visits, checked):
    data = checked.files.make("clean.bin", 50_000)
    seen = Evidence(visits.site)
    did = checked.files.sftp("put clean.bin /plc-gw/tmp/lab/clean.bin")
    assert did.rc == 0, did
    assert there(visits, "/tmp/lab/clean.bin") == digest(data)
    verdict = seen.journal("file.check", user=checked.name)
    assert (verdict["JUMP_OUTCOME"], verdict["JUMP_DIGEST"],
            verdict["JUMP_FILE"], verdict["JUMP_SIZE"]) == (
        "success", "sha256:" + digest(data), "/tmp/lab/clean.bin", "50000")


def test_a_virus_does_not_reach_the_target(visits, checked):
    checked.files.make("v.bin", data=b"x" * 3000 + VIRUS + b"y" * 3000)
    seen = Evidence(visits.site)
    did = checked.files.sftp("put v.bin /plc-gw/tmp/lab/v.bin")
    assert did.rc != 0, did
    did = with_paramiko(checked, """
f = s.open("/plc-gw/tmp/lab/v.bin", "w")
f.write(open("v.bin", "rb").read())
try:
    s._request(paramiko.sftp.CMD_CLOSE, f.handle) # f.close() is silent
except OSError as e:
    print(e)
""")
    # OpenSSH's sftp shows the status alone, others its words too
    assert "Lab.Test" in did.out and "FOUND" in did.out, did
    assert visits.ot.bed.run("ls -A /tmp/lab").out == ""
    verdict = seen.journal("file.check", user=checked.name)
    assert (verdict["JUMP_OUTCOME"], verdict["JUMP_REASON"]) == (
        "failure", "found")
    seen.audit("USER_CMD", op="jump:file_check", res="failed",
               acct=checked.name, file="/tmp/lab/v.bin")


def test_parts_are_refused_under_a_check(visits, checked):
    """Only what is whole can be judged: no resuming, no appending, nothing
    that is too large to be held."""
    visits.ot.bed.run("head -c 1000 /dev/zero > /tmp/lab/half.bin; "
                      "chmod 666 /tmp/lab/half.bin")
    before = there(visits, "/tmp/lab/half.bin")
    checked.files.make("half.bin", 5000)
    did = checked.files.sftp("reput half.bin /plc-gw/tmp/lab/half.bin")
    assert did.rc != 0 and there(visits, "/tmp/lab/half.bin") == before, did
    did = checked.files.sftp("put -a half.bin /plc-gw/tmp/lab/half.bin")
    assert did.rc != 0 and there(visits, "/tmp/lab/half.bin") == before, did
    checked.files.make("large.bin", 1_100_000)
    did = checked.files.sftp("put large.bin /plc-gw/tmp/lab/large.bin")
    assert did.rc != 0 and there(visits, "/tmp/lab/large.bin") is None, did


def test_a_check_that_is_gone_refuses(visits, checked):
    checked.files.make("clean.bin", 500)
    visits.bastion.run("chmod -x /usr/bin/clamscan")
    try:
        did = checked.files.sftp("put clean.bin /plc-gw/tmp/lab/c.bin")
        told = visits.bastion.run("jumpctl doctor --files", check=False)
    finally:
        visits.bastion.run("chmod +x /usr/bin/clamscan")
    assert did.rc != 0 and there(visits, "/tmp/lab/c.bin") is None, did
    assert told.rc == 1 and "/usr/bin/clamscan" in told.out, told


# -- ends


def slow(person, name="slow.bin"):
    """An upload that takes a while, under way."""
    person.files.make(name, 4_000_000)
    child = person.files.sftp_start(
        f"put {name} /plc-gw/tmp/lab/{name}", options=["-l", "2000"])
    wait_for(lambda: person.visits.ot.bed.run(
        f"test -s /tmp/lab/{name}", check=False).rc == 0, 20, "some of it")
    return child


def cut(visits, person, child, seen, reason):
    out, err = child.communicate(timeout=20)
    assert child.returncode != 0, (out, err)
    ended = seen.journal("file.transfer", user=person.name,
                         outcome="failure")
    assert (ended["JUMP_EXTENT"], ended["JUMP_FILE"]) == (
        "part", "/tmp/lab/slow.bin")
    closed = seen.journal("conn.close", user=person.name,
                          conn=ended["JUMP_CONN"])
    assert closed["JUMP_REASON"] == reason
    seen.audit("USER_CMD", op="jump:file_transfer", res="failed",
               acct=person.name, extent="part")


def test_a_revocation_cuts_a_transfer(visits):
    person = someone(visits, "mover-two")
    seen = Evidence(visits.site)
    child = slow(person)
    visits.jumpctl("anna", "revoke", person.grant)
    cut(visits, person, child, seen, "revoked")


def test_a_client_hears_why(visits):
    """Where something else stays open: the target's files alone are gone, and
    the status says why."""
    person = someone(visits, "mover-four")
    other = visits.window(person.name, targets=("historian",),
                          protocols=("sftp",), files="down")
    child = person.files.sftp_start("ls /historian/tmp")
    did = with_paramiko(person, """
import time
f = s.open("/plc-gw/tmp/lab/slow.bin", "wb")
try:
    for _ in range(400):
        f.write(b"x" * 1000)
        f.stat()
        if _ == 20:
            open("under-way", "w").close()
        time.sleep(0.02)
except OSError as e:
    print("told:", e)
""", background=True)
    wait_for(person.files.path("under-way").exists, 20, "an upload")
    visits.jumpctl("anna", "revoke", person.grant)
    out, err = did.communicate(timeout=30)
    assert "told:" in out and "plc-gw" in out and "window" in out, (out, err)
    assert child.poll() is None and other
    child.stdin.write("bye\n")
    child.communicate(timeout=10)


def test_the_windows_end_cuts_a_transfer(visits):
    person = someone(visits, "mover-three", opens=-50, lasts=62)
    seen = Evidence(visits.site)
    cut(visits, person, slow(person), seen, "window")


def test_the_gate_dies_and_nothing_stays(visits, mover):
    seen = Evidence(visits.site)
    child = slow(mover)
    session = [one["session"] for one in connections(visits.bastion,
                                                     mover.name)]
    visits.bastion.run("pkill -9 -x jump-sftp")
    out, err = child.communicate(timeout=15)
    assert child.returncode != 0, (out, err)
    visits.bastion.wait("! ls /run/jump/connections | grep -q .", 10)
    visits.bastion.wait("! pgrep -f '[j]umpshell -c sftp'", 10)
    seen.journal("session.end", session=session[0])


@pytest.mark.parametrize("garbage", [
    b"\0" * 64, b"\xff" * 64, b"GET / HTTP/1.0\r\n\r\n",
    b"\0\0\0\5\1\0\0\0\3" + b"\0\0\0\1\xc8", b"\0\0\0\5\1\0\0\0\3" +
    b"\x7f\xff\xff\xff\x03" + b"x" * 5000, b"\0\0\0\1\1"])
def test_wrong_frames_end_that_session_alone(visits, mover, garbage):
    held = mover.files.sftp_start("ls /plc-gw/tmp")
    did = mover.files.subsystem(garbage + b"\0" * 100)
    assert did.returncode is not None
    held.stdin.write("put a /plc-gw/tmp/lab/after\nbye\n")
    mover.files.make("a", 100)
    out, err = held.communicate(timeout=20)
    assert held.returncode == 0, (out, err)
    assert there(visits, "/tmp/lab/after")


# -- who has none, and older ways


def test_without_files_one_line(visits):
    person = visits.enrol("mover-none", key="mover-none")
    visits.window("mover-none", targets=("plc-gw",), protocols=("ssh",))
    Login(person)
    person.files = Files(person)
    did = with_paramiko(person, """
try:
    s.normalize(".")
except OSError as e:
    print("told:", e)
""")
    assert "No target is open to you for files" in did.out, did
    did = person.login("sftp", code=NO_CODE)
    assert did.rc == 255 and "No target is open to you for files" in did.err
    assert did.err.count("\n") == 1, did


def test_scp_of_old_and_rsync(visits):
    person = visits.enrol("mover-sync", key="mover-sync")
    visits.window("mover-sync", targets=("plc-gw",),
                  protocols=("ssh", "sftp"), files="up,down")
    Login(person)
    box = Files(person)
    data = box.make("r.bin", 40_000)
    did = box.scp("-O", "r.bin", box.at("plc-gw", "/tmp/lab/r.bin"))
    assert did.rc != 0 and "Leave out -O" in did.err, did
    seen = Evidence(visits.site)
    did = box.run("rsync", "-e", box.ssh_words(box.where), "r.bin",
                  "plc-gw:/tmp/lab/r.bin")
    assert did.rc == 0, did
    assert there(visits, "/tmp/lab/r.bin") == digest(data)
    ran = seen.journal("command.run", user=person.name)
    assert ran["JUMP_CMD"].startswith("rsync --server ")
    did = box.run("rsync", "-e", box.ssh_words(), "r.bin",
                  f"{box.where}:/tmp/lab/r2.bin")
    assert did.rc != 0 and "rsync -e 'ssh BASTION'" in did.err, did


# -- other programs


def test_psftp(visits, mover):
    box = mover.files
    data = box.make("p ä.bin", 60_000)
    key = box.path("key.ppk")
    box.run("puttygen", str(mover.client.key(mover.key)), "-o", str(key),
            check=True)
    fingerprint = box.run("ssh-keygen", "-lf", "-", input=box.run(
        "ssh-keyscan", "-p", PORT, "-t", "ed25519", V4).out).out.split()[1]
    did = box.run("psftp", "-batch", "-hostkey", fingerprint, "-i", str(key),
                  "-P", PORT, "-bc", "-be", box.where, "-b", "/dev/stdin",
                  input='put "p ä.bin" "/plc-gw/tmp/lab/p ä.bin"\n'
                        'cd /hmi-1/tmp/lab\nls\nget "p ä.bin" back\nquit\n')
    assert there(visits, "/tmp/lab/p ä.bin") == digest(data), did
    assert box.path("back").read_bytes() == data, did


def test_sshfs(visits, mover):
    box = mover.files
    point = box.folder / "mounted"
    point.mkdir(exist_ok=True)
    options = ",".join(f"{name}" for name in [
        f"port={PORT}", f"IdentityFile={mover.client.key(mover.key)}",
        "StrictHostKeyChecking=accept-new",
        f"UserKnownHostsFile={mover.client.dir}/known_hosts"])
    child = mover.client.popen(
        ["sshfs", "-f", "-o", options, f"{box.where}:/", str(point)],
        env=box.env)
    try:
        # a mount is seen in the namespace it was made in
        wait_for(lambda: os.path.ismount(point) or child.poll() is not None,
                 15, "the mount")
        assert child.poll() is None, child.communicate()
        assert sorted(os.listdir(point)) == ["hmi-1", "plc-gw"]
        data = os.urandom(100_000)
        (point / "plc-gw/tmp/lab/fs.bin").write_bytes(data)
        assert there(visits, "/tmp/lab/fs.bin") == digest(data)
        assert (point / "hmi-1/tmp/lab/fs.bin").read_bytes() == data
        os.rename(point / "plc-gw/tmp/lab/fs.bin",
                  point / "plc-gw/tmp/lab/fs2.bin")
        assert there(visits, "/tmp/lab/fs2.bin") == digest(data)
    finally:
        mover.client.run(["umount", "-l", str(point)], check=False)


def rclone_password(box):
    """Without one it does not let itself be asked at all."""
    return box.run("rclone", "obscure", "none", check=True).out.strip()


def test_rclone(visits, mover):
    box = mover.files
    data = box.make("rc.bin", 80_000)
    remote = (f":sftp,host={V4},port={PORT},user={mover.name},"
              f"key_file={mover.client.key(mover.key)},"
              f"pass={rclone_password(box)},"
              "shell_type=none,md5sum_command=none,sha1sum_command=none:")
    did = box.run("rclone", "--config", "", "copyto", "rc.bin",
                  f"{remote}/plc-gw/tmp/lab/rc.bin")
    assert did.rc == 0, did
    assert there(visits, "/tmp/lab/rc.bin") == digest(data)
    did = box.run("rclone", "--config", "", "cat",
                  f"{remote}/plc-gw/tmp/lab/rc.bin", text=False)
    assert digest(did.out) == digest(data), did.err


PARAMIKO = """
import paramiko, sys
host, port, user, key, what = sys.argv[1:]
t = paramiko.Transport((host, int(port)))
t.start_client(timeout=15)
k = paramiko.Ed25519Key.from_private_key_file(key)
for kind in t.auth_publickey(user, k):
    assert kind == "keyboard-interactive", kind
    t.auth_interactive(user, lambda *_: [])
s = paramiko.SFTPClient.from_transport(t)
exec(what)
t.close()
print("well")
"""


def with_paramiko(person, script, background=False):
    argv = ["/usr/bin/python3", "-c", PARAMIKO, V4, PORT, person.name,
            str(person.client.key(person.key)), script]
    if background:
        return person.client.popen(argv, env=person.files.env,
                                   cwd=person.files.folder)
    return person.files.run(*argv)


def test_paramiko(visits, mover):
    data = mover.files.make("pa.bin", 500_000)
    did = with_paramiko(mover, """
assert sorted(s.listdir("/")) == ["hmi-1", "plc-gw"]
s.put("pa.bin", "/plc-gw/tmp/lab/pa.bin")
s.get("/plc-gw/tmp/lab/pa.bin", "back")
assert s.stat("/plc-gw/tmp/lab/pa.bin").st_size == 500000
""")
    assert "well" in did.out, did
    assert there(visits, "/tmp/lab/pa.bin") == digest(data)
    assert mover.files.path("back").read_bytes() == data


WINSCP = """
def stats(*names):
    for name in names:
        try:
            s.lstat(name)
        except FileNotFoundError:
            pass
folder = "/plc-gw/tmp/lab/"
s.normalize(".")
s.listdir_attr(folder)
stats(folder + "w.bin", folder + "w.bin.filepart")
data = open("w.bin", "rb").read()
f = s.open(folder + "w.bin.filepart", "wb")
f.set_pipelined(True)
f.write(data[:100000])
f.close()
stats(folder + "w.bin.filepart")
_, m = s._request(paramiko.sftp.CMD_OPEN, folder + "w.bin.filepart",
                  paramiko.sftp.SFTP_FLAG_WRITE, paramiko.SFTPAttributes())
f = paramiko.SFTPFile(s, m.get_binary(), "wb")
f.seek(100000)
f.write(data[100000:])
f.close()
s.utime(folder + "w.bin.filepart", (1700000000, 1700000000))
stats(folder + "w.bin")
s.rename(folder + "w.bin.filepart", folder + "w.bin")
s.listdir_attr(folder)
"""


def test_as_winscp_does_it(visits, mover):
    """WinSCP itself runs on Windows: this is its pattern. Many looks, an
    upload under another name that breaks off and is resumed, a time, a
    rename."""
    seen = Evidence(visits.site)
    data = mover.files.make("w.bin", 250_000)
    did = with_paramiko(mover, WINSCP)
    assert "well" in did.out, did
    assert there(visits, "/tmp/lab/w.bin") == digest(data)
    extents = [(one["JUMP_EXTENT"], one["JUMP_SIZE"]) for one in
               seen.journals("file.transfer", user=mover.name)]
    assert extents == [("whole", "100000"), ("part", "150000")]
    renamed = seen.journal("file.change", user=mover.name,
                           other_file="/tmp/lab/w.bin")
    assert renamed["JUMP_FILE"] == "/tmp/lab/w.bin.filepart"


def test_resuming_under_a_check_says_why(visits, checked):
    checked.files.make("w.bin", 250_000)
    did = with_paramiko(checked, WINSCP)
    assert "well" not in did.out, did
    assert there(visits, "/tmp/lab/w.bin") is None
