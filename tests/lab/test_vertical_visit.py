# SPDX-License-Identifier: BSD-2-Clause
"""The whole visit: asked for, approved, fetched, applied, logged in, onward,
recorded, ended; on a terminal and without, over IPv4 and IPv6. What happened
is in the recording, in audit and in the journal, joined by its numbers."""
import hashlib
import os
import time

import pytest

from jumplab.bed import wait_for
from jumplab.evidence import Evidence
from jumplab.place import default_id
from jumplab.visit import V4, V6, Visits

pytestmark = pytest.mark.vertical

ROADS = pytest.mark.parametrize("road", ["v4", "v6"])
WHERE = {"v4": V4, "v6": V6}
EVERY_BYTE = bytes(range(256)) * 8


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "x") as one:
        yield Visits(one.install())


def person_with(visits, name, **window):
    """Enrolled, with a key of their own, and a window."""
    person = visits.enrol(name, key=name)
    return person, visits.window(name, **window)


def recording_of(visits, conn):
    """(path, text as it was shown) of a connection's recording."""
    path = visits.bastion.run(
        f"ls /var/lib/jump/recordings/*/*.{conn}.cast").out.strip()
    visits.bastion.run(["jumpctl", "recording", "verify", path])
    shown = visits.bastion.run(["jumpctl", "recording", "cat", path])
    return path, shown.out


def joined(seen, person, grant):
    """The visit's records, by what joins them: one grant, one session, one
    connection, in both logs. Returns the record of the recording's end."""
    access = seen.audit("USER_ACCT", op="jump:access", grant=grant,
                        reason="ok", res="success")
    uuid = access["uuid"]
    login = seen.audit("USER_LOGIN", uuid=uuid, grant=grant, res="success")
    assert login["id"] == login["auid"] == str(person.uid)
    opened = seen.audit("USER_START", op="jump:conn_open", uuid=uuid,
                        grant=grant)
    conn = opened["conn"]
    same = {"uuid": uuid, "grant": grant, "conn": conn}
    seen.audit("TRUSTED_APP", op="jump:record_start", **same)
    seen.audit("CRYPTO_KEY_USER", op="jump:cert", **same)
    closed = seen.audit("USER_END", op="jump:conn_close", **same)
    assert closed["reason"] == "peer" and "by" not in closed.fields
    assert int(closed["bytes_in"]) > 0 and int(closed["bytes_out"]) > 0
    for event in ("cert.issue", "record.start", "conn.open", "record.end",
                  "conn.close"):
        entry = seen.journal(event, session=uuid, grant=grant, conn=conn)
        assert entry["JUMP_USER"] == person.name
        assert entry["JUMP_AUDIT"] == "ok"
    seen.journal("session.start", session=uuid, grant=grant)
    seen.journal("session.end", session=uuid, user=person.name)
    return seen.audit("TRUSTED_APP", op="jump:record_end", **same)


def digest_fits(visits, ended):
    path = ended["file"]
    there = visits.bastion.run(["sha256sum", path]).out.split()[0]
    assert ended["digest"] == f"sha256:{there}"


def test_nobody_approves_what_they_asked_for(visits):
    """otto may ask and may approve, and still not both for one window."""
    person = visits.enrol("acme-selfish", key="selfish")
    ident = visits.request(person.name, who="otto")
    refused = visits.approve(ident, who="otto", check=False)
    assert refused.rc != 0, refused
    assert "someone else decides" in refused.err, refused
    assert visits.approve(ident, who="rita", check=False).rc != 0
    assert ident not in visits.grants()
    visits.approve(ident, who="anna")
    visits.wait_grant(ident)


@ROADS
def test_the_whole_visit_on_a_terminal(visits, road):
    person = visits.enrol(f"acme-pty{road}", key=f"pty{road}")
    grant = visits.request(person.name)
    begin = time.monotonic()
    visits.approve(grant)
    visits.wait_grant(grant)
    assert time.monotonic() - begin < 5
    seen = Evidence(visits.site)

    child = person.terminal(where=WHERE[road], dimensions=(30, 97))
    child.expect(f"{person.name} at bastion-1. What a target prints is "
                 "recorded")
    child.expect("plc-gw +ssh")
    child.expect("until (today|tomorrow) .* left")
    child.expect("jump> ")
    child.sendline("connect plc-gw")
    child.expect(r"maint@plc-gw:\S* ?\$ ")
    child.sendline("hostname; id -un; stty size; test -t 0 && echo is-a-tty;"
                   " echo shown-$((40+2))")
    child.expect("maint\r\n30 97\r\nis-a-tty\r\nshown-42\r\n")
    listed = visits.bastion.run("jumpctl sessions").out
    assert person.name in listed and "plc-gw" in listed
    child.expect(r"\$ ")
    child.sendline("exit")
    child.expect("jump> ")
    child.sendline("exit")
    child.wait()
    assert child.exitstatus == 0

    ended = joined(seen, person, grant)
    digest_fits(visits, ended)
    _, shown = recording_of(visits, ended["conn"])
    assert "shown-42" in shown and "30 97" in shown
    wait_for(lambda: person.name not in visits.bastion.run(
        "jumpctl sessions").out, 5, "the session is gone")


@ROADS
def test_the_whole_visit_without_a_terminal(visits, road):
    person, grant = person_with(visits, f"acme-cmd{road}")
    data = os.urandom(1 << 20) + EVERY_BYTE
    digest = hashlib.sha256(data).hexdigest()
    seen = Evidence(visits.site)

    did = person.login("plc-gw", "cat > f; sha256sum < f; echo aside >&2; "
                       "rm f; exit 42", where=WHERE[road], input=data,
                       text=False)
    assert did.rc == 42, did
    assert did.out == f"{digest}  -\n".encode()
    assert did.err.endswith(b"aside\n") and digest.encode() not in did.err

    ended = joined(seen, person, grant)
    digest_fits(visits, ended)
    path, shown = recording_of(visits, ended["conn"])
    assert digest in shown and "aside" in shown
    # of what went in: its size and digest, not itself
    assert f'"{len(data)} {digest}"' in visits.bastion.read(path)
    ran = seen.audit("USER_CMD", conn=ended["conn"], grant=grant)
    assert bytes.fromhex(ran["cmd"]).startswith(b"cat > f; sha256sum < f;")
    seen.journal("command.run", conn=ended["conn"])


@ROADS
def test_bytes_of_every_value_come_back_as_they_went(visits, road):
    person, _ = person_with(visits, f"acme-echo{road}")
    data = EVERY_BYTE + os.urandom(300000)
    came = person.login("plc-gw", "cat", where=WHERE[road], input=data,
                        text=False)
    assert came.rc == 0 and came.out == data
    assert person.login("plc-gw", "kill -TERM $$",
                        where=WHERE[road]).rc not in (0, 15)


@ROADS
def test_a_tunnel_to_a_panel(visits, road):
    """-L to a web panel: relayed by the kernel's redirection, and joined."""
    person, grant = person_with(visits, f"acme-tun{road}", targets=("hmi-1",),
                                protocols=("http",), account=None)
    panel = getattr(visits.ot["hmi-1"], road)
    host = f"[{panel}]" if road == "v6" else panel
    seen = Evidence(visits.site)
    person.start(where=WHERE[road], options=[
        "-N", "-o", "ExitOnForwardFailure=yes", "-L", f"10080:{host}:80"])
    page = person.client.run(
        ["curl", "-sS", "--retry", "40", "--retry-connrefused",
         "--retry-delay", "0", "--retry-max-time", "15",
         "http://127.0.0.1:10080/"]).out
    assert page == f"<h1>OT panel {panel}</h1>\n"
    login = seen.audit("USER_LOGIN", grant=grant, res="success")
    same = {"uuid": login["uuid"], "grant": grant, "target": "hmi-1",
            "daddr": panel, "app": "http"}
    opened = seen.audit("USER_START", op="jump:conn_open", **same)
    closed = seen.audit("USER_END", op="jump:conn_close", conn=opened["conn"],
                        **same)
    assert closed["reason"] == "peer"
    assert int(closed["bytes_in"]) > len(page)
    seen.journal("conn.close", session=login["uuid"], grant=grant,
                 conn=opened["conn"], target="hmi-1")
