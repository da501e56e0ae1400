# SPDX-License-Identifier: BSD-2-Clause
"""Onward connections: what goes in comes out, and is recorded."""
import hashlib
import os
import re
import signal
import time

import pytest

from bed import recording, shown


def last(bed):
    return recording(bed.recordings()[-1])


def test_a_command(bed):
    r = bed.run("plc-gw echo hello; echo oops >&2; exit 3")
    assert (r.status, r.out, r.err) == (3, b"hello\n", b"oops\n"), r
    header, events = last(bed)
    assert sorted(shown(events).split()) == [b"hello", b"oops"]
    jump = header["jump"]
    assert (jump["user"], jump["target"], jump["account"], jump["grant"],
            jump["zone"], jump["bastion"]) == (
        "acme-tech1", "plc-gw", "maint", "G1", "cell-a", "bastion-1")
    assert header["command"] == "echo hello; echo oops >&2; exit 3"
    assert [e[1] for e in events if e[1] != "o"] == ["h", "x", "e"]
    assert events[-2][2] == b"3" and events[-1][2] == b"closed"


@pytest.mark.parametrize("status", [0, 1, 2, 42, 127, 254, 255])
def test_exit_status(bed, status):
    assert bed.run(f"plc-gw exit {status}").status == status


def test_killed_by_signal_is_255_as_ssh_says(bed):
    assert bed.run("plc-gw kill -TERM $$").status == 255


def test_the_command_reaches_the_target_as_it_is(bed):
    r = bed.run("""plc-gw printf '[%s]' "a  b" 'c"d' $HOME \\$x `echo y`; """
                "echo; echo 'ä€' | od -An -tx1")
    home = b"/run/jump-bed/home"
    assert r.out == (b"""[a  b][c"d][""" + home + b"][$x][y]\n"
                     b" c3 a4 e2 82 ac 0a\n"), r


def test_bytes_that_are_not_text_in_the_command(bed):
    r = bed.run(b"plc-gw printf '\xff\xfe' | od -An -tx1")
    assert r.out == b" ff fe\n", r
    header, _ = last(bed)
    assert "\ufffd" in header["command"]
    assert header["jump"]["command"]


def test_input_is_byte_exact_and_summed(bed):
    big = os.urandom(9_000_001)
    r = bed.run("plc-gw cat > f; sha256sum < f", stdin=big, timeout=120)
    want = hashlib.sha256(big).hexdigest()
    assert r.out.split()[0].decode() == want
    _, events = last(bed)
    assert [e[2] for e in events if e[1] == "h"] == [
        f"{len(big)} {want}".encode()]
    assert big[:64] not in open(bed.recordings()[-1], "rb").read()


def test_output_is_byte_exact_and_recorded_exactly(bed):
    bed.run("plc-gw head -c 9000001 /dev/urandom > g")
    r = bed.run("plc-gw cat g", timeout=120)
    assert len(r.out) == 9000001
    _, events = last(bed)
    assert shown(events) == r.out
    want = bed.run("plc-gw sha256sum < g").out.split()[0].decode()
    assert hashlib.sha256(r.out).hexdigest() == want


def test_streams_stay_apart_in_bulk(bed):
    r = bed.run("plc-gw head -c 3000000 /dev/zero; "
                "head -c 2000000 /dev/zero | tr '\\0' e >&2", timeout=60)
    assert r.out == b"\0" * 3000000
    assert r.err == b"e" * 2000000


def test_end_of_input_is_passed_on(bed):
    assert bed.run("plc-gw wc -c", stdin=b"").out.strip() == b"0"
    assert bed.run("plc-gw wc -c", stdin=b"abc").out.strip() == b"3"


def test_end_of_input_does_not_end_the_command(bed):
    r = bed.run("plc-gw cat >/dev/null; sleep 0.5; echo still", stdin=b"x")
    assert r.out == b"still\n"


def test_a_shell_without_a_terminal(bed):
    r = bed.run("plc-gw", stdin=b"echo one\nexit 7\n")
    assert (r.status, r.out) == (7, b"one\n"), r


def test_a_reader_that_goes_ends_the_command(bed):
    p = bed.popen("plc-gw yes")
    p.stdout.read(100000)
    p.stdout.close()
    p.stdin.close()
    assert p.wait(10) != 0
    p.stderr.close()


def test_a_terminal_has_size_and_modes(bed):
    t = bed.terminal("plc-gw stty size; echo $TERM; tty", cols=101, rows=33)
    t.expect("33 101")
    t.expect("xterm")
    t.expect("/dev/pts/")
    assert t.wait() == 0
    t.close()
    header, events = last(bed)
    assert (header["width"], header["height"]) == (101, 33)
    assert header["env"]["TERM"] == "xterm"
    assert [e[1] for e in events if e[1] != "o"] == ["x", "e"]


def test_a_new_size_reaches_target_and_recording(bed):
    t = bed.terminal("plc-gw")
    t.expect("$ ")
    t.resize(120, 50)
    time.sleep(0.4)
    t.send("stty size\r")
    t.expect("50 120")
    t.send("exit 5\r")
    assert t.wait() == 5
    t.close()
    _, events = last(bed)
    assert (b"120x50") in [e[2] for e in events if e[1] == "r"]


def test_keys_go_to_the_target_as_bytes(bed):
    """Interrupt, stop, end of file, flow control, 8 bit: none is ours."""
    t = bed.terminal("plc-gw stty raw -echo; echo ready; head -c 11 | "
                     "od -An -tx1 -w11")
    t.expect("ready")
    t.send(bytes([3, 26, 4, 28, 17, 19, 0, 255, 0x7e, 0x2e, 13]))
    t.expect("03 1a 04 1c 11 13 00 ff 7e 2e 0d")
    assert t.wait() == 0
    t.close()


def test_interrupt_on_the_targets_terminal(bed):
    t = bed.terminal("plc-gw")
    t.expect("$ ")
    t.send("sleep 100\r")
    time.sleep(0.5)
    t.send("\x03")
    t.expect("$ ")
    t.send("exit\r")
    t.wait()
    t.close()


def test_what_is_typed_without_echo_is_nowhere(bed):
    t = bed.terminal("plc-gw")
    t.expect("$ ")
    t.send("stty -echo; read secret; stty echo; echo got ${#secret}\r")
    time.sleep(0.7)
    t.send("Canary-0815-geheim\r")
    t.expect("got 18")
    t.send("exit\r")
    t.wait()
    t.close()
    with open(bed.recordings()[-1], "rb") as f:
        assert b"Canary-0815" not in f.read()


def test_the_terminal_is_as_it_was_afterwards(bed):
    import termios
    t = bed.terminal()
    t.expect("jump> ")
    t.send("connect plc-gw\r")
    t.expect("$ ")
    raw = termios.tcgetattr(t.fd)
    assert not raw[3] & termios.ICANON
    t.send("exit\r")
    t.expect("jump> ")
    t.send("exit\r")
    assert t.wait() == 0
    cooked = termios.tcgetattr(t.fd)
    assert cooked[3] & termios.ICANON and cooked[3] & termios.ECHO
    t.close()


def test_a_hangup_ends_ssh(bed):
    t = bed.terminal("plc-gw")
    t.expect("$ ")
    os.close(t.fd)
    for _ in range(100):
        os.waitpid(t.pid, os.WNOHANG)
        if not bed.processes():
            break
        time.sleep(0.05)
    assert bed.processes() == []


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGHUP,
                                 signal.SIGKILL])
def test_nothing_outlives_jumpshell(bed, sig):
    p = bed.popen("plc-gw sleep 1000")
    while not any("ssh -F" in c for c in bed.processes()):
        time.sleep(0.02)
    time.sleep(0.5)
    p.send_signal(sig)
    p.wait(5)
    for _ in range(60):
        if not bed.processes():
            break
        time.sleep(0.05)
    assert bed.processes() == []
    p.stdin.close(), p.stdout.close(), p.stderr.close()


def test_each_connection_has_its_own_key_and_certificate(bed):
    before = len(bed.target_log())
    bed.run("plc-gw true")
    bed.run("plc-gw true")
    keys = re.findall(r"Accepted publickey for maint .* ED25519-CERT (\S+) ID"
                      r" (grant=G1 user=acme-tech1 session=\S+ conn=\S+)",
                      bed.target_log()[before:])
    assert len(keys) == 2
    assert len({k[0] for k in keys}) == 2 and len({k[1] for k in keys}) == 2


def test_no_private_key_in_a_file_or_an_argument(bed):
    began = time.time() - 1
    p = bed.popen("plc-gw sleep 2")
    while not any("/usr/bin/ssh" in c for c in bed.processes()):
        time.sleep(0.02)
    for line in bed.processes():
        assert "PRIVATE" not in line
    for folder in ("/tmp", "/run/jump", "/var/tmp", "/dev/shm"):
        for path, _, files in os.walk(folder):
            for name in files:
                full = os.path.join(path, name)
                if not os.path.isfile(full):
                    continue
                st = os.stat(full)
                assert st.st_uid != bed.uid or st.st_mtime < began, full
    p.kill()
    p.communicate()


def test_the_key_is_let_go_when_ssh_has_read_it(bed):
    t = bed.terminal("plc-gw")
    t.expect("$ ")
    assert any("jump-keypair" in c for c in bed.processes())
    time.sleep(3.5)
    assert not any("jump-keypair" in c for c in bed.processes())
    t.send("exit\r")
    t.wait()
    t.close()


def test_a_changed_host_key_is_refused(bed):
    policy = "/etc/jump/policy.d/cells.conf"
    with open(policy, encoding="utf-8") as f:
        text = f.read()
    keys = re.findall(r"HostKey = (\S+ \S+)", text)
    with open(policy, "w", encoding="utf-8") as f:
        f.write(text.replace(keys[0], "swap").replace(keys[1], keys[0])
                .replace("swap", keys[1]))
    bed.publish(bed.grant())
    r = bed.run("plc-gw id")
    assert r.status == 255 and r.out == b"", r
    assert b"host key" in r.err.lower(), r


def test_many_at_once(bed):
    running = [bed.popen(f"plc-gw echo {i}; sleep 0.2; exit {i}")
               for i in range(12)]
    for i, p in enumerate(running):
        out, err = p.communicate(b"", 60)
        assert (p.returncode, out) == (i, b"%d\n" % i), err
