# SPDX-License-Identifier: BSD-2-Clause
"""Onward connections: what goes in comes out, recorded."""
from bed import recording, shown


def test_a_command(bed):
    r = bed.run("plc-gw echo hello; echo oops >&2; exit 3")
    assert (r.status, r.out, r.err) == (3, b"hello\n", b"oops\n"), r
