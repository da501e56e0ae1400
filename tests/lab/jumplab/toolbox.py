# SPDX-License-Identifier: BSD-2-Clause
"""What suppliers have on their laptops beside OpenSSH: dropbear's client,
paramiko, Ansible, git, an editor that works remotely; and the ssh
configuration that the last three read."""
import json
import re

from .party import NO_CODE
from .visit import PORT, V4

CONFIG = """Host bastion
	HostName {bastion}
	Port {port}
	User {user}
	ControlMaster auto
	ControlPath {folder}/cm-%C
	ControlPersist 60

Host {targets}
	User {account}
	ProxyJump bastion

Host *
	IdentityFile {key}
	IdentitiesOnly yes
	StrictHostKeyChecking accept-new
	UserKnownHostsFile {folder}/known_hosts
	LogLevel ERROR
"""


def certificate(person, target, code=NO_CODE):
    """The person's own key, signed for this target; beside the key."""
    key = person.client.key(person.key)
    signed = person.login("cert", target, code=code,
                          input=key.with_suffix(".pub").read_text())
    assert signed.rc == 0, signed
    path = key.with_name(f"{key.name}-{target}-cert.pub")
    path.write_text(signed.out)
    return path


def configure(person, targets=("plc-gw", "hmi-1", "historian"), certified=(),
              where=V4, port=PORT, user=None, account="maint", name="config",
              more=""):
    """The ~/.ssh/config that doc/clients.md tells to write; its path."""
    folder = person.client.dir
    text = "".join(f"Host {target}\n\tCertificateFile "
                   f"{certificate(person, target)}\n\n"
                   for target in certified)
    path = folder / f"{person.name}.{name}"
    path.write_text(more + text + CONFIG.format(
        bastion=where, port=port, user=user or person.name, folder=folder,
        targets=" ".join(targets), account=account,
        key=person.client.key(person.key)))
    return path


class Dropbear:
    """dbclient, with the person's key in its own form."""

    def __init__(self, person):
        self.person, self.client = person, person.client
        key = self.client.key(person.key)
        self.key = key.with_suffix(".dropbear")
        if not self.key.exists():
            self.client.run(["dropbearconvert", "openssh", "dropbear", key,
                             self.key])

    def environment(self, code):
        return self.client.environment(code) | {"DROPBEAR_PASSWORD": code}

    def words(self, *words):
        # by its path, or it does not find itself for the first of two hops
        return ["/usr/bin/dbclient", "-y", "-i", self.key, *words]

    def run(self, *words, code=NO_CODE, **kwargs):
        return self.client.run(self.words(*words), check=False,
                               env=self.environment(code), **kwargs)

    def start(self, *words, code=NO_CODE):
        return self.client.popen(self.words(*words),
                                 env=self.environment(code))


class Ansible:
    """ansible-playbook with an inventory of this person's targets."""

    def __init__(self, person, inventory, name="inventory", **settings):
        self.client = person.client
        self.folder = self.client.dir / "ansible"
        self.folder.mkdir(exist_ok=True)
        self.inventory = self.folder / name
        self.inventory.write_text(inventory)
        self.environment = self.client.environment(NO_CODE) | {
            "ANSIBLE_PIPELINING": "True",
            "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
            "ANSIBLE_NOCOLOR": "1", "ANSIBLE_SSH_CONTROL_PATH_DIR":
                str(self.folder / "cp"), "ANSIBLE_FORKS": "5", **settings}

    def play(self, tasks, hosts="plant"):
        """Ansible's own account: {host: {"ok": 5, "failed": 0, ...}}."""
        book = self.folder / "book.json" # JSON is YAML
        book.write_text(json.dumps([{"hosts": hosts, "gather_facts": False,
                                     "tasks": tasks}]))
        did = self.client.run(["ansible-playbook", "-i", self.inventory, book],
                              env=self.environment, check=False, timeout=300)
        recap = {host: {key: int(number) for key, number
                        in re.findall(r"(\w+)=(\d+)", counts)}
                 for host, counts in re.findall(r"^(\S+) +: (ok=.*)$", did.out,
                                                re.M)}
        assert recap, did
        for host, counts in recap.items():
            if counts["failed"] or counts["unreachable"]:
                raise AssertionError(f"{host}: {did}")
        return recap

    def hang_up(self):
        """The connections that Ansible keeps for a minute."""
        for path in (self.folder / "cp").glob("*"):
            self.client.run(["ssh", "-F", "/dev/null", "-S", path, "-O",
                             "exit", "bastion"], check=False)

