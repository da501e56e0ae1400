# SPDX-License-Identifier: BSD-2-Clause
"""Who else on the host reads names: nscd, which remembers them, and programs
that AppArmor confines. Both are the host's; suppliers are known to them, and
nothing of ours can take the host's own users away from them."""
import json
import time

import pytest

from jumplab.place import default_id
from jumplab.visit import Visits

pytestmark = pytest.mark.vertical

NEGATIVE_TTL = 20  # seconds that Debian's nscd knows nobody
USERS_DB = "/run/jump/db/current/users.db"

LOOKER = "/usr/local/bin/looker"
PROFILE = f"""include <tunables/global>
profile looker {LOOKER} {{
  include <abstractions/base>
  include <abstractions/nameservice>
  {LOOKER} mr,
}}
"""


# -- nscd

@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "s") as one:
        made = Visits(one.install())
        made.bastion.run("systemctl start nscd && useradd -m operator1")
        yield made


def known(bed, name):
    """As programs of the host ask: through nscd."""
    asked = bed.run(["strace", "-e", "trace=connect,openat", "getent",
                     "passwd", name], check=False)
    assert "/run/nscd/socket" in asked.err, asked
    assert "nsswitch.conf" not in asked.err, asked
    return asked.rc == 0


def test_nscd_knows_who_is_enrolled_at_once(visits):
    """It has just learnt that there is nobody of that name."""
    assert not known(visits.bastion, "acme-new")
    begin = time.monotonic()
    person = visits.enrol("acme-new", key="new")
    assert time.monotonic() - begin < NEGATIVE_TTL / 2
    assert known(visits.bastion, str(person.uid))
    visits.window(person.name)
    assert person.login("whoami").rc == 0


def test_nscd_knows_their_group(visits):
    """nscd asks for it in another way than a program; sshd lets nobody in
    who is not in it."""
    visits.enrol("acme-grouped", key="grouped")
    assert known(visits.bastion, "acme-grouped")
    assert "jump-users" in visits.bastion.run("id -Gn acme-grouped").out
    assert "jump-users" not in visits.bastion.run("id -Gn operator1").out


@pytest.mark.parametrize("how", ["mv {0} {0}.away",
                                 "cp -a {0} {0}.away; echo x > {0}",
                                 "cp -a {0} {0}.away; chmod 0 {0}"])
def test_nscd_answers_for_the_host_whatever_becomes_of_our_file(visits, how):
    visits.bastion.run(how.format(USERS_DB) + "; nscd -i passwd")
    try:
        assert known(visits.bastion, "root")
        assert known(visits.bastion, "operator1")
    finally:
        visits.bastion.run(f"mv {USERS_DB}.away {USERS_DB}; nscd -i passwd")
    assert known(visits.bastion, "acme-new")


def test_doctor_finds_an_nscd_that_would_hide_targets(visits):
    bed, conf = visits.bastion, "/etc/nscd.conf"
    bed.run(f"sed -i '/enable-cache.*hosts/d' {conf}; "
            f"echo 'enable-cache hosts yes' >> {conf}")
    seen = bed.run("jumpctl doctor --names", check=False)
    assert seen.rc == 1 and "enable-cache hosts no" in seen.out, seen
    bed.run(f"sed -i 's/hosts yes/hosts no/' {conf}")
    seen = bed.run("jumpctl doctor --names --json")
    assert json.loads(seen.out) == {"names": [], "ok": True}, seen


# -- AppArmor: its rules are the kernel's, so a machine with its own

@pytest.fixture(scope="module")
def confined(vm_site):
    bastion = Visits(vm_site, audit="required").bastion
    bastion.run(f"aa-enabled && cp /usr/bin/getent {LOOKER}", timeout=120)
    bastion.put("/etc/apparmor.d/looker", PROFILE)
    yield bastion
    bastion.run("apparmor_parser -R /etc/apparmor.d/looker; "
                f"rm -f /etc/apparmor.d/looker {LOOKER}")


@pytest.mark.vm
@pytest.mark.timeout(600)
def test_a_confined_program_may_look_up_suppliers(vm_site, confined):
    """Not without our snippet, and then the host's users are there as ever;
    with it as soon as setup-host has run."""
    snippet = "/etc/apparmor.d/abstractions/nameservice.d/jump"
    name = vm_site.visits.enrol("acme-looked", key="looked").name
    look = f"{LOOKER} passwd"
    confined.run(f"mv {snippet} /root/snippet && "
                 "apparmor_parser -rK /etc/apparmor.d/looker")
    assert confined.run(f"{look} {name}", check=False).rc == 2
    assert confined.run(f"{look} root").out.startswith("root:x:0:")
    confined.wait("grep 'apparmor=\"DENIED\".*looker.*/users.db' "
                  "/var/log/audit/audit.log")
    confined.run(f"mv /root/snippet {snippet} && /usr/lib/jump/setup-host",
                 timeout=300)
    assert confined.run(f"{look} {name}").out.startswith(f"{name}:*:19000")
    assert confined.run(f"{look} root").out.startswith("root:x:0:")
