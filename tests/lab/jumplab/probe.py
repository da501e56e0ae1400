# SPDX-License-Identifier: BSD-2-Clause
"""Ways that a process may try, and what it met. A way is (how, where, port);
how: tcp, udp, icmp, unix, run."""
import secrets

_PROBE = r"""
import concurrent.futures, errno, os, socket, struct, subprocess, sys

def name(e):
    return errno.errorcode.get(e.errno, type(e).__name__)

def tcp(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family)
    s.settimeout(4)
    try:
        s.connect(socket.getaddrinfo(host, int(port), family)[0][4])
        s.sendall(b"?")
        heard = s.recv(200)
        return "open" if heard and b"SSH-2.0-jump" not in heard else "closed"
    except ConnectionError:
        return "refused"
    except TimeoutError:
        return "silent"
    except OSError as e:
        return name(e)

def ask(s, host, port, question):
    s.settimeout(1)
    try:
        s.connect((host, int(port)))
        s.send(question)
        return "open" if s.recv(100) else "closed"
    except TimeoutError:
        return "silent"
    except OSError as e:
        return name(e)

def udp(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return ask(socket.socket(family, socket.SOCK_DGRAM), host, port, b"?")

def icmp(host, _):
    family, proto, kind = ((socket.AF_INET6, 58, 128) if ":" in host else
                           (socket.AF_INET, 1, 8))
    return ask(socket.socket(family, socket.SOCK_DGRAM, proto), host, 0,
               struct.pack("!BBHHH", kind, 0, 0, 0, 1))

def unix(path, _):
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect(path)
        return "open"
    except OSError as e:
        return name(e)

def run(path, _):
    try:
        return f"ran:{subprocess.run([path], timeout=5).returncode}"
    except OSError as e:
        return name(e)

hows = {"tcp": tcp, "udp": udp, "icmp": icmp, "unix": unix, "run": run}
ways = [line.split() for line in sys.stdin]
with concurrent.futures.ThreadPoolExecutor(12) as pool:
    for answer in pool.map(lambda way: hows[way[0]](*way[1:]), ways):
        print(answer)
"""

SCRIPT = ["python3", "-c", _PROBE]


def _ask(run, ways):
    out = run("".join(f"{how} {where} {port}\n" for how, where, port in ways))
    return dict(zip(ways, out.split(), strict=True))


def probes(bed, uid, ways):
    """What a process of a bare uid meets: {way: word}. Only the word `open`
    says that something answered; the relay's refusal is `closed`."""
    return _ask(lambda text: bed.run_as(uid, SCRIPT, input=text).out, ways)


def probes_in(bed, cgroup, uid, groups, ways):
    """The same for a process in the cgroup of a session."""
    words = ["sh", "-c",
             f"echo $$ > /sys/fs/cgroup{cgroup}/cgroup.procs && exec setpriv "
             '--reuid="$0" --regid="$0" --groups="$1" --inh-caps=-all '
             'python3 -c "$2"', str(uid), str(groups), _PROBE]
    return _ask(lambda text: bed.run(words, input=text).out, ways)


def zone_ways(ot):
    ways = []
    for name in "plc-gw", "hmi-1", "historian":
        for address in ot[name].v4, ot[name].v6:
            ways += [("tcp", address, port)
                     for port in (22, 7, 3389, 5900, 9999)]
            ways += [("udp", address, 7), ("icmp", address, 0)]
    return ways


OUTSIDE = [("tcp", "10.10.0.5", 22), ("tcp", "fd00:10::5", 22),
           ("udp", "10.10.0.5", 53), ("udp", "fd00:10::5", 53),
           ("icmp", "10.10.0.5", 0), ("icmp", "fd00:10::5", 0)]
LOCAL = [("tcp", "127.0.0.1", 22), ("tcp", "::1", 22),
         ("tcp", "10.10.0.2", 22), ("udp", "127.0.0.1", 53),
         ("udp", "::1", 53)]
KNOCK = [("tcp", host, port) for host in ("127.0.0.1", "::1")
         for port in (722, 729)]


def closed(answers, but=()):
    """Nothing is open, and TCP says so at once."""
    wrong = {way: answer for way, answer in answers.items()
             if way not in but and (
                 answer in ("open", "closed")
                 or way[0] == "tcp" and answer != "refused")}
    assert not wrong, wrong


_KNOCK = r"""
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(10)
s.connect("/run/jump/relay.sock")
s.sendall(sys.argv[1].encode() + b"\n")
print(s.recv(500).decode().strip())
"""


def knock_in(bed, cgroup, uid, groups, target, proto):
    """The relay's answer to a process of a session that asks by itself."""
    return bed.run(
        ["sh", "-c", f"echo $$ > /sys/fs/cgroup{cgroup}/cgroup.procs && exec "
         'setpriv --reuid="$0" --regid="$0" --groups="$1" python3 -c "$2" "$3"',
         str(uid), str(groups), _KNOCK,
         f"connect conn={secrets.token_hex(8)} target={target} "
         f"proto={proto}"]).out.strip()
