# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures: one site with the product for the whole run, one more with the
bastion as a VM for tests that ask for it, each made when first asked for."""
import contextlib
import time

import pytest

from jumplab.place import default_id
from jumplab.site import Site

SITE = pytest.StashKey()


def pytest_configure(config):
    config.stash[SITE] = []


def pytest_collection_modifyitems(config, items):
    """What takes long is left out unless it is asked for, and counted."""
    if "long" in (config.option.markexpr or "").split():
        return
    out = [one for one in items if one.get_closest_marker("long")]
    config.hook.pytest_deselected(items=out)
    items[:] = [one for one in items if one not in out]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what the machines had to say about it."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for site in item.config.stash[SITE]:
            with contextlib.suppress(Exception):
                report.sections += site.evidence(item.stash.get(SITE, 0))


@pytest.fixture(scope="session")
def open_site(request):
    """Site() for a with statement, known to the failure reports."""
    known = request.config.stash[SITE]

    @contextlib.contextmanager
    def opener(*args, **kwargs):
        with Site(*args, **kwargs) as one:
            known.append(one)
            try:
                yield one
            finally:
                known.remove(one)
    return opener


@pytest.fixture(scope="session")
def site(open_site):
    """A whole site in containers, the product installed, not configured."""
    with open_site() as one:
        yield one.install()


@pytest.fixture(scope="session")
def vm_site(open_site):
    """The same with a bastion that has its own kernel, audit and auditd."""
    with open_site(default_id()[:11] + "v", bastion="vm") as one:
        yield one.install()


@pytest.fixture(autouse=True)
def _aftermath(request):
    """After each test: its clients are gone, its sessions ended, all beds
    alive."""
    request.node.stash[SITE] = time.time()
    yield
    for one in request.config.stash[SITE]:
        one.tidy()


@pytest.fixture
def bastion(site):
    return site.bastion


@pytest.fixture
def ot(site):
    return site.ot


@pytest.fixture
def approvals_host(site):
    return site.approvals


@pytest.fixture
def supplier(site):
    return site.supplier


@pytest.fixture
def approver(site):
    return site.approver
