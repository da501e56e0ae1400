# SPDX-License-Identifier: BSD-2-Clause
"""The menu, and the words of a remote command."""
import re
import subprocess

import pytest


def menu(bed, **more):
    t = bed.terminal(**more)
    t.expect("jump> ")
    t.expect_keys()
    return t


def leave(t):
    t.send("exit\r")
    assert t.wait() == 0
    t.close()


def test_the_banner_says_what_is_open_and_how_long(bed):
    t = bed.terminal()
    text = t.expect("jump> ").decode()
    assert "acme-tech1 at bastion-1" in text and "recorded" in text
    assert re.search(r"1  hmi-1 +ssh", text), text
    assert re.search(r"until (today|tomorrow) \d\d:\d\d(:\d\d)? UTC "
                     r"\(.*Europe/Berlin\), (1 hour|\d+ minutes)", text), text
    leave(t)


@pytest.mark.parametrize("word", ["2", "plc-gw", "connect plc-gw",
                                  "  connect   plc-gw  "])
def test_ways_to_connect(bed, word):
    t = menu(bed)
    t.send(word + "\r")
    t.expect("$ ")
    t.send("echo at-$((40+2)); exit 3\r")
    t.expect("at-42")
    t.expect("jump> ")
    leave(t)


def test_a_number_means_what_was_listed(bed):
    t = menu(bed)
    bed.publish(bed.grant(targets=("hmi-1",)))
    t.send("2\r")
    t.expect("plc-gw: This target is not part of your window.")
    t.expect("jump> ")
    t.send("9\r")
    t.expect("There is no number 9. Type 'list'.")
    leave(t)


def test_a_command_typed_in_the_menu(bed):
    t = menu(bed)
    t.send("plc-gw echo $((6*7))\r")
    t.expect("42")
    t.expect("jump> ")
    leave(t)


@pytest.mark.parametrize("typed,line", [
    ("ls", "not part of your window"),
    ("connect", "Which target? Say: connect TARGET."),
    ("connect ;id", "Which target?"),
    ("list all", "list takes nothing after it."),
    ("!id", "That is no command and no target. Type 'help' or 'list'."),
    ("$(id)", "That is no command and no target."),
    ("`id`", "That is no command and no target."),
    ("-oProxyCommand=id", "That is no command and no target."),
    ("PLC-GW", "That is no command and no target."),
    ("plc-gw;id", "That is no command and no target."),
    ("sftp", "Say on your own machine: sftp BASTION"),
    ("a" * 60, "That is no command and no target."),
    ("0", "There is no number 0."),
    ("99999999999999999999", "There is no number 99999999999999999999."),
])
def test_wrong_input_is_answered_in_one_line(bed, typed, line):
    t = menu(bed)
    t.send(typed + "\r")
    text = t.expect("jump> ").decode()
    assert line in text, text
    assert len([x for x in text.replace("\r", "\n").split("\n")
                if x.strip() and typed[:20] not in x]) <= 2, text
    leave(t)


def test_help_names_every_command(bed):
    r = bed.run("help")
    for word in ("list", "connect TARGET", "tunnel [TARGET [PROTO]]",
                 "config", "cert TARGET", "window", "whoami", "help", "exit"):
        assert word in r.out.decode()
    assert r.status == 0 and r.err == b""


def test_completion(bed):
    t = menu(bed)
    t.send("plc\t")
    t.expect("-gw ")
    t.send("\x15connect hm\t")
    t.expect("i-1 ")
    t.send("\x15tunnel plc\t")
    t.expect("-gw ")
    t.send("\x15tun\t\r")
    t.expect("A tunnel carries one port")
    t.expect("jump> ")
    leave(t)


def test_history_and_editing(bed):
    t = menu(bed)
    t.send("whoami\r")
    t.expect("You are acme-tech1")
    t.expect("jump> ")
    t.send("\x1b[A\r")
    t.expect("You are acme-tech1")
    t.expect("jump> ")
    t.send("xhoami\x01\x1b[3~w\r")
    t.expect("You are acme-tech1")
    t.expect("jump> ")
    leave(t)


def test_end_of_input_leaves(bed):
    t = menu(bed)
    t.send("\x04")
    assert t.wait() == 0
    t.close()


def test_interrupt_and_stop_change_nothing(bed):
    t = menu(bed)
    for key in ("\x03", "\x1a", "\x1c"):
        t.send(key)
    t.send("\x15whoami\r")
    t.expect("You are acme-tech1")
    leave(t)


def test_a_new_window_works_at_once(bed):
    bed.publish(bed.grant(targets=("hmi-1",)))
    t = menu(bed)
    t.send("connect plc-gw\r")
    t.expect("not part of your window")
    bed.publish(bed.grant())
    t.expect("jump> ")
    t.send("connect plc-gw\r")
    t.expect("$ ")
    t.send("exit\r")
    t.expect("jump> ")
    leave(t)


def test_nothing_open(bed):
    bed.publish(bed.grant(begin=3600, seconds=7200))
    r = bed.run("list")
    assert r.out.startswith(b"Nothing is open to you now.\nYour next window "
                            b"opens ")


def open_tunnels(bed, protocols=("ssh", "rdp", "vnc")):
    bed._policy(record="optional")
    bed.publish(bed.grant(protocols=protocols, record="optional"))


def test_tunnels_are_listed_on_one_screen(bed):
    open_tunnels(bed)
    text = bed.run("tunnel").out.decode()
    assert "ssh -N -L 13389:10.20.0.10:3389 acme-tech1@198.51.100.1" in text
    assert "ssh -N -L 15900:10.20.0.11:5900" in text
    assert "PuTTY" in text and "WinSCP" in text
    assert len(text.splitlines()) <= 24, text
    assert max(map(len, text.splitlines())) <= 100


def test_a_tunnel_is_explained_for_each_program(bed):
    open_tunnels(bed)
    text = bed.run("tunnel plc-gw rdp").out.decode()
    for line in ("ssh -N -L 13389:10.20.0.10:3389 acme-tech1@198.51.100.1",
                 "plink -N -L 13389:10.20.0.10:3389 acme-tech1@198.51.100.1",
                 "source port 13389, destination 10.20.0.10:3389",
                 "mstsc /v:localhost:13389", "xfreerdp /v:localhost:13389",
                 "remmina -c rdp://localhost:13389"):
        assert line in text, text
    assert "vnc" not in text
    everything = bed.run("tunnel plc-gw").out.decode()
    assert "vncviewer localhost::15900" in bed.run("tunnel hmi-1").out.decode()
    assert text.split("\n", 1)[1] in everything
    assert ("ssh -J acme-tech1@198.51.100.1:22 maint@plc-gw"
            in everything), everything
    assert len(everything.splitlines()) <= 24


def test_a_browser_gets_a_profile_of_its_own(bed):
    """One that runs already takes the address and forgets the proxy."""
    open_tunnels(bed, protocols=("https",))
    text = bed.run("tunnel hmi-1").out.decode()
    assert ("chromium --user-data-dir=hmi-1 "
            "--proxy-server=socks5://localhost:1080 https://hmi-1/") in text
    assert "ssh -N -D 1080 acme-tech1@198.51.100.1" in text
    # what ssh and browser say of a refusal does not name it
    assert "SOCKS connection failed" in text.replace("\n", " ")
    assert "administratively prohibited" in text
    assert len(text.splitlines()) <= 24
    assert max(map(len, text.splitlines())) <= 105


def test_pages_at_several_ports_share_one_proxy(bed):
    open_tunnels(bed, protocols=("https",))
    text = bed.run("tunnel hmi-1 https").out.decode()
    assert text.count("ssh -N -D") == 1, text
    for page in "https://hmi-1/", "https://hmi-1:8443/":
        assert f"socks5://localhost:1080 {page}\n" in text, text
        assert f"Proxy DNS; {page}\n" in text, text


def test_a_port_is_a_label(bed):
    open_tunnels(bed, protocols=("tcp/502",))
    text = bed.run("tunnel hmi-1 tcp/502").out.decode()
    for line in ("ssh -N -L 10502:10.20.0.11:502 acme-tech1@198.51.100.1",
                 "plink -N -L 10502:10.20.0.11:502 acme-tech1@198.51.100.1",
                 "device address localhost, port 10502",
                 "tcp/502 is a label: it opens this port, and nothing looks "
                 "into what goes through it."):
        assert line in text, text
    assert "4840" not in bed.run("tunnel hmi-1").out.decode()
    assert "by tunnel: tcp/502" in bed.run("list").out.decode()
    assert ("# hmi-1 tcp/502\n\tLocalForward 10502 10.20.0.11:502"
            in bed.run("config").out.decode())


def test_completion_of_what_a_tunnel_is_open_to(bed):
    open_tunnels(bed, protocols=("vnc", "https", "tcp/502", "tcp/4840"))
    t = menu(bed)
    t.send("tunnel hmi-1 v\t")
    t.expect("nc ")
    t.send("\x15tunnel hmi-1 t\t")
    t.expect("cp/")
    t.send("5\t\r")
    t.expect("tcp/502 is a label")
    t.expect("jump> ")
    t.send("tunnel hmi-1 s\t\r")  # ssh is not open
    t.expect("Say: tunnel")
    leave(t)


def test_a_port_without_a_recording_is_refused(bed):
    bed.publish(bed.grant(protocols=("ssh", "tcp/502")))
    did = bed.run("tunnel hmi-1 tcp/502")
    assert did.status == 255 and b"recorded" in did.err, did
    assert b"502" not in bed.run("tunnel").out + bed.run("config").out


@pytest.mark.parametrize("words,status,said", [
    ("tunnel historian", 255, "not part of your window"),
    ("tunnel hmi-1 tcp/503", 255, "hmi-1: "),
    ("tunnel hmi-1 tcp", 2, "Say: tunnel"),
    ("tunnel hmi-1 tcp/0", 2, "Say: tunnel"),
    ("tunnel hmi-1 tcp/*", 2, "Say: tunnel"),
    ("tunnel plc-gw https", 255, "plc-gw: "),
    ("tunnel plc-gw telnet9", 2, "Say: tunnel"),
    ("tunnel plc-gw rdp now", 2, "Say: tunnel"),
    ("tunnel ../x", 2, "Say: tunnel"), ("config now", 2, "takes nothing")])
def test_what_has_no_tunnel_is_said(bed, words, status, said):
    open_tunnels(bed)
    did = bed.run(words)
    assert (did.status, did.out) == (status, b""), did
    assert said in did.err.decode(), did.err


def ssh_reads(tmp_path, text, host):
    """What OpenSSH makes of a configuration."""
    path = tmp_path / "config"
    path.write_text(text)
    out = subprocess.run(["ssh", "-F", path, "-G", host], check=True,
                         capture_output=True, text=True).stdout
    return out.splitlines()


def test_the_configuration_is_one(bed, tmp_path):
    open_tunnels(bed)
    text = bed.run("config").out.decode()
    bastion = ssh_reads(tmp_path, text, "bastion-1")
    assert "hostname 198.51.100.1" in bastion and "user acme-tech1" in bastion
    assert not [line for line in bastion if line.startswith("localforward")]
    tunnels = ssh_reads(tmp_path, text, "bastion-1-tunnels")
    assert "localforward 13389 [10.20.0.10]:3389" in tunnels
    local = [line.split()[1] for line in tunnels
             if line.startswith("localforward")]
    assert len(set(local)) == len(local) == 2
    assert "sessiontype none" in tunnels
    target = ssh_reads(tmp_path, text, "plc-gw")
    assert "proxyjump bastion-1" in target and "user maint" in target


def test_the_configuration_of_what_is_recorded(bed, tmp_path):
    bed.publish(bed.grant())
    text = bed.run("config").out.decode()
    target = ssh_reads(tmp_path, text, "plc-gw")
    assert "remotecommand plc-gw" in target
    assert "hostname 198.51.100.1" in target and "user acme-tech1" in target


def test_what_must_be_recorded_has_no_tunnel(bed):
    bed.publish(bed.grant(protocols=("ssh", "rdp")))
    text = bed.run("tunnel").out.decode()
    assert "No tunnel is open to you now." in text
    assert "'ssh acme-tech1@198.51.100.1 TARGET'" in text


@pytest.mark.parametrize("command,words", [
    ("scp -t /tmp/x", b"Leave out -O"), ("scp -f /etc/passwd", b"scp FILE"),
    ("scp -r -p -d -t .", b"Leave out -O"),
    ("/usr/lib/openssh/sftp-server", b"sftp BASTION"),
    ("internal-sftp", b"sftp BASTION"), ("sftp-server", b"sftp BASTION"),
    ("rsync --server -vlogDtpre.iLsfxCIvu . /tmp", b"rsync -e 'ssh BASTION'"),
    ("git-upload-pack '/x'", b"ssh -J BASTION")])
def test_transfers_are_refused_in_one_line_that_helps(bed, command, words):
    r = bed.run(command)
    assert (r.status, r.out) == (255, b"")
    assert r.err.count(b"\n") == 1 and words in r.err, r


def test_a_login_without_a_terminal(bed):
    r = bed.run(None)
    assert r.status == 0 and b"Open now:" in r.out


@pytest.mark.parametrize("word,status", [
    ("list", 0), ("window", 0), ("whoami", 0), ("help", 0), ("tunnel", 0),
    ("config", 0),
    ("exit", 0), ("", 0), ("   ", 0), ("2", 255), ("exit now", 2)])
def test_words_without_a_menu(bed, word, status):
    assert bed.run(word).status == status


@pytest.mark.parametrize("term", [
    "xterm-256color", "dumb", "", "../../etc/passwd", "/tmp/x", "a" * 500,
    "xterm\x1b[2J", "vt100", "no-such-terminal", "linux", ".x"])
def test_any_terminal_type(bed, term):
    t = bed.terminal(env=bed.environment(TERM=term))
    t.expect("jump> ")
    t.send("whoami\r")
    t.expect("You are acme-tech1")
    t.expect("jump> ")
    leave(t)
