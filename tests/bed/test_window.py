# SPDX-License-Identifier: BSD-2-Clause
"""The end of a window, and what is said before."""
import os
import re
import signal
import time

import pytest

from bed import LIBEXEC, USER, recording, shown


def until(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def gone(bed):
    return not any("/usr/bin/ssh" in c for c in bed.processes())


def connected(bed, p=None):
    """ssh has come through to the target."""
    before = getattr(bed, "_accepted", 0)
    assert until(lambda: bed.target_log().count("Starting session")
                 > before, 10), bed.errors()
    bed._accepted = bed.target_log().count("Starting session")


@pytest.fixture(autouse=True)
def counted(bed):
    bed._accepted = bed.target_log().count("Starting session")


def test_cut_at_the_end_on_a_terminal(bed):
    g = bed.grant(seconds=5)
    bed.publish(g)
    t = bed.terminal()
    t.expect("jump> ")
    t.send("plc-gw\r")
    t.expect("$ ")
    t.expect("the window is over", 12)
    late = time.time() - g["not_after"]
    assert 0 <= late < 1.2, late
    t.expect("Your session ends: the window is over")
    assert t.wait() == 255
    t.close()
    assert bed.events("session.terminate", JUMP_REASON="window",
                      JUMP_SESSION=bed.uuid, JUMP_BY="jumpshell")
    _, events = recording(bed.recordings()[-1])
    assert events[-1][1] == "e"


def test_cut_at_the_end_of_a_command_adds_nothing_to_its_data(bed):
    g = bed.grant(seconds=4)
    bed.publish(g)
    p = bed.popen("plc-gw echo begun; exec sleep 100")
    out, err = p.communicate(b"", 15)
    late = time.time() - g["not_after"]
    assert (p.returncode, out) == (255, b"begun\n")
    assert b"jump" not in err and b"window" not in err, err
    assert 0 <= late < 1.2, late


def test_grace_goes_on_and_then_it_is_cut(bed):
    bed._policy(grace="2s")
    g = bed.grant(seconds=4)
    bed.publish(g)
    t = bed.terminal("plc-gw")
    t.expect("$ ")
    t.expect("The window is over. plc-gw is cut in 2 s.", 10)
    t.send("echo still-$((1+1))here\r")
    t.expect("still-2here")
    assert t.wait(10) == 255
    assert 2 <= time.time() - g["not_after"] < 3.2
    t.close()


def signal_relay(sig):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if b"jump-relay" in f.read():
                    os.kill(int(pid), sig)
        except OSError:
            pass


def test_jumpshell_cuts_when_the_relay_does_not(bed):
    g = bed.grant(seconds=5)
    bed.publish(g)
    p = bed.popen("plc-gw exec sleep 100")
    connected(bed)
    signal_relay(signal.SIGSTOP)
    try:
        assert until(lambda: gone(bed), 9)
        assert time.time() - g["not_after"] < 1.2
        p.communicate(b"", 10)
        assert p.returncode == 255
    finally:
        signal_relay(signal.SIGCONT)
    assert bed.events("session.terminate", JUMP_REASON="window",
                      JUMP_BY="jumpshell", JUMP_TARGET="plc-gw")


def test_the_relay_cuts_when_jumpshell_does_not(bed):
    g = bed.grant(seconds=5)
    bed.publish(g)
    p = bed.popen("plc-gw exec sleep 100")
    connected(bed)
    before = len(bed.events("conn.close", JUMP_SESSION=bed.uuid))
    p.send_signal(signal.SIGSTOP)
    try:
        assert until(lambda: len(bed.events(
            "conn.close", JUMP_SESSION=bed.uuid)) > before, 9)
        assert time.time() - g["not_after"] < 1.2
    finally:
        p.send_signal(signal.SIGCONT)
        p.communicate(b"", 10)
    assert p.returncode == 255
    assert bed.events("conn.close", JUMP_SESSION=bed.uuid)[-1][
        "JUMP_REASON"] == "window"


@pytest.mark.parametrize("pty", [True, False])
def test_revoked_is_cut_within_a_second(bed, pty):
    p = (bed.terminal("plc-gw sleep 100") if pty
         else bed.popen("plc-gw sleep 100"))
    connected(bed)
    began = time.monotonic()
    bed.publish(bed.grant(revoked=True))
    assert until(lambda: gone(bed), 5)
    assert time.monotonic() - began < 1.2
    if pty:
        t = p
        t.expect("taken back")
        assert t.wait() == 255
        t.close()
    else:
        out, err = p.communicate(b"", 5)
        assert p.returncode == 255 and b"window" not in err


def test_removed_from_the_bastion_is_cut(bed):
    t = bed.terminal("plc-gw")
    t.expect("$ ")
    began = time.monotonic()
    bed.publish(users=False)
    assert until(lambda: gone(bed), 5)
    assert time.monotonic() - began < 1.2
    assert t.wait() == 255
    t.close()


def test_narrowing_ends_that_connection_and_leaves_the_session(bed):
    t = bed.terminal()
    t.expect("jump> ")
    t.send("plc-gw\r")
    t.expect("$ ")
    bed.publish(bed.grant(targets=("hmi-1",)))
    t.expect("plc-gw: the window was taken back, or no longer has it", 3)
    t.expect("jump> ")
    t.send("list\r")
    t.expect("hmi-1")
    t.expect("jump> ")
    t.send("hmi-1\r")
    t.expect("$ ")
    t.send("exit 4\r")
    t.expect("jump> ")
    t.send("exit\r")
    assert t.wait() == 0
    t.close()


def test_an_extension_goes_on_and_is_told(bed):
    g = bed.grant(seconds=4)
    bed.publish(g)
    t = bed.terminal("plc-gw")
    t.expect("$ ")
    g["not_after"] += 3600
    bed.publish(g)
    t.expect("The window was extended: plc-gw until ", 3)
    assert re.match(rb"(today|tomorrow) \d\d:\d\d(:\d\d)? UTC ",
                    t.expect(" UTC ", 3))
    time.sleep(5)
    t.send("echo on-$((2+3))\r")
    t.expect("on-5")
    t.send("exit\r")
    assert t.wait() == 0
    t.close()


def test_the_warning_is_one_line_and_is_marked_in_the_recording(bed):
    g = bed.grant(seconds=63)
    bed.publish(g)
    t = bed.terminal("plc-gw")
    t.expect("$ ")
    t.expect("\0337\033[1;1H", 8)
    line = t.expect("\0338")
    assert re.search(rb"plc-gw ends in 1 minute, (today|tomorrow)", line)
    assert b"\n" not in line and b"\r" not in line
    t.send("exit\r")
    assert t.wait() == 0
    t.close()
    _, events = recording(bed.recordings()[-1])
    marks = [e[2] for e in events if e[1] == "m"]
    assert len(marks) == 1 and b"ends in 1 minute" in marks[0]
    assert b"ends in 1 minute" not in shown(events)
    assert bed.events("window.warn", JUMP_SESSION=bed.uuid)


def test_no_warning_in_a_commands_data(bed):
    bed.publish(bed.grant(seconds=62))
    r = bed.run("plc-gw echo a; sleep 4; echo b; echo c >&2", timeout=20)
    assert (r.status, r.out, r.err) == (0, b"a\nb\n", b"c\n")
    assert bed.events("window.warn", JUMP_SESSION=bed.uuid)


def test_a_warning_waits_for_the_end_of_an_escape_sequence(bed):
    """The program is in the middle of a title when the warning is due."""
    bed.publish(bed.grant(seconds=63))
    t = bed.terminal("plc-gw")
    t.expect("$ ")
    t.send("PS1=; printf '\\033]0;half'; sleep 3.7; printf 'title\\007X'; "
           "sleep 1\r")
    t.expect("\033]0;half")
    data = t.expect("\0337", 8)
    assert data.startswith(b"title\007X") or b"half" not in data, data
    t.close()


def test_the_prompt_of_the_menu_is_warned_and_ends(bed):
    g = bed.grant(seconds=63)
    bed.publish(g)
    t = bed.terminal()
    t.expect("jump> ")
    t.send("conn")
    t.expect("your session ends in 1 minute", 8)
    g["revoked"] = True
    bed.publish(g)
    t.expect("Your session ends: the window was taken back", 4)
    assert t.wait() == 255
    t.close()
    assert bed.events("session.terminate", JUMP_REASON="revoked",
                      JUMP_SESSION=bed.uuid)


def test_a_login_after_the_end_says_when_the_next_one_opens(bed):
    bed.publish(bed.grant("G1", begin=-7200, seconds=-3600),
                bed.grant("G2", begin=3600, seconds=7200))
    r = bed.run("plc-gw id")
    assert r.status == 255 and r.out == b""
    assert b"Your next window opens " in r.err and b"UTC (" in r.err
    assert b"Europe/Berlin" in r.err


def test_time_stands_in_both_zones(bed):
    r = bed.run("window")
    assert r.out.count(b"UTC (") == 2 and r.out.count(b"Europe/Berlin") == 2
    assert USER.encode() in r.out and b"G1 (open)" in r.out
    assert LIBEXEC.encode() not in r.out
