"""One Dynamixel protocol 2.0 bus on a serial port, with the vendor's ``dynamixel-sdk``.

Degradation ladder: a reply that is late, damaged, from the wrong servo or of the wrong shape is
counted and raises ``WireError``, its bytes are thrown away and the line is drained until quiet, so
that nothing of it can be taken for the next reply; a port that is gone raises ``PortGoneError``.
The bus is used by one thread only, and owned by one process only (``flock`` on the port).
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
import serial
from dynamixel_sdk import COMM_RX_TIMEOUT, COMM_SUCCESS, Protocol2PacketHandler
from dynamixel_sdk.port_handler import PortHandler
from numpy.typing import NDArray

from devices.hand_driver import DeviceError

try:
    from termios import error as TerminalError
except ImportError:  # not a POSIX system
    TerminalError = OSError

BROADCAST = 0xFE
ALERT_BIT = 0x80
FAST_HEAD_BYTES = 8  # FF FF FD 00 | FE | LEN LEN | 55, before the first servo's row
STATUS_HEAD_BYTES = 9  # FF FF FD 00 | ID | LEN LEN | 55 | ERR, before the data of one servo
REPLY_TIMEOUT_MS = 20.0  # the default latency timer of FTDI adapters is 16 ms
READ_SLICE_S = 0.001  # one blocking wait for bytes; the thread sleeps meanwhile
QUIET_S = 0.003  # a silent line for this long has nothing of the last reply left
DRAIN_LIMIT_S = 0.03
_PORT_ERRORS = (OSError, TypeError, TerminalError)  # TypeError: pyserial, port closed under it


class WireError(RuntimeError):
    """One reply was missing or unusable; the next one may be well."""


class PortGoneError(RuntimeError):
    """The serial port failed: unplugged or powered off."""


class _Port(PortHandler):
    """The vendor's port, but waiting without a busy loop, on the monotonic clock and locked."""

    def setupPort(self, cflag_baud: int) -> Literal[True]:
        self.ser = serial.Serial(
            self.port_name, cflag_baud, timeout=READ_SLICE_S, write_timeout=0.05, exclusive=True
        )
        self.is_open = True
        self.clearPort()
        self.tx_time_per_byte = 10_000.0 / cflag_baud
        return True

    def clearPort(self) -> None:
        while waiting := self.ser.in_waiting:
            self.ser.read(waiting)

    def getCurrentTime(self) -> float:
        return time.monotonic() * 1000.0

    def setPacketTimeout(self, packet_length: int) -> None:
        self.setPacketTimeoutMillis(self.tx_time_per_byte * packet_length + REPLY_TIMEOUT_MS)

    def readPort(self, length: int) -> bytes:
        if self.getTimeSinceStart() > 2 * self.packet_timeout + REPLY_TIMEOUT_MS:
            raise WireError("the line never falls silent")
        return super().readPort(length)


class PacketHandler(Protocol2PacketHandler):
    """The vendor's packets, with the byte stuffing that 4.1.0 computes but does not send."""

    def addStuffing(self, packet: list[int]) -> list[int]:
        packet[:] = super().addStuffing(packet)
        return packet


class DynamixelBus:
    """Reads and writes servo registers.

    Parameters
    ----------
    path : str
        Serial port, e.g. ``/dev/ttyUSB0``.
    baud : int
        Bits per second; one of the rates the servos know.

    Attributes
    ----------
    errors : Counter
        Unusable replies since construction: ``timeout``, ``corrupt``, ``status``.
    """

    def __init__(self, path: str, baud: int) -> None:
        self.path = path
        self.baud = baud
        self.errors: Counter[str] = Counter()
        self._packets = PacketHandler()
        self._port: _Port | None = None

    def open(self) -> None:
        """Open the port and lock it against every other process.

        Raises
        ------
        DeviceError
            When the port is missing, not permitted or owned by another process.
        """
        port = _Port(self.path)
        try:
            if not port.setBaudRate(self.baud):
                raise DeviceError(
                    f"port '{self.path}': baud rate {self.baud} is not one the servos know; "
                    "use 57600, 115200, 1000000, 2000000, 3000000 or 4000000"
                )
        except (*_PORT_ERRORS, ValueError) as error:
            raise DeviceError(self._refusal(error)) from error
        self._port = port

    def close(self) -> None:
        """Free the port; safe to call twice."""
        if self._port is not None:
            port, self._port = self._port, None
            try:
                port.closePort()
            except _PORT_ERRORS:
                self.errors["close"] += 1

    def ping(self, servo_id: int) -> int:
        """Return the model number of ``servo_id``; raises ``WireError`` when it is silent."""
        model, result, error = self._guarded(self._packets.ping, servo_id)
        self._check(result, error)
        return model

    def read(self, servo_id: int, address: int, size: int) -> bytes:
        """Read ``size`` bytes of one servo."""
        packet, result = self._guarded(self._read_exchange, servo_id, address, size)
        self._check(result, packet[STATUS_HEAD_BYTES - 1] if result == COMM_SUCCESS else 0)
        length = packet[5] | packet[6] << 8
        if packet[4] != servo_id or length != size + 4:
            self._fail("corrupt", f"servo {packet[4]} sent a packet of length {length}")
        return bytes(packet[STATUS_HEAD_BYTES : STATUS_HEAD_BYTES + size])

    def write(self, servo_id: int, address: int, data: bytes) -> None:
        """Write ``data`` to one servo and wait for its answer."""
        result, error = self._guarded(
            self._packets.writeTxRx, servo_id, address, len(data), list(data)
        )
        self._check(result, error)

    def reboot(self, servo_id: int) -> None:
        """Restart one servo; it is deaf for a moment afterwards."""
        result, _ = self._guarded(self._packets.reboot, servo_id)
        self._check(result, 0)

    def sync_write(self, ids: Sequence[int], address: int, rows: NDArray[np.uint8]) -> None:
        """Write ``rows`` (servo, byte) to ``ids`` in one packet, which nobody answers."""
        size = rows.shape[1]
        parameters = np.column_stack([np.asarray(ids, np.uint8), rows]).ravel().tolist()
        result = self._guarded(
            self._packets.syncWriteTxOnly, address, size, parameters, len(parameters)
        )
        if result != COMM_SUCCESS:
            self._fail("timeout", f"sync write was not sent (result {result})")

    def fast_sync_read(
        self, ids: Sequence[int], address: int, size: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Read the same registers of all ``ids`` in one common packet.

        Returns
        -------
        rows : (servo, byte) uint8 array
            Register bytes in the order of ``ids``.
        alerts : (servo,) bool array
            Hardware alert bit of each servo.

        Raises
        ------
        WireError
            When anything at all about the packet is not as it should be.
        """
        packet, result = self._guarded(self._fast_exchange, address, size, list(ids))
        if result != COMM_SUCCESS:
            self._check(result, 0)
        if len(packet) != FAST_HEAD_BYTES + (size + 4) * len(ids) or packet[4] != BROADCAST:
            self._fail("corrupt", f"common packet of {len(packet)} bytes for {len(ids)} servos")
        rows = np.array(packet[FAST_HEAD_BYTES:], np.uint8).reshape(len(ids), size + 4)
        if rows[:, 1].tolist() != list(ids):
            self._fail("corrupt", f"servos {rows[:, 1].tolist()} answered for {list(ids)}")
        if np.any(rows[:, 0] & ~np.uint8(ALERT_BIT)):
            self._fail("status", f"servo errors {rows[:, 0].tolist()}")
        return rows[:, 2 : 2 + size].copy(), (rows[:, 0] & ALERT_BIT) != 0

    def _read_exchange(
        self, port: _Port, servo_id: int, address: int, size: int
    ) -> tuple[list[int], int]:
        result = self._packets.readTx(port, servo_id, address, size)
        if result != COMM_SUCCESS:
            return [], result
        return self._packets.rxPacket(port, False)

    def _fast_exchange(
        self, port: _Port, address: int, size: int, ids: list[int]
    ) -> tuple[list[int], int]:
        result = self._packets.syncReadTx(port, address, size, ids, len(ids), True)
        if result != COMM_SUCCESS:
            return [], result
        return self._packets.rxPacket(port, True)

    def _guarded(self, exchange: Callable[..., Any], *arguments: Any) -> Any:
        """Run one exchange of the vendor's handler and turn a lost port into ``PortGoneError``."""
        port = self._port
        if port is None:
            raise PortGoneError(f"port '{self.path}' is not open")
        port.is_using = False
        port.setPacketTimeoutMillis(REPLY_TIMEOUT_MS)
        try:
            return exchange(port, *arguments)
        except WireError:
            self.errors["corrupt"] += 1
            self._drain(port)
            raise
        except _PORT_ERRORS as error:
            raise PortGoneError(f"port '{self.path}': {error}") from error
        except IndexError:  # the vendor's parser trips over some damaged packets
            self._fail("corrupt", "a packet of impossible shape")

    def _check(self, result: int, error: int) -> None:
        if result == COMM_RX_TIMEOUT:
            self._fail("timeout", f"no reply within {REPLY_TIMEOUT_MS:g} ms")
        if result != COMM_SUCCESS:
            self._fail("corrupt", f"damaged reply (result {result})")
        if error & ~ALERT_BIT:
            self._fail("status", f"the servo refused with error {error & ~ALERT_BIT}")

    def _fail(self, kind: str, what: str) -> NoReturn:
        self.errors[kind] += 1
        if self._port is not None and kind != "status":
            self._drain(self._port)
        raise WireError(f"port '{self.path}': {what}")

    def _drain(self, port: _Port) -> None:
        """Throw away what still comes until the line is quiet."""
        deadline = quiet_since = time.monotonic()
        deadline += DRAIN_LIMIT_S
        try:
            while (now := time.monotonic()) < deadline and now - quiet_since < QUIET_S:
                if port.ser.read(4096):
                    quiet_since = time.monotonic()
        except _PORT_ERRORS as error:
            raise PortGoneError(f"port '{self.path}': {error}") from error

    def _refusal(self, error: Exception) -> str:
        if not Path(self.path).exists():
            return (
                f"port '{self.path}' does not exist; "
                "plug the hand in or correct 'port' in the rig file"
            )
        owner = _lock_owner(self.path)
        if owner is not None:
            return f"port '{self.path}' is owned by process {owner}; stop that session first"
        return f"port '{self.path}' cannot be opened: {error}"


def _lock_owner(path: str) -> int | None:
    """Process that holds the lock on ``path``, where the system tells (Linux)."""
    try:
        stat = os.stat(path)
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    name = f"{os.major(stat.st_dev):02x}:{os.minor(stat.st_dev):02x}:{stat.st_ino}"
    for line in lines:
        fields = line.split()
        if len(fields) >= 6 and fields[1] == "FLOCK" and fields[5] == name:
            return int(fields[4])
    return None
