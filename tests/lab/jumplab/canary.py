# SPDX-License-Identifier: BSD-2-Clause
"""Secrets that must stay where they are: what each looks like when something
writes it down, and a search of everything that a bed keeps."""
import base64
import json
import re

# Runs in a bed. Needles come by standard input: a search must not plant them.
SEARCH = r"""
import base64, grp, json, os, pwd, re, stat, sys
wanted = json.load(sys.stdin)
needles = [(name, bytes.fromhex(text)) for name, text in wanted["needles"]]
codes = [(name, re.compile(rb"(?<![0-9A-Za-z])" + code.encode() +
          rb"(?![0-9A-Za-z])")) for name, code in wanted["codes"]]
noise = re.compile(wanted["noise"].encode())
hits, cores, count = [], [], 0

def names(data):
    # keys are broken into lines, here or in a JSON text
    whole = data.replace(b"\\n", b"").replace(b"\n", b"")
    found = {name for name, text in needles if text in data or text in whole}
    thin = noise.sub(b"", data)
    return found | {name for name, code in codes if code.search(thin)}

def shown(data):
    # what a player of the recording shows, in one piece
    text = []
    for line in data.splitlines()[1:]:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if len(event) == 3 and event[1] == "o":
            text.append(event[2])
    return "".join(text).encode()

def written(path):
    # without the holes: sshd's lastlog is by uid, and ours are high
    data, at = [], 0
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        end = os.fstat(fd).st_size
        while at < end:
            try:
                at = os.lseek(fd, at, os.SEEK_DATA)
            except OSError:
                break
            hole = os.lseek(fd, at, os.SEEK_HOLE)
            data.append(os.pread(fd, hole - at, at))
            at = hole
    finally:
        os.close(fd)
    return b"".join(data)

def look(path, data, who=""):
    for name in sorted(names(data)):
        hits.append([path, who, name])

for folder, folders, files in os.walk("/"):
    folders[:] = [one for one in folders if os.path.join(folder, one) not in
                  ("/proc", "/sys", "/usr", "/boot")]
    for name in files:
        path = os.path.join(folder, name)
        try:
            about = os.lstat(path)
            if not stat.S_ISREG(about.st_mode) or (
                    about.st_ctime < wanted["since"]):
                continue
            data = written(path)
        except OSError:
            continue
        count += 1
        who = "%04o %s:%s" % (about.st_mode & 0o7777,
            pwd.getpwuid(about.st_uid).pw_name,
            grp.getgrgid(about.st_gid).gr_name)
        if data[:4] == b"\x7fELF" and data[16:18] == b"\x04\x00":
            cores.append(path)
        look(path, data, who)
        if path.endswith(".cast"):
            look(path + " as shown", shown(data), who)
for command in ("journalctl --all -o export", "journalctl --all -o short-full",
                "dmesg"):
    with os.popen(command + " 2>/dev/null") as out:
        look(command, out.buffer.read())
json.dump({"hits": hits, "cores": cores, "files": count}, sys.stdout)
"""

# Numbers of six digits that are none of ours.
NOISE = (r"p?pid=\d+|PID=\d+|audit\([\d.:]+\)|\[\d+\]|ses(?:sion)?=\d+|"
         r"(?m:^__?[A-Z_]+=[0-9a-f;=]+$)|a[0-3]=[0-9a-f]+|_SESSION=\d+|"
         r"\d\d:\d\d:\d\d\.\d+|inode=\d+")


def forms(name, secret):
    """(name and form, bytes): as it is, in hexadecimal, in base64 at each
    alignment, in base32, and each text of these in hexadecimal again, as
    audit writes it."""
    plain = secret if isinstance(secret, bytes) else secret.encode()
    texts = {"itself": plain, "hex": plain.hex().encode(),
             "HEX": plain.hex().upper().encode(),
             "base32": base64.b32encode(plain).rstrip(b"=")}
    for shift in range(3):
        # the first and last characters also hold bits of the neighbours
        coded = base64.b64encode(b"\0" * shift + plain)
        inner = coded[4 if shift else 0:].rstrip(b"=")[:-1]
        texts[f"base64+{shift}"] = inner
        texts[f"base64url+{shift}"] = (inner.replace(b"+", b"-")
                                       .replace(b"/", b"_"))
    for form, text in list(texts.items()):
        if form != "itself":
            texts[f"{form} in HEX"] = text.hex().upper().encode()
    return [(f"{name}, {form}", text) for form, text in texts.items()]


def seed_of(private_key):
    """The 32 secret bytes of an unencrypted OpenSSH ed25519 key."""
    body = base64.b64decode(b"".join(
        line for line in private_key.splitlines() if b"-----" not in line))
    at = body.rindex(b"ssh-ed25519") + len(b"ssh-ed25519")
    public = body[at + 4:at + 36]
    assert body[at:at + 4] == b"\0\0\0\x20" and body[
        at + 36:at + 40] == b"\0\0\0\x40"
    assert body[at + 72:at + 104] == public
    return body[at + 40:at + 72]


def secret_of_jwk(text):
    """The private scalar of a JWK, as bytes."""
    coded = json.loads(text)["d"]
    return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4))


class Canaries:
    """What is looked for."""

    def __init__(self):
        self.secrets, self.codes = {}, {}

    def add(self, name, secret):
        assert len(secret) >= 8, name
        self.secrets[name] = secret

    def add_code(self, name, code):
        self.codes[name] = code

    def needles(self):
        return [needle for name, secret in self.secrets.items()
                for needle in forms(name, secret)]

    def names(self):
        return {*self.secrets, *self.codes}

    def search(self, bed, since):
        """Everything in this bed that was written since, but for programs."""
        found = bed.run(["python3", "-c", SEARCH], timeout=120,
                        input=json.dumps({
                            "needles": [(name, text.hex())
                                        for name, text in self.needles()],
                            "codes": list(self.codes.items()),
                            "noise": NOISE, "since": since}))
        return json.loads(found.out)

    def within(self, text):
        """Names of those that are in these bytes."""
        thin = re.sub(NOISE.encode(), b"", text)
        return sorted(
            {name.rpartition(", ")[0] for name, needle in self.needles()
             if needle in text} |
            {name for name, code in self.codes.items() if re.search(
                rb"(?<![0-9A-Za-z])" + code.encode() + rb"(?![0-9A-Za-z])",
                thin)})
