# SPDX-License-Identifier: BSD-2-Clause
"""The site's networks: IT, the DMZ with the bastion, and two OT cells.

Each host is a network namespace. Each network is a bridge in one namespace
that holds nothing else (the switches), so that any wire can be watched from
one place. IT and OT hosts have routes to each other *through the bastion*:
that nothing passes must be the bastion's doing, not a missing route.
"""
import dataclasses
import ipaddress
import pathlib
import subprocess

from .place import LabError


@dataclasses.dataclass(frozen=True)
class Network:
    name: str
    v4: str
    v6: str

    def addresses(self, number):
        """Address and prefix of a host, the same digits in both families."""
        v4 = ipaddress.ip_network(self.v4)
        v6 = ipaddress.ip_network(self.v6)
        return (f"{v4.network_address + number}/{v4.prefixlen}",
                f"{v6.network_address}{number}/{v6.prefixlen}")


NETWORKS = {net.name: net for net in (
    Network("it", "10.10.0.0/24", "fd00:10::/64"),
    Network("cell-a", "10.20.0.0/24", "fd00:20::/64"),
    Network("cell-b", "10.30.0.0/24", "fd00:30::/64"),
)}

BASTION = 2
APPROVALS = 5

# host: {network: [host numbers]}
HOSTS = {
    "laptop": {"it": [20]},
    "laptop2": {"it": [21]},
    "approvals": {"it": [APPROVALS]},
    "dmz": {"it": [BASTION], "cell-a": [BASTION], "cell-b": [BASTION]},
    "ot": {"cell-a": [10, 11, 12], "cell-b": [10]},
}


def v4(network, number):
    return NETWORKS[network].addresses(number)[0].split("/")[0]


def v6(network, number):
    return NETWORKS[network].addresses(number)[1].split("/")[0]


def _ip(args, batch=None):
    done = subprocess.run(["ip", *args], input=batch, text=True,
                          capture_output=True)
    if done.returncode:
        raise LabError(f"ip {' '.join(args)}: {done.stderr.strip()}\n{batch or ''}")
    return done.stdout


class Net:
    """The namespaces and wires of one site."""

    def __init__(self, place):
        self.place = place

    def path(self, host):
        return f"/run/netns/{self.place.netns(host)}"

    def enter(self, host):
        """Words to put before a command so that it runs on that host's wires."""
        return ["nsenter", f"--net={self.path(host)}", "--"]

    def up(self, bastion_is_vm=False):
        names = ["switch", *HOSTS]
        _ip(["-batch", "-"], "".join(
            f"netns add {self.place.netns(name)}\n" for name in names))
        self._switches_up()
        for host in HOSTS:
            self._host_up(host, addressed=not (bastion_is_vm and host == "dmz"))
        if bastion_is_vm:
            self._taps_up()

    def _switches_up(self):
        lines = []
        for name in NETWORKS:
            lines += [f"link add {name} type bridge stp_state 0 mcast_snooping 0",
                      f"link set {name} up"]
        self._batch("switch", lines)

    def _host_up(self, host, addressed):
        lines = ["link set lo up"]
        self._sysctl(host)
        for network, numbers in HOSTS[host].items():
            self._wire(host, network)
            if addressed:
                lines += self._addresses(network, numbers)
            lines.append(f"link set {network} up")
        if addressed:
            lines += self._routes(host)
        self._batch(host, lines)

    def _wire(self, host, network):
        port = f"{network}-{host}"
        self._batch("switch", [
            f"link add {port} type veth peer name {network} "
            f"netns {self.place.netns(host)}",
            f"link set {port} master {network} up"])

    @staticmethod
    def _addresses(network, numbers):
        lines = []
        for number in numbers:
            four, six = NETWORKS[network].addresses(number)
            lines += [f"addr add {four} dev {network}",
                      f"addr add {six} dev {network} nodad"]
        return lines

    @staticmethod
    def _routes(host):
        """Everyone but the bastion sends what is not local to the bastion."""
        if host == "dmz":
            return []
        via = next(iter(HOSTS[host]))
        lines = []
        for network, net in NETWORKS.items():
            if network in HOSTS[host]:
                continue
            lines += [f"route add {net.v4} via {v4(via, BASTION)}",
                      f"route add {net.v6} via {v6(via, BASTION)}"]
        return lines

    def _sysctl(self, host):
        """No autoconfiguration; a machine answers ARP on the right wire only."""
        subprocess.run(
            [*self.enter(host), "sysctl", "-q", "-w",
             "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0",
             "net.ipv6.conf.default.accept_ra=0",
             "net.ipv4.conf.default.arp_ignore=1",
             "net.ipv4.conf.all.arp_ignore=1",
             "net.ipv6.conf.default.accept_dad=0",
             "net.ipv4.ping_group_range=0 2147483647"], check=True)

    def _taps_up(self):
        """The VM's three cards: each bridged to the wire of that network."""
        lines = []
        for network in HOSTS["dmz"]:
            lines += [f"link add br-{network} type bridge stp_state 0 mcast_snooping 0",
                      f"tuntap add dev tap-{network} mode tap",
                      f"link set {network} master br-{network}",
                      f"link set tap-{network} master br-{network} up",
                      f"link set br-{network} up"]
        self._batch("dmz", lines)

    def _batch(self, host, lines):
        _ip(["-n", self.place.netns(host), "-batch", "-"],
            "\n".join(lines) + "\n")

    def down(self):
        prefix = self.place.netns("")
        for path in pathlib.Path("/run/netns").glob(prefix + "*"):
            subprocess.run(["ip", "netns", "delete", path.name], check=False)
