# SPDX-License-Identifier: BSD-2-Clause
"""An approvals service in the wrong hands: its real key signs what no approver
ever said, and what it signs is laid where jump-fetch lays it."""
import base64
import json
import time

from .bed import run_host

SIGN_KEY = "/var/lib/jump-approvals/sign.jwk"
INBOX = "/var/lib/jump/inbox/snapshot.jws"
FETCH = "jump-fetch:jump-fetch"


def decode(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Forge:
    """Signs changed copies of the snapshot that the bastion has. While it is
    open nothing genuine is fetched; afterwards the genuine one is back."""

    def __init__(self, visits):
        self.visits, self.bed = visits, visits.bastion
        self.key = visits.service.read(SIGN_KEY)
        self.genuine = None

    def __enter__(self):
        self.bed.run("systemctl stop jump-fetch")
        self.genuine = self.bed.read(INBOX)
        return self

    def __exit__(self, *exc):
        """The service's next word is newer than any forged one."""
        self.bed.run("systemctl start jump-fetch")
        name = f"acme-after{time.monotonic_ns() % 1000000}"
        self.visits.enrol(name, key=name)

    def payload(self):
        """The genuine one, a second younger in all that counts."""
        text = decode(self.genuine.split(".")[1])
        now = time.time()
        text.update(iat=int(now), exp=int(now) + 86400,
                    serial=max(text["serial"] + 1, int(now * 1000) - 60000))
        return text

    def sign(self, payload, **header):
        """header: other members of the protected header."""
        genuine = decode(self.genuine.split(".")[0])
        template = json.dumps({"protected": {**genuine, **header}})
        path = self.visits.site.place.dir / "forge.jwk"
        path.write_text(self.key)
        return run_host(["jose", "jws", "sig", "-I", "-", "-k", str(path),
                         "-s", template, "-c"],
                        input=json.dumps(payload)).out.strip()

    def deliver(self, text):
        self.bed.put("/var/lib/jump/inbox/.new", text, 0o644, FETCH)
        self.bed.run(f"mv /var/lib/jump/inbox/.new {INBOX}")

    def grant(self, user, **more):
        now = int(time.time())
        return {"id": f"F{time.monotonic_ns()}", "user": user,
                "targets": ["plc-gw"], "protocols": ["ssh"],
                "account": "maint", "not_before": now - 60,
                "not_after": now + 3600, "revoked": False,
                "approved_by": ["anna"], "ticket": "", "record": "required",
                "files": [], "sources": [], **more}

    @staticmethod
    def add(payload, kind, item):
        by = "id" if kind == "grants" else "name"
        payload[kind] = sorted([*payload[kind], item], key=lambda o: o[by])
        return payload
