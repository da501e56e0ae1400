# SPDX-License-Identifier: BSD-2-Clause
"""What the figures of a visit need: a whole site, and a crowd of suppliers'
engineers, because a one-time code is good once and a person has three in a
minute."""
import re
import time

from sitebench import SiteBench

from jumplab.bed import wait_for
from jumplab.inside import Inside
from jumplab.party import connections
from jumplab.visit import PEOPLE, PORT, V4, Person, Visits, utc  # noqa: F401

ENROL = r"""
while read -r name key; do
	echo "$key" > /root/$name.pub
	jumpctl user add $name --key /root/$name.pub --json --identity {adam} |
		tr -d '\n'
	echo
done
"""
REQUEST = r"""
while read -r user target; do
	jumpctl request $user --target $target --protocol {protocol} \
		{account} --from {opens} --to {ends} --purpose measured --json \
		--identity {rita} | tr -d '\n'
	echo
done
"""
APPROVE = "while read -r id; do jumpctl approve $id --identity {anna}; done"


class Bench(SiteBench):
    """A site with everything of the product at work."""

    def __init__(self, **conduits):
        self.conduits = conduits

    def prepare(self):
        self.visits = Visits(self.site, **self.conduits)
        self.bed = self.site.bastion
        self.inside = Inside(self.bed)

    def finish(self):
        for client in self.site.people():
            client.hang_up()

    def _service(self, script, lines, **words):
        """A script of the service's people, fed with lines; what it says."""
        words |= {who: f"{PEOPLE}/{who}" for who in ("adam", "anna", "rita")}
        for word, value in words.items():
            script = script.replace("{" + word + "}", value)
        return self.visits.service.run(
            script, input="".join(f"{line}\n" for line in lines),
            timeout=120).out.splitlines()

    def crowd(self, size):
        """So many people, enrolled; they come in by the key and seed that
        the service has of them."""
        client = self.site.supplier
        names = [f"acme-crowd{number}" for number in range(1, size + 1)]
        told = self._service(ENROL, [f"{name} {client.public_key(name)}"
                                     for name in names])
        people = []
        for name, line in zip(names, told, strict=True):
            seed = re.search(r"secret=([A-Z2-7]+)", line)[1]
            uid = int(re.search(r'"uid": ?(\d+)', line)[1])
            people.append(Person(self.visits, name, uid, seed, client, name))
        self.bed.wait(["getent", "passwd", names[-1]])
        return people

    def requests(self, people, targets=("plc-gw",), protocol="ssh",
                 account="maint"):
        """A request for each person and target; their ids in this order."""
        now = int(time.time())
        told = self._service(
            REQUEST, [f"{one.name} {target}" for one in people
                      for target in targets],
            protocol=protocol, opens=utc(now), ends=utc(now + 3600),
            account=f"--account {account}" if account else "")
        return [re.search(r'"id": ?"([^"]+)"', line)[1] for line in told]

    def windows(self, people, **what):
        """Open windows, in force at the bastion; the ids of the grants."""
        idents = self.requests(people, **what)
        self._service(APPROVE, idents)
        self.visits.wait_grant(idents[-1], 20)
        return idents

    def connections(self, person):
        return connections(self.bed, person.name)

    def quiet(self):
        """No session of a supplier is left at the bastion."""
        wait_for(lambda: not self.inside.supplier_scopes(), 20,
                 "sessions that end", pause=0.01)

