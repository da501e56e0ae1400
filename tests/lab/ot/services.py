#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What answers on an OT machine besides ssh, on IPv4 and IPv6.

7     echo, TCP and UDP
9     discard: counts and hashes what it gets; at the end of the stream it adds
      a line "COUNT SHA256 PEER" to /run/ot/discard and sends COUNT SHA256 back
19    source: reads a line with a number, sends that many bytes of the pattern
80    HTTP: a page that names the address that was asked
3389, 5900  stand in for RDP and VNC: greet with a line, then echo

Ports named in /etc/ot/without are left to the real servers.
"""
import asyncio
import hashlib
import os
import pathlib

PATTERN = bytes(range(256)) * 256
LOG = pathlib.Path("/run/ot/discard")
WITHOUT = pathlib.Path("/etc/ot/without")


async def copy_back(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def discard(reader, writer):
    digest, count = hashlib.sha256(), 0
    try:
        while data := await reader.read(262144):
            digest.update(data)
            count += len(data)
        end = "eof"
    except ConnectionError:
        end = "reset"
    peer = writer.get_extra_info("peername")[0]
    with LOG.open("a") as log:
        log.write(f"{count} {digest.hexdigest()} {peer} {end}\n")
    if end == "eof":
        writer.write(f"{count} {digest.hexdigest()}\n".encode())


async def source(reader, writer):
    left = int(await reader.readline())
    while left > 0:
        writer.write(PATTERN[:left])
        left -= min(left, len(PATTERN))
        await writer.drain()


def greeter(name):
    async def greet(reader, writer):
        writer.write(f"{name} on {writer.get_extra_info('sockname')[0]}\n".encode())
        await copy_back(reader, writer)
    return greet


async def http(reader, writer):
    while (await reader.readline()).strip():
        pass
    page = f"<h1>OT panel {writer.get_extra_info('sockname')[0]}</h1>\n"
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                 f"Content-Length: {len(page)}\r\nConnection: close\r\n\r\n"
                 f"{page}".encode())


class UdpEcho(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


def closing(serve):
    """Send everything, then close; a peer that resets is no news."""
    async def handle(reader, writer):
        try:
            await serve(reader, writer)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except (ConnectionError, ValueError):
            writer.transport.abort()
    return handle


SERVICES = {7: copy_back, 9: discard, 19: source, 80: http,
            3389: greeter("rdp"), 5900: greeter("vnc")}


async def main():
    loop = asyncio.get_running_loop()
    LOG.parent.mkdir(exist_ok=True)
    without = WITHOUT.read_text().split() if WITHOUT.exists() else []
    for port, serve in SERVICES.items():
        if str(port) in without:
            continue
        await asyncio.start_server(closing(serve), ["0.0.0.0", "::"], port,
                                   limit=1 << 20, backlog=512)
    # One socket an address, or the answer would leave from another one.
    for address in os.environ["OT_ADDRESSES"].split():
        await loop.create_datagram_endpoint(UdpEcho, local_addr=(address, 7))
    if "NOTIFY_SOCKET" in os.environ:
        os.system("systemd-notify --ready")
    await asyncio.Event().wait()


asyncio.run(main())
