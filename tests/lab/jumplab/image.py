# SPDX-License-Identifier: BSD-2-Clause
"""The Debian tree that every bed starts from, made once and kept.

A tree is named by a hash of what went into it, so a changed package list or
setup script makes a new one and the old one is thrown away once nobody uses it.
"""
import hashlib
import inspect
import os
import pathlib
import shutil
import subprocess
import time

from . import net
from .place import CACHE, LAB_DIR, RUNS, LabError, locked, say, step

IMAGE_DIR = LAB_DIR / "image"
SUITE = "bookworm"
SPARE_SECONDS = 12 * 3600
CLOCK = pathlib.Path(__file__).with_name("clock.py")

# The VM's cards: the address tells networkd which network it is.
MAC = {name: f"52:54:00:6a:70:{number:02x}"
       for number, name in enumerate(["control", *net.NETWORKS])}


def package_list(path):
    words = []
    for line in path.read_text().splitlines():
        words += line.split("#", 1)[0].split()
    return words


def tree_hash():
    digest = hashlib.sha256()
    for path in (IMAGE_DIR / "packages", IMAGE_DIR / "setup.sh", CLOCK):
        digest.update(path.read_bytes() + b"\0")
    for part in (_bootstrap, _make, _write_networks):
        digest.update(inspect.getsource(part).encode())
    digest.update(repr((net.NETWORKS, net.HOSTS["dmz"])).encode())
    return digest.hexdigest()[:12]


def control_key():
    """The key that lets the lab into its VM; made once a machine."""
    key = CACHE / "control_key"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                        "-C", "lab", "-f", str(key)], check=True)
    return key


def prepare(place):
    """The tree, made now if it is not there; waits if another makes it. A
    link in the run folder says that this site uses it."""
    path = CACHE / f"tree-{tree_hash()}"
    with locked(CACHE / "image.lock"):
        if not path.exists():
            _make(path)
            _forget_old(keep=path)
        os.utime(path)
        if place:
            (place.dir / "tree").symlink_to(path)
    return path


def newer_sshd():
    """A folder with the sshd that the next Debian has, as packaged for this
    one: to be unpacked over a bed's tree."""
    folder = CACHE / f"sshd-{tree_hash()}"
    with locked(CACHE / "image.lock"):
        if not folder.exists():
            with step("fetching a newer sshd"):
                _fetch_sshd(folder)
        os.utime(folder)
    return folder


def _fetch_sshd(folder):
    """Of all that its package needs only what is sshd is kept: the rest is
    in the beds' tree."""
    half = CACHE / f"{folder.name}.half"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    newer = f"{SUITE}-backports"
    _bootstrap("extract", [f"openssh-{part}/{newer}" for part in
                           ("server", "client", "sftp-server")],
               half / "all", SUITE, newer)
    for part in ("usr/sbin/sshd", "usr/lib/openssh/sshd-session",
                 "usr/lib/openssh/sshd-auth"):
        (half / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(half / "all" / part, half / part)
    shutil.rmtree(half / "all")
    half.rename(folder)


def _bootstrap(variant, packages, path, *suites):
    """Packages of Debian as a tree; suites: of other than the usual ones."""
    mirror = os.environ.get("JUMP_LAB_MIRROR", "http://deb.debian.org/debian")
    argv = ["mmdebstrap", "--quiet", "--mode=root", f"--variant={variant}",
            '--aptopt=Acquire::Check-Valid-Until "false"',
            '--aptopt=Apt::Install-Recommends "false"',
            *(f"--dpkgopt=path-exclude=/usr/share/{part}/*"
              for part in ("man", "doc", "locale", "i18n")),
            f"--include={','.join(packages)}", SUITE, str(path),
            *(f"deb {mirror} {suite} main" for suite in suites)]
    if not suites and "JUMP_LAB_MIRROR" in os.environ:
        argv.append(mirror)
    done = subprocess.run(argv, capture_output=True, text=True,
                          env=os.environ | {"LC_ALL": "C"})
    if done.returncode:
        raise LabError(f"mmdebstrap failed:\n{done.stderr[-4000:]}")


def _make(path):
    half = CACHE / f"{path.name}.half"
    shutil.rmtree(half, ignore_errors=True)
    with step("making the Debian tree of the beds (once, about a minute)"):
        _bootstrap("minbase", package_list(IMAGE_DIR / "packages"), half)
        subprocess.run([str(IMAGE_DIR / "setup.sh"), str(half),
                        f"{control_key()}.pub"], check=True)
        _write_networks(half)
        shutil.copy(CLOCK, half / "usr/local/sbin/lab-clock")
        (half / "usr/local/sbin/lab-clock").chmod(0o755)
        half.rename(path)


def _write_networks(tree):
    """Addresses of the VM; a container gets its namespace ready made."""
    folder = tree / "etc/systemd/network"
    folder.mkdir(parents=True, exist_ok=True)
    cards = {"control": ["10.0.2.15/24"]}
    for network, numbers in net.HOSTS["dmz"].items():
        cards[network] = [address for number in numbers for address in
                          net.NETWORKS[network].addresses(number)]
    for name, addresses in cards.items():
        link_local = "no" if name == "control" else "ipv6"
        (folder / f"10-{name}.link").write_text(
            f"[Match]\nMACAddress={MAC[name]}\n[Link]\nName={name}\n")
        (folder / f"10-{name}.network").write_text(
            f"[Match]\nMACAddress={MAC[name]}\n[Network]\n"
            + "".join(f"Address={address}\n" for address in addresses)
            + f"IPv6AcceptRA=no\nLinkLocalAddressing={link_local}\n"
            "ConfigureWithoutCarrier=yes\n")


def _forget_old(keep):
    """Others may be on a branch with other inputs: spare what was used lately."""
    used = {link.resolve() for link in RUNS.glob("*/tree")} | {keep}
    for path in (*CACHE.glob("tree-*"), *CACHE.glob("sshd-*")):
        age_sec = time.time() - path.stat().st_mtime
        if path not in used and age_sec > SPARE_SECONDS:
            say(f"removing {path.name}")
            shutil.rmtree(path, ignore_errors=True)
