# SPDX-License-Identifier: BSD-2-Clause
"""Golden files: what the stock tools said about a visit. What differs from run
to run (times, numbers that the kernel gives out, random ids) is replaced by
words, one value by one word; everything else is kept, and compared."""
import difflib
import os
import pathlib
import re

FOLDER = pathlib.Path(__file__).parent.parent / "golden"
UPDATE = "JUMP_LAB_UPDATE"

# The first letters of a word, and what it stands for (the second group).
NUMBERED = [
    ("UUID", r"(\b)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"),
    ("CONN", r"(\bconn=|\.)([0-9a-f]{16})\b"),
    ("GRANT", r"(\bgrant=)([0-9A-Z]{26})\b"),
    ("SES", r"(\b(?<!old-)ses=)(?!4294967295)(\d+)\b"),
    ("DIGEST", r"(\bdigest=sha256:)([0-9a-f]{64})\b"),
    ("KEY", r"(\bfingerprint=SHA256:)([A-Za-z0-9+/]{43})"),
]
PLAIN = [
    (r"\bmsg=audit\([^)]*\)", "msg=audit(WHEN)"),
    (r"\b(pid|rport|ms|bytes_in|bytes_out|from|until|serial)=\d+",
     lambda found: f"{found[1]}={found[1].upper()}"),
    # an AppArmor host's kernel names the label
    (r" subj=\S+", ""),
    # a supplier's session is counted in seconds, and may last none
    (r"(op=jump:logout .*) ms=MS", r"\1"),
    (r"/recordings/\d{4}-\d\d-\d\d/", "/recordings/DAY/"),
    (r"\bpts/\d+", "pts/N"),
    # of reports: date, time, the event's number at the end of a row
    (r"(?m)^(\d+\.) \d\d/\d\d/\d\d \d\d:\d\d:\d\d (.*) \d+$",
     r"\1 DATE TIME \2 EVENT"),
    (r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d(\.\d+)?", "DATE TIME"),
    (r"(Number of process IDs): \d+", r"\1: N"),
    # of aulast; what was ten columns wide stays so
    (r"\w{3} \w{3} [ \d]\d \d\d:\d\d", "DAY DATE TIME   "),
    (r"- \d\d:\d\d  \(\d\d:\d\d\)", "- TIME   (HOURS)"),
]


class Words:
    """One visit's words: a value has the same one wherever it stands."""

    def __init__(self):
        self.given = {}

    def word(self, kind, value):
        if (kind, value) not in self.given:
            count = sum(1 for one, _ in self.given if one == kind)
            self.given[kind, value] = f"{kind}{count + 1}"
        return self.given[kind, value]

    def normal(self, text):
        for kind, pattern in NUMBERED:
            text = re.sub(pattern, lambda found, kind=kind:
                          found[1] + self.word(kind, found[2]), text)
        for pattern, word in PLAIN:
            text = re.sub(pattern, word, text)
        return text


def check(name, text):
    """Equal to golden/NAME. JUMP_LAB_UPDATE=1 writes the file first."""
    path = FOLDER / name
    if os.environ.get(UPDATE):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text)
    wanted = path.read_text() if path.exists() else ""
    assert text == wanted, f"not what is in {path}:\n" + "".join(
        difflib.unified_diff(wanted.splitlines(True), text.splitlines(True),
                             "golden", "seen"))
