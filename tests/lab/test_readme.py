# SPDX-License-Identifier: BSD-2-Clause
"""README's "First window", typed as it stands there on machines that have the
packages and nothing else. It ends with the engineer's login."""
import re

import pytest

from jumplab import product
from jumplab.bed import wait_for
from jumplab.client import Totp
from jumplab.net import APPROVALS, BASTION, v4
from jumplab.place import SOURCE_DIR, default_id

# the first one builds the packages
pytestmark = [pytest.mark.vertical, pytest.mark.timeout(600)]

SECTION = r"## First window\n(.*?)\n## "
BLOCK = r"```(?:ini)?\n(.*?)```"
INSTALL = "DEBIAN_FRONTEND=noninteractive dpkg -i /root/debs/*.deb"


def blocks():
    readme = (SOURCE_DIR / "README.md").read_text()
    section = re.search(SECTION, readme, re.S)[1]
    return re.findall(BLOCK, section, re.S)


def typed(bed, block, **words):
    """A block of commands, with what a reader would put in for a word."""
    for word, value in words.items():
        block, found = re.subn(rf"\b{word}\b", value, block)
        assert found, f"README has no {word} any more"
    return bed.run(f"cd /root && set -e\n{block}", timeout=120).out


def test_first_window_as_written(open_site):
    (bastion_conf, zone, look, rights, check, people, meet,
     window) = blocks()
    with open_site(default_id()[:11] + "r") as site:
        bastion, service = site.bastion, site.approvals
        for bed, role in (bastion, "bastion"), (service, "approvals"):
            product.put_debs(bed, role)
            bed.run(INSTALL, timeout=300)
            bed.run(f"echo {v4('it', APPROVALS)} approvals >> /etc/hosts")

        # a container has no audit of its own
        bastion.put("/etc/jump/jump.conf", bastion_conf + "Audit = optional\n")
        bastion.put("/etc/jump/policy.d/cell-a.conf", zone)
        said = typed(bastion, look)
        key = re.search(r"^HostKey = (.*)$", said, re.M)[1]
        site.ot.trust_ca("cell-a", re.search(r"^ssh-\S+ \S+ jump-ca.*$", said,
                                             re.M)[0] + "\n")
        bastion.run(re.search(r"systemctl enable .*", said)[0])
        bastion.put("/etc/jump/policy.d/cell-a.conf", zone + "\n" +
                    rights.replace("ssh-ed25519 AAAA...", key))
        typed(bastion, check)

        service.run("cp /usr/share/doc/jump-approvals/examples/approvals.conf "
                    "/etc/jump")
        token = typed(service, people).split()[-1]
        bastion.put("/root/ca.crt", service.read("/root/rita/ca.crt"))
        typed(bastion, meet.replace("jumpctl join",
                                    f"echo {token} | jumpctl join"))

        service.put("/root/tech1.pub", site.supplier.public_key("id") + "\n")
        add, ask, approve = re.split(r"(?=^jumpctl (?:request|approve))",
                                     window, flags=re.M)
        seed = re.search(r"secret=([A-Z2-7]+)", typed(service, add))[1]
        asked = typed(service, ask)
        typed(service, approve, ID=re.search(r"\b01[0-9A-Z]{24}\b", asked)[0])

        def open_at_the_bastion():
            shown = bastion.run("jumpctl grants show").out
            return " open " in shown, shown
        wait_for(open_at_the_bastion, 10, "the window")
        seen = site.supplier.ssh(f"acme-tech1@{v4('it', BASTION)}", "plc-gw",
                                 "id", code=Totp(seed), options=["-p", "2222"])
        assert "(maint)" in seen.out, seen
        uid = bastion.run("id -u acme-tech1").out.strip()
        assert site.ot["plc-gw"].v4 in bastion.run_as(
            uid, ["getent", "ahosts", "plc-gw"]).out
