# SPDX-License-Identifier: BSD-2-Clause
"""What the stock tools of a Debian host say about a visit: ausearch, aureport,
aulast and journalctl, compared with golden files (golden/). The same visit is
played on a container, whose records the lab's listener collects, and on a
machine of its own, where the real auditd writes them: both say the same.

A cut is played on the container alone: who is first to cut, and whether sshd
can say goodbye in its 300 ms, is another matter on an emulated machine."""
import dataclasses
import re

import pytest

from jumplab import golden
from jumplab.audit import parse
from jumplab.evidence import Evidence
from jumplab.party import NO_CODE, RDP, Tunnel
from jumplab.place import default_id, step
from jumplab.visit import Visits

pytestmark = [pytest.mark.vertical, pytest.mark.timeout(600)]

NAME = "acme-gold"
# What people did. The kernel and systemd tell more, at times of their own.
TOLD = re.compile(r"LOGIN|CRED_\w+|USER_\w+|ANOM_\w+|RESP_\w+|TRUSTED_APP|"
                  r"CRYPTO_\w+|USYS_CONFIG|ADD_USER|DEL_USER|TEST")
LOG = "/root/played.log"
UNSET = "4294967295"
ENDED = ("jump:logout", "USER_END.*PAM:session_close", "CRED_DISP.*sshd")


def title(act):
    return act.__name__.replace("_", " ")


def of_the_visit(records):
    """Containers share the kernel: what others say there is not ours. And
    systemd asks PAM about a user manager, which suppliers never have."""
    def ours(record):
        exe = record.get("exe", "")
        if exe.startswith("/usr/lib/jump/"):
            # on a slow machine the watch may see systemd ask about one
            return "/user@" not in record.get("file", "")
        if exe != "/usr/sbin/sshd":
            return record.type == "LOGIN" and record["ses"] in sessions_here
        return (record.get("acct") in (NAME, "?")
                or record["ses"] in sessions_here)
    told = [record for record in records if TOLD.fullmatch(record.type)]
    sessions_here = {
        record["ses"] for record in told
        if record.type == "USER_LOGIN" and record.get("acct") == NAME
        and record["ses"] != UNSET}
    return list(filter(ours, told))


@dataclasses.dataclass
class Told:
    """What the tools made of what was played."""
    played: "Played"
    name: str
    searched: str
    reported: str
    fields: str


class Played:
    """A visit, step by step, with a note in the audit log before each."""

    def __init__(self, visits):
        self.visits, self.bed = visits, visits.bastion
        self.audit = visits.site.audit
        self.port = 15000
        self.bed.wait("test -e /run/jump/db/current", 60)
        self.play("visit", self.enrolment, self.too_soon, self.approval,
                  self.wrong_code, self.terminal, self.command,
                  self.not_granted, self.tunnel, self.farewell)

    def play(self, name, *steps):
        self.name, self.steps = name, steps
        seen = Evidence(self.visits.site)
        for act in steps:
            with step(f"the visit: {title(act)}"):
                self.word = self.note_of(act)
                self.audit.note(self.word)
                act()
        self.bed.run(["journalctl", "--sync"])
        self.entries = seen.journals()
        self.records = self.by_steps(self.audit.text(seen.audit_mark))
        self.bed.put(LOG, "".join(
            record.line + "\n" for records in self.records.values()
            for record in records))

    def note_of(self, act):
        return f"step-{self.visits.site.place.id}-{act.__name__}"

    def by_steps(self, text):
        records = {}
        for act in reversed(self.steps):
            text, _, after = text.partition(self.note_of(act))
            records[title(act)] = of_the_visit(
                list(filter(None, map(parse, after.splitlines()))))
        return dict(reversed(records.items()))

    def written(self, *patterns):
        """Each of these is in the audit log, in a line of this step."""
        self.audit.after_note(self.word, *patterns,
                              timeout=self.visits.patience)

    # -- the visit

    def enrolment(self):
        self.person = self.visits.enrol(NAME, key=NAME)
        self.written("jump:user_add")

    def too_soon(self):
        did = self.person.login("whoami", options=["-o", "LogLevel=INFO"])
        assert did.rc == 255 and "window" in did.err, did
        self.written("USER_ERR")

    def approval(self):
        self.grant = self.visits.window(
            NAME, targets=("plc-gw", "hmi-1"), protocols=("ssh", "rdp"))
        self.written("jump:grant_add")

    def wrong_code(self):
        assert self.person.login("whoami", code="000000").rc == 255
        self.written("USER_ERR")

    def terminal(self):
        self.child = self.person.terminal(timeout=60)
        self.child.expect("jump> ")
        self.child.sendline("connect plc-gw")
        self.child.expect(r"maint@plc-gw:\S* ?\$ ")
        self.child.sendline("exit")
        self.child.expect("jump> ")
        self.written("jump:conn_close", "jump:record_end")

    def command(self):
        did = self.person.login("plc-gw", "echo a word", code=NO_CODE)
        assert did.rc == 0, did
        self.written("jump:record_end", *ENDED)

    def not_granted(self):
        did = self.person.login("historian", "true", code=NO_CODE)
        assert did.rc != 0, did
        self.written(*ENDED)

    def tunnel(self):
        forward, talk = self.forward(code=NO_CODE)
        talk.hang_up()
        self.written("jump:conn_close")
        forward.terminate()
        self.written(*ENDED)

    def farewell(self):
        self.child.sendline("exit")
        self.child.wait()
        self.written(*ENDED)

    def cut(self):
        self.play("cut", self.taken_back)
        return self.told()

    def taken_back(self):
        forward, _ = self.forward()
        self.visits.jumpctl("anna", "revoke", self.grant)
        forward.wait(30)
        self.written("jump:conn_close", *ENDED)

    def forward(self, **login):
        """`ssh -N -L`, and a program that talks through it."""
        self.port += 1
        forward = self.person.start(options=[
            "-N", "-o", "ExitOnForwardFailure=yes", "-L",
            f"{self.port}:{self.visits.ot['hmi-1'].v4}:{RDP}"], **login)
        talk = Tunnel(self.person, self.port)
        assert talk.greeting.startswith("rdp"), talk.greeting
        return forward, talk

    # -- what the tools make of it

    def tool(self, command):
        """Over the records of the visit, at the bastion. What a tool prints
        that is no text is seen as such."""
        return self.bed.run(f"TZ=UTC LC_ALL=C.UTF-8 {command}", check=False,
                            errors="backslashreplace").out

    def told(self):
        return Told(self, self.name, self.searched(), self.reported(),
                    self.fields())

    def searched(self):
        """`ausearch -i` by steps; in each, program by program, in its order.
        (Programs run side by side.)"""
        words = golden.Words()
        lines = {}
        for line in self.tool(f"ausearch -i -if {LOG}").splitlines():
            serial = re.search(r"audit\([^)]*:(\d+)\)", line)
            if serial:
                lines[int(serial[1])] = words.normal(line).strip()
        text = ""
        for name, records in self.records.items():
            text += f"# {name}\n"
            for record in sorted(records,
                                 key=lambda one: one.get("exe", "kernel")):
                text += lines[record.serial] + "\n"
        return text

    def reported(self):
        text = ""
        for report in ("aureport", "aureport --failed", "aureport --auth",
                       "aureport --login -i", "aureport --anomaly",
                       "aureport --response", "aureport --mods",
                       "aureport --config", "aureport --crypto"):
            text += f"# {report}\n" + self.tool(f"{report} -if {LOG}")
        for report in ("aulast", "aulast --bad"):
            text += f"# {report}\n" + self.tool(f"{report} -f {LOG}")
        return golden.Words().normal(text)

    def fields(self):
        """The journal's fields of each event, but for those that journald
        adds from what it may no longer find of a process."""
        variants = set()
        for entry in self.entries:
            optional = {"JUMP_DURATION_MS"} if (
                entry["JUMP_EVENT"] == "session.end") else set()
            names = sorted(name for name in set(entry) - optional
                           if not name.startswith("_"))
            variants.add(f"{entry['JUMP_EVENT']} {entry['JUMP_OUTCOME']} "
                         f"{entry.get('JUMP_REASON', '-')}\n    "
                         + "\n    ".join(names) + "\n")
        return "".join(sorted(variants))


@pytest.fixture(scope="module")
def container(open_site):
    with open_site(default_id()[:11] + "e") as one:
        yield Visits(one.install(), otp_grace="1h")


@pytest.fixture(scope="module")
def visit(container):
    return Played(container).told()


@pytest.fixture(scope="module")
def cut(container, visit):
    return visit.played.cut()


@pytest.fixture(scope="module")
def machine(vm_site):
    return Played(Visits(vm_site, audit="required", otp_grace="1h")).told()


WHAT = pytest.mark.parametrize("what", [
    "visit", "cut", pytest.param("machine", marks=pytest.mark.vm)])


@pytest.fixture
def told(what, request):
    return request.getfixturevalue(what)


@WHAT
def test_ausearch_tells_it(told):
    golden.check(f"{told.name}.ausearch", told.searched)


@WHAT
def test_aureport_and_aulast_tell_it(told):
    golden.check(f"{told.name}.aureport", told.reported)


@WHAT
def test_journal_entries_have_their_fields(told):
    golden.check(f"{told.name}.journal", told.fields)
