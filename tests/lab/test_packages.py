# SPDX-License-Identifier: BSD-2-Clause
"""The Debian packages on machines that know nothing of them: installed,
upgraded, removed, purged. Whatever happens, the administrator gets in and
evidence stays."""
import hashlib

import pytest

from jumplab import net, product
from jumplab.inside import when_gone
from jumplab.party import Party, sessions
from jumplab.place import default_id
from jumplab.visit import Visits

# the first one builds the packages
pytestmark = [pytest.mark.vertical, pytest.mark.timeout(600)]

ADDRESS = net.v4("it", net.BASTION)
DPKG = "DEBIAN_FRONTEND=noninteractive dpkg --force-confold "
BOTH = "jump-bastion jumpctl"
RECORDING = "/var/lib/jump/recordings/2026-11-23/kept.cast"

# What two ways of installing must leave alike: name, mode, owner, link.
LISTING = r"""
find /etc/jump /etc/pam.d/jump-sshd /run/jump /var/lib/jump /usr/lib/jump \
	/usr/lib/sysusers.d/jump* /usr/lib/tmpfiles.d/jump* \
	/usr/lib/systemd/journald.conf.d /usr/lib/systemd/system/*jump* \
	/etc/audit/rules.d/*jump* /etc/apparmor.d/abstractions/nameservice.d \
	! -type s ! -path '/var/lib/jump/state/*' ! -path '/run/jump/*/*' \
	-printf '%p %y %m %u:%g\n' | sort
getcap /usr/lib/jump/*
grep -E '^(passwd|group|hosts):' /etc/nsswitch.conf
systemctl list-unit-files --plain --no-legend 'jump-*' | awk '{print $1, $2}'
"""

# Files of the watch and of others who write when they run.
OWN_TIME = ("/run/jump/filter ", "/run/jump/clock ", "/run/jump/health ",
            "/run/jump/apply ", "/run/jump/enforce.lock ", "/run/jump/apply.lock ",
            "/run/jump/wake ", "/run/jump/sightings ")


@pytest.fixture
def pristine(open_site):
    """A site of bare machines; the packages lie in /root/debs."""
    with open_site(default_id()[:11] + "p") as site:
        bed = site.bastion
        product.put_debs(bed, "bastion")
        bed.put("/root/.ssh/authorized_keys",
                site.supplier.public_key() + "\n", 0o600)
        yield site


def install(bed):
    return bed.run(DPKG + "-i /root/debs/*.deb", timeout=300)


def whole(site):
    """Nothing failed, and the administrator gets in."""
    failed = site.bastion.run("systemctl --failed --plain --no-legend").out
    assert failed == ""
    login = site.supplier.ssh(f"root@{ADDRESS}", "id -un; systemctl "
                              "is-active systemd-logind")
    assert login.out == "root\nactive\n", login


def states(bed, *units):
    shown = bed.run(["systemctl", "show", "-P", "ActiveState", *units]).out
    return shown.split()


def main_pid(bed, unit="jump-sshd.service"):
    return int(bed.run(["systemctl", "show", "-P", "MainPID", unit]).out)


def nothing_listens(bed):
    assert ":2222" not in bed.run("ss -Hltn").out
    assert ":722" not in bed.run("ss -Hltn").out


def test_two_builds_are_the_same(tmp_path):
    """Whoever builds these sources gets these packages, byte for byte."""
    def digests(paths):
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                for path in paths}
    ours = digests(product.debs())
    assert len(ours) == 3
    assert digests(product.debs_again(tmp_path)) == ours


def test_installed_and_not_configured(pristine):
    bed = pristine.bastion
    whole(pristine)
    install(bed)
    whole(pristine)
    assert states(bed, "jump-sshd.service", "jump-filter.service",
                  "jump-relay.socket", "jump-record.socket",
                  "jump-check.socket",
                  "jump-filter-news.socket", "jump-watch.timer",
                  "jump-apply.path") == ["active"] * 8
    # a filter that lets nobody out stands in for the policy
    assert "reject" in bed.run("nft list table inet jumphost").out
    refused = pristine.supplier.ssh(f"acme-tech1@{ADDRESS}", "true",
                                    options=["-p", "2222"])
    assert refused.rc == 255 and "Permission denied" in refused.err
    assert bed.run("dpkg --verify jump-bastion jumpctl").out == ""
    assert "jump: Session started" in bed.run("journalctl --list-catalog").out
    assert bed.run("bash -c '. /usr/share/bash-completion/completions/jumpctl "
                   "&& complete -p jumpctl'").out.strip()
    examples = "/usr/share/doc/jump-bastion/examples"
    bed.run(f"jumpctl policy check --dir {examples}")


def test_made_and_packaged_beds_are_alike(pristine, bastion):
    """`make install` and image/install.sh against dpkg: nothing of either
    way is missing in the other."""
    install(pristine.bastion)
    pristine.bastion.run("systemctl stop jump-watch.timer "
                          "jump-watch")

    def listing(bed):
        lines = bed.run(LISTING).out.replace("../../sbin/sshd",
                                             "/usr/sbin/sshd").splitlines()
        return [line for line in lines if not line.startswith(OWN_TIME)]
    packaged, made = listing(pristine.bastion), listing(bastion)
    assert [line for line in packaged if line not in made] == []
    assert [line for line in made if line not in packaged] == []


def test_upgrade_over_itself(pristine):
    bed = pristine.bastion
    install(bed)
    listener = main_pid(bed)
    socket = bed.run("stat -c %i /run/jump/relay.sock /run/jump/record.sock")
    bed.run("echo '# ours' >> /etc/jump/banner && systemctl disable -q "
            "jump-watch.timer && sed -i 's/ jump//' /etc/nsswitch.conf && "
            "nft add element inet jumphost granted4 "
            "'{ 1900000001 . 10.20.0.10 . 22 timeout 1h }'")
    install(bed)
    whole(pristine)
    assert main_pid(bed) != listener
    # what the administrator chose stays so
    assert "# ours" in bed.read("/etc/jump/banner")
    assert "jump" not in bed.read("/etc/nsswitch.conf")
    assert bed.run("systemctl is-enabled jump-watch.timer",
                   check=False).out == "disabled\n"
    # what must not stop did not
    assert bed.run("stat -c %i /run/jump/relay.sock "
                   "/run/jump/record.sock").out == socket.out
    assert "1900000001" in bed.run("nft list set inet jumphost granted4").out
    assert bed.run("getcap /usr/lib/jump/jumpshell").out == \
        "/usr/lib/jump/jumpshell cap_audit_write=ep\n"
    assert bed.run("stat -c '%a %U:%G' /usr/lib/jump/jumpshell").out == \
        "750 root:jump-users\n"


@pytest.fixture
def party(pristine):
    """A supplier's engineer at work on packaged machines: a recorded terminal,
    a recorded command, and a tunnel."""
    install(pristine.bastion)
    product.put_debs(pristine.approvals, "approvals")
    install(pristine.approvals)
    visits = Visits(pristine, otp_grace="1h")
    visits.enrol("acme-late", key="late")
    visits.window(visits.enrol().name, targets=("plc-gw", "hmi-1"),
                  protocols=("ssh", "rdp"))
    here = Party(visits, visits.people["acme-tech1"])
    here.come("hmi-1")
    yield here
    here.leave()


def still_there(party, word):
    """Each road carries bytes still, and nobody was told of an end."""
    party.terminal.sendline(f"echo still-{word[:2]}''{word[2:]}")
    party.terminal.expect(f"still-{word}")
    assert party.tunnels["hmi-1"].echoes(word)
    assert all(alive() for alive in party.watched().values())
    assert {one["uuid"] for one in sessions(party.bed)} == \
        {one["uuid"] for one in party.sessions}


def test_no_session_ends_by_an_upgrade(party):
    """Upgraded over itself, jump-sshd restarted, another sshd installed: who
    is in stays in, and is recorded."""
    bed, visits = party.bed, party.visits
    before = main_pid(bed)
    install(bed)
    assert main_pid(bed) != before
    still_there(party, "upgraded")
    bed.run("systemctl restart jump-sshd")
    still_there(party, "restarted")
    bed.run("dpkg-trigger --no-await --by-package=openssh-server "
            "/usr/sbin/sshd && dpkg --triggers-only -a")
    still_there(party, "triggered")
    install(visits.service)
    visits.service.wait("curl -fsk https://10.10.0.5:8443/healthz")

    # whoever comes next is let in, and who is in is cut as ever
    late = visits.people["acme-late"]
    visits.window(late.name)
    assert late.login("plc-gw", "hostname").rc == 0
    party.terminal.sendline("exit")
    party.terminal.expect("jump> ")
    shown = bed.run("jumpctl recording cat $(grep -l still-upgraded "
                    "/var/lib/jump/recordings/*/*.cast)").out
    for word in ("upgraded", "restarted", "triggered"):
        assert f"still-{word}" in shown
    visits.close_all()
    assert len(when_gone(party.watched(), 5)) == len(party.watched())
    whole(visits.site)


def test_removed_and_back(pristine):
    bed = pristine.bastion
    nsswitch = bed.read("/etc/nsswitch.conf")
    install(bed)
    assert nsswitch != bed.read("/etc/nsswitch.conf")
    bed.put(RECORDING, "evidence", 0o640, "jump-record:jump-auditors")
    bed.put("/var/lib/jump/otp/1900000001", "step=1\n", 0o600)
    bed.run(f"{DPKG} -r {BOTH}")
    whole(pristine)
    nothing_listens(bed)
    assert bed.read("/etc/nsswitch.conf") == nsswitch
    assert bed.read(RECORDING) == "evidence"
    assert bed.exists("/var/lib/jump/otp/1900000001")
    assert bed.run(["pgrep", "-fa", "/usr/lib/jump"], check=False).out == ""
    assert bed.run("getent passwd root nobody | wc -l").out == "2\n"
    install(bed)
    whole(pristine)
    assert "files jump" in bed.read("/etc/nsswitch.conf")
    assert bed.read(RECORDING) == "evidence"


def test_purged(pristine):
    bed = pristine.bastion
    nsswitch = bed.read("/etc/nsswitch.conf")
    install(bed)
    bed.put(RECORDING, "evidence", 0o640, "jump-record:jump-auditors")
    bed.put("/etc/jump/bastion/seal.jwk", "{}", 0o600)
    said = bed.run(f"{DPKG} -P {BOTH}").out
    whole(pristine)
    nothing_listens(bed)
    assert bed.read("/etc/nsswitch.conf") == nsswitch
    left = bed.run(r"find / -xdev \( -path /proc -o -path /sys -o -path "
                   r"/root \) -prune -o -name '*jump*' -print | sort").out
    assert left == "/etc/jump\n/var/lib/jump\n"
    files = bed.run("find /etc/jump /var/lib/jump -type f | sort").out
    assert files.split() == \
        ["/etc/jump/bastion/seal.jwk", RECORDING, "/var/lib/jump/state/clock"]
    assert bed.read(RECORDING) == "evidence"
    for path in ("/etc/jump/bastion", "/var/lib/jump/recordings",
                 "/var/lib/jump/state"):
        assert f"kept: {path}\n" in said
    assert "users and groups jump-*" in said


def test_purged_untouched_leaves_nothing(pristine):
    bed = pristine.bastion
    install(bed)
    bed.run("systemctl stop jump-watch.timer jump-watch && rm -rf /var/lib/jump/state/*")
    bed.run(f"{DPKG} -P {BOTH}")
    assert not bed.exists("/etc/jump") and not bed.exists("/var/lib/jump")


def test_another_sshd_restarts_ours(pristine):
    """openssh-server is upgraded by somebody else: the listener must be the
    same program as the one that it starts for each connection."""
    bed = pristine.bastion
    install(bed)
    listener = main_pid(bed)
    bed.run("dpkg-trigger --no-await --by-package=openssh-server "
            "/usr/sbin/sshd && dpkg --triggers-only -a")
    assert main_pid(bed) not in (0, listener)
    whole(pristine)


def test_host_keys_of_its_own(pristine):
    bed = pristine.bastion
    install(bed)
    key = "/etc/jump/ssh_host_ed25519_key"
    bed.run(rf"sed -i 's|^HostKey /etc/ssh/ssh_host_ed25519_key|HostKey {key}|;"
            r"/^HostKey .*rsa/d' /etc/jump/sshd_config && "
            "/usr/lib/jump/setup-host && systemctl restart jump-sshd")
    made = bed.run(f"stat -c '%a %U' {key} && cat {key}.pub").out
    assert made.startswith("600 root\nssh-ed25519 ")

    def served():
        scan = pristine.supplier.run(
            ["ssh-keyscan", "-t", "ed25519", "-p", "2222", ADDRESS])
        return scan.out.split()[2]
    assert served() == made.split()[3]
    install(bed)
    assert served() == made.split()[3]


def test_an_override_of_the_login_shell_is_kept(pristine):
    bed = pristine.bastion
    bed.run("dpkg-statoverride --add root adm 0710 /usr/lib/jump/jumpshell")
    install(bed)
    assert bed.run("stat -c '%a %U:%G' /usr/lib/jump/jumpshell").out == \
        "710 root:adm\n"


def test_approvals_package(open_site):
    """Installed, at work, upgraded, removed, purged: what was decided stays."""
    with open_site(default_id()[:11] + "p") as site:
        bed = site.approvals
        product.put_debs(bed, "approvals")
        install(bed)
        assert bed.run("systemctl --failed --plain --no-legend").out == ""
        assert states(bed, "jump-approvals.service") == ["inactive"]
        bed.put("/etc/jump/approvals.conf", "[service]\nIssuer = approvals\n"
                "Url = https://10.10.0.5:8443\nListen = [::]:8443\n")
        bed.run("/usr/lib/jump/jump-approvals init && "
                "systemctl start jump-approvals")
        bed.wait("curl -fsk https://10.10.0.5:8443/healthz")
        install(bed)
        bed.wait("curl -fsk https://10.10.0.5:8443/healthz")
        before = bed.run("find /var/lib/jump-approvals -type f | sort").out
        assert before
        said = bed.run(f"{DPKG} -P jump-approvals jumpctl").out
        assert "kept as evidence: /var/lib/jump-approvals" in said
        after = bed.run("find /var/lib/jump-approvals -type f | sort").out
        assert {name for name in before.split() if "-wal" not in name
                and "-shm" not in name} <= set(after.split())
        assert bed.run("systemctl --failed --plain --no-legend").out == ""


@pytest.mark.vm
@pytest.mark.timeout(600)
def test_audit_rules_come_and_go(open_site):
    """With a kernel and an auditd of its own."""
    with open_site(default_id()[:11] + "q", bastion="vm") as site:
        bed = site.bastion
        product.put_debs(bed, "bastion")
        before = bed.run("auditctl -l").out
        install(bed)
        rules = bed.run("auditctl -l").out
        for key in ("jump_policy", "jump_programs", "jump_ca", "jump_otp",
                    "jump_recordings"):
            assert f"key={key}" in rules or f"-k {key}" in rules
        # Debian's journald would switch auditing off here
        bed.run("systemctl restart systemd-journald")
        assert "enabled 1" in bed.run("auditctl -s").out
        assert bed.run("systemctl --failed --plain --no-legend").out == ""
        bed.run(f"{DPKG} -r {BOTH}", timeout=120)
        bed.run("augenrules --load")  # the rules that are left harm nothing
        bed.run(f"{DPKG} -P {BOTH}", timeout=120)
        assert bed.run("auditctl -l").out == before
        assert "enabled 1" in bed.run("auditctl -s").out
