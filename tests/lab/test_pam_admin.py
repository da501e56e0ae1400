# SPDX-License-Identifier: BSD-2-Clause
"""The administrator's own sshd has nothing to do with us: each file of ours
is broken in turn, in each way, and the administrator comes in as ever."""
import shlex
import time

import pytest

from jumplab import product
from jumplab.place import default_id
from visitkit import V4, Visits, grant

pytestmark = pytest.mark.vertical

# What make install does not list: configuration and what runs write.
STATE = [
    "/etc/jump/jump.conf", "/etc/jump/policy.d/site.conf",
    "/run/jump/db/current/users.db", "/run/jump/db/current/rights.db",
    "/run/jump/clock", "/run/jump/health", "/var/lib/jump/faillock",
    "/var/lib/jump/otp", "/run/jump/sessions", "/run/jump/db",
]
WAYS = {
    "gone": "mv {0} {0}.broken",
    "empty": "mv {0} {0}.broken; : > {0}",
    "garbage": "mv {0} {0}.broken; head -c 4096 /dev/urandom > {0}",
    "unreadable": "cp -a {0} {0}.broken; chmod 000 {0}",
}
# "make install" puts these where the host's own tools look for them; what
# they say is for others to try.
NOT_OURS_TO_TRY = ("/usr/share/man", "/usr/lib/systemd/catalog",
                   "/usr/share/doc")


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "a") as one:
        made = Visits(one.install())
        public = one.supplier.public_key()
        made.bed.run("useradd -m operator1")
        made.bed.put("/root/.ssh/authorized_keys", public + "\n", 0o600)
        made.bed.put("/home/operator1/.ssh/authorized_keys", public + "\n",
                     0o600, "operator1:operator1")
        yield made


def files_of_ours(visits):
    stage = product.stage()
    found = sorted("/" + str(path.relative_to(stage))
                   for path in stage.rglob("*")
                   if path.is_file() or path.is_symlink())
    return [path for path in found + STATE
            if not path.startswith(NOT_OURS_TO_TRY)
            and visits.bed.exists(path)]


def comes_in(visits, user, limit=8):
    begin = time.monotonic()
    seen = visits.site.supplier.ssh(f"{user}@{V4}", "id -un; sudo -n true "
                                    "2>/dev/null; echo on", timeout=40)
    assert seen.rc == 0 and seen.out == f"{user}\non\n", seen
    assert time.monotonic() - begin < limit


@pytest.mark.parametrize("way", WAYS)
def test_administrator_comes_in_whatever_is_broken(visits, way):
    broken = files_of_ours(visits)
    for wanted in ("pam_jump.so", "libnss_jump.so.2", "jump-keys",
                   "pam.d/jump-sshd", "sshd_config", "users.db",
                   "user@.service.d/50-jump.conf", "jump-sshd"):
        assert any(path.endswith(wanted) for path in broken), wanted
    comes_in(visits, "root")
    for path in broken:
        reload = "systemctl daemon-reload; " if "/systemd/system/" in path \
            else ""
        name = shlex.quote(path)
        if way == "unreadable" and is_link(visits, path):
            continue  # the mode would be that of the file it names
        visits.bed.run(WAYS[way].format(name) + f"; {reload}true")
        try:
            comes_in(visits, "operator1")
        finally:
            visits.bed.run(f"rm -rf {name}; mv {name}.broken {name}; "
                           f"{reload}true")
    comes_in(visits, "root")
    person = visits.person()
    visits.publish([grant(person)])
    visits.bed.run("systemctl restart jump-sshd")
    assert visits.login(person, "whoami").rc == 0


def is_link(visits, path):
    return visits.bed.run(["test", "-L", path], check=False).rc == 0


def test_administrator_comes_in_while_suppliers_do(visits):
    """A user manager and a session of an administrator are as before."""
    seen = visits.site.supplier.ssh(
        f"operator1@{V4}", "systemctl --user is-system-running; "
        "systemctl show $(cut -d/ -f4 /proc/self/cgroup) -p RuntimeMaxUSec "
        "-p TimeoutStopUSec")
    assert sorted(seen.out.split("\n")) == [
        "", "RuntimeMaxUSec=infinity", "TimeoutStopUSec=1min 30s",
        "running"], seen


def test_stopping_one_sshd_leaves_the_other(visits):
    visits.bed.run("systemctl stop jump-sshd")
    comes_in(visits, "root")
    visits.bed.run("systemctl start jump-sshd")
    visits.bed.run("systemctl stop ssh")
    try:
        person = visits.person()
        visits.publish([grant(person)])
        visits.bed.wait("test -d /run/sshd")  # ssh.service took it along
        assert visits.login(person, "whoami").rc == 0
    finally:
        visits.bed.run("systemctl start ssh")
    comes_in(visits, "root")
