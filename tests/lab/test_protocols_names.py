# SPDX-License-Identifier: BSD-2-Clause
"""Targets by their names, without DNS: whoever was granted one knows its
name, in the forwardings of any client, and nobody else does. The lines that
jumpshell prints are taken from its output and run."""
import re
import shlex

import pytest

from jumplab.bed import wait_for
from jumplab.evidence import Evidence
from jumplab.login import Login
from jumplab.party import NO_CODE
from jumplab.place import default_id
from jumplab.visit import PORT, V4, Visits

pytestmark = pytest.mark.protocols

VNC, RDP, HTTP = 5900, 3389, 80


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "h") as one:
        yield Visits(one.install(), otp_grace="1h")


@pytest.fixture(scope="module")
def tech(visits):
    """hmi-1's panel, desktop and page; plc-gw's ssh, recorded."""
    person = visits.enrol()
    visits.window(targets=("hmi-1",), protocols=("vnc", "rdp", "http"),
                  account="")
    visits.window(targets=("plc-gw",))
    return person


@pytest.fixture(scope="module")
def other(visits):
    person = visits.enrol("acme-other", key="other")
    visits.window(person.name, targets=("historian",), protocols=("rdp",),
                  account="")
    return person


@pytest.fixture(scope="module")
def login(tech):
    """Further logins need no code while it lasts."""
    one = Login(tech)
    yield one
    one.end()


@pytest.fixture(autouse=True)
def _aftermath(visits):
    """The login stays; its connections do not."""
    yield
    visits.bastion.wait("! ls /run/jump/connections | grep -q .", 20)


# -- who knows which name

def addresses(visits, uid, name):
    did = visits.bastion.run_as(uid, ["getent", "ahosts", name], check=False)
    return {line.split()[0] for line in did.out.splitlines()}


def test_names_are_those_that_were_granted(visits, tech, other):
    ot = visits.ot
    for name in "hmi-1", "plc-gw":
        assert addresses(visits, tech.uid, name) == {ot[name].v4, ot[name].v6}
        assert not addresses(visits, other.uid, name)
    assert addresses(visits, other.uid, "historian") == {
        ot["historian"].v4, ot["historian"].v6}
    assert not addresses(visits, tech.uid, "historian")
    assert not addresses(visits, tech.uid, "legacy-1")


@pytest.mark.parametrize("who", ["root", "nobody", "jump-relay",
                                 "jump-fetch"])
def test_others_know_none(visits, tech, who):
    uid = int(visits.bastion.run(["id", "-u", who]).out)
    for name in "hmi-1", "plc-gw", "historian":
        assert not addresses(visits, uid, name)
    assert addresses(visits, uid, "localhost")


def test_a_new_grant_is_a_new_name(visits):
    person = visits.enrol("acme-new", key="new")
    assert not addresses(visits, person.uid, "hmi-1")
    visits.window(person.name, targets=("hmi-1",), protocols=("rdp",),
                  account="")
    assert addresses(visits, person.uid, "hmi-1")


# -- forwardings by name

def greeting(person, port):
    """What the machine behind a tunnel says first."""
    return wait_for(lambda: person.client.run(
        ["sh", "-c", f"nc -N 127.0.0.1 {port} </dev/null"], check=False).out,
        15, f"somebody behind port {port}")


def test_a_forward_by_name(visits, tech, login):
    seen = Evidence(visits.site)
    words = ["-L", f"15990:hmi-1:{VNC}"]
    assert login.forward(*words).rc == 0
    assert greeting(tech, 15990).startswith("vnc")
    seen.audit("USER_START", op="jump:conn_open", target="hmi-1", app="vnc")
    assert login.cancel(*words).rc == 0


def test_a_page_by_name_through_a_proxy(tech, login):
    """As browsers do it: the name is the bastion's to look up."""
    assert login.forward("-D", "11080").rc == 0
    page = tech.client.run(["curl", "-sS", "--socks5-hostname",
                            "127.0.0.1:11080", "http://hmi-1/"])
    assert "OT panel" in page.out
    for name in "historian", "plc-gw", "www.example.com":
        refused = tech.client.run(["curl", "-sS", "--socks5-hostname",
                                   "127.0.0.1:11080", f"http://{name}/"],
                                  check=False)
        assert refused.rc == 97, refused  # the proxy said no
    assert login.cancel("-D", "11080").rc == 0


def test_a_name_that_was_not_granted_is_refused(tech, login):
    for name in "historian", "nowhere":
        did = tech.login(code=NO_CODE, options=["-W", f"{name}:{RDP}", "-o",
                                               "LogLevel=INFO"])
        assert did.rc == 255, did
        assert "administratively prohibited" in did.err, did


def test_a_hop_by_name_to_what_is_recorded_says_what_to_type(tech, login):
    did = login.client.run(login.hop("plc-gw:22"), input="SSH-2.0-x\r\n",
                           check=False)
    assert f"ssh {tech.name}@" in did.out + did.err, did


# -- the lines that jumpshell prints, as they stand

def printed(tech, *words):
    did = tech.login(*words, code=NO_CODE)
    assert did.rc == 0, did
    return did.out


def line_for(text, program):
    """What `tunnel` says for one program, as words."""
    found = re.search(rf"^  {program} +(.*)$", text, re.M)
    assert found, text
    return shlex.split(found[1])


@pytest.mark.parametrize("proto,greets", [("vnc", "vnc"), ("rdp", "rdp")])
def test_the_line_for_openssh(tech, login, proto, greets):
    program, *words, where = line_for(
        printed(tech, "tunnel", "hmi-1", proto), "OpenSSH")
    assert program == "ssh" and where == f"{tech.name}@{V4}"
    child = tech.client.ssh_start(where, code=NO_CODE, key=tech.key,
                                  options=words)
    port = words[words.index("-L") + 1].split(":")[0]
    assert greeting(tech, port).startswith(greets)
    child.kill()


def test_the_line_for_a_browser(tech, login):
    text = printed(tech, "tunnel", "hmi-1", "http")
    _, *words, where = line_for(text, "OpenSSH")
    chromium = line_for(text, "Chromium")
    proxy = next(word for word in chromium if "--proxy-server" in word)
    proxy = proxy.removeprefix("--proxy-server=socks5://")
    child = tech.client.ssh_start(where, code=NO_CODE, key=tech.key,
                                  options=words)
    wait_for(lambda: tech.client.run(["curl", "-sS", "--socks5-hostname",
                                      proxy, chromium[-1]], check=False).rc == 0,
             15, "the page")
    child.kill()


def plink(tech, words):
    """plink as it comes, with a key of its own kind and a pinned host key."""
    key = tech.client.key(tech.key)
    ppk = key.with_suffix(".ppk")
    if not ppk.exists():
        tech.client.run(["puttygen", key, "-O", "private", "-o", ppk])
    known = tech.client.run(["ssh-keyscan", "-p", PORT, "-t", "ed25519", V4])
    pin = tech.client.run(["ssh-keygen", "-lf", "-"],
                          input=known.out).out.split()[1]
    return [words[0], "-batch", "-i", ppk, "-hostkey", pin, *words[1:]]


def test_the_line_for_plink(tech, login):
    words = line_for(printed(tech, "tunnel", "hmi-1", "vnc"), "plink")
    child = tech.client.popen(plink(tech, words))
    port = words[words.index("-L") + 1].split(":")[0]
    assert greeting(tech, port).startswith("vnc")
    child.kill()


def test_plink_runs_a_command_at_a_target(tech, login):
    did = tech.client.run(plink(tech, ["plink", "-P", PORT, f"{tech.name}@{V4}",
                                       "plc-gw", "hostname"]))
    assert did.out.strip(), did


def test_the_configuration(visits, tech, login):
    """`ssh plc-gw`, and all tunnels at once."""
    path = tech.client.dir / "jump.conf"
    path.write_text(printed(tech, "config"))
    words = ["ssh", "-F", path, "-i", tech.client.key(tech.key), "-o",
             f"UserKnownHostsFile={tech.client.dir}/known_hosts", "-o",
             "StrictHostKeyChecking=accept-new"]
    environment = tech.client.environment(NO_CODE)
    child = tech.client.popen([*words, "bastion-1-tunnels"], env=environment)
    assert greeting(tech, 13389).startswith("rdp")
    assert greeting(tech, 15900).startswith("vnc")
    page = tech.client.run(["curl", "-sS", "--socks5-hostname",
                            "127.0.0.1:1080", "http://hmi-1/"])
    assert "OT panel" in page.out
    child.kill()
    did = tech.client.run([*words, "plc-gw"], env=environment,
                          input="echo on-$((6*7))\nexit\n", check=False)
    assert "on-42" in did.out, did


# -- a key of one's own, for ssh -J

def public_half(person):
    return person.client.key(person.key).with_suffix(".pub").read_text()


def certificate(person, target, key, **kwargs):
    return person.login("cert", target, code=NO_CODE, input=key, **kwargs)


@pytest.fixture(scope="module")
def hopper(visits):
    """The only one here whose ssh may be hopped with: of a machine that need
    not be recorded."""
    path = "/etc/jump/policy.d/hop.conf"
    visits.bastion.put(path, """[conduit hoppers]
Users = hop-*
To = cell-b
Protocols = ssh
MaxWindow = 8h
Approvals = 1
Record = optional
OtpGrace = 1h
""")
    visits.bastion.run("jumpctl policy check && jumpctl inventory push && "
                       "systemctl start jump-apply")
    person = visits.enrol("hop-tech", key="hopper")
    visits.window(person.name, targets=("historian",), record="optional")
    one = Login(person)
    yield person
    one.end()


def test_cert_for_a_hop(visits, hopper):
    """ssh's own -J, with names, and with the account that was granted."""
    signed = certificate(hopper, "historian", public_half(hopper))
    assert signed.rc == 0, signed
    key = hopper.client.key(hopper.key)
    key.with_name(f"{key.name}-cert.pub").write_text(signed.out)
    looked = hopper.client.run(["ssh-keygen", "-Lf",
                                key.with_name(f"{key.name}-cert.pub")]).out
    assert f"user={hopper.name}" in looked and "maint" in looked
    assert "10.30.0.2/32" in looked and "port-forwarding" not in looked
    line = line_for(printed(hopper, "tunnel", "historian", "ssh"), "OpenSSH")
    path = hopper.client.dir / "hop.conf"
    path.write_text(f"Host *\n\tIdentityFile {key}\n\tIdentitiesOnly yes\n"
                    "\tStrictHostKeyChecking accept-new\n\t"
                    f"UserKnownHostsFile {hopper.client.dir}/known_hosts\n")
    seen = Evidence(visits.site)
    did = hopper.client.run([*line[:1], "-F", path, *line[1:], "hostname"],
                            env=hopper.client.environment(NO_CODE))
    assert did.out.strip(), did
    seen.audit("USER_START", op="jump:conn_open", target="historian",
               acct=hopper.name)


def test_cert_for_what_is_no_key(hopper):
    for key in ("", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7 x\n",
                "ssh-ed25519 AAAA\n", "x" * 5000,
                "ssh-ed25519 " + "A" * 68 + "\n"):
        did = certificate(hopper, "historian", key)
        assert did.rc == 2 and "Send the public half" in did.err, did
        assert did.out == ""


def refused_cert(visits, person, target, reason):
    """The person hears why, and both logs have the same word."""
    seen = Evidence(visits.site)
    did = certificate(person, target, public_half(person))
    assert did.rc == 255 and did.out == "", did
    seen.audit("CRYPTO_KEY_USER", op="jump:cert", acct=person.name,
               reason=reason, res="failed")
    seen.journal("cert.issue", user=person.name, target=target,
                 reason=reason, outcome="failure")
    return did.err


def test_no_cert_for_what_must_be_recorded(visits, tech, login):
    assert "recorded" in refused_cert(visits, tech, "plc-gw", "recording")


def test_no_cert_for_what_is_not_granted(visits, tech, login):
    assert "not part of your window" in refused_cert(
        visits, tech, "historian", "target")
