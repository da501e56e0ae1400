# SPDX-License-Identifier: BSD-2-Clause
"""The lab itself: if one of these fails, no other end-to-end test means much."""
import concurrent.futures
import os
import signal
import subprocess
import sys
import time

import pexpect
import pytest

from jumplab import net, sweep
from jumplab.bed import CommandFailed, wait_for
from jumplab.client import Totp
from jumplab.place import LAB_DIR, RUNS, LabError, Place, default_id
from jumplab.site import Site

pytestmark = pytest.mark.lab

ADMIN = f"root@{net.v4('it', net.BASTION)}"
TARGETS = ["plc-gw", "hmi-1", "legacy-1", "historian"]


@pytest.fixture(scope="module")
def bare(open_site):
    """A site of bare machines, without the product."""
    with open_site(default_id()[:11] + "b") as site:
        yield site


@pytest.fixture(scope="module")
def bare_vm(open_site):
    with open_site(default_id()[:11] + "w", bastion="vm") as site:
        yield site


def admin_key(bed, client):
    bed.put("/root/.ssh/authorized_keys", client.public_key() + "\n", 0o600)


def test_beds_boot_whole(bare):
    for bed in bare.beds():
        state = bed.run("systemctl is-system-running", check=False).out
        assert state == "running\n", bed.run("systemctl --failed").out
        assert bed.run("hostname").out == bed.name + "\n"


def test_bed_has_cgroup_v2_alone(bare):
    assert bare.bastion.run("stat -fc %T /sys/fs/cgroup").out == "cgroup2fs\n"


def test_command_is_a_process_of_the_bed(bare):
    cgroup = bare.bastion.run("grep ^0:: /proc/self/cgroup").out
    assert cgroup == "0::/lab\n"


def test_command_in_a_bed_cannot_set_the_hosts_clock(bare):
    before = time.time()
    tried = bare.bastion.run("date -s 2020-01-01", check=False)
    assert tried.rc != 0
    assert abs(time.time() - before) < 60


def test_put_keeps_bytes_and_mode(bare):
    content = bytes(range(256)) * 1000
    bare.bastion.put("/tmp/deep/file", content, 0o640, "root:adm")
    assert bare.bastion.get("/tmp/deep/file") == content
    assert bare.bastion.run("stat -c '%a %U %G' /tmp/deep/file").out == \
        "640 root adm\n"


def test_failed_command_raises_with_its_words(bare):
    with pytest.raises(CommandFailed, match="no-such-thing"):
        bare.bastion.run("ls /no-such-thing")


@pytest.mark.parametrize("address", [net.v4, net.v6])
def test_it_reaches_it_and_the_bastion(bare, address):
    assert bare.supplier.reaches(address("it", net.BASTION), 22) == "open"
    assert bare.supplier.reaches(address("it", net.BASTION), 23) == "refused"
    assert bare.supplier.pings(address("it", net.APPROVALS))
    assert bare.supplier.pings(address("it", 21))


@pytest.mark.parametrize("address", [net.v4, net.v6])
def test_bastion_reaches_every_target(bare, address):
    for target in bare.ot.targets.values():
        where = address(target.network, target.number)
        bare.bastion.run(["nc", "-z", "-w", "2", where, "22"])


@pytest.mark.parametrize("address", [net.v4, net.v6])
def test_it_does_not_reach_ot(bare, address):
    def reached(target):
        where = address(target.network, target.number)
        return (bare.supplier.reaches(where, 22, timeout=1),
                bare.supplier.pings(where))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for seen in pool.map(reached, bare.ot.targets.values()):
            assert seen == ("silent", False)


@pytest.mark.parametrize("family,address", [("ipv4.ip_forward", net.v4),
                                            ("ipv6.conf.all.forwarding", net.v6)])
def test_only_the_bastion_keeps_it_from_ot(bare, family, address):
    """With forwarding on the way is open: so the test above can fail."""
    bare.bastion.run(f"sysctl -w net.{family}=1")
    try:
        where = address("cell-a", 10)
        assert bare.supplier.reaches(where, 22) == "open"
    finally:
        bare.bastion.run(f"sysctl -w net.{family}=0")


def test_ot_reaches_the_bastion_and_not_it(bare):
    bare.ot.bed.run(["nc", "-z", "-w", "2", net.v4("cell-b", net.BASTION), "22"])
    tried = bare.ot.bed.run(["nc", "-z", "-w", "1", net.v4("it", 20), "22"],
                            check=False)
    assert tried.rc != 0


def test_ssh_login_with_key(bare):
    admin_key(bare.bastion, bare.supplier)
    seen = bare.supplier.ssh(ADMIN, "echo $SSH_CONNECTION; hostname")
    assert seen.rc == 0, seen
    assert seen.out.split() == [net.v4("it", 20), seen.out.split()[1],
                                net.v4("it", net.BASTION), "22", "bastion"]


def test_ssh_login_on_a_terminal(bare):
    admin_key(bare.bastion, bare.supplier)
    child = bare.supplier.terminal(ADMIN, dimensions=(33, 99))
    child.expect_exact("root@bastion")
    child.sendline("stty size; tty")
    child.expect("33 99\r\n/dev/pts/")
    child.sendline("exit 7")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 7


def test_login_with_key_and_one_time_code(bare):
    """With pam_oath of stock Debian: the client's side of two factors."""
    seed = "JBSWY3DPEHPK3PXP"
    bed, supplier = bare.bastion, bare.supplier
    bed.run("id otto || useradd -m -s /bin/sh -p '*' otto")
    raw = bed.run(f"oathtool -v --totp -b {seed} | sed -n 's/^Hex secret: //p'").out
    bed.put("/etc/users.oath", f"HOTP/T30 otto - {raw}", 0o600)
    bed.put("/etc/pam.d/sshd", "auth required pam_oath.so "
            "usersfile=/etc/users.oath window=3\naccount required pam_permit.so\n"
            "session required pam_loginuid.so\nsession optional pam_systemd.so\n")
    bed.put("/etc/ssh/sshd_config.d/two.conf",
            "KbdInteractiveAuthentication yes\nMatch User otto\n"
            "AuthenticationMethods publickey,keyboard-interactive\n")
    bed.put("/home/otto/.ssh/authorized_keys", supplier.public_key() + "\n",
            0o644)
    bed.run("systemctl reload ssh")
    mark = bare.audit.mark()
    where = f"otto@{net.v4('it', net.BASTION)}"
    totp = Totp(seed)
    seen = supplier.ssh(where, "id -un; cat /proc/self/loginuid", code=totp)
    uid = bed.run("id -u otto").out.strip()
    assert seen.out.split() == ["otto", uid], seen
    assert supplier.ssh(where, "true", code="000000").rc != 0
    login = bare.audit.wait(mark, type="LOGIN", auid=uid)
    assert login["ses"] != "4294967295"
    failed = bare.audit.wait(mark, type="USER_AUTH", res="failed")
    assert failed["acct"] == "otto"
    assert failed["addr"] == net.v4("it", 20)


def test_totp_never_gives_a_code_twice():
    totp = Totp("JBSWY3DPEHPK3PXP")
    codes = [totp.code() for _ in range(2)]
    assert len(set(codes)) == 2


@pytest.mark.parametrize("name", TARGETS)
def test_target_serves_ssh_with_its_own_host_key(bare, name):
    target = bare.ot[name]
    for address in (target.v4, target.v6):
        scanned = bare.bastion.run(["ssh-keyscan", "-t", "ed25519", address])
        assert scanned.out.split()[1:3] == target.host_key.split()
    assert len({one.host_key for one in bare.ot.targets.values()}) == 4


def test_target_trusts_its_zones_ca_only(bare):
    """cell-a's CA opens cell-a's targets, not cell-b's, not the old one."""
    client, ot = bare.supplier, bare.ot
    ca = client.key("ca")
    ot.trust_ca("cell-a", client.public_key("ca"))
    key = client.key("onward")
    client.run(["ssh-keygen", "-q", "-s", ca, "-I", "window-1", "-n", "maint",
                "-V", "-1m:+5m", f"{key}.pub"])
    for part in ("onward", "onward-cert.pub"):
        bare.bastion.put_file(client.dir / part, f"/root/{part}", 0o600)

    def tried(name):
        target = bare.ot[name]
        return bare.bastion.run(
            ["ssh", "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes",
             "-i", "/root/onward", f"maint@{target.v6}", "echo $TARGET"],
            check=False)
    assert tried("plc-gw").out == "plc-gw\n"
    assert tried("hmi-1").out == "hmi-1\n"
    assert "Permission denied" in tried("legacy-1").err
    assert "Permission denied" in tried("historian").err
    assert 'ID "window-1"' in ot.log("plc-gw") or "ID window-1" in ot.log("plc-gw")


@pytest.mark.parametrize("address", [net.v4, net.v6])
def test_target_services(bare, address):
    where = address("cell-b", 10)
    nc = ["nc", "-N", "-w", "5", where]
    bed = bare.bastion
    assert bed.run([*nc, "7"], input="hello\n").out == "hello\n"
    assert len(bed.run(f"echo 1000003 | nc -w 5 {where} 19", text=False).out) \
        == 1000003
    assert bed.run([*nc, "3389"], input="x\n").out == f"rdp on {where}\nx\n"
    page = bed.run(["curl", "-s", f"http://[{where}]/" if ":" in where
                    else f"http://{where}/"]).out
    assert page == f"<h1>OT panel {where}</h1>\n"
    udp = bed.run(f"echo ping | nc -u -w 1 {where} 7").out
    assert udp == "ping\n"


def test_discard_counts_and_hashes_each_stream(bare):
    bare.ot.forget_discarded()
    where = net.v4("cell-a", 11)
    sent = bare.bastion.run(f"head -c 5000000 /dev/urandom | tee /tmp/sent | "
                            f"nc -N -w 5 {where} 9").out
    digest = bare.bastion.run("sha256sum /tmp/sent").out.split()[0]
    assert sent == f"5000000 {digest}\n"
    assert bare.ot.wait_discarded() == [
        (5000000, digest, net.v4("cell-a", net.BASTION), "eof")]


FILTER = """
table inet lab {
	chain output {
		type filter hook output priority 0;
		meta skuid 4711 ct state new log flags skuid reject with tcp reset
	}
}
"""


def test_bed_filters_by_uid_on_its_own(bare):
    bed, target = bare.bastion, net.v4("cell-a", 10)
    bed.put("/root/lab.nft", FILTER)
    bed.run("nft -f /root/lab.nft")
    try:
        nc = ["nc", "-nvz", "-w", "2", target, "22"]
        assert "refused" in bed.run_as(4711, nc, check=False).err
        assert bed.run_as(4712, nc).rc == 0
        tables = subprocess.run(["nft", "list", "tables"], text=True,
                                capture_output=True, check=True).stdout
        assert "inet lab" not in tables
    finally:
        bed.run("nft delete table inet lab")


def test_bed_obeys_the_words_of_a_sandboxed_unit(bare):
    """Units are judged by these words, so the bed must not ignore them."""
    def unit(command, *words):
        return bare.bastion.run(
            ["systemd-run", "-qP", "--wait", *(f"-p{word}" for word in words),
             "sh", "-c", command], check=False)
    uid = int(unit("id -u", "DynamicUser=yes").out)
    assert 61184 <= uid <= 65519
    assert unit("echo > /etc/x", "ProtectSystem=strict").rc != 0
    assert unit("unshare -n true", "RestrictNamespaces=yes").rc != 0
    assert unit("chroot / true", "SystemCallFilter=~@mount chroot").rc != 0
    assert unit("nc -z ::1 22", "RestrictAddressFamilies=AF_UNIX").rc != 0
    ping = "nc -z -w 1 {} 22".format
    only = ("IPAddressDeny=any", "IPAddressAllow=10.20.0.0/24")
    assert unit(ping(net.v4("cell-a", 10)), *only).rc == 0
    assert unit(ping(net.v4("cell-b", 10)), *only).rc != 0
    assert unit("ls /sys/class/net", "PrivateNetwork=yes").rc == 0


def test_file_capability_works_in_a_bed(bare):
    """And the kernel takes an audit record from who has it alone."""
    bed = bare.bastion
    bed.run("cp /usr/bin/python3.11 /root/py && chmod 755 /root /root/py && "
            "setcap cap_audit_write+ep /root/py")
    send = ("import ctypes; l = ctypes.CDLL('libaudit.so.1'); "
            "print(l.audit_log_user_message(l.audit_open(), 1121, b'op=lab',"
            " None, None, None, 1) > 0)")
    mark = bare.audit.mark()
    assert bed.run_as(4711, ["/usr/bin/python3", "-c", send]).out == "False\n"
    assert bed.run_as(4711, ["/root/py", "-c", send]).out == "True\n"
    record = bare.audit.wait(mark, type="TRUSTED_APP", op="lab")
    assert record["uid"] == "4711"
    assert record["res"] == "success"


def test_audit_of_a_bed_is_readable_by_ausearch(bare, tmp_path):
    mark = bare.audit.mark()
    bed = bare.bastion
    bed.run("su -s /bin/sh -c true nobody")
    record = bare.audit.wait(mark, type="USER_START", acct="nobody")
    assert record["op"] == "PAM:session_open"
    assert record["res"] == "success"
    path = bare.audit.write(tmp_path / "audit.log", mark)
    found = subprocess.run(["ausearch", "-if", path, "-m", "USER_START"],
                           capture_output=True, text=True)
    assert 'acct="nobody"' in found.stdout
    report = subprocess.run(["aureport", "-if", path, "--summary"],
                            capture_output=True, text=True)
    assert report.returncode == 0


def test_audit_of_another_site_is_left_out(bare):
    with Site(default_id()[:11] + "c") as other:
        mine, others = bare.audit.mark(), other.audit.mark()
        other.bastion.run("su -s /bin/sh -c true games")
        other.audit.wait(others, type="USER_START", acct="games")
        bare.bastion.run("su -s /bin/sh -c true nobody")
        bare.audit.wait(mine, type="USER_START", acct="nobody")
        assert not bare.audit.since(mine, acct="games")
        assert not other.audit.since(others, acct="nobody")


def test_reset_keeps_the_disk_and_loses_the_rest(bare):
    with Site(default_id()[:11] + "c") as site:
        bed = site.bastion
        boot = bed.read("/proc/sys/kernel/random/boot_id")
        bed.run("echo kept > /etc/kept; sync; echo gone > /run/gone")
        bed.reset()
        assert bed.read("/etc/kept") == "kept\n"
        assert not bed.exists("/run/gone")
        assert bed.read("/proc/sys/kernel/random/boot_id") != boot
        bed.reboot()
        assert bed.read("/etc/kept") == "kept\n"
        assert site.supplier.reaches(net.v4("it", net.BASTION), 22) == "open"


def test_nothing_is_left_after_stop():
    ident = default_id()[:11] + "d"
    with Site(ident) as site:
        sleeper = site.bastion.popen("sleep 600")
        assert sweep.remains(ident)
    assert sweep.remains(ident) == []
    assert sleeper.wait(10) != 0


def test_beds_are_pristine_again():
    ident = default_id()[:11] + "d"
    for _ in range(2):
        with Site(ident) as site:
            assert not site.bastion.exists("/etc/dirt")
            site.bastion.run("touch /etc/dirt")


def run_elsewhere(ident):
    """Another process with a site up, in the middle of something."""
    script = (f"import signal, sys; sys.path.insert(0, {str(LAB_DIR)!r})\n"
              # ignored in whatever runs in the background
              f"signal.signal(signal.SIGINT, signal.default_int_handler)\n"
              f"from jumplab.site import Site\n"
              f"with Site({ident!r}) as site:\n"
              f"    print('up', flush=True)\n"
              f"    site.bastion.run('sleep 600', timeout=700)\n")
    child = subprocess.Popen([sys.executable, "-c", script], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert child.stdout.readline() == "up\n"
    return child


def test_crashed_run_is_swept(bare):
    """SIGKILL in the middle: what it left is found by name and removed."""
    ident = default_id()[:11] + "e"
    with run_elsewhere(ident) as child:
        sweep.sweep()
        assert sweep.remains(ident), "a site in use is not swept"
        os.kill(child.pid, signal.SIGKILL)
    sweep.sweep()
    assert sweep.remains(ident) == []
    assert bare.bastion.run("true").rc == 0


def test_interrupted_run_cleans_up_itself():
    ident = default_id()[:11] + "e"
    with run_elsewhere(ident) as child:
        os.kill(child.pid, signal.SIGINT)
    assert sweep.remains(ident) == []


def test_two_sites_of_one_id_are_refused(bare):
    with pytest.raises(LabError, match="runs already"):
        Site(bare.place.id).up()
    assert bare.bastion.run("true").rc == 0


def test_kept_site_is_found_again():
    ident = default_id()[:11] + "f"
    lab = [LAB_DIR / "lab"]
    subprocess.run([*lab, "up", "--id", ident, "--no-install"], check=True)
    try:
        sweep.sweep()
        out = subprocess.run([*lab, "shell", "--id", ident, "ot", "hostname"],
                             capture_output=True, text=True, check=True).stdout
        assert out == "ot\n"
        site = Site.attach(ident)
        assert site.ot["plc-gw"].host_key.startswith("ssh-ed25519 ")
        mark = site.audit.mark()
        site.bastion.run("su -s /bin/sh -c true nobody")
        site.audit.wait(mark, type="USER_START", acct="nobody")
    finally:
        subprocess.run([*lab, "down", "--id", ident], check=True)
    assert sweep.remains(ident) == []
    assert not (RUNS / f"{ident}.kept").exists()


@pytest.mark.vm
def test_vm_is_on_the_same_networks(bare_vm):
    bed, supplier = bare_vm.bastion, bare_vm.supplier
    for address in (net.v4, net.v6):
        assert supplier.reaches(address("it", net.BASTION), 22) == "open"
        assert supplier.reaches(address("cell-a", 10), 22, 1) == "silent"
        bed.run(["nc", "-z", "-w", "2", address("cell-a", 10), "22"])
        bed.run(["nc", "-z", "-w", "2", address("cell-b", 10), "22"])
    assert abs(float(bed.run("date +%s.%N").out) - time.time()) < 5


@pytest.mark.vm
def test_vm_has_audit_of_its_own(bare_vm):
    bed = bare_vm.bastion
    assert bed.run("systemctl is-active auditd").out == "active\n"
    assert "enabled 1" in bed.run("auditctl -s").out
    bed.run("auditctl -w /etc/watched -p wa -k lab-watch")
    mark, on_host = bare_vm.audit.mark(), bare_vm.host_audit.mark()
    bed.run("echo 1 > /etc/watched")
    record = bare_vm.audit.wait(mark, type="SYSCALL", key="lab-watch")
    assert record["comm"] == "sh"
    assert record["success"] == "yes"
    assert not bare_vm.host_audit.since(on_host, key="lab-watch")
    seen = bed.run("ausearch --input-logs -k lab-watch -i").out
    assert "/etc/watched" in seen


@pytest.mark.vm
def test_vm_login_is_audited(bare_vm):
    admin_key_mark = bare_vm.audit.mark()
    bed, supplier = bare_vm.bastion, bare_vm.supplier
    bed.run("id dora || useradd -m -s /bin/bash -p '*' dora")
    bed.put("/home/dora/.ssh/authorized_keys", supplier.public_key() + "\n")
    child = supplier.terminal(f"dora@{net.v4('it', net.BASTION)}", timeout=30)
    child.expect_exact("dora@bastion")
    child.sendline("exit")
    child.expect(pexpect.EOF)
    login = bare_vm.audit.wait(admin_key_mark, type="USER_LOGIN",
                               addr=net.v4("it", 20))
    assert login["res"] == "success"
    assert "dora" in bed.run("aulast --extract --bad 2>/dev/null; aulast").out


@pytest.mark.vm
def test_vm_clock_is_its_own(bare_vm):
    bed = bare_vm.bastion
    before = time.time()
    bed.run("lab-clock step 3600")
    assert float(bed.run("date +%s").out) - time.time() > 3500
    bed.run("lab-clock step -3600; lab-clock sync no")
    assert "System clock synchronized: no" in bed.run("timedatectl").out
    bed.run("lab-clock sync yes")
    assert "System clock synchronized: yes" in bed.run("timedatectl").out
    assert time.time() - before < 120


@pytest.mark.vm
def test_vm_power_cut(bare_vm):
    """Synced is kept, unsynced and volatile is lost, networks are back."""
    bed = bare_vm.bastion
    bed.run("echo kept > /etc/kept; sync; echo gone > /run/gone; "
            "echo late > /etc/late")
    bed.reset()
    assert bed.read("/etc/kept") == "kept\n"
    assert not bed.exists("/run/gone")
    assert not bed.exists("/etc/late")
    wait_for(lambda: bare_vm.supplier.reaches(
        net.v4("it", net.BASTION), 22) == "open", 60, "sshd after the reset")
    assert abs(float(bed.run("date +%s.%N").out) - time.time()) < 5


@pytest.mark.vm
def test_vm_leaves_nothing_after_stop(bare_vm):
    ident = default_id()[:11] + "g"
    with Site(ident, bastion="vm"):
        assert sweep.remains(ident)
    assert sweep.remains(ident) == []
    assert bare_vm.bastion.run("true").rc == 0


def test_instance_ids_are_checked():
    for ident in ("", "UPPER", "a/b", "x" * 13):
        if ident:
            with pytest.raises(LabError):
                Place(ident)
