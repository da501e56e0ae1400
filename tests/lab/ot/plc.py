#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A controller on every address of the OT machine: Modbus TCP on 502, by
pymodbus, and on 4840 the first exchange of OPC UA's TCP: Debian has no server
of it, so this answers Hello with Acknowledge, as OPC 10000-6 7.1.2 has it,
and everything else with Error."""
import asyncio
import struct
import sys

sys.path.append("/etc/ot/plc")

from pymodbus.datastore import (ModbusSequentialDataBlock,  # noqa: E402
                                ModbusServerContext, ModbusSlaveContext)
from pymodbus.server import StartAsyncTcpServer  # noqa: E402

HOLDING = [4711, 42, 7] + [0] * 97
BAD_TYPE = 0x807E0000


async def hello(reader, writer):
    kind, size = struct.unpack("<4sI", await reader.readexactly(8))
    good = kind == b"HELF" and 32 <= size <= 32 + 4096
    if good:
        body = await reader.readexactly(size - 8)
        *_, length = struct.unpack_from("<6i", body)
        good = body[24:].startswith(b"opc.tcp://") and length == size - 32
    if good:
        answer = struct.pack("<5I", 0, 65535, 65535, 0, 0)
    else:
        answer = struct.pack("<Ii", BAD_TYPE, -1)
    writer.write(struct.pack("<4sI", b"ACKF" if good else b"ERRF",
                             8 + len(answer)) + answer)
    await writer.drain()
    writer.close()


async def main():
    await asyncio.start_server(hello, None, 4840)
    block = ModbusSequentialDataBlock(1, HOLDING)
    await StartAsyncTcpServer(
        ModbusServerContext(slaves=ModbusSlaveContext(hr=block)),
        address=("", 502))


asyncio.run(main())
