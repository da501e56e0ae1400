# SPDX-License-Identifier: BSD-2-Clause
"""A browser at a supplier's laptop looks at the panel of a machine: Chromium
and ssh started by the lines that the bastion prints, nginx with TLS and a
login at the machine. The tests are in the order of a visit: the last one ends
it."""
import hashlib
import shlex
import time

import pytest

from jumplab.bed import wait_for
from jumplab.browser import Browser
from jumplab.login import Login
from jumplab.party import connections, events, sessions
from jumplab.place import default_id
from jumplab.visit import V4, Visits
from jumplab.web import CA, CONDUIT, FORTY, STRANGER, Web

pytestmark = pytest.mark.protocols

PANEL = "https://hmi-1/"
REFUSED = "net::ERR_SOCKS_CONNECTION_FAILED"
WITHIN = 1.0
AT_ONCE = 6  # what a browser opens to one host
SERVERS = {"hmi-1": (CA, "hmi-1"), "historian": (CA, "historian"),
           "plc-gw": (CA, "plc"), "legacy-1": (STRANGER, "legacy-1")}


@pytest.fixture(autouse=True)
def _aftermath():
    """One browser and one login stay for all tests here."""


@pytest.fixture(scope="module")
def visits(open_site):
    with open_site(default_id()[:11] + "w") as one:
        made = Visits(one.install(), more=CONDUIT)
        made.web = Web(made.ot, SERVERS)
        yield made


@pytest.fixture(scope="module")
def tech(visits):
    person = visits.enrol()
    person.panel = visits.window(targets=("hmi-1",), protocols=("https",),
                                 account="")
    visits.window(targets=("plc-gw", "legacy-1"), protocols=("https",),
                  account="")
    return person


@pytest.fixture(scope="module")
def told(tech):
    did = tech.login("tunnel", "hmi-1", "https")
    assert did.rc == 0, did
    return did.out


@pytest.fixture(scope="module")
def lines(told):
    """{program: what to type}, as the bastion says it."""
    return dict(line.split(None, 1) for line in told.splitlines()
                if line.startswith("  "))


def only_session(tech):
    """Its uuid; that of the login before may be on its way out."""
    there = sessions(tech.visits.bastion, tech.name)
    return (there[0]["uuid"], there[0]["uuid"]) if len(there) == 1 else (
        None, there)


@pytest.fixture(scope="module")
def login(tech, lines):
    ssh, *options, who = shlex.split(lines["OpenSSH"])
    assert (ssh, who) == ("ssh", f"{tech.name}@{V4}")
    said = tech.client.dir / "ssh.said"
    with open(said, "w") as log:
        one = Login(tech, [*options, "-o", "LogLevel=INFO"], stderr=log)
    one.said = said.read_text
    one.uuid = wait_for(lambda: only_session(tech), 10, "its session")
    yield one
    one.end()


@pytest.fixture(scope="module")
def browser(visits, tech, lines, login):
    one = Browser(tech.client, lines["Chromium"], visits.web.ca)
    yield one
    one.end()


@pytest.fixture
def page(browser):
    one = browser.page()
    yield one
    one.close()


def test_refusals_are_explained_beforehand(told):
    assert "SOCKS connection failed" in told.replace("\n", " ")


def test_the_line_opens_the_panel(browser):
    first = browser.first_page()
    wait_for(lambda: "Line A" in first.text(), 20, "the panel")
    assert first.evaluate("location.href") == PANEL


def test_the_certificate_is_checked(page):
    seen = page.certificate(PANEL)
    assert (seen["subjectName"], seen["issuer"]) == ("hmi-1", CA)
    assert seen["sanList"] == ["hmi-1"]


@pytest.mark.parametrize("target,error", [
    ("plc-gw", "net::ERR_CERT_COMMON_NAME_INVALID"),
    ("legacy-1", "net::ERR_CERT_AUTHORITY_INVALID")])
def test_a_wrong_certificate_is_not_opened(page, target, error):
    """Granted, and there; but it does not prove that it is what it says."""
    assert page.open(f"https://{target}/") == error
    assert "Line A" not in page.text()


def test_a_page_of_many_objects(page):
    assert page.open(PANEL + "forty.html") == ""
    assert page.evaluate("there") == FORTY


def test_a_login_page(browser, page):
    page.open(PANEL + "app/panel")
    assert "Who are you?" in page.text()
    fill = ("document.forms[0].user.value = 'maint';"
            "document.forms[0].password.value = '{}';"
            "document.forms[0].submit()")
    page.following(fill.format("drive-5"))
    assert "Wrong." in page.text()
    page.following(fill.format("drive-4"))
    assert "Drive 4 runs" in page.text()
    assert page.evaluate("location.pathname") == "/app/panel"
    page.open(PANEL + "app/panel")
    assert "Drive 4 runs" in page.text()
    other = browser.page()
    other.open(PANEL + "app/panel")
    assert "Who are you?" in other.text()
    other.close()


@pytest.mark.parametrize("url", [
    "https://historian/", "https://10.30.0.10/", "https://hmi-1:8443/",
    "https://nobody/"])
def test_what_is_not_granted_is_refused(visits, login, page, url):
    """The browser hears from SOCKS that it failed, ssh hears why, neither
    hears which: jumpshell has told before what these words mean, and sshd's
    journal has the name."""
    before, mark = len(login.said()), visits.bastion.journal_mark()
    assert page.open(url) == REFUSED
    assert "This site can’t be reached" in page.text()
    assert ("open failed: administratively prohibited"
            in login.said()[before:])
    host, _, port = url.split("/")[2].partition(":")
    denied = f"to connect to host {host} port {port or 443}, but the request "

    def noted():
        log = visits.bastion.journal("-t", "jump-sshd", since=mark)
        return denied + "was denied" in log, log
    wait_for(noted, 5, "the refusal in the journal")


@pytest.mark.parametrize("words", [
    "['hello']", "Array.from({length: 500}, (_, i) => `line ${i}`)",
    "['\\u00e4'.repeat(1000), 'x'.repeat(4000000)]"])
def test_a_websocket_echoes(page, words):
    page.open(PANEL)
    assert page.evaluate("""new Promise((done, failed) => {
        const words = %s, heard = [];
        const far = new WebSocket("wss://hmi-1/echo");
        far.onopen = () => words.forEach(word => far.send(word));
        far.onclose = () => failed("closed");
        far.onmessage = one => {
            heard.push(one.data);
            if (heard.length == words.length)
                done(heard.every((word, i) => word === words[i]));
        };
    })""" % words) is True


def test_a_long_download_is_whole(visits, tech, page):
    page.open(PANEL)
    file = page.download("/firmware.bin", tech.client.dir)
    with open(file, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    assert file.stat().st_size == 50_000_000
    assert digest == visits.web.digest("firmware.bin")


def test_a_long_upload_is_whole(page):
    """Digests are told by the browser of what it sent, and by the panel."""
    page.open(PANEL)
    assert page.evaluate("""(async () => {
        const bytes = new Uint8Array(20_000_000);
        for (let at = 0; at < bytes.length; at += 50_000)
            crypto.getRandomValues(bytes.subarray(at, at + 50_000));
        const digest = new Uint8Array(
            await crypto.subtle.digest("SHA-256", bytes));
        const sent = Array.from(
            digest, one => one.toString(16).padStart(2, "0")).join("");
        const answer = await fetch("/app/digest",
                                   {method: "POST", body: bytes});
        return await answer.text() === sent;
    })()""") is True


def test_six_connections_at_once(visits, tech, login, page):
    """The panel answers none before it has all of them."""
    start, mark = time.time(), visits.site.audit.mark()
    page.open(PANEL)
    assert page.evaluate(
        "Promise.all([1, 2, 3, 4, 5, 6].map(number => fetch("
        "`/app/hold?${number}`).then(answer => answer.text())))"
    ) == ["together"] * AT_ONCE
    live = {one["name"] for one in connections(visits.bastion, tech.name)
            if one["target"] == "hmi-1"}
    opened = events(visits.bastion, "conn.open", since=start,
                    session=login.uuid)
    assert len(opened) >= AT_ONCE
    assert {(one["target"], one["proto"], one["grant"]) for one in opened} == {
        ("hmi-1", "https", tech.panel)}
    assert {one["conn"] for one in opened} <= live
    audited = visits.site.audit.since(mark, type="USER_START",
                                      op="jump:conn_open", app="https")
    assert {one.get("uuid") for one in audited} == {login.uuid}
    assert {one.get("conn") for one in audited} == {
        one["conn"] for one in opened}


UNDER_WAY = """
gone = {}, count = 0;
far = new WebSocket("wss://hmi-1/echo");
far.onclose = () => gone.websocket = Date.now();
(async () => {
    try {
        const reader = (await fetch("/slow/firmware.bin")).body.getReader();
        for (let part; part = await reader.read(), !part.done; )
            count += part.value.length;
        gone.download = "whole";
    } catch {
        gone.download = Date.now();
    }
})();
0"""


def test_a_revocation_ends_it(visits, tech, login, page):
    """A websocket and a download are under way. The login stays: another
    window is open."""
    page.open(PANEL)
    page.evaluate(UNDER_WAY)
    wait_for(lambda: page.evaluate("count > 0 && far.readyState == 1"), 10,
             "a websocket and a download")
    start = time.time()
    visits.jumpctl("anna", "revoke", tech.panel)
    decided = time.time()
    wait_for(lambda: page.evaluate("Object.keys(gone).length == 2"), 10,
             "the cut")
    late = {name: when / 1000 - decided
            for name, when in page.evaluate("gone").items()}
    assert max(late.values()) <= WITHIN, late

    def told():
        seen = events(visits.bastion, "conn.close", since=start,
                      grant=tech.panel)
        return len(seen) >= 2, seen
    seen = wait_for(told, 10, "two connections that are closed")
    assert {(one["reason"], one["session"], one["proto"]) for one in seen} == {
        ("revoked", login.uuid, "https")}


def test_nothing_opens_afterwards(visits, tech, login, page):
    before, start = len(login.said()), time.time()
    assert page.open(PANEL) == REFUSED
    assert "Line A" not in page.text()
    assert login.child.poll() is None
    assert "open failed: connect failed" in login.said()[before:]
    assert not events(visits.bastion, "conn.open", since=start)
    assert page.open("https://plc-gw/") == "net::ERR_CERT_COMMON_NAME_INVALID"


def test_a_browser_past_the_proxy_finds_nothing(browser):
    """As one does that ran before, with its everyday profile."""
    page = browser.page(proxyServer="direct://")
    assert page.open(PANEL) == "net::ERR_NAME_NOT_RESOLVED"
    page.close()


def test_without_ssh_the_proxy_is_missed(login, page):
    login.end()
    assert page.open(PANEL) == "net::ERR_PROXY_CONNECTION_FAILED"
