# SPDX-License-Identifier: BSD-2-Clause
"""The demonstration: one visit of a supplier's engineer, each step explained,
done by the commands that people type, and looked at where it must show."""
import argparse
import contextlib
import os
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from jumplab import sweep  # noqa: E402
from jumplab.bed import wait_for  # noqa: E402
from jumplab.place import LabError, Place  # noqa: E402
from jumplab.site import Site  # noqa: E402
from jumplab.visit import PORT, V4, Visits, Person  # noqa: E402

IDENT = "demo"
WINDOW_SEC = 90
COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def quote(text, limit=14):
    """What a machine said, indented; long answers by their ends."""
    lines = text.replace("\r", "").strip("\n").split("\n")
    if len(lines) > limit:
        lines = lines[:limit - 4] + ["  ..."] + lines[-3:]
    for line in lines:
        print("    " + paint("2", line[:150]))


class Tour:
    """Steps in order. A step is a method; its docstring is what is said."""

    def __init__(self, site):
        self.site = site
        self.passed = self.failed = 0
        self.visits = self.tech = self.terminal = None
        self.grant = self.session = None
        self.ends = 0

    def play(self):
        for number, step in enumerate(STEPS, 1):
            print(f"\n{paint('1', f'{number}. {step.__doc__}')}", flush=True)
            begin = time.monotonic()
            try:
                step(self)
                self.passed += 1
                mark = paint("32", "seen")
            except Exception as error:  # a step that breaks was not seen
                self.failed += 1
                mark = paint("31", "NOT SEEN: ") + str(error)[-1500:]
            print(f"    -> {mark} ({time.monotonic() - begin:.1f} s)",
                  flush=True)
        print(f"\n{self.passed} steps passed, {self.failed} failed")
        return self.failed == 0

    def must(self, truth, what):
        if not truth:
            raise AssertionError(what)

    def expect(self, pattern, timeout=30):
        """Until the terminal shows it; what came before is quoted."""
        self.terminal.expect(pattern, timeout=timeout)
        quote(self.terminal.before + self.terminal.after)


def no_way_round(tour):
    """The OT network has no other door: the laptop tries the machine itself."""
    for address in (tour.site.ot["plc-gw"].v4, tour.site.ot["plc-gw"].v6):
        seen = tour.site.supplier.reaches(address, 22)
        quote(f"laptop$ nc -z {address} 22: {seen}")
        tour.must(seen != "open", f"{address} was reached directly")


def administrators(tour):
    """Administrators say what exists, join the bastion to the service, let people in."""
    tour.visits = Visits(tour.site, audit="required"
                         if tour.site.kind == "vm" else "optional")
    quote(tour.visits.bastion.run("jumpctl policy check").out +
          tour.visits.bastion.run("jumpctl health", check=False).out)


def enrolment(tour):
    """A supplier's engineer is enrolled: an ssh key, and a code generator (its QR shown once)."""
    tour.tech = tour.visits.enrol("acme-tech1")
    quote(tour.visits.bastion.run("getent passwd acme-tech1").out)


def too_soon(tour):
    """Without a window nobody comes in; after key and code the reason is told."""
    seen = tour.tech.login("whoami", options=["-o", "LogLevel=INFO"])
    quote(seen.out + seen.err)
    tour.must(seen.rc != 0, "came in without a window")
    tour.must("window" in seen.out + seen.err, "no reason was told")


def asking(tour):
    """Otto asks for a window: plc-gw by ssh, for a minute and a half."""
    tour.grant = tour.visits.request(lasts=WINDOW_SEC, who="otto")
    tour.ends = time.time() + WINDOW_SEC
    quote(tour.visits.jumpctl("otto", "requests").out)


def never_ones_own(tour):
    """Otto is an approver as well, but nobody approves what they asked for."""
    seen = tour.visits.approve(tour.grant, who="otto", check=False)
    quote(seen.out + seen.err)
    tour.must(seen.rc != 0, "otto approved his own request")


def approval(tour):
    """Anna approves. The service signs, the bastion fetches, checks and opens."""
    begin = time.monotonic()
    quote(tour.visits.approve(tour.grant).out)
    tour.visits.wait_grant(tour.grant)
    print(f"    in force after {time.monotonic() - begin:.1f} s")
    quote(tour.visits.bastion.run("jumpctl grants show").out)


def login(tour):
    """ssh acme-tech1@bastion: key, one-time code, and jumpshell says what is open."""
    tour.terminal = tour.tech.terminal()
    tour.expect("plc-gw")


def connection(tour):
    """connect plc-gw: a recorded session on a machine that can be reached in no other way."""
    tour.terminal.sendline("connect plc-gw")
    tour.expect(r"maint@plc-gw[^\n]*\$ ?|\$ ")
    tour.terminal.sendline("hostname; id -un; echo visit-$((40+2))")
    tour.expect("visit-42")


def granted_only(tour):
    """What was not granted is refused: another machine, and a way past the recorder."""
    seen = tour.tech.login("historian", "hostname")
    quote(seen.out + seen.err)
    tour.must(seen.rc != 0, "historian was reached")
    seen = tour.tech.login(
        options=["-W", f"{tour.site.ot['plc-gw'].v4}:22"])
    quote(seen.out + seen.err)
    tour.must("OpenSSH" not in seen.out, "a tunnel went round the recorder")


def sessions(tour):
    """The operator sees who is inside."""
    seen = tour.visits.bastion.run("jumpctl sessions").out
    quote(seen)
    tour.must("acme-tech1" in seen, "the session is not listed")


def warning(tour):
    """A minute before the end the engineer is warned, on the terminal only."""
    tour.expect("(?i)(window|ends|closes)[^\n]*(minute|UTC|[0-9]+ ?s)",
                timeout=WINDOW_SEC)


def cut(tour):
    """At the window's end the connection is cut and the session ends."""
    import pexpect
    tour.terminal.expect(pexpect.EOF, timeout=WINDOW_SEC + 10)
    late = time.time() - tour.ends
    quote(tour.terminal.before)
    print(f"    {late:+.1f} s from the window's end")
    tour.must(abs(late) < 3, f"cut {late:+.1f} s from the end")
    wait_for(lambda: not re.search(
        "acme-tech1", tour.visits.bastion.run("jumpctl sessions").out),
        5, "the session is gone from the list")


def recording(tour):
    """The recording shows what was shown, and its digest is in the audit log."""
    listed = tour.visits.bastion.run("jumpctl recording list").out
    quote(listed)
    name = tour.visits.bastion.run(
        "ls /var/lib/jump/recordings/*/*.cast | tail -1").out.strip()
    shown = tour.visits.bastion.run(["jumpctl", "recording", "cat", name]).out
    tour.must("visit-42" in shown, "the recording lacks what was shown")
    quote(tour.visits.bastion.run(
        ["jumpctl", "recording", "verify", name]).out)


def audit(tour):
    """Each step is in the audit log, as stock tools read it."""
    for command, want in audit_commands(tour.site):
        seen = run_audit(tour.site, command)
        print("    " + paint("1", "$ " + command))
        quote(seen, 10)
        for word in want:
            tour.must(re.search(word, seen), f"{command}: no {word}")


def journal(tour):
    """And in the journal, with the same session and grant."""
    seen = tour.visits.bastion.run(
        f"journalctl --no-pager -q -o short JUMP_GRANT={tour.grant}").out
    quote(seen)
    for word in ("Grant arrived", "Connection opened", "Connection closed"):
        tour.must(word in seen, f"the journal lacks: {word}")


STEPS = [administrators, no_way_round, enrolment, too_soon, asking,
         never_ones_own, approval, login, connection, granted_only, sessions,
         warning, cut, recording, audit, journal]


def audit_commands(site):
    log = "--input-logs" if site.kind == "vm" else "-if LOG"
    return [
        (f"ausearch {log} -i -m USER_ACCT", ["jump:access", "acme-tech1"]),
        (f"ausearch {log} -i -m USER_START -m USER_END",
         ["jump:conn_open", "jump:conn_close"]),
        (f"aureport {log} --login -i", ["acme-tech1|19000"]),
        (f"aureport {log} --anomaly", ["ANOM_LOGIN_TIME"]),
        ("aulast" if site.kind == "vm" else "aulast -f LOG",
         # aulast shows eight letters of a name
         ["acme-tec" if site.kind == "vm" else r"unknown\("]),
    ]


def run_audit(site, command):
    """In the VM its own auditd is read; a container's records are here."""
    if site.kind == "vm":
        return site.bastion.run(command, check=False, timeout=120).out
    log = site.place.dir / "audit-shown.log"
    site.audit.write(log)
    from jumplab.bed import run_host
    return run_host(["sh", "-c", command.replace("LOG", str(log))],
                    check=False).out


# -- after the visit: what to try

def new_window(visits):
    ident = visits.window(targets=("plc-gw",))
    print(visits.jumpctl("otto", "requests").out)
    return ident


def open_ssh(visits):
    seed = (visits.site.place.dir / "seed").read_text().strip()
    tech = Person(visits, "acme-tech1", 0, seed, visits.site.supplier, "id")
    if not visits.bastion.run("jumpctl grants show").out.count("open"):
        new_window(visits)
    child = tech.terminal()
    child.interact()


def show_audit(visits):
    for command, _ in audit_commands(visits.site):
        print("$ " + command)
        print(run_audit(visits.site, command))
    print(visits.bastion.run(
        "journalctl --no-pager -q -t jump -o short-precise").out)


def start(kind, script):
    with contextlib.suppress(LabError):
        sweep.sweep()
    if Place(IDENT).dir.exists():
        sweep.remove(IDENT)
    site = Site(IDENT, kind).up()
    try:
        site.install()
        tour = Tour(site)
        good = tour.play()
        if tour.tech:
            (site.place.dir / "seed").write_text(tour.tech.totp.seed)
    except BaseException:
        site.stop()
        raise
    if script:
        site.stop()
        return 0 if good else 1
    site.keep()
    print(f"""
It stays up. Try:
    ./demo approve     a new window of an hour
    ./demo ssh         come in as the engineer
    ./demo audit       what the auditor sees
    ./demo shell bastion
    ./demo stop
The service: https://10.10.0.5:8443 (in the lab's IT network); ssh: {V4} port {PORT}.""")
    return 0 if good else 1


def main():
    args = argparse.ArgumentParser(add_help=False)
    args.add_argument("verb", nargs="?", default="play")
    args.add_argument("rest", nargs="*")
    args.add_argument("--script", action="store_true")
    args.add_argument("--containers", action="store_true")
    args = args.parse_args()
    if args.verb == "play":
        return start("nspawn" if args.containers else "vm", args.script)
    if args.verb == "stop":
        sweep.remove(IDENT)
        return 0
    if args.verb == "shell":
        os.execv(str(pathlib.Path(__file__).parent / "lab"),
                 ["lab", "shell", "--id", IDENT, *args.rest])
    verbs = {"ssh": open_ssh, "approve": new_window, "audit": show_audit}
    if args.verb not in verbs:
        print(f"no such thing to do: {args.verb} (./demo --help)",
              file=sys.stderr)
        return 2
    verbs[args.verb](Visits.attach(Site.attach(IDENT)))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"demo: {error}")
