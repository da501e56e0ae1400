#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What is behind the web server of a target's panel, on 127.0.0.1:

8001  a login page, what it opens; /app/digest of what is posted there; and
      /app/hold, which answers when as many ask at the same time as a browser
      opens connections to one host
8002  a websocket that says back what it hears
"""
import asyncio
import hashlib
import http.server
import os
import secrets
import threading
import urllib.parse

import websockets

AT_ONCE = 6
FORM = """<h1>Panel</h1><p>{}</p><form method=post action=/app/login>
<input name=user><input name=password type=password></form>"""
sessions = set()
gathering = threading.Barrier(AT_ONCE)


class Panel(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, text, code=200, **headers):
        body = text.encode()
        self.send_response(code)
        for name, value in {"Content-Type": "text/html",
                            "Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def knows(self):
        return self.headers.get("Cookie", "").removeprefix("id=") in sessions

    def do_GET(self):
        if self.path.startswith("/app/hold"):
            try:
                gathering.wait(20)
            except threading.BrokenBarrierError:
                gathering.reset()
                self.answer("alone", 503)
            else:
                self.answer("together")
        elif self.path == "/app/panel" and self.knows():
            self.answer("<h1>Drive 4 runs</h1>")
        else:
            self.answer(FORM.format("Who are you?"))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/app/digest":
            self.answer(hashlib.sha256(body).hexdigest())
            return
        form = urllib.parse.parse_qs(body.decode())
        if form != {"user": ["maint"], "password": ["drive-4"]}:
            self.answer(FORM.format("Wrong."), 403)
            return
        ident = secrets.token_hex(8)
        sessions.add(ident)
        self.answer("", 303, Location="/app/panel",
                    Set_Cookie=f"id={ident}; Secure; HttpOnly; SameSite=Strict")


async def echo(websocket, path=None):
    async for message in websocket:
        await websocket.send(message)


async def main():
    panel = http.server.ThreadingHTTPServer(("127.0.0.1", 8001), Panel)
    threading.Thread(target=panel.serve_forever, daemon=True).start()
    async with websockets.serve(echo, "127.0.0.1", 8002, max_size=1 << 24):
        os.system("systemd-notify --ready")
        await asyncio.Event().wait()


asyncio.run(main())
