# SPDX-License-Identifier: BSD-2-Clause
"""Old devices on a whole site: an sshd that offers only old cryptography and
is logged in to by a stored password, and a target behind another. What a
device can ask that is odd is tests/bed's (test_devices.py)."""
import json
import re
import time

import pytest

from jumplab import net
from jumplab.canary import Canaries
from jumplab.evidence import Evidence
from jumplab.inside import Inside
from jumplab.login import Login
from jumplab.onlooker import Onlooker
from jumplab.party import NO_CODE
from jumplab.place import default_id
from jumplab.visit import Visits

pytestmark = pytest.mark.protocols

CANARY = "CanaryR7dQx2vLk9ZpWm4T"
WORDS = "legacy-dh1 legacy-rsa legacy-cbc"
OLD = """KexAlgorithms diffie-hellman-group1-sha1
HostKeyAlgorithms ssh-rsa
Ciphers aes128-cbc,3des-cbc
MACs hmac-sha1
PasswordAuthentication yes
"""
SITE = "/etc/jump/policy.d/site.conf"
STORED = "/etc/jump/credentials/maint@legacy-1"


class Plant:
    def __init__(self, site):
        self.visits = Visits(site, otp_grace="1h")
        self.site, self.bed, self.ot = site, site.bastion, site.ot
        self.since = time.time() - 1
        self.make_old()
        self.make_deep()
        self.bare = self.bed.read(SITE).replace(
            self.ot["legacy-1"].host_key, self.rsa)
        self.policy()
        self.store(CANARY)
        self.person = self.visits.enrol("acme-old", key="old")
        self.visits.window(self.person.name,
                           targets=("legacy-1", "historian"))
        self.login = Login(self.person)

    def make_old(self):
        """legacy-1 becomes what it is called."""
        bed = self.ot.bed
        bed.run("ssh-keygen -q -t rsa -b 2048 -N '' -C legacy-1 "
                "-f /etc/ot/legacy-1.rsa")
        self.rsa = " ".join(bed.read("/etc/ot/legacy-1.rsa.pub").split()[:2])
        text = bed.read("/etc/ot/legacy-1.conf").replace(
            "legacy-1.key", "legacy-1.rsa").replace(
                "PasswordAuthentication no\n", "")
        bed.put("/etc/ot/legacy-1.conf", OLD + text)
        bed.run("chpasswd", input=f"maint:{CANARY}\n")
        bed.run("systemctl restart ot-sshd@legacy-1")

    def make_deep(self):
        """historian's ssh is closed to all but the machine it is on."""
        deep, rules = self.ot["historian"], ""
        for family, address in (("ip", deep.v4), ("ip6", deep.v6)):
            rules += (f"{family} daddr {address} tcp dport 22 "
                      f'iifname != "lo" reject with tcp reset\n')
        self.ot.bed.run("nft -f -", input="table inet deep { chain in { type "
                        "filter hook input priority 0;\n" + rules + "}\n}\n")

    def policy(self, legacy_1=f"Crypto = {WORDS}\nCryptoUntil = 2099-12-31\n"
               "Credential = password\n", historian="Via = plc-gw\n", hmi_1=""):
        text = self.bare
        for name, more in (("legacy-1", legacy_1), ("historian", historian),
                           ("hmi-1", hmi_1)):
            text = text.replace(f"[target {name}]\n",
                                f"[target {name}]\n{more}")
        if historian:  # only ssh goes there
            at = text.index("[target historian]")
            head, tail = text[:at], text[at:]
            text = head + re.sub(r"Protocols = .*", "Protocols = ssh", tail,
                                 count=1)
        self.bed.put(SITE, text)
        self.bed.run("jumpctl policy check")
        self.bed.run("systemctl start jump-apply", timeout=120)

    def store(self, password):
        return self.bed.run("jumpctl credential set legacy-1 maint",
                            input=password + "\n")

    def run(self, *command, **kwargs):
        return self.person.login(*command, code=NO_CODE, **kwargs)


@pytest.fixture(scope="module")
def plant(open_site):
    with open_site(default_id()[:11] + "o") as one:
        made = Plant(one.install())
        yield made
        made.login.end()


@pytest.fixture(autouse=True)
def _aftermath(plant):
    """What a test has started, goes; the module's login stays."""
    client = plant.site.supplier
    before = list(client._started)
    yield
    for child in client._started[len(before):]:
        if hasattr(child, "kill") and not hasattr(child, "close"):
            child.kill()
            child.wait(10)
    plant.bed.wait("! ls /run/jump/connections | grep -q .", 20)


def attempts(plant, since, word):
    return plant.ot.log("legacy-1", since=since).count(f"{word} password for")


def test_an_old_device_with_a_password_nobody_sees(plant):
    """And it is in no argument, environment, file, journal or audit record."""
    canaries = Canaries()
    canaries.add("password", CANARY)
    evidence, onlooker = Evidence(plant.site), Onlooker(plant.site)
    done = plant.run("legacy-1", "id -un")
    assert (done.rc, done.out) == (0, "maint\n"), done
    child = plant.person.client.terminal(
        f"{plant.person.name}@{net.v4('it', net.BASTION)}", "legacy-1",
        key=plant.person.key, options=["-p", "2222", "-t"])
    child.expect(r"maint@legacy-1:\S* ?\$ ")
    child.sendline("exit")
    child.expect("(?i)eof|closed|$")
    child.close()
    seen = "\0".join(onlooker.stop()["texts"]).encode("latin-1")
    assert b"jump-askpass" in seen and canaries.within(seen) == []
    plant.bed.wait("! ls -d /run/credentials/jump-credential@* 2>/dev/null | "
                   "grep -q .", 20)
    found = canaries.search(plant.bed, plant.since)
    assert found["files"] > 3 and found["hits"] == [], found["hits"]
    assert canaries.within(plant.site.audit.text().encode()) == []
    used = evidence.journal("credential.use", target="legacy-1")
    assert used["JUMP_OUTCOME"] == "success"
    legacy = evidence.journal("conn.legacy", target="legacy-1")
    assert legacy["JUMP_ALLOWED"] == WORDS
    record = evidence.audit("CRYPTO_SESSION", op="jump:legacy")
    assert "until" in record.fields and "allowed" in record.fields
    assert evidence.audit("CRYPTO_KEY_USER", op="jump:credential")


def test_how_it_is_kept(plant):
    """Encrypted, for root; the worker has it in memory alone."""
    assert plant.bed.run(["stat", "-c", "%a %U", STORED]).out == "600 root\n"
    assert CANARY not in plant.bed.read(STORED)
    listed = json.loads(plant.bed.run("jumpctl credential list --json").out)
    assert listed == {"credentials": [{
        "target": "legacy-1", "account": "maint", "state": "ok"}]}
    user = Inside(plant.bed)
    assert plant.run("legacy-1", "true").rc == 0
    for one in user.processes(name="jump-credential"):
        status = open(f"/proc/{one.pid}/status", encoding="utf-8").read()
        assert not re.search(r"^Uid:\s+0\b", status, re.M)
        assert re.search(r"^CapEff:\s+0+20000000$", status, re.M), status


def test_without_the_words_it_says_what_would_allow_it(plant):
    plant.policy(legacy_1="Credential = password\n")
    done = plant.run("legacy-1", "true")
    assert done.rc == 255
    assert "diffie-hellman-group1-sha1" in done.err, done
    assert "Crypto = legacy-dh1\n" in done.err, done


def test_after_its_day_it_is_refused(plant):
    plant.policy(legacy_1=f"Crypto = {WORDS}\nCryptoUntil = 2026-01-31\n"
                 "Credential = password\n")
    evidence = Evidence(plant.site)
    done = plant.run("legacy-1", "true")
    assert done.rc == 255 and "a day that is over" in done.err, done
    assert evidence.journal("conn.deny", target="legacy-1")[
        "JUMP_REASON"] == "crypto"
    plant.policy()
    assert plant.run("legacy-1", "true").rc == 0


def test_a_wrong_password_is_tried_once(plant):
    plant.store("not-the-password")
    since, evidence = plant.ot.bed.journal_mark(), Evidence(plant.site)
    for _ in range(3):
        done = plant.run("legacy-1", "true")
        assert done.rc != 0 and "stored password" in done.err, done
    assert attempts(plant, since, "Failed") == 1
    assert evidence.journal("credential.wrong")["JUMP_TARGET"] == "legacy-1"
    assert len(evidence.journals("credential.wrong")) == 1
    listed = plant.bed.run("jumpctl credential list").out
    assert "refused by the target" in listed
    plant.store(CANARY)
    assert plant.run("legacy-1", "true").rc == 0


def test_removed_it_is_gone(plant):
    plant.bed.run("jumpctl credential remove legacy-1 maint")
    done = plant.run("legacy-1", "true")
    assert done.rc != 0 and "No password is stored" in done.err, done
    assert plant.bed.run(["ls", STORED], check=False).rc != 0
    plant.store(CANARY)
    assert plant.run("legacy-1", "true").rc == 0


def test_a_target_behind_another(plant):
    evidence = Evidence(plant.site)
    done = plant.run("historian", "id -un; echo $TARGET")
    assert (done.rc, done.out) == (0, "maint\nhistorian\n"), done
    opened = evidence.journal("conn.open", target="historian")
    assert opened["JUMP_VIA"] == "plc-gw"
    assert opened["JUMP_TARGET_ADDR"] in (plant.ot["plc-gw"].v4,
                                          plant.ot["plc-gw"].v6)
    assert evidence.audit("USER_START", op="jump:conn_open", via="plc-gw")
    listed = json.loads(plant.bed.run(
        ["jumpctl", "recording", "list", "--json"]).out)
    newest = plant.bed.run(["head", "-1", max(
        (one["file"] for one in listed if one["target"] == "historian"),
        default="/dev/null")], check=False).out
    assert '"via":"plc-gw"' in newest.replace(" ", ""), listed


def test_what_it_is_behind_stays_closed(plant):
    """No terminal, no command, no tunnel: to neither of the two."""
    done = plant.run("plc-gw", "id")
    assert done.rc != 0 and "not part of your window" in done.err, done
    for name in ("plc-gw", "historian"):
        done = plant.login.forward("-L", f"127.0.0.1:0:{name}:22")
        way = plant.person.client.run(
            plant.login.hop(f"{plant.ot[name].v4}:22"), check=False,
            input="SSH-2.0-x\r\n", timeout=30)
        assert "OpenSSH" not in way.out, (name, way)


def test_a_key_that_stays(plant):
    """The worker signs with it, closed in as it is."""
    plant.bed.run("ssh-keygen -q -t ed25519 -N '' -C device -f /root/device")
    plant.ot.authorize("maint", plant.bed.read("/root/device.pub"))
    plant.visits.window(plant.person.name, targets=("hmi-1",))
    plant.policy(hmi_1="Credential = key\n")
    shown = plant.bed.run("jumpctl credential set hmi-1 maint < /root/device; "
                          "rm /root/device").out
    assert plant.bed.read("/root/device.pub").split()[1] in shown
    evidence = Evidence(plant.site)
    done = plant.run("hmi-1", "id -un")
    assert (done.rc, done.out) == (0, "maint\n"), done
    assert evidence.journal("credential.use")["JUMP_TARGET"] == "hmi-1"
    assert evidence.journals("cert.issue") == []
