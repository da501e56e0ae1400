# SPDX-License-Identifier: BSD-2-Clause
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from bed import Bed  # noqa: E402


@pytest.fixture(scope="session")
def house():
    b = Bed()
    b.build()
    yield b
    b.close()


@pytest.fixture
def bed(house):
    """A session of the first user, to whom ssh is open for an hour."""
    house.set_health(audit="ok", auditd="ok")
    house.clock()
    house._policy()
    house.publish(house.grant())
    house.session()
    yield house
    house.end_session()
