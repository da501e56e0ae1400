# SPDX-License-Identifier: BSD-2-Clause
"""Targets with a web server: nginx with TLS, and a login behind it."""
from .ot import OT_DIR

CA, STRANGER = "plant-ca", "stranger-ca"
FORTY = 40

# What the usual conduits leave out.
CONDUIT = """
[conduit vendors-web]
Users = acme-*
To = cell-a cell-b
Protocols = https
MaxWindow = 8h
Approvals = 1
Record = none
MaxConnections = 64
"""


class Web:
    """They listen on 443 of their own addresses, beside what is there."""

    def __init__(self, ot, certificates):
        """certificates: {target: (CA, name, ...)}"""
        self.bed = ot.bed
        for part in ("web.sh", "panel.py"):
            self.bed.put_file(OT_DIR / part, f"/etc/ot/web/{part}")
        self.bed.run(["sh", "/etc/ot/web/web.sh"], input="".join(
            f"{name} {ot[name].v4} {ot[name].v6} {' '.join(words)}\n"
            for name, words in certificates.items()))
        self.ca = self.bed.read(f"/etc/ot/web/{CA}.crt")

    def digest(self, name):
        return self.bed.run(["sha256sum", f"/srv/web/{name}"]).out.split()[0]
