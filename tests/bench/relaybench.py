# SPDX-License-Identifier: BSD-2-Clause
"""What both of the relay's figures need: a bastion with filter and relay, one
supplier's session, and two ports of one target that are the same service,
one reached through the relay, one past it by a rule that is only here."""
from sitebench import SiteBench

from jumplab.bed import wait_for  # noqa: F401
from relaykit import TECH1, Kit, grant

TARGET = "10.20.0.11"
RELAYED, DIRECT = 3389, 5900 # granted as rdp; let past the relay here
SSHD_PORT = 2299


def sshd(bench, forwards):
    """An sshd as the supplier's uid, so that what it opens is the session's,
    and the supplier's ssh with -L for {local port: place}; both run."""
    client = bench.site.supplier
    bench.kit.bed.put("/run/bench/keys", client.public_key() + "\n", 0o644,
                      f"{TECH1}:{TECH1}")
    bench.kit.bed.run(
        "cd /run/bench && ssh-keygen -q -t ed25519 -N '' -f host && "
        f"chown {TECH1}:{TECH1} . host")
    words = ["/usr/sbin/sshd", "-D", "-f", "/dev/null", "-h", "/run/bench/host",
             "-p", str(SSHD_PORT), "-o", "AuthorizedKeysFile=/run/bench/keys",
             "-o", "StrictModes=no", "-o", "UsePAM=no", "-o", "PidFile=none"]
    started = bench.login.popen(words)
    bench.kit.bed.wait(f"ss -Hltn sport = :{SSHD_PORT} | grep -q .")
    options = ["-N", "-p", str(SSHD_PORT)]
    for local, place in forwards.items():
        options += ["-L", f"{local}:{place}"]
    tunnel = client.ssh_start("acme-tech1@10.10.0.2", options=options)
    for local in forwards:
        wait_for(lambda port=local: bool(client.run(
            ["ss", "-Hltn", f"sport = :{port}"]).out.strip()), 20, "ssh -L")
    return started, tunnel


class Bench(SiteBench):
    def prepare(self):
        self.kit = Kit(self.site).setup()
        self.kit.publish([grant("G", "hmi-1", ["rdp"])])
        self.kit.grant_all()
        self.kit.bed.run(
            f"nft insert rule inet jumphost leave meta skuid {TECH1} "
            f"ip daddr {TARGET} tcp dport {DIRECT} "
            "ct mark set ct mark \\| 0x40000000 accept")
        self.session = self.kit.session()
        self.login = self.session.__enter__()

    def finish(self):
        self.session.__exit__(None, None, None)
