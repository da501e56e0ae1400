# SPDX-License-Identifier: BSD-2-Clause
"""A site of the lab for a figure: up with the product in it, prepared, and
gone afterwards, whatever happened in between."""
import pathlib
import sys

LAB = pathlib.Path(__file__).resolve().parent.parent / "lab"
sys.path.insert(0, str(LAB))

from jumplab.place import default_id  # noqa: E402
from jumplab.site import Site  # noqa: E402


class SiteBench:
    def __enter__(self):
        self.site = Site(default_id()[:11] + "b").up()
        try:
            self.site.install()
            self.prepare()
        except BaseException:
            self.site.stop()
            raise
        return self

    def prepare(self):
        raise NotImplementedError

    def finish(self):
        """Before the site is stopped."""

    def __exit__(self, *exc):
        try:
            self.finish()
        finally:
            self.site.stop()
