# SPDX-License-Identifier: BSD-2-Clause
"""No direct routes: what the packet filter lets nobody do, and that it is
there early, stays through a reload, denies when the policy is broken, and is
missed when it is gone."""
import json
import time

import pytest

from jumplab import probe
from jumplab.bed import wait_for
from jumplab.probe import KNOCK, LOCAL, OUTSIDE, closed, zone_ways
from relaykit import TECH1, TECH2, Child, Kit, grant, usual_grants

pytestmark = pytest.mark.vertical

@pytest.fixture(scope="module")
def kit(site):
    one = Kit(site).setup()
    yield one
    one.remove()


@pytest.fixture(autouse=True)
def _usual(kit):
    kit.well()
    yield
    kit.bed.put("/etc/jump/jump.conf", kit.policy)
    kit.bed.run("/usr/lib/jump/jump-filter load")
    kit.publish(usual_grants())
    kit.grant_all()


def probes(kit, uid, ways):
    return probe.probes(kit.bed, uid, ways)


def test_neighbours_are_found_after_a_flush(kit, ot):
    relay = kit.uid_of("jump-relay")
    for _ in range(5):
        kit.bed.run("ip -6 neigh flush all")
        answers = probes(kit, relay, [("tcp", ot["hmi-1"].v6, 7)])
        assert set(answers.values()) == {"open"}
    # and the other side finds the bastion
    ot.bed.run("ip -6 neigh flush all")
    assert set(probes(kit, relay, [("tcp", ot["hmi-1"].v6, 7)]).values()) == {
        "open"}


def test_link_local_is_no_way_around(kit, ot):
    """OT's link-local addresses belong to no zone's network."""
    six = ot.bed.run("ip -6 -o addr show dev cell-a scope link | "
                     "awk '{print $4}' | cut -d/ -f1").out.split()[0]
    ours = kit.bed.run("ip -6 -o addr show dev cell-a scope link | "
                       "awk '{print $4}' | cut -d/ -f1").out.split()[0]
    closed(probes(kit, 65534, [("tcp", f"{six}%cell-a", 22),
                               ("icmp", f"{six}%cell-a", 0),
                               ("udp", f"{six}%cell-a", 7)]))
    r = ot.bed.run(f"nc -nvz -w 2 {ours}%cell-a 22", check=False)
    assert r.rc != 0 and "timed out" in r.err, r


def test_the_bastion_routes_nothing(kit, site, ot):
    """Even with forwarding switched on by mistake."""
    kit.bed.run("sysctl -qw net.ipv4.ip_forward=1 "
                "net.ipv6.conf.all.forwarding=1")
    try:
        for address in ot["hmi-1"].v4, ot["hmi-1"].v6:
            assert site.supplier.reaches(address, 22) != "open"
            assert not site.supplier.pings(address)
        for address in "10.10.0.20", "fd00:10::20":
            r = ot.bed.run(f"ping -n -c 1 -W 1 {address}", check=False)
            assert r.rc != 0
        r = kit.bed.run("/usr/lib/jump/jump-filter check", check=False)
        assert r.rc == 2 and "table ok" in r.out and "/forwarding" in r.out, r
    finally:
        kit.bed.run("sysctl -qw net.ipv4.ip_forward=0 "
                    "net.ipv6.conf.all.forwarding=0")
    r = kit.bed.run("/usr/lib/jump/jump-filter check", check=False)
    assert (r.rc, r.out) == (0, "table ok\nforwarding off\n"), r


def test_admin_is_not_touched(kit, site):
    for host in site.supplier, site.second_supplier:
        assert host.reaches("10.10.0.2", 22) == "open"
        assert host.reaches("fd00:10::2", 22) == "open"
    answers = probes(kit, 0, LOCAL[:3] + [("icmp", "10.10.0.5", 0)])
    assert set(answers.values()) == {"open"}, answers


ECHO = r"""
import os, socket, time
s = socket.create_connection(("10.20.0.11", 7), 5)
print(os.getpid(), flush=True)
s.settimeout(5)
while True:
    s.sendall(b"x" * 1000)
    got = 0
    while got < 1000:
        part = s.recv(1000)
        if not part:
            raise SystemExit(1)
        got += len(part)
    time.sleep(0.01)
"""


def test_reload_keeps_grants_and_what_runs(kit):
    with kit.session() as session:
        held = Child(kit.bed, session.popen(["python3", "-uc", ECHO]))
        before = kit.granted()
        assert before
        kit.bed.put("/etc/jump/jump.conf", kit.policy + """
[zone cell-c]
Networks = 10.40.0.0/24

[target other]
Zone = cell-c
Address = 10.40.0.9
Protocols = rdp

[conduit others]
Users = beta-*
To = cell-c
Protocols = rdp
MaxWindow = 1h
Approvals = 1
""")
        for _ in range(10):
            kit.bed.run("systemctl reload jump-filter")
        assert "10.40.0.0/24" in kit.bed.run(
            "nft list set inet jumphost ot4").out
        assert kit.granted() == before
        assert held.popen.poll() is None
        kit.bed.put("/etc/jump/jump.conf", kit.policy)
        kit.bed.run("systemctl reload jump-filter")
        assert "10.40.0.0/24" not in kit.bed.run(
            "nft list set inet jumphost ot4").out
        assert kit.granted() == before
        time.sleep(0.3)
        assert held.popen.poll() is None
        held.kill()


def test_element_gone_or_timed_out_no_new_tunnel(kit, ot):
    kit.bed.run(["nft", "-f", "-"], input=(
        "flush set inet jumphost granted4\n"
        "add element inet jumphost granted4 "
        f"{{ {TECH1} . 10.20.0.11 . 7 timeout 1s }}\n"))
    with kit.session() as session:
        held = Child(kit.bed, session.popen(["python3", "-uc", ECHO]))
        time.sleep(1.5)
        assert set(probes(kit, TECH1, [("tcp", "10.20.0.11", 7)]).values()) == {
            "refused"}
        assert held.popen.poll() is None # what runs is the relay's to end
        held.kill()


def test_pace_of_one_uid(kit, ot):
    """More new connections in a second than the relay is to refuse one by
    one: the kernel does it, and another supplier does not notice."""
    flood = kit.bed.run_as(TECH1, ["python3", "-c", """
import socket
good = 0
for _ in range(2000):
    s = socket.socket(); s.settimeout(2)
    try:
        s.connect(("10.20.0.11", 7)); good += 1
    except OSError:
        pass
    s.close()
print(good)
"""]).out
    assert 200 <= int(flood) < 2000
    with kit.session(TECH2) as other:
        r = other.run("exec true".split(), check=False)
        out = other.python("import socket; s=socket.create_connection("
                           "('10.20.0.11', 7), 3); s.send(b'hi'); "
                           "print(s.recv(9))").out
        assert out == "b'hi'\n"


@pytest.mark.parametrize("harm,word", [
    ("nft delete table inet jumphost", "missing"),
    ("nft flush chain inet jumphost leave", "changed"),
    ("nft insert rule inet jumphost leave accept", "changed"),
    ("nft add element inet jumphost ot4 { 192.0.2.0/24 }", "changed"),
    ("nft delete element inet jumphost ot4 { 10.20.0.0/24 }", "changed"),
    ("nft flush ruleset", "missing"),
])
def test_check_misses_what_is_gone(kit, harm, word):
    kit.bed.run(harm)
    r = kit.bed.run("/usr/lib/jump/jump-filter check", check=False)
    assert (r.rc, r.out.splitlines()[0]) == (1, f"table {word}"), r
    kit.bed.run("/usr/lib/jump/jump-filter mend")
    assert kit.bed.run("/usr/lib/jump/jump-filter check").rc == 0


def test_granted_elements_are_not_a_change(kit):
    kit.nft_grant(TECH2, "hmi-1", 3389)
    assert kit.bed.run("/usr/lib/jump/jump-filter check").rc == 0


def test_load_mends_chains_of_another_version(kit):
    kit.bed.run("nft add chain inet jumphost left_over; "
                "nft add rule inet jumphost left_over accept")
    r = kit.bed.run("/usr/lib/jump/jump-filter load")
    assert "anew" in r.err, r
    assert kit.bed.run("/usr/lib/jump/jump-filter check").rc == 0


SPOIL = {"broken": "echo 'Nonsense = 1' >> /etc/jump/jump.conf",
         "missing": "rm /etc/jump/jump.conf",
         "writable": "chmod 666 /etc/jump/jump.conf"}


@pytest.mark.parametrize("harm", SPOIL)
def test_policy_that_can_not_be_used(kit, ot, harm):
    """A table that stands, stays; where none stands, one that denies is
    loaded."""
    kit.bed.run(SPOIL[harm])
    before = kit.granted()
    r = kit.bed.run("/usr/lib/jump/jump-filter load", check=False)
    assert r.rc == 3 and "stays" in r.err, r
    assert kit.granted() == before != []
    assert set(probes(kit, kit.uid_of("jump-relay"),
                      [("tcp", ot["hmi-1"].v4, 22)]).values()) == {"open"}
    # as on a boot with this policy
    kit.bed.run("nft delete table inet jumphost; "
                "systemctl restart jump-filter.service")
    everything = zone_ways(ot)
    for uid in (TECH1, kit.uid_of("jump-relay")):
        closed(probes(kit, uid, everything))
    closed(probes(kit, TECH1, OUTSIDE + LOCAL + KNOCK))
    assert set(probes(kit, 0, LOCAL[:3]).values()) == {"open"}
    assert kit.bed.run("/usr/lib/jump/jump-filter check").rc == 0
    kit.bed.put("/etc/jump/jump.conf", kit.policy)
    r = kit.bed.run("/usr/lib/jump/jump-filter check", check=False)
    assert (r.rc, r.out.splitlines()[0]) == (1, "table changed"), r
    kit.bed.run("systemctl reload jump-filter.service")
    assert kit.bed.run("/usr/lib/jump/jump-filter check").rc == 0


def test_last_good_policy_is_in_force(kit, ot):
    kit.bed.run("mkdir -p /var/lib/jump/state/policy/policy.d; "
                "cp /etc/jump/jump.conf /var/lib/jump/state/policy/")
    kit.bed.run(SPOIL["broken"])
    try:
        kit.bed.run("nft delete table inet jumphost; "
                    "systemctl restart jump-filter.service")
        closed(probes(kit, 65534, zone_ways(ot)))
        kit.nft_grant(TECH1, "hmi-1", 7)
        with kit.session() as session:
            held = Child(kit.bed, session.popen(["python3", "-uc", ECHO]))
            time.sleep(0.3)
            assert held.popen.poll() is None
            held.kill()
    finally:
        kit.bed.run("rm -r /var/lib/jump/state/policy")


# --- what another tool does to it


def test_flush_is_mended_and_told(kit, ot):
    assert kit.bed.run("systemctl is-enabled jump-filter-mend.timer").out == (
        "enabled\n")
    mark = kit.bed.journal_mark()
    kit.bed.run("nft flush ruleset; systemctl start jump-filter-mend.service")
    closed(probes(kit, 65534, zone_ways(ot)))
    event = kit.wait_event(mark, "health.bad")
    assert event["JUMP_REASON"] == "filter"
    mark = kit.bed.journal_mark()
    kit.bed.run("systemctl start jump-filter-mend.service")
    assert not kit.events(mark)
    # a policy that was changed on purpose is no alarm
    kit.bed.put("/etc/jump/jump.conf",
                kit.policy.replace("10.30.0.0/24", "10.30.0.0/16"))
    kit.bed.run("systemctl start jump-filter-mend.service")
    assert "10.30.0.0/16" in kit.bed.run("nft list set inet jumphost ot4").out
    assert not kit.events(mark, "health.bad")


@pytest.fixture
def news(kit):
    """The kernel's news are listened to, as on a host that has booted."""
    assert kit.bed.run("systemctl is-enabled jump-filter-news.socket").out == (
        "enabled\n")
    kit.bed.run("systemctl start jump-filter-news.socket")
    yield
    kit.bed.run("systemctl stop jump-filter-news.socket "
                "jump-filter-news.service")


@pytest.mark.parametrize("harm", [
    "nft flush ruleset", "nft delete table inet jumphost",
    "nft insert rule inet jumphost leave accept"])
def test_news_of_a_flush_mends_it_in_a_second(kit, ot, news, harm):
    """Nobody looks: the timer is not running here."""
    mark = kit.bed.journal_mark()
    for _ in range(2): # also right after the first time
        kit.bed.run(harm)
        began = time.monotonic()
        kit.bed.wait("/usr/lib/jump/jump-filter check", 10)
        assert time.monotonic() - began < 2 # a second, on a quiet machine
        closed(probes(kit, 65534, zone_ways(ot)))
    assert len(kit.events(mark, "health.bad", reason="filter")) == 2


def test_a_busy_filter_is_looked_at_now_and_then(kit, news):
    """Changes of others, many in a second: a look now and then for all of
    them, and what listens does not wear out."""
    mark = kit.bed.journal_mark()
    began = time.monotonic()
    seen = kit.bed.run(
        "for i in $(seq 40); do nft add table inet other; "
        "nft delete table inet other; systemctl show -P "
        "ExecMainStartTimestampMonotonic jump-filter-news.service; done").out
    looks = len(set(seen.split()))
    assert 1 < looks <= (time.monotonic() - began) / 0.5 + 2
    kit.bed.wait("! systemctl is-active -q jump-filter-news.service")
    assert kit.bed.run("systemctl show -P Result jump-filter-news.socket "
                       "jump-filter-news.service").out.split() == ["success"] * 2
    assert not kit.events(mark, "health.bad")
    kit.bed.run("nft delete table inet jumphost")
    kit.bed.wait("/usr/lib/jump/jump-filter check", 3)


@pytest.mark.parametrize("verb", ["reload", "restart"])
def test_nftables_service_does_not_leave_a_hole(kit, ot, verb):
    kit.bed.run("systemctl start nftables.service")
    kit.bed.run(f"systemctl {verb} nftables.service")
    assert kit.bed.run("/usr/lib/jump/jump-filter check").rc == 0
    closed(probes(kit, 65534, zone_ways(ot)))
    kit.bed.run("systemctl stop nftables.service")


def test_stopping_the_unit_opens_nothing(kit, ot):
    kit.bed.run("systemctl stop jump-filter.service")
    closed(probes(kit, 65534, zone_ways(ot)))
    # without it the relay is down too
    kit.bed.wait("! systemctl is-active -q jump-relay.socket")
    kit.bed.run("systemctl start jump-relay.socket")
    assert kit.bed.run("systemctl is-active jump-filter").out == "active\n"


def test_before_the_network(kit):
    order = kit.bed.run("systemctl show -P Before jump-filter").out.split()
    assert "network-pre.target" in order
    facts = kit.bed.run("systemctl show -P Wants jump-filter; "
                        "systemctl show -P Requires jump-relay.socket").out
    assert "network-pre.target" in facts and "jump-filter.service" in facts


def test_wrong_words(kit):
    for words in "", "last", "load now", "--help":
        r = kit.bed.run(f"/usr/lib/jump/jump-filter {words}", check=False)
        assert r.rc == 64 and r.err.startswith("usage: "), r
    shown = kit.bed.run("/usr/lib/jump/jump-filter print").out
    assert "table inet jumphost {" in shown


# --- jumpctl doctor, jumpctl target scan


def test_doctor_says_which_way_each_is_closed(kit):
    r = kit.bed.run("jumpctl doctor --direct-routes --json", check=False)
    seen = json.loads(r.out)
    assert (r.rc, seen["ok"]) == (0, True), [
        one for one in seen["routes"] if not one["closed"]]
    ways = {(one["who"], one["way"], ":" in one["to"].strip("]")[:-5])
            for one in seen["routes"]}
    for who in "supplier", "nobody", "service":
        for way in "tcp", "udp", "icmp":
            for six in False, True:
                assert (who, way, six) in ways
    by = {one["by"] for one in seen["routes"] if one["where"].startswith("zone")}
    assert by == {"filter"}
    sockets = [one for one in seen["routes"] if one["way"] == "socket"]
    assert {one["by"] for one in sockets} == {"permission"}
    text = kit.bed.run("jumpctl doctor").out
    assert "OPEN" not in text and "0 not known to be closed" in text


@pytest.mark.parametrize("harm,who,way", [
    ("nft insert rule inet jumphost leave meta l4proto udp accept",
     "nobody", "udp"),
    ("nft insert rule inet jumphost leave meta nfproto ipv6 tcp dport 22 accept",
     "supplier", "tcp"),
    ("nft insert rule inet jumphost leave oif lo accept", "service", "tcp"),
    ("nft insert rule inet jumphost relay accept", "relay", "tcp"),
    ("chmod 666 /run/jump/relay.sock", "nobody", "socket"),
    ("chmod 755 /usr/lib/jump/jumpshell", "service", "exec"),
])
def test_doctor_finds_what_is_open(kit, harm, who, way):
    kit.bed.run(harm)
    r = kit.bed.run("jumpctl doctor --direct-routes --json", check=False)
    kit.bed.run("chmod 660 /run/jump/relay.sock; "
                "chmod 750 /usr/lib/jump/jumpshell")
    found = {(one["who"], one["way"]) for one in json.loads(r.out)["routes"]
             if not one["closed"]}
    assert r.rc == 1 and (who, way) in found, found


def test_doctor_without_a_filter(kit):
    kit.bed.run("nft delete table inet jumphost")
    r = kit.bed.run("jumpctl doctor", check=False)
    assert r.rc == 3 and "jump-filter.service" in r.err, r


def test_target_scan(kit, ot):
    mark = kit.bed.journal_mark()
    key = ot["hmi-1"].host_key
    r = kit.bed.run("jumpctl target scan hmi-1")
    assert f"HostKey = {key}\n" in r.out and "the policy has this one" in r.out
    shown = kit.bed.run(["ssh-keygen", "-l", "-f", "-"], input=key + "\n").out
    assert shown.split()[1] in r.out
    event = kit.wait_event(mark, "target.scan")
    assert event["JUMP_TARGET_ADDR"] == ot["hmi-1"].v4
    # what is printed can stand in the policy
    kit.bed.put("/root/p/jump.conf", "[bastion]\nId = b\n[zone z]\nNetworks = "
                "10.20.0.0/24\n[target t]\nZone = z\nAddress = 10.20.0.9\n"
                "Accounts = a\nProtocols = ssh\n" + r.out + "[conduit c]\n"
                "Users = acme-*\nTo = z\nProtocols = ssh\nMaxWindow = 1h\n"
                "Approvals = 1\n")
    assert kit.bed.run("jumpctl policy check --dir /root/p").rc == 0
    # another key than the pinned one is not to be overlooked
    kit.bed.put("/etc/jump/jump.conf", kit.policy.replace(
        key, ot["plc-gw"].host_key))
    r = kit.bed.run("jumpctl target scan hmi-1 --json")
    assert json.loads(r.out)["keys"][0]["pinned"] is False
    assert "NOT in the policy" in kit.bed.run("jumpctl target scan hmi-1").out


def test_target_scan_of_an_address(kit, ot):
    r = kit.bed.run(f"jumpctl target scan {ot['legacy-1'].v6} --json")
    seen = json.loads(r.out)
    assert seen["target"] is None and seen["zone"] == "cell-a"
    assert ot["legacy-1"].host_key in [k["line"] for k in seen["keys"]]
    for word, rc in (("10.10.0.5", 2), ("127.0.0.1", 2), ("nobody", 2),
                     ("-oProxyCommand=x", 2), ("10.20.0.250", 3)):
        mark = kit.bed.journal_mark()
        r = kit.bed.run(["jumpctl", "target", "scan", "--", word], check=False)
        assert r.rc == rc and not r.out, r
        if rc == 3:
            outcomes = [e["JUMP_OUTCOME"] for e in
                        kit.events(mark, "target.scan")]
            assert outcomes == ["success", "failure"]


def test_target_scan_of_a_liar(kit, ot):
    """A machine that answers with a terminal's escape sequences."""
    script = ("printf 'SSH-2.0-\\033]0;pwned\\007\\r\\n'; "
              "head -c 4000 /dev/urandom")
    liar = ot.bed.popen(["socat", "TCP-LISTEN:2222,bind=10.20.0.11,reuseaddr,"
                         "fork", "SYSTEM:" + script])
    time.sleep(0.5)
    r = kit.bed.run("jumpctl target scan hmi-1 --port 2222", check=False)
    liar.kill()
    ot.bed.run("pkill socat", check=False)
    liar.communicate(timeout=10)
    assert r.rc == 3 and "\033" not in r.out and "HostKey" not in r.out, r
