# SPDX-License-Identifier: BSD-2-Clause
"""The product: built from this checkout, or as packages, put into beds.

The build tree is kept beside the images, one a checkout, and only what
changed is compiled again. Packages are taken instead when JUMP_LAB_DEBS names
a folder of them.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess

from .place import CACHE, LAB_DIR, SOURCE_DIR, LabError, locked, step

CONFIGURE = ["--prefix=/usr", "--sysconfdir=/etc", "--localstatedir=/var",
             "--libexecdir=/usr/lib", "--libdir=/usr/lib/x86_64-linux-gnu",
             "--with-pamdir=/usr/lib/x86_64-linux-gnu/security",
             "--with-nssdir=/usr/lib/x86_64-linux-gnu",
             "--with-unitdir=/usr/lib/systemd/system", "--enable-werror", "-q"]

# What the product is not made of: a change there builds nothing.
NOT_BUILT = ("tests/lab/", "tests/bench/", "doc/", ".ci/")
NOT_PACKAGED = ("tests/bench/", "tests/data/", "tests/fuzz/", "tests/lab/",
                "tests/unit/", ".ci/")


def source_files():
    """Everything git knows or would know, and for a release tarball all."""
    listed = subprocess.run(
        ["git", "-C", str(SOURCE_DIR), "ls-files", "-co", "-z",
         "--exclude-standard"], capture_output=True, check=False)
    if listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
    else:
        names = [str(path.relative_to(SOURCE_DIR))
                 for path in SOURCE_DIR.rglob("*") if path.is_file()
                 and path.relative_to(SOURCE_DIR).parts[0] != "build"]
    return sorted(name for name in names if (SOURCE_DIR / name).is_file())


def source_hash(names, without=NOT_BUILT):
    digest = hashlib.sha256(repr(CONFIGURE).encode())
    for name in names:
        if not name.startswith(without):
            path = SOURCE_DIR / name
            digest.update(f"{name}\0{path.stat().st_mode:o}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _checkout():
    return hashlib.sha256(str(SOURCE_DIR).encode()).hexdigest()[:8]


def stage():
    """A folder as `make install DESTDIR` leaves it; built when stale."""
    work = CACHE / "build" / _checkout()
    with locked(CACHE / "build" / f"{work.name}.lock"):
        names = source_files()
        digest = source_hash(names)
        stamp = work / "built"
        if not stamp.exists() or stamp.read_text() != digest:
            with step("building the product"):
                _build(work, names)
            stamp.write_text(digest)
    return work / "stage"


def _build(work, names):
    source, build, log = work / "source", work / "build", work / "log"
    work.mkdir(parents=True, exist_ok=True)
    (work / "built").unlink(missing_ok=True)
    makefiles_changed = _copy_sources(source, names)
    log.write_text("")
    if makefiles_changed or not (source / "configure").exists():
        _logged(["autoreconf", "-fi"], source, log)
        shutil.rmtree(build, ignore_errors=True)
    if not (build / "config.status").exists():
        build.mkdir(exist_ok=True)
        _logged([str(source / "configure"), *CONFIGURE], build, log)
    _logged(["make", "-s", f"-j{os.cpu_count()}"], build, log)
    shutil.rmtree(work / "stage", ignore_errors=True)
    _logged(["make", "-s", "install", f"DESTDIR={work}/stage"], build, log)
    for path in (work / "stage").rglob("*.la"):
        path.unlink()


def _copy_sources(source, names):
    """Make source equal to the checkout, times of unchanged files kept.
    True when configure or a Makefile has to be made again."""
    listing = source / ".lab-files"
    before = listing.read_text().split("\n") if listing.exists() else []
    changed = False
    for name in set(before) - set(names) - {""}:
        (source / name).unlink(missing_ok=True)
        changed = True
    for name in names:
        new, old = SOURCE_DIR / name, source / name
        if old.exists() and old.read_bytes() == new.read_bytes():
            continue
        changed |= name.endswith((".am", ".ac", ".m4")) or not old.exists()
        old.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(new, old)
        shutil.copymode(new, old)
    listing.write_text("\n".join(names))
    return changed


def _logged(argv, cwd, log):
    with open(log, "a") as out:
        done = subprocess.run(argv, cwd=cwd, stdout=out, stderr=out,
                              stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        tail = "\n".join(log.read_text().splitlines()[-40:])
        raise LabError(f"{' '.join(argv)} failed (all of it: {log}):\n{tail}")


def packages():
    """The packages to install instead of a build, or none."""
    folder = os.environ.get("JUMP_LAB_DEBS")
    if not folder:
        return []
    found = _debs_in(pathlib.Path(folder))
    if not found:
        raise LabError(f"JUMP_LAB_DEBS={folder}: no packages there")
    return found


def _debs_in(folder):
    return [path for path in sorted(folder.glob("*.deb"))
            if "-dbgsym_" not in path.name]


def debs():
    """The packages: those of JUMP_LAB_DEBS, or made from this checkout as
    packaging/build-debs makes them, once for what they are made of."""
    if packages():
        return packages()
    work = CACHE / "build" / _checkout()
    with locked(CACHE / "build" / f"{work.name}-debs.lock"):
        names = source_files()
        digest = source_hash(names, NOT_PACKAGED)
        stamp = work / "packaged"
        if not stamp.exists() or stamp.read_text() != digest:
            with step("building the Debian packages"):
                _build_debs(work, names)
            stamp.write_text(digest)
    return _debs_in(work / "debs")


def _build_debs(work, names):
    """From a copy of the sources in this folder, beside it."""
    work.mkdir(parents=True, exist_ok=True)
    (work / "packaged").unlink(missing_ok=True)
    (work / "debs-log").write_text("")
    _copy_sources(work / "debs-source", names)
    _logged([str(work / "debs-source/packaging/build-debs"), "--quick",
             str(work / "debs")], work, work / "debs-log")
    return work / "debs"


def debs_again(folder):
    """The packages of another build, elsewhere: those that ./check package
    made when they are of these sources, or made in the folder."""
    made = SOURCE_DIR / "build/debs"
    git = ["git", "-C", str(SOURCE_DIR)]
    tree = subprocess.run([*git, "rev-parse", "HEAD^{tree}"], text=True,
                          capture_output=True, check=False).stdout
    changed = subprocess.run([*git, "status", "--porcelain"], text=True,
                             capture_output=True, check=False).stdout
    stamp = made / "tree"
    if changed or not stamp.exists() or stamp.read_text() != tree:
        made = _build_debs(pathlib.Path(folder), source_files())
    return _debs_in(made)


def install(bed, role):
    """Put the product into a bed: role 'bastion' or 'approvals'."""
    if packages():
        put_debs(bed, role)
        bed.run("DEBIAN_FRONTEND=noninteractive dpkg -i /root/debs/*.deb",
                timeout=300)
        return
    bed.put_tree(stage())
    bed.put_file(LAB_DIR / "image/install.sh", "/root/install.sh")
    bed.run(["sh", "/root/install.sh", role], timeout=120)


def put_debs(bed, role):
    """The role's packages into the bed's /root/debs."""
    for path in debs():
        if path.name.startswith(("jumpctl_", f"jump-{role}_")):
            bed.put_file(path, f"/root/debs/{path.name}")
