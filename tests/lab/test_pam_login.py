# SPDX-License-Identifier: BSD-2-Clause
"""Coming in through jump-sshd: key, code, window, session. sshd, PAM,
logind, NSS and the kernel's audit are real; rights come from mkrights."""
import re
import time

import pexpect
import pytest

from jumplab.bed import wait_for
from jumplab.place import default_id
from visitkit import ASKED, PEOPLE, PORT, V4, V6, Visits, grant

pytestmark = pytest.mark.vertical

@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "p") as one:
        yield Visits(one.install())


def test_stock_sshd_is_told_its_pam_service_by_its_name(visits):
    """The other way is test_vertical_newer_sshd.py."""
    assert visits.bed.read("/run/jump-sshd/options") == \
        "JUMP_SSHD_OPTIONS=-o PerSourceMaxStartups=10\n"


LOUD = ["-o", "LogLevel=INFO"]  # ssh shows PAM's texts from there on


@pytest.fixture
def tech(visits):
    """Somebody new with an open window; nobody else has a session."""
    visits.wait_records(0)
    visits.bed.run("rm -rf /var/lib/jump/faillock/*")
    visits.policy()
    person = visits.person()
    visits.publish([grant(person)])
    visits.bed.run("systemctl start jump-watch.timer")
    return person


def denied(visits, mark, person, reason):
    """What the audit log has of a refusal by the account step."""
    record = visits.site.audit.wait(mark, type="USER_ACCT", op="jump:access",
                                    acct=person.name, res="failed")
    assert record["reason"] == reason, record.line
    return record


@pytest.mark.parametrize("where", [V4, V6])
def test_login_without_terminal(visits, tech, where):
    mark = visits.site.audit.mark()
    seen = visits.login(tech, "whoami", where=where)
    assert seen.rc == 0, seen
    assert seen.out.startswith(f"You are {tech.name} at bastion-1.\n")
    session = re.search(r"Session ([0-9a-f-]{36}), from", seen.out)[1]
    checked = visits.site.audit.wait(mark, type="USER_ACCT", uuid=session,
                                     op="jump:access")
    assert checked["res"] == "success" and checked["acct"] == tech.name
    assert checked["grant"] == f"G-{tech.name}"
    login = visits.site.audit.wait(mark, type="USER_LOGIN", uuid=session)
    assert login["auid"] == str(tech.uid)
    assert login["ses"] not in ("", "4294967295")
    visits.wait_records(0)
    for event in ("access.check", "session.start", "session.end"):
        assert tech.name in visits.bed.run(
            ["journalctl", "-q", "--no-pager", f"JUMP_EVENT={event}",
             f"JUMP_SESSION={session}"]).out


def test_login_on_a_terminal(visits, tech):
    child = visits.site.supplier.terminal(
        f"{tech.name}@{V4}", options=["-p", PORT])
    child.expect(re.escape(ASKED))
    child.sendline(tech.totp.code())
    child.expect(tech.name)
    record, = visits.wait_records(1).values()
    assert record["factor"] == "code"
    child.sendline("exit")
    child.expect(pexpect.EOF)
    visits.wait_records(0)


def test_session_record_is_the_truth(visits, tech):
    child = visits.start(tech, options=["-N"])
    (scope, record), = visits.wait_records(1).items()
    cgroup = f"/user.slice/user-{tech.uid}.slice/{scope}"
    assert record["cgroup"] == cgroup
    inode = visits.bed.run(["stat", "-c", "%i", f"/sys/fs/cgroup{cgroup}"])
    assert record["cgroup_id"] == inode.out.strip()
    monitor = record["monitor"]
    assert monitor in visits.bed.read(f"/sys/fs/cgroup{cgroup}/cgroup.procs")
    stat = visits.bed.read(f"/proc/{monitor}/stat").rsplit(")", 1)[1].split()
    assert record["monitor_start"] == stat[19]
    assert record["auid"] == visits.bed.read(f"/proc/{monitor}/loginuid")
    assert record["ses"] == visits.bed.read(f"/proc/{monitor}/sessionid")
    assert record["source"] == "10.10.0.20" and record["user"] == tech.name
    key = visits.site.supplier.run(["ssh-keygen", "-lf", str(
        visits.site.supplier.key())]).out.split()[1]
    assert record["key"] == key
    limit = visits.bed.run(["systemctl", "show", scope, "-p",
                            "RuntimeMaxUSec", "--value"]).out.strip()
    assert limit == "8h"
    mode = visits.bed.run(["stat", "-c", "%a %U:%G",
                           f"/run/jump/sessions/{scope}"]).out.strip()
    assert mode == "640 root:jump-gates"
    manager = visits.bed.run(f"systemctl is-active user@{tech.uid}",
                             check=False).out.strip()
    assert manager == "inactive"
    child.terminate()
    visits.wait_records(0)


def test_two_keys_two_sessions(visits, tech):
    first = visits.start(tech, options=["-N"])
    visits.wait_records(1)
    second = visits.start(tech, options=["-N"], key="second")
    one, two = visits.wait_records(2).values()
    assert one["key"] != two["key"] and one["uuid"] != two["uuid"]
    assert one["ses"] != two["ses"] and one["cgroup_id"] != two["cgroup_id"]
    mine = visits.site.supplier.run(["ssh-keygen", "-lf", str(
        visits.site.supplier.key("second"))]).out.split()[1]
    first.terminate()
    left, = visits.wait_records(1).values()
    assert left["key"] == mine and second.poll() is None
    second.terminate()


CLOSED = {
    "no_grant": (lambda who: [], "No window has been approved for you."),
    "late": (lambda who: [grant(who, opens=-7200, lasts=3600)],
             "Your window is over."),
    "early": (lambda who: [grant(who, opens=5400, lasts=600)],
              "Your window is not open yet."),
    "revoked": (lambda who: [grant(who, revoked=True)],
                "Your window was revoked."),
    "source": (lambda who: [grant(who, sources=["192.0.2.0/24"])],
               "Your window is not valid from this network address."),
}


@pytest.mark.parametrize("reason", CLOSED)
def test_closed_window_is_told_after_both_factors(visits, tech, reason):
    grants, text = CLOSED[reason]
    visits.publish(grants(tech))
    mark = visits.site.audit.mark()
    seen = visits.login(tech, "whoami", options=LOUD)
    assert seen.rc == 255
    assert text in seen.err, seen
    if reason == "early":
        assert re.search(r"Your next window opens (today|tomorrow) \d\d:\d\d"
                         r"(:\d\d)? UTC \(.* Europe/Berlin\), plc-gw, "
                         r"hmi-1\.", seen.err), seen
    record = denied(visits, mark, tech, reason)
    assert tech.name in visits.bed.run(
        ["journalctl", "-q", "--no-pager", f"JUMP_SESSION={record['uuid']}",
         f"JUMP_REASON={reason}", "JUMP_OUTCOME=failure"]).out
    # with a wrong code nobody is told
    seen = visits.login(tech, "whoami", code="000000", options=LOUD)
    assert seen.rc == 255 and "window" not in seen.err.lower()


NOBODY = "so nobody may come in. Ask the operator of this bastion."
WATCH_STOPS = "systemctl stop jump-watch.timer jump-watch.service; "
ILL = {
    "clock": (WATCH_STOPS + "sed -i s/^trusted=1/trusted=0/ /run/jump/clock",
              f"does not trust its clock at the moment, {NOBODY}"),
    # what a container's health says: audit can't be asked there
    "audit": ("true", f"can't write its audit log at the moment, {NOBODY}"),
    "health": (WATCH_STOPS + "rm /run/jump/health",
               f"does not know its own state at the moment, {NOBODY}"),
    "stale": ("true", "has not heard from the approvals service for too "
              f"long, {NOBODY}"),
    "disabled": ("true", "Your account is disabled at this bastion."),
    "sessions": ("true", "You have as many sessions open as you may. Close "
                 "one first."),
}


@pytest.mark.parametrize("reason", ILL)
def test_other_refusals_are_told_after_both_factors(visits, tech, reason):
    ill, text = ILL[reason]
    if reason in ("audit", "health"):
        visits.policy(audit="required")
    if reason == "sessions":
        visits.policy(conduit="MaxSessions = 1\n")
    if reason == "disabled":
        tech = visits.people[PEOPLE - 1]
    visits.publish([grant(tech)], life=-1 if reason == "stale" else 86400)
    if reason == "sessions":
        visits.start(tech, options=["-N"])
        visits.wait_records(1)
    mark = visits.site.audit.mark()
    visits.bed.run(ill)
    seen = visits.login(tech, "whoami", options=LOUD)
    assert seen.rc == 255
    assert text in seen.err, seen
    denied(visits, mark, tech, reason)


def refused(visits, person, reason, code):
    """A login that must fail without a word: (its text, its time)."""
    mark = visits.site.audit.mark()
    begin = time.monotonic()
    seen = visits.login(person, "whoami", code=code, options=LOUD)
    took = time.monotonic() - begin
    assert seen.rc == 255 and "Permission denied" in seen.err, seen
    kind = "RESP_ACCT_LOCK_TIMED" if reason == "locked" else "USER_AUTH"
    visits.site.audit.wait(mark, type=kind, res="failed", reason=reason,
                           acct=person.name)
    return seen.err.replace(person.name, "NAME"), took


def test_what_is_wrong_with_a_code_is_not_told(visits, tech):
    """Wrong, used, no seed, locked: one text, one time."""
    seen = [refused(visits, tech, "otp_bad", "000000")]
    code = tech.totp.code()
    assert visits.login(tech, "whoami", code=code).rc == 0
    seen.append(refused(visits, tech, "otp_replay", code))
    visits.bed.run(f"rm /run/jump/seeds/{tech.uid}")
    seen.append(refused(visits, tech, "no_seed", code))
    visits.bed.run(visits.seed_script(tech))
    for _ in range(3):
        visits.login(tech, "whoami", code="000000")
    seen.append(refused(visits, tech, "locked", tech.totp.code()))
    assert len({text for text, _ in seen}) == 1, seen
    times = [took for _, took in seen]
    assert min(times) > 1.5 and max(times) - min(times) < 1, times
    # an operator opens it again; a right code is good then
    visits.bed.run(f"faillock --dir /var/lib/jump/faillock --user {tech.name} "
                   "--reset")
    assert visits.login(tech, "whoami").rc == 0


def test_lockout_is_kept_on_disk(visits, tech):
    for _ in range(5):
        visits.login(tech, "whoami", code="000000")
    tally = visits.bed.run("faillock --dir /var/lib/jump/faillock "
                           f"--user {tech.name}").out
    assert tally.count("10.10.0.20") == 5
    kind = visits.bed.run("stat -f -c %T /var/lib/jump/faillock").out.strip()
    assert kind != "tmpfs"


def test_one_factor_is_none(visits, tech):
    for options in (["-o", "KbdInteractiveAuthentication=no"],
                    ["-o", "PubkeyAuthentication=no"]):
        seen = visits.login(tech, "whoami", options=options)
        assert seen.rc == 255 and "Permission denied" in seen.err
    seen = visits.login(tech, "whoami", key="stranger")
    assert seen.rc == 255 and "Permission denied (publickey)" in seen.err
    assert not visits.records()


def test_local_accounts_do_not_come_in_here(visits, tech):
    public = visits.site.supplier.public_key()
    visits.bed.run("id operator1 2>/dev/null || useradd -m operator1")
    for home, user in (("/root", "root"), ("/home/operator1", "operator1")):
        visits.bed.put(f"{home}/.ssh/authorized_keys", public + "\n", 0o600,
                       f"{user}:{user}")
        mark = visits.bed.journal_mark()
        seen = visits.login(user, "id", code="000000")
        assert seen.rc == 255 and "Permission denied" in seen.err, seen
        assert "Accepted" not in visits.bed.journal(since=mark)
    # not even when sshd is told to let them: PAM refuses too
    config = visits.bed.read("/etc/jump/sshd_config")
    visits.bed.put("/etc/jump/sshd_config", config.replace(
        "AllowGroups jump-users\n", "").replace(
        "AuthorizedKeysFile none", "AuthorizedKeysFile .ssh/authorized_keys"))
    visits.bed.run("systemctl restart jump-sshd")
    try:
        mark = visits.site.audit.mark()
        seen = visits.login("operator1", "id", code="000000")
        assert seen.rc == 255, seen
        assert visits.site.audit.wait(mark, type="USER_AUTH", res="failed",
                                      acct="operator1")
    finally:
        visits.bed.put("/etc/jump/sshd_config", config)
        visits.bed.run("systemctl restart jump-sshd")


def test_grace_for_a_code(visits, tech):
    visits.policy(conduit="OtpGrace = 10m\n")
    visits.publish([grant(tech)])
    first = visits.start(tech, options=["-N"])
    visits.wait_records(1)
    mark = visits.site.audit.mark()
    seen = visits.login(tech, "whoami", code="000000")
    assert seen.rc == 0, seen
    assert visits.site.audit.wait(mark, type="USER_ACCT", op="jump:access",
                                  reason="otp_grace", res="success")
    # another key has to show a code, and everybody once the session is over
    assert visits.login(tech, "whoami", code="000000", key="second").rc == 255
    first.terminate()
    visits.wait_records(0)
    assert visits.login(tech, "whoami", code="000000").rc == 255


def test_many_at_once_are_no_more_than_allowed(visits, tech):
    """Parallel logins may all pass the first count; the last one is made
    under a lock. What is refused then has no record and is ended."""
    visits.policy(conduit="OtpGrace = 10m\nMaxSessions = 3\n")
    visits.publish([grant(tech)])
    visits.start(tech, options=["-N"])
    visits.wait_records(1)
    others = [visits.start(tech, options=["-N"], code="000000")
              for _ in range(6)]
    wait_for(lambda: sum(one.poll() is None for one in others) == 2, 20,
             "four of six are gone")
    assert len(visits.wait_records(3)) == 3


def test_refused_session_is_ended(visits, tech):
    """open_session fails: sshd keeps -N up, the watch does not."""
    visits.bed.run("mv /run/jump/sessions /run/jump/sessions.away")
    try:
        mark = visits.site.audit.mark()
        child = visits.start(tech, options=["-N"])
        visits.site.audit.wait(mark, 15, type="USER_LOGIN", res="failed",
                               reason="record")
        begin = time.monotonic()
        assert child.wait(15) == 255
        assert time.monotonic() - begin < 6
    finally:
        visits.bed.run("rm -rf /run/jump/sessions; "
                       "mv /run/jump/sessions.away /run/jump/sessions")
    assert visits.login(tech, "whoami").rc == 0


def test_outer_bound_ends_a_session_alone(visits, tech):
    """The watch is stopped, -N runs no jumpshell: systemd ends it."""
    visits.policy(window="1m")
    visits.publish([grant(tech, opens=-5, lasts=60)])
    visits.bed.run("systemctl stop jump-watch.timer jump-watch.service")
    child = visits.start(tech, options=["-N"])
    (scope, record), = visits.wait_records(1).items()
    assert child.wait(90) == 255
    assert 59 <= time.time() - int(record["started"]) < 64
    visits.bed.wait(["sh", "-c", f"journalctl -q -u {scope} | grep -q "
                     "'Scope reached runtime time limit'"])
    failed = visits.bed.run("systemctl --failed --plain --no-legend").out
    assert "session-" not in failed


def test_restart_leaves_sessions_alone(visits, tech):
    child = visits.start(tech, options=["-N"])
    visits.wait_records(1)
    visits.bed.run("systemctl restart jump-sshd")
    assert visits.login(tech, "whoami").rc == 0
    assert child.poll() is None and len(visits.wait_records(1)) == 1
    child.terminate()


def test_forwarding_is_fenced(visits, tech):
    """What is not granted is refused by sshd itself, on both ways."""
    child = visits.start(tech, options=[
        "-N", "-o", "ControlMaster=yes", "-o",
        f"ControlPath={visits.site.supplier.dir}/mux"])
    visits.wait_records(1)
    for target in ("10.20.0.12:22", "10.20.0.10:80", "localhost:22",
                   "127.0.0.1:722", "[::1]:22"):
        seen = visits.login(tech, code="none", options=[
            "-o", f"ControlPath={visits.site.supplier.dir}/mux", "-W", target])
        assert seen.rc == 255
        host, port = target.strip("[").replace("]", "").rsplit(":", 1)
        visits.bed.wait(["sh", "-c", "journalctl -q | grep -qF 'to connect to "
                         f"host {host} port {port}, but the request was "
                         "denied'"])
    seen = visits.login(tech, code="none", options=[
        "-o", f"ControlPath={visits.site.supplier.dir}/mux", "-O", "forward",
        "-R", "9999:localhost:22"])
    assert seen.rc != 0
    child.terminate()


def test_codes_and_seeds_are_in_no_log(visits, tech):
    mark, journal = visits.site.audit.mark(), visits.bed.journal_mark()
    good, bad = tech.totp.code(), "918273"
    assert visits.login(tech, "whoami", code=good).rc == 0
    assert visits.login(tech, "whoami", code=bad).rc == 255
    secret = visits.bed.read(f"/run/jump/seeds/{tech.uid}").split("secret=")[1]
    messages = visits.bed.run(
        ["journalctl", "-q", "--no-pager", "-o", "cat", "--output-fields="
         "MESSAGE,JUMP_REASON,JUMP_COMMAND", f"--after-cursor={journal}"]).out
    told = visits.site.audit.text(mark) + messages
    assert tech.name in told
    assert secret.strip() not in told and tech.seed not in told
    for code in (good, bad):
        assert not re.search(rf"(?<![\d.]){code}(?!\d)", told)


def test_ssh_audit_has_no_failure(visits, tech):
    seen = visits.site.supplier.run(
        ["ssh-audit", "--no-colors", "-p", PORT, V4], check=False)
    assert "[fail]" not in seen.out, seen
    assert "(kex)" in seen.out and "ssh-ed25519" in seen.out
