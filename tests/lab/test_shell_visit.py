# SPDX-License-Identifier: BSD-2-Clause
"""jumpshell, recorder and certificates behind the real sshd, PAM, filter and
systemd: a supplier's engineer with key and code. What needs no sshd in front
is in tests/bed."""
import hashlib
import json
import os
import re
import time

import pytest

from jumplab.bed import wait_for
from jumplab.place import default_id
from jumplab.visit import V4, V6, Visits

pytestmark = pytest.mark.vertical

TARGETS = ("plc-gw", "hmi-1")


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "s") as one:
        yield Visits(one.install())


@pytest.fixture(scope="module")
def tech(visits):
    person = visits.enrol()
    visits.grant_id = visits.window(targets=TARGETS, lasts=7200)
    return person


def recordings(visits):
    return json.loads(visits.bastion.run(
        ["jumpctl", "recording", "list", "--json"]).out)


@pytest.mark.parametrize("where", [V4, V6])
def test_a_command_by_both_internet_protocols(visits, tech, where):
    seen = tech.login("plc-gw", "echo at-$((40+2)); exit 7", where=where)
    assert seen.rc == 7 and "at-42" in seen.out, seen
    last = recordings(visits)[-1]
    assert (last["user"], last["target"], last["account"], last["reason"],
            last["grant"]) == ("acme-tech1", "plc-gw", "maint", "closed",
                               visits.grant_id)


def test_menu_terminal_and_back(tech):
    t = tech.terminal()
    t.expect("Open now:")
    t.expect("jump> ")
    t.sendline("connect plc-gw")
    t.expect(r"\$ ")
    t.sendline("echo in-$((6*7)); exit 3")
    t.expect("in-42")
    t.expect("jump> ")
    t.sendline("window")
    t.expect("You are acme-tech1 at bastion-1")
    t.expect(r"UTC \(.*Europe/Berlin\)")
    t.expect("jump> ")
    t.sendline("exit")
    t.wait()


def test_big_input_is_byte_exact(visits, tech, tmp_path):
    big = tmp_path / "big"
    big.write_bytes(os.urandom(20_000_003))
    want = hashlib.sha256(big.read_bytes()).hexdigest()
    with open(big, "rb") as f:
        p = tech.start("plc-gw", "cat > f; sha256sum < f", stdin=f)
        out, err = p.communicate(timeout=120)
    assert want in out, (out, err)
    conn = recordings(visits)[-1]["conn"]
    kept = visits.bastion.run(
        f"cat /var/lib/jump/recordings/*/*.{conn}.cast").out
    assert f'"h","20000003 {want}"' in kept


def test_transfers_and_their_tricks_are_refused(tech, tmp_path):
    trick = tech.login("scp -t /tmp/x; bash", options=["-tt"])
    assert trick.rc == 255 and "Leave out -O" in trick.out + trick.err
    target = f"acme-tech1@{V4}:/tmp/x"
    file = tmp_path / "f"
    file.write_text("x")
    for more in ([], ["-O"]):
        argv = tech.client.ssh_argv(
            target, key=tech.key, program="scp",
            options=["-P", "2222", *more])[:-1] + [str(file), target]
        seen = tech.client.run(argv, check=False,
                               env=tech.client.environment(tech.totp))
        assert seen.rc != 0, seen


def test_processes_of_a_session(visits, tech):
    """Who runs as whom, and how much memory our own take."""
    t = tech.terminal("plc-gw", options=["-tt"])
    t.expect(r"\$ ")
    time.sleep(5)
    table = visits.bastion.run(
        "for p in /proc/[0-9]*; do e=$(readlink $p/exe) || continue; "
        "case $e in /usr/lib/jump/jump-sshd) continue ;; /usr/lib/jump/*) "
        "echo $e $(stat -c %U $p) $(awk '/^Pss:/{print $2}' "
        "$p/smaps_rollup) $(grep Seccomp: $p/status);; esac; done").out
    rows = [line.split() for line in table.splitlines()]
    by_name = {os.path.basename(row[0]): row for row in rows}
    assert by_name["jumpshell"][1] == "acme-tech1"
    assert by_name["jump-record"][1] == "jump-record"
    assert by_name["jump-record"][4] == "2"
    assert by_name["jump-relay"][1] == "jump-relay"
    assert "jump-keypair" not in by_name and "jump-cert" not in by_name
    # jump-fetch waits for news whether or not anybody is in
    total = sum(int(row[2]) for row in rows
                if not row[0].endswith("/jump-fetch")) / 1024
    assert total < 3.0, table
    t.sendline("exit")
    t.wait()


def test_a_killed_recorder_ends_the_connection(visits, tech):
    t = tech.terminal()
    t.expect("jump> ")
    t.sendline("plc-gw")
    t.expect(r"\$ ")
    began = time.monotonic()
    visits.bastion.run("pkill -9 -x jump-record")
    t.expect("the recording broke off", timeout=5)
    assert time.monotonic() - began < 2
    t.expect("jump> ")
    t.sendline("exit")
    t.wait()
    assert visits.bastion.run(
        "systemctl list-units --failed --plain --no-legend 'jump-*'").out == ""


def test_units_after_a_flood(visits, tech):
    """Sockets do not switch themselves off when many knock at once."""
    running = [tech.start("list") for _ in range(2)]
    for p in running:
        p.communicate(timeout=60)
    visits.bastion.run(
        "for i in $(seq 300); do python3 -c '"
        "import socket; s=socket.socket(socket.AF_UNIX,"
        "socket.SOCK_SEQPACKET); s.connect(\"/run/jump/record.sock\")'; "
        "done", timeout=120)
    for unit in ("jump-record.socket", "jump-cert@cell-a.socket"):
        assert visits.bastion.run(
            ["systemctl", "is-active", unit]).out.strip() == "active"
    assert tech.login("plc-gw", "echo on").out.strip() == "on"


def test_what_a_target_is_told(visits, tech):
    """The certificate's words are in the target's own log."""
    tech.login("hmi-1", "true")
    conn = recordings(visits)[-1]["conn"]
    words = re.compile(rf"grant={visits.grant_id} user=acme-tech1 "
                       rf"session=\S+ conn={conn}")

    def look():
        text = visits.ot.log("hmi-1")
        return bool(words.search(text)), text[-1500:]
    wait_for(look, 5, "the certificate's words")


def test_security_of_the_units(visits):
    """systemd's own measure: 2.0 or less where the work allows."""
    seen = visits.bastion.run(
        "systemd-analyze security --no-pager jump-record@x.service "
        "jump-cert@cell-a.service | grep Overall", check=False).out
    scores = [float(x) for x in re.findall(r": ([0-9.]+) ", seen)]
    assert scores and max(scores) <= 2.0, seen
