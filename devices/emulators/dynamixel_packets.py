"""Dynamixel protocol 2.0 packets as a servo sees them, written from the manual.

::

    FF FF FD 00 | ID | LEN_L LEN_H | INST | PARAMS ... | CRC_L CRC_H      LEN = params + 3

The CRC is CRC-16 with polynomial 0x8005, start value 0, not reflected, over all bytes before it.
``FF FF FD`` inside INST..PARAMS travels as ``FF FF FD FD`` and counts in LEN. This is a second,
independent reading of the protocol: the driver uses the vendor's ``dynamixel-sdk``.
"""

from __future__ import annotations

from dataclasses import dataclass

HEADER = b"\xff\xff\xfd\x00"
BROADCAST = 0xFE
STATUS = 0x55
MAX_BODY = 1024  # longest LEN a servo accepts; a longer one is noise


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        value = byte << 8
        for _ in range(8):
            value = (value << 1) ^ (0x8005 if value & 0x8000 else 0)
        rows.append(value & 0xFFFF)
    return tuple(rows)


_CRC_TABLE = _table()


def crc16(data: bytes | bytearray, start: int = 0) -> int:
    """CRC-16 of ``data``, continued from ``start``; of ``b"123456789"`` it is 0xFEE8."""
    value = start
    table = _CRC_TABLE
    for byte in data:
        value = ((value << 8) & 0xFFFF) ^ table[(value >> 8) ^ byte]
    return value


def stuffed(body: bytes) -> bytes:
    """``body`` (INST and PARAMS) as it travels, with the header pattern broken up."""
    return body.replace(b"\xff\xff\xfd", b"\xff\xff\xfd\xfd")


def unstuffed(body: bytes) -> bytes:
    """Inverse of ``stuffed``."""
    return body.replace(b"\xff\xff\xfd\xfd", b"\xff\xff\xfd")


def packet(servo_id: int, instruction: int, parameters: bytes = b"") -> bytes:
    """Build one packet, stuffed and with its CRC."""
    body = stuffed(bytes([instruction]) + parameters)
    head = HEADER + bytes([servo_id]) + (len(body) + 2).to_bytes(2, "little") + body
    return head + crc16(head).to_bytes(2, "little")


def status(servo_id: int, error: int, data: bytes = b"") -> bytes:
    """Build the status packet a servo answers with."""
    return packet(servo_id, STATUS, bytes([error]) + data)


def fast_status(rows: list[tuple[int, int, bytes]]) -> bytes:
    """Build the one status packet in which all servos answer a fast sync read.

    Parameters
    ----------
    rows : list of (id, error, data)
        One row per servo. Each servo appends ``ERR ID DATA CRC``, its CRC covering the packet so
        far; nothing is stuffed.
    """
    length = 1 + sum(4 + len(data) for _, _, data in rows)
    out = bytearray(HEADER + bytes([BROADCAST]) + length.to_bytes(2, "little") + bytes([STATUS]))
    crc, done = 0, 0
    for servo_id, error, data in rows:
        out += bytes([error, servo_id]) + data
        crc = crc16(out[done:], crc)
        done = len(out)
        out += crc.to_bytes(2, "little")
    return bytes(out)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One received instruction packet with a correct CRC."""

    servo_id: int
    code: int
    parameters: bytes


class InstructionReader:
    """Cuts a byte stream into instruction packets; drops what has a wrong CRC and resynchronises.

    Attributes
    ----------
    crc_errors : int
        Packets dropped for their CRC.
    """

    def __init__(self) -> None:
        self.crc_errors = 0
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Instruction]:
        """Add received bytes and return the instructions completed by them."""
        self._buffer += data
        found: list[Instruction] = []
        while (instruction := self._next()) is not None:
            found.append(instruction)
        return found

    def _next(self) -> Instruction | None:
        buffer = self._buffer
        while True:
            start = buffer.find(HEADER)
            if start < 0:
                del buffer[: max(0, len(buffer) - len(HEADER) + 1)]
                return None
            del buffer[:start]
            if len(buffer) < 7:
                return None
            length = int.from_bytes(buffer[5:7], "little")
            if not 3 <= length <= MAX_BODY:
                del buffer[:4]
                continue
            total = 7 + length
            if len(buffer) < total:
                return None
            if crc16(buffer[: total - 2]) != int.from_bytes(buffer[total - 2 : total], "little"):
                self.crc_errors += 1
                del buffer[:4]
                continue
            body = unstuffed(bytes(buffer[7 : total - 2]))
            servo_id = buffer[4]
            del buffer[:total]
            return Instruction(servo_id, body[0], body[1:])
