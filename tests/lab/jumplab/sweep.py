# SPDX-License-Identifier: BSD-2-Clause
"""Removing what sites left behind, after a crash as after a stop.

Works from names alone, so that it needs nothing a crashed run had in memory.
"""
import os
import pathlib
import shutil
import subprocess
import time

from . import host
from .nspawn import cgroup_kill
from .place import (NETNS_PREFIX, RUNS, SWEEP_LOCK, Place, cgroup_root,
                    lock_try, locked, say)


def left_over():
    """Ids of sites whose maker is gone and that nobody asked to keep."""
    return [ident for ident in all_ids() if _is_left_over(Place(ident))]


def all_ids():
    ids = set()
    if RUNS.exists():
        ids |= {path.name for path in RUNS.iterdir() if path.is_dir()}
    ids |= {path.name.removeprefix(NETNS_PREFIX).rsplit("-", 1)[0]
            for path in pathlib.Path("/run/netns").glob(NETNS_PREFIX + "*")}
    top = cgroup_root() / "jump-lab"
    if top.exists():
        ids |= {path.name for path in top.iterdir() if path.is_dir()}
    return sorted(ids)


def _is_left_over(place):
    if place.kept_path.exists():
        return False
    fd = lock_try(place.lock_path)
    if fd is None:
        return False
    os.close(fd)
    return True


def clear(place):
    """Kill and remove what carries the site's name; its locks stay."""
    cgroup_kill(place.cgroup)
    for name in namespaces(place):
        subprocess.run(["ip", "netns", "delete", name], check=False,
                       capture_output=True)
    _remove_folder(place.dir)


def remove(ident):
    """Kill and remove one site, whoever made it."""
    place = Place(ident)
    clear(place)
    place.kept_path.unlink(missing_ok=True)
    place.lock_path.unlink(missing_ok=True)
    if not all_ids():
        host.restore()


def namespaces(place):
    prefix = place.netns("")
    return [path.name for path in pathlib.Path("/run/netns").glob(prefix + "*")
            if "-" not in path.name.removeprefix(prefix)]


def _remove_folder(folder):
    """A namespace's last mount may take a moment to let go of the folder."""
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)
    shutil.rmtree(folder)


def sweep():
    """Remove every left-over site; host settings go back with the last."""
    RUNS.mkdir(parents=True, exist_ok=True)
    with locked(SWEEP_LOCK):
        for ident in left_over():
            say(f"removing what {ident} left behind")
            remove(ident)


def remains(ident):
    """What is still there of a site: for the test that nothing is."""
    place = Place(ident)
    found = [f"namespace {name}" for name in namespaces(place)]
    if place.cgroup.exists():
        found.append(f"cgroup {place.cgroup}")
    if place.dir.exists():
        found.append(f"folder {place.dir}")
    mounts = pathlib.Path("/proc/self/mounts").read_text()
    found += [line for line in mounts.splitlines() if f"/run/{ident}/" in line]
    return found
