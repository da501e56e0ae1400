# SPDX-License-Identifier: BSD-2-Clause
"""The product in a pristine machine that nobody has configured yet."""
import pytest

from jumplab import net

pytestmark = pytest.mark.lab


def test_installed_bastion_is_whole(bastion):
    assert bastion.run("systemctl --failed --plain --no-legend").out == ""
    assert "VERB" in bastion.run("jumpctl --help").out
    owner = bastion.run("stat -c '%U:%G' /run/jump /var/lib/jump/otp").out
    assert owner == "root:root\nroot:root\n"


def test_sandboxed_watch_can_read_the_clock(bastion):
    """The kernel calls the clock synchronised; the unit must be able to see."""
    bastion.run("systemctl start jump-watch.service")
    clock = dict(line.split("=", 1)
                 for line in bastion.read("/run/jump/clock").splitlines())
    assert clock["synced"] == "1"


def test_local_names_resolve_and_strangers_do_not(bastion):
    assert bastion.run("getent passwd root").out.startswith("root:x:0:0:")
    assert bastion.run("getent passwd acme-tech1", check=False).rc == 2
    assert bastion.run("getent passwd 1900000001", check=False).rc == 2


def test_administrator_gets_in_as_ever(bastion, supplier):
    bastion.put("/root/.ssh/authorized_keys", supplier.public_key() + "\n",
                0o600)
    where = f"root@{net.v4('it', net.BASTION)}"
    assert supplier.ssh(where, "id -un").out == "root\n"


def test_approvals_host_is_no_bastion(approvals_host):
    assert approvals_host.run("systemctl --failed --plain --no-legend").out == ""
    units = approvals_host.run(["systemctl", "list-unit-files", "--plain",
                                "--no-legend", "jump-*"], check=False).out
    assert all(line.startswith("jump-approvals")
               for line in units.splitlines()), units
