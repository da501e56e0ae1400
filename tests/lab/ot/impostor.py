#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Stands where the approvals service stood: slow (takes connections and says
nothing), stranger (a certificate of nobody), garbage (the right certificate,
and nonsense). Each connection is a line in /run/impostor."""
import pathlib
import socket
import ssl
import subprocess
import sys
import threading

KEYS = "/var/lib/jump-approvals/server"
NONSENSE = b"eyJhbGciOiJub25lIn0.e30." * 40
ANSWER = (b'HTTP/1.1 200 OK\r\nETag: "9999999999999"\r\n'
          b"Content-Type: application/jose\r\n"
          b"Content-Length: %d\r\n\r\n" % len(NONSENSE)) + NONSENSE
SEEN = pathlib.Path("/run/impostor")


def context(kind):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    keys = KEYS
    if kind == "stranger":
        keys = "/root/stranger"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=approvals", "-addext", "subjectAltName=IP:10.10.0.5",
             "-keyout", keys + ".key", "-out", keys + ".crt"], check=True,
            stderr=subprocess.DEVNULL)
    made.load_cert_chain(keys + ".crt", keys + ".key")
    return made


def serve(conn, kind, tls):
    try:
        if kind != "slow":
            conn = tls.wrap_socket(conn, server_side=True)
            conn.recv(65536)
            conn.sendall(ANSWER)
            conn.close()
        else:
            conn.recv(65536)
            threading.Event().wait()
    except OSError as error:
        note(f"{kind}: {error}")
    else:
        note(f"{kind}: answered")


def note(text):
    with SEEN.open("a") as out:
        out.write(text + "\n")


def main():
    kind = sys.argv[1]
    tls = None if kind == "slow" else context(kind)
    listener = socket.create_server(("::", 8443), family=socket.AF_INET6,
                                    dualstack_ipv6=True)
    print("listening", flush=True)
    while True:
        conn, _ = listener.accept()
        note(f"{kind}: connected")
        threading.Thread(target=serve, args=(conn, kind, tls),
                         daemon=True).start()


main()
