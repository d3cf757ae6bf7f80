"""A chain of emulated Dynamixel servos on one half-duplex bus: bytes in, bytes out.

The chain answers as the servos would: a servo that is silent, booting or addressed with a wrong
CRC says nothing; in a sync read the servos after a silent one wait for it in vain and say nothing
either, and in a fast sync read the common packet ends where the silent servo should have spoken.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from devices.clock import Clock, MonotonicClock
from devices.emulators.dynamixel_packets import (
    BROADCAST,
    Instruction,
    InstructionReader,
    fast_status,
    status,
)
from devices.emulators.dynamixel_servo import LENGTH_ERROR, OK, Servo

INSTRUCTION_ERROR = 2
STEP_NS = 10_000_000  # longest step of the motor model
MIN_ADVANCE_NS = 1_000_000  # packets closer together than this see the same state
AWAKE_NS = 20_000_000  # a longer pause is the emulator's own, and is no silence of the bus


class Code(IntEnum):
    """Instruction numbers."""

    PING = 0x01
    READ = 0x02
    WRITE = 0x03
    REBOOT = 0x08
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83
    FAST_SYNC_READ = 0x8A


class DynamixelChain:
    """Servos on one bus. All methods from one thread, except that tests may turn servo knobs.

    Parameters
    ----------
    servos : sequence of Servo
        The servos, in any order of IDs.
    clock : Clock, optional
        Time of motion and watchdogs; the host's monotonic clock by default.
    """

    def __init__(self, servos: Sequence[Servo], clock: Clock | None = None) -> None:
        self.servos = {servo.servo_id: servo for servo in servos}
        self.reader = InstructionReader()
        self._clock = clock or MonotonicClock()
        self._at_ns = self._clock.now_ns()
        self._silence_ns = 0

    def receive(self, data: bytes) -> list[bytes]:
        """Take bytes from the host and return the replies they cause, in order."""
        self.advance()
        replies: list[bytes] = []
        for instruction in self.reader.feed(data):
            self._silence_ns = 0
            replies.extend(reply for reply in self._answer(instruction) if reply)
        return replies

    def advance(self) -> None:
        """Move every servo to the clock's present time."""
        gap_ns = self._clock.now_ns() - self._at_ns
        if gap_ns < MIN_ADVANCE_NS:
            return
        self._silence_ns += min(gap_ns, AWAKE_NS)
        while gap_ns > 0:
            step_ns = min(STEP_NS, gap_ns)
            gap_ns -= step_ns
            self._at_ns += step_ns
            for servo in self.servos.values():
                servo.step(step_ns / 1e9, self._silence_ns)

    def _answer(self, instruction: Instruction) -> list[bytes]:
        match instruction.code:
            case Code.SYNC_READ:
                return self._sync_read(instruction.parameters)
            case Code.FAST_SYNC_READ:
                return [self._fast_sync_read(instruction.parameters)]
            case Code.SYNC_WRITE:
                self._sync_write(instruction.parameters)
                return []
        if instruction.servo_id == BROADCAST:
            heard = [servo for servo in self.servos.values() if servo.answers(self._at_ns)]
        else:
            heard = self._listening(bytes([instruction.servo_id]))
        replies = [self._answer_one(servo, instruction) for servo in heard]
        speaks = instruction.servo_id != BROADCAST or instruction.code == Code.PING
        return replies if speaks else []

    def _answer_one(self, servo: Servo, instruction: Instruction) -> bytes:
        parameters = instruction.parameters
        error, data = OK, b""
        match instruction.code:
            case Code.PING:
                data = bytes(servo.table[0:2]) + bytes(servo.table[6:7])
            case Code.READ if len(parameters) == 4:
                address, size = _address_and_size(parameters)
                data = bytes(servo.table[address : address + size])
            case Code.WRITE if len(parameters) >= 3:
                error = servo.write(int.from_bytes(parameters[:2], "little"), parameters[2:])
            case Code.REBOOT:
                servo.reboot(self._at_ns)
            case Code.READ | Code.WRITE:
                error = LENGTH_ERROR
            case _:
                error = INSTRUCTION_ERROR
        return status(servo.servo_id, error | servo.alert_bit, data)

    def _listening(self, ids: bytes) -> list[Servo]:
        """The servos among ``ids`` that speak, up to the first one that does not."""
        found = []
        for servo_id in ids:
            servo = self.servos.get(servo_id)
            if servo is None or not servo.answers(self._at_ns):
                break
            found.append(servo)
        return found

    def _sync_read(self, parameters: bytes) -> list[bytes]:
        address, size = _address_and_size(parameters)
        return [
            status(servo.servo_id, servo.alert_bit, bytes(servo.table[address : address + size]))
            for servo in self._listening(parameters[4:])
        ]

    def _fast_sync_read(self, parameters: bytes) -> bytes:
        address, size = _address_and_size(parameters)
        ids = parameters[4:]
        rows = [
            (servo.servo_id, servo.alert_bit, bytes(servo.table[address : address + size]))
            for servo in self._listening(ids)
        ]
        if not rows:
            return b""
        missing = [(servo_id, 0, bytes(size)) for servo_id in ids[len(rows) :]]
        whole = fast_status(rows + missing)
        return whole[: len(whole) - len(missing) * (4 + size)]

    def _sync_write(self, parameters: bytes) -> None:
        address, size = _address_and_size(parameters)
        stride = 1 + size
        rows = parameters[4:]
        for start in range(0, len(rows) - stride + 1, stride):
            servo = self.servos.get(rows[start])
            if servo is not None and servo.answers(self._at_ns):
                servo.write(address, rows[start + 1 : start + stride])


def _address_and_size(parameters: bytes) -> tuple[int, int]:
    return int.from_bytes(parameters[:2], "little"), int.from_bytes(parameters[2:4], "little")


def leap_chain(clock: Clock | None = None) -> DynamixelChain:
    """The 16 servos of a LEAP hand, IDs 0 to 15, all joints at 180 degrees (the hand's zero)."""
    return DynamixelChain([Servo(servo_id) for servo_id in range(16)], clock)
