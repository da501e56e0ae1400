# SPDX-License-Identifier: BSD-2-Clause
"""Chromium without a screen, at a person's machine: started by the line that
somebody was told to type, and asked over a pipe (the DevTools protocol) what
it shows."""
import fcntl
import json
import os
import shlex
import threading
import time

from .bed import run_host
from .place import LabError

# Headless, as root, and without the calls home that a fresh profile makes.
HEADLESS = ["--headless", "--no-sandbox", "--disable-gpu",
            "--disable-dev-shm-usage", "--remote-debugging-pipe"]
QUIET = ["--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-default-apps",
         "--disable-sync", "--disable-extensions", "--no-pings",
         "--metrics-recording-only",
         "--disable-features=OptimizationHints,MediaRouter"]
# chromium reads from 3 and writes to 4
PIPED = 'exec "$@" 3<&{} 4>&{}'


def trusting(home, authority):
    """A home whose browser knows this CA beside the usual ones."""
    base = home / ".pki/nssdb"
    base.mkdir(parents=True)
    run_host(["certutil", "-N", "-d", f"sql:{base}", "--empty-password"])
    run_host(["certutil", "-A", "-d", f"sql:{base}", "-n", "plant", "-t",
              "C,,"], input=authority)


def high_pipe():
    """A pipe whose ends are above what a shell counts by hand."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high


class Browser:
    """Started by a line `chromium OPTIONS URL`; authority: a CA's PEM."""

    def __init__(self, client, line, authority):
        self.client = client
        self.home = client.dir / f"browser-{time.monotonic_ns()}"
        trusting(self.home, authority)
        program, *words = shlex.split(line)
        self._news, self._heard = threading.Condition(), []
        self._over, self._asked = False, 0
        self._start([program, *HEADLESS, *QUIET, *words])
        threading.Thread(target=self._listen, daemon=True).start()
        self.version = self.call("Browser.getVersion")["product"]

    def _start(self, argv):
        theirs, self._to = high_pipe()
        self._from, theirs_too = high_pipe()
        with open(self.home / "log", "w") as log:
            self.child = self.client.popen(
                ["bash", "-c", PIPED.format(theirs, theirs_too), "-", *argv],
                pass_fds=(theirs, theirs_too), stdout=log, stderr=log,
                cwd=self.home,
                env={"PATH": os.environ["PATH"], "HOME": str(self.home),
                     "LC_ALL": "C.UTF-8"})
        os.close(theirs)
        os.close(theirs_too)

    def _listen(self):
        rest = bytearray()
        while data := os.read(self._from, 1 << 20):
            rest += data
            if b"\0" not in data:
                continue
            *whole, rest = rest.split(b"\0")
            with self._news:
                self._heard += map(json.loads, whole)
                self._news.notify_all()
        with self._news:
            self._over = True
            self._news.notify_all()

    def heard(self, what, timeout=20, since=0):
        """The first message after `since` of which this is true."""
        def find():
            return next((one for one in self._heard[since:]
                         if what(one)), None)
        with self._news:
            self._news.wait_for(lambda: find() or self._over, timeout)
            found = find()
        if not found:
            raise LabError(f"chromium did not say it within {timeout} s"
                           f"{' (it is gone)' if self._over else ''}; log:\n"
                           f"{(self.home / 'log').read_text()[-3000:]}")
        return found

    def mark(self):
        return len(self._heard)

    def call(self, method, session=None, timeout=40, **params):
        self._asked += 1
        ident = self._asked
        message = {"id": ident, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        answer = self.heard(lambda one: one.get("id") == ident, timeout)
        if "error" in answer:
            raise LabError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def first_page(self):
        """What the line itself opened."""
        page = next(one for one in self.call("Target.getTargets")[
            "targetInfos"] if one["type"] == "page")
        return Page(self, page["targetId"])

    def page(self, **context):
        """A window of its own: no cookie, cache or connection of others."""
        context = self.call("Target.createBrowserContext",
                            **context)["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank",
                           browserContextId=context)["targetId"]
        return Page(self, target, context)

    def end(self):
        self.child.kill()
        self.child.wait(10)
        os.close(self._to)


class Page:
    def __init__(self, browser, target, context=None):
        self.browser, self.context = browser, context
        self.session = browser.call("Target.attachToTarget", targetId=target,
                                    flatten=True)["sessionId"]
        self.call("Page.enable")

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def event(self, method, since, timeout=20, **match):
        """The parameters of the first such event of this page."""
        return self.browser.heard(
            lambda one: one.get("method") == method and
            one.get("sessionId") == self.session and
            match.items() <= one["params"].items(), timeout, since)["params"]

    def open(self, url):
        """Until it is loaded: "", or the error that is shown instead."""
        mark = self.browser.mark()
        answer = self.call("Page.navigate", url=url)
        self.event("Page.loadEventFired", mark)
        return answer.get("errorText", "")

    def certificate(self, url):
        """Of a page that is opened now, as the browser has checked it."""
        self.call("Network.enable")
        mark = self.browser.mark()
        assert self.open(url) == ""
        answer = self.event("Network.responseReceived", mark,
                            type="Document")["response"]
        assert answer["securityState"] == "secure", answer
        return answer["securityDetails"]

    def evaluate(self, script):
        """The value of a script; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=script,
                           awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise LabError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def following(self, script):
        """Do what leads to another page, until that is loaded."""
        mark = self.browser.mark()
        self.evaluate(script)
        self.event("Page.loadEventFired", mark)

    def text(self):
        return self.evaluate("document.body?.innerText ?? ''")

    def download(self, url, into, timeout=40):
        """As a click on a link does; the file."""
        mark = self.browser.mark()
        self.browser.call(
            "Browser.setDownloadBehavior", behavior="allowAndName",
            browserContextId=self.context, downloadPath=str(into),
            eventsEnabled=True)
        self.evaluate(f"location.href = {json.dumps(url)}")
        done = self.browser.heard(
            lambda one: one.get("method") == "Browser.downloadProgress" and
            one["params"]["state"] != "inProgress", timeout, mark)["params"]
        assert done["state"] == "completed", done
        return into / done["guid"]

    def close(self):
        self.browser.call("Target.disposeBrowserContext",
                          browserContextId=self.context)
