# SPDX-License-Identifier: BSD-2-Clause
"""What the two logs of a bastion say since a moment: audit, and the journal.
A test names what must be there; a failure shows what there is instead."""
import json

from .bed import wait_for
from .place import LabError


class Evidence:
    """Both logs of a site from now on."""

    def __init__(self, site):
        self.site = site
        self.audit_mark = site.audit.mark()
        self.journal_mark = site.bastion.journal_mark()

    def audit(self, type, timeout=10, **fields):
        """The first such record of ours, waited for."""
        return self.site.audit.wait(self.audit_mark, timeout, type=type,
                                    **fields)

    def audits(self, **fields):
        return self.site.audit.since(self.audit_mark, **fields)

    def journals(self, event=None, **fields):
        """Entries of ours, as dicts, with all of those JUMP_ fields. They
        are picked here: journalctl skips the first match after a cursor."""
        if event:
            fields["event"] = event
        wanted = {f"JUMP_{key.upper()}": str(value)
                  for key, value in fields.items()}
        lines = self.site.bastion.run(
            ["journalctl", "-q", "--no-pager", "--all", "-o", "json",
             f"--after-cursor={self.journal_mark}"]).out.splitlines()
        return [entry for entry in map(json.loads, lines)
                if "JUMP_EVENT" in entry and wanted.items() <= entry.items()]

    def journal(self, event, timeout=10, **fields):
        def look():
            found = self.journals(event, **fields)
            return bool(found), found
        try:
            return wait_for(look, timeout)[0]
        except LabError:
            there = "\n".join(one["MESSAGE"] + f" ({one['JUMP_EVENT']})"
                              for one in self.journals())
            raise LabError(f"no journal entry {event} {fields}; there are:\n"
                           f"{there}") from None
