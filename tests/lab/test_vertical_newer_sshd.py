# SPDX-License-Identifier: BSD-2-Clause
"""The sshd of the next Debian: one that is told its PAM service by an option
instead of by its program's name, and that has its work done by two programs.
The visits, refusals and cuts are those of the stock one."""
import re
import subprocess

import pytest

from jumplab import image
from jumplab.bed import wait_for
from jumplab.login import Login
from jumplab.party import NO_CODE
from jumplab.place import default_id
from jumplab.visit import PORT, V4
from test_vertical_cuts import (deaf_processes, nothing, party,
                                ready_for_cuts, under)
from test_vertical_cuts import test_a_revocation_cuts as a_revocation_cuts
from test_vertical_refusals import (test_locked_out, test_no_window,
                                    test_wrong_code)
from test_vertical_visit import (test_a_tunnel_to_a_panel,
                                 test_the_whole_visit_on_a_terminal,
                                 test_the_whole_visit_without_a_terminal)

pytestmark = pytest.mark.vertical


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "n") as one:
        one.install()
        one.bastion.put_tree(image.newer_sshd())
        one.bastion.run("systemctl restart ssh")
        yield ready_for_cuts(one, people=2)


def options(visits):
    return visits.bastion.read("/run/jump-sshd/options")


def ask_again(visits, check=True):
    return visits.bastion.run("/usr/lib/jump/jump-sshd-options", check=check)


def test_it_is_newer(visits):
    version = visits.bastion.run("/usr/lib/jump/jump-sshd -V 2>&1").out
    major, minor = re.match(r"OpenSSH_(\d+)\.(\d+)", version).groups()
    assert (int(major), int(minor)) >= (9, 8), version


def test_it_is_told_its_pam_service(visits):
    assert options(visits) == ("JUMP_SSHD_OPTIONS=-o PAMServiceName=jump-sshd "
                               "-o PerSourcePenalties=authfail:0\n")
    running = visits.bastion.run(
        "tr '\\0' ' ' < /proc/$(systemctl show -P MainPID jump-sshd)/cmdline")
    assert "-o PAMServiceName=jump-sshd" in running.out


def test_the_administrator_meets_the_stack_of_the_host(visits):
    """One binary, two services: no code is asked for there."""
    visits.bastion.put("/root/.ssh/authorized_keys",
                       visits.site.supplier.public_key() + "\n", 0o600)
    assert visits.site.supplier.ssh(f"root@{V4}", "id -un").out == "root\n"
    assert visits.bastion.run("journalctl -q -t sshd-session "
                              "--grep 'pam_unix.sshd:session.: .* root'").out


def test_who_was_refused_keeps_nobody_out(visits):
    """A window that is not open yet is no attack, however often somebody
    looks, and others come from the same address."""
    early = visits.enrol("acme-hasty", key="hasty")
    visits.window(early.name, opens=3600)
    other = visits.enrol("acme-patient", key="patient")
    visits.window(other.name)
    for code in [early.totp, *["000000"] * 4]:
        assert early.login("whoami", code=code).rc == 255
    assert other.login("whoami").rc == 0


@under([nothing, deaf_processes])
def test_a_revocation_cuts(visits, party, trouble):
    a_revocation_cuts(visits, party, trouble)


def test_logins_do_not_use_up_an_address(visits):
    """OpenSSH 10.0 never forgets one for PerSourceMaxStartups."""
    person = visits.enrol("acme-often", key="often")
    visits.window(person.name)
    staying = Login(person)
    for _ in range(12):
        did = person.login("whoami", code=NO_CODE)
        assert did.rc == 0, did
    staying.end()


def test_an_address_that_lets_logins_hang_is_kept_out(visits):
    """And nobody elsewhere."""
    config, stranger = "/etc/jump/sshd_config", visits.site.second_supplier
    person = visits.enrol("acme-elsewhere", key="elsewhere")
    visits.window(person.name)
    visits.bastion.run(f"cp {config} /root/; sed -i 's/^LoginGraceTime .*/"
                       f"LoginGraceTime 2/' {config}; "
                       "systemctl reload jump-sshd")
    try:
        for _ in range(4):
            stranger.popen(["nc", V4, PORT], stdin=subprocess.PIPE)
        wait_for(lambda: "Not allowed at this time" in stranger.run(
            ["nc", "-w", "2", V4, PORT], input="", check=False).out, 15,
            "no greeting any more")
        assert person.login("whoami").rc == 0
    finally:
        visits.bastion.run(f"cp /root/sshd_config {config}; "
                           "systemctl reload jump-sshd")


def test_what_the_administrator_says_of_penalties_counts(visits):
    config = "/etc/jump/sshd_config"
    visits.bastion.run(f"cp {config} /root/; "
                       f"echo '  perSourcePenalties no' >> {config}")
    try:
        ask_again(visits)
        assert "PerSourcePenalties" not in options(visits)
    finally:
        visits.bastion.run(f"cp /root/sshd_config {config}")
        ask_again(visits)


def test_one_that_can_not_be_told_is_not_started(visits):
    """Neither by name nor by option: it would take the host's stack."""
    sshd = "/usr/lib/jump/jump-sshd"
    before = options(visits)
    visits.bastion.run(f"mv {sshd} {sshd}.real")
    visits.bastion.put(sshd, f"""#!/bin/sh
case "$*" in *PAMServiceName*) exit 1 ;; esac
exec {sshd}.real "$@"
""", 0o755)
    try:
        did = ask_again(visits, check=False)
        assert did.rc != 0 and "not started" in did.err, did
    finally:
        visits.bastion.run(f"mv {sshd}.real {sshd}")
    assert options(visits) == before
