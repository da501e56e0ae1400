# SPDX-License-Identifier: BSD-2-Clause
"""Secrets of a whole visit are found in no log, journal, argument list,
environment, core or recording; only in the files that are made to hold them.
The last test plants each of them and shows that the search would find it."""
import base64
import contextlib
import json
import pathlib
import re
import secrets
import signal
import time

import pytest

from jumplab.bed import wait_for
from jumplab.canary import Canaries, secret_of_jwk, seed_of
from jumplab.inside import Inside
from jumplab.onlooker import Onlooker
from jumplab.party import NO_CODE, RDP, Tunnel, connections, sessions
from jumplab.place import default_id, step
from jumplab.visit import PORT, V4, Visits

pytestmark = pytest.mark.vertical

NAME, OTHER = "acme-canary", "acme-other"

# Where a secret is by design: bed, path, mode and owner, whose it is.
BY_DESIGN = [
    ("bastion", r"/run/jump/seeds/\d+", "0600 root:root", r"seed of .*"),
    ("bastion", r"/var/lib/jump/ca/cell-a", "0600 root:root",
     "CA of cell-a"),
    ("bastion", r"/etc/jump/bastion/seal\.jwk", "0600 root:root",
     "key that seeds are sealed to"),
]
# Only while jump-cert runs: systemd gives it the key, in memory.
AT_WORK = ("bastion", r"/run/credentials/jump-cert@cell-a\.service/ca",
           "0400 jump-cert:root", r"CA of cell-a")


def word():
    return "Canary" + base64.b32encode(secrets.token_bytes(15)).decode()


class Visit:
    """All that happens; afterwards, what was seen of it."""

    def __init__(self, site):
        self.site, self.bed = site, site.bastion
        self.since = time.time() - 1
        self.canaries = Canaries()
        self.crashed = set()
        onlooker = self.onlooker = Onlooker(site)
        with step("a visit with secrets"):
            self.visits = Visits(site, otp_grace="1h")
            self.inside = Inside(self.bed)
            self.enrol()
            self.come_and_go()
        with step("crashes"):
            self.crashes()
        self.short_lived()
        self.seen = onlooker.stop()
        for number, key in enumerate(self.seen["keys"][:3]):
            self.canaries.add(f"onward key {number}",
                              seed_of(key.encode("latin-1")))
        with step("searching"):
            self.found = {bed.name: self.canaries.search(bed, self.since)
                          for bed in site.beds()}

    def enrol(self):
        self.person, self.other = [
            self.visits.enrol(name, key=name) for name in (NAME, OTHER)]
        for person in (self.person, self.other):
            self.canaries.add(f"seed of {person.name}",
                              base64.b32decode(person.totp.seed))
            self.canaries.add(f"key of {person.name}", seed_of(
                person.client.key(person.key).read_bytes()))
        self.canaries.add("token", self.visits.token)
        self.canaries.add("secret half of the token",
                          self.visits.token.split("-")[1])
        self.canaries.add("CA of cell-a", seed_of(
            self.bed.get("/var/lib/jump/ca/cell-a")))
        self.canaries.add("key that seeds are sealed to", secret_of_jwk(
            self.bed.get("/etc/jump/bastion/seal.jwk")))
        for person in (self.person, self.other):
            self.grant = self.visits.window(
                person.name, targets=("plc-gw", "hmi-1"),
                protocols=("ssh", "rdp"))

    def code(self, person):
        code = person.totp.code()
        self.canaries.add_code(
            f"code {len(self.canaries.codes)} of {person.name}", code)
        return code

    def secret(self, name):
        self.canaries.add(name, word())
        return self.canaries.secrets[name]

    # -- the visit

    def come_and_go(self):
        typed = self.secret("password typed at the question for a code")
        assert self.person.login("whoami", code=typed).rc == 255
        code = self.code(self.other)
        assert self.other.login("whoami", code=code).rc == 0
        assert self.other.login("whoami", code=code).rc == 255
        self.resident = self.person.terminal(code=self.code(self.person))
        self.resident.expect("jump> ")
        self.at_the_target(self.resident)
        did = self.person.login(
            "plc-gw", "cat > /dev/null; echo taken", code=NO_CODE,
            input=self.secret("what went into a command"))
        assert did.rc == 0 and "taken" in did.out, did
        self.through_a_tunnel()

    def at_the_target(self, child):
        """A password where nothing is echoed, and words where it is."""
        password = self.secret("password typed without echo")
        child.sendline("connect plc-gw")
        child.expect(r"maint@plc-gw:\S* ?\$ ")
        child.sendline("stty -echo; echo ask-$((40+2)); read -r x; stty echo;"
                       " echo got-${#x}")
        child.expect("ask-42")
        child.sendline(password)
        child.expect(f"got-{len(password)}")
        child.expect(r"\$ ")
        child.sendline("echo plainly-shown")
        child.expect("plainly-shown\r\nplainly-shown|plainly-shown.*\\$ ")
        child.sendline("exit")
        child.expect("jump> ")

    def through_a_tunnel(self):
        forward = self.person.start(code=NO_CODE, options=[
            "-N", "-L", f"17001:{self.visits.ot['hmi-1'].v4}:{RDP}"])
        tunnel = Tunnel(self.person, 17001)
        assert tunnel.greeting.startswith("rdp")
        assert tunnel.echoes(self.secret("what went through a tunnel"))
        tunnel.hang_up()
        forward.kill()
        forward.wait()

    # -- crashes, each in the middle of a connection

    def crashes(self):
        for number, who in enumerate((
                self.jumpshell, self.onward_ssh, self.sshd_child, self.monitor,
                self.relay, self.recorder)):
            self.crash(who, (signal.SIGSEGV, signal.SIGABRT)[number % 2])
        self.onlooker.crash("jump-keypair")
        self.person.login("plc-gw", "true", code=NO_CODE)
        self.crashed.add("jump-keypair")
        self.certifier()
        self.pam_at_the_question()
        self.pam_with_the_seed()

    def may_leave_no_core(self, process):
        """On a machine PID 1 lets every service leave cores; none here."""
        limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", limits), process

    def crash(self, who, sig):
        there = {one["uuid"] for one in sessions(self.bed)}
        work = self.person.start("plc-gw", "echo up; exec sleep 60",
                                 code=NO_CODE)
        assert work.stdout.readline() == "up\n"
        mine, = [one for one in sessions(self.bed)
                 if one["uuid"] not in there]
        victim = who(mine)
        self.may_leave_no_core(victim)
        assert victim.signal(sig)
        work.wait(15)
        self.crashed.add(victim.name)
        wait_for(lambda: mine["uuid"] not in {
            one["uuid"] for one in sessions(self.bed)}, 10, "its end")

    def within(self, session, **match):
        found = self.inside.processes(**match)
        folder = self.inside.scope(session["name"])
        inside = set(map(int, (folder / "cgroup.procs").read_text().split()))
        return next(one for one in found if one.pid in inside)

    def jumpshell(self, session):
        return self.within(session, name="jumpshell")

    def onward_ssh(self, session):
        return self.within(session, name="ssh")

    def sshd_child(self, session):
        return self.within(session, parent=self.monitor(session).pid)

    def monitor(self, session):
        return self.within(session, inner=int(session["monitor"]))

    def relay(self, session):
        mine, = [one for one in connections(self.bed)
                 if one["session"] == session["uuid"]]
        return self.inside.processes(name="jump-relay",
                                     inner=int(mine["pid"]))[0]

    def recorder(self, session):
        return self.inside.processes(name="jump-record")[0]

    def certifier(self):
        """It stays for a while after a certificate, with the CA's key."""
        assert self.person.login("plc-gw", "true", code=NO_CODE).rc == 0
        there = self.inside.processes(name="jump-cert")
        assert there
        for one in there:
            one.signal(signal.SIGSEGV)
        self.crashed.add("jump-cert")
        assert self.person.login("plc-gw", "true", code=NO_CODE).rc == 0

    def asked(self):
        """At the question, and the process of PAM that waits there."""
        child = self.other.client.terminal(
            f"{OTHER}@{V4}", key=self.other.key, options=["-p", PORT])
        child.expect("One-time code: ")
        pam, = [one for one in self.inside.processes()
                if re.search(rf"{OTHER} \[pam\]", one.line)]
        self.may_leave_no_core(pam)
        return child, pam

    def pam_at_the_question(self):
        child, pam = self.asked()
        assert pam.signal(signal.SIGSEGV)
        child.close(force=True)
        self.crashed.add(pam.name)

    def pam_with_the_seed(self):
        """The code was looked at; a refusal takes its time."""
        child, pam = self.asked()
        child.sendline("000000")
        time.sleep(0.3)
        assert pam.signal(signal.SIGABRT)
        child.close(force=True)

    def short_lived(self):
        """What lives for less than a look: does the onlooker see it?"""
        self.bed.run(["env", "MARK=in-environment-1", "/bin/true",
                      "in-arguments-1"])

    # -- and what was seen

    def arguments(self):
        return "\0".join(self.seen["texts"]).encode("latin-1")


@pytest.fixture(scope="module")
def visit(open_site):
    with open_site(default_id()[:11] + "y") as one, core_files():
        yield Visit(one.install())


@contextlib.contextmanager
def core_files():
    """Cores go where the process is, and not to some service of this
    machine."""
    path = "/proc/sys/kernel/core_pattern"
    with open(path) as file:
        before = file.read()
    with open(path, "w") as file:
        file.write("core")
    try:
        yield
    finally:
        with open(path, "w") as file:
            file.write(before)


def by_design(bed, path, who, name):
    return any(bed == at and re.fullmatch(place, path) and who == mode
               and re.fullmatch(whose, name.rpartition(", ")[0])
               for at, place, mode, whose in [*BY_DESIGN, AT_WORK])


@pytest.mark.parametrize("bed", ["bastion", "approvals", "ot"])
def test_no_file_and_no_journal_has_a_secret(visit, bed):
    found = visit.found[bed]
    assert found["files"] > 3
    assert [hit for hit in found["hits"] if not by_design(bed, *hit)] == []


def test_secrets_are_where_they_are_made_to_be(visit):
    """And with these modes: the search does see what is there."""
    for row in BY_DESIGN:
        assert any(re.fullmatch(row[1], path) and who == row[2]
                   and re.fullmatch(row[3], name.rpartition(", ")[0])
                   for path, who, name in visit.found[row[0]]["hits"]), row


def test_no_argument_and_no_environment_has_a_secret(visit):
    seen = visit.arguments()
    assert visit.canaries.within(seen) == []
    assert b"MARK=in-environment-1" in seen and b"in-arguments-1" in seen
    assert b"jump-cert" in seen and b"/usr/lib/jump/jump-keypair" in seen
    assert visit.seen["looks"] > 100
    assert visit.seen["missed"] < visit.seen["execs"] / 10
    assert len(visit.seen["keys"]) >= 3


def test_no_audit_record_has_a_secret(visit):
    assert visit.canaries.within(visit.site.audit.text().encode()) == []


def test_nothing_that_crashes_leaves_a_core(visit):
    told = {record["comm"] for record in
            visit.site.audit.since(type="ANOM_ABEND")}
    assert visit.crashed <= told, visit.crashed - told
    for bed in visit.site.beds():
        assert visit.found[bed.name]["cores"] == []
        assert "code=dumped" not in bed.journal()


def test_the_recording_shows_what_was_shown(visit):
    """So that "not in the recording" says something."""
    listed = json.loads(visit.bed.run(
        ["jumpctl", "recording", "list", "--json"]).out)
    shown = [visit.bed.run(["jumpctl", "recording", "cat", one["file"]]).out
             for one in listed]
    assert any("ask-42" in text and "plainly-shown" in text
               for text in shown), shown


def test_a_planted_secret_is_found(visit):
    """Each in a file, in the journal, in arguments, in an environment, in
    audit and in a recording; and a core."""
    bed, since = visit.bed, time.time() - 1
    every = {**visit.canaries.secrets, **visit.canaries.codes}
    texts = {name: one if isinstance(one, str) else one.hex()
             for name, one in every.items()}
    onlooker = Onlooker(visit.site)
    bed.run(["env", *(f"X{n}={one}" for n, one in enumerate(texts.values())),
             "/bin/true"])
    seen = "\0".join(onlooker.stop()["texts"]).encode("latin-1")
    assert visit.canaries.within(seen) == sorted(visit.canaries.names())
    for name, text in texts.items():
        visit.bed.run(["python3", "-c", "import sys; open(sys.argv[1], 'wb')"
                       ".write(sys.stdin.buffer.read())",
                       f"/var/tmp/planted-{len(text)}-{hash(name)}"],
                      input=text)
    bed.put("/var/tmp/planted.cast", '{"version": 2}\n' + "".join(
        json.dumps([1.0, "o", character]) + "\n"
        for character in " ".join(texts.values())))
    bed.run(["systemd-cat", "-t", "planted"],
            input="\n".join(texts.values()) + "\n")
    bed.run("cd /var/tmp && ulimit -c unlimited && "
            "sh -c 'kill -SEGV $$'; journalctl --sync", check=False)
    found = visit.canaries.search(bed, since)
    places = {}
    for path, _, name in found["hits"]:
        known = name.rpartition(", ")[0] or name
        places.setdefault(known, set()).add(
            re.sub(r"planted-.*", "planted-", path))
    for name in visit.canaries.names():
        assert {"/var/tmp/planted-", "/var/tmp/planted.cast as shown",
                "journalctl --all -o export"} <= places[name], name
    assert any("/var/tmp/" in path for path in found["cores"]), found["cores"]
