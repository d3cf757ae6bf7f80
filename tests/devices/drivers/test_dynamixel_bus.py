"""The bus under every kind of damage on the wire: a value is right or it is not returned."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.dynamixel_bus import DynamixelBus, PacketHandler, PortGoneError, WireError
from devices.drivers.leap_servos import LeapServos
from devices.emulators.dynamixel import DynamixelChain, leap_chain
from devices.emulators.dynamixel_packets import packet
from devices.emulators.dynamixel_servo import Servo
from devices.emulators.pseudo_terminal import PseudoTerminal
from devices.emulators.wire_faults import (
    WireFault,
    byte_doubled,
    byte_flipped,
    byte_lost,
    delayed,
    dropped,
    duplicated,
    split_at,
    truncated,
)
from devices.hand_driver import DeviceError

POSITION, SIZE = 132, 4
POSITIONS = {0: 0x12345678, 1: -2}  # no two bytes alike, and a negative one
REPLY_BYTES = 8 + 2 * (SIZE + 4)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[PseudoTerminal]:
    chain = DynamixelChain([Servo(one, position) for one, position in POSITIONS.items()])
    terminal = PseudoTerminal(tmp_path / "tty", chain.receive)
    terminal.open()
    yield terminal
    terminal.close()


@pytest.fixture
def bus(terminal: PseudoTerminal) -> Iterator[DynamixelBus]:
    bus = DynamixelBus(str(terminal.path), 4_000_000)
    bus.open()
    yield bus
    bus.close()


def positions(bus: DynamixelBus) -> list[int]:
    rows, _ = bus.fast_sync_read([0, 1], POSITION, SIZE)
    return rows.view("<i4").ravel().tolist()


def patiently(exchange: Callable[[], object]) -> object:
    """``exchange``, again when a reply is late: the machine may be busy."""
    for _ in range(5):
        try:
            return exchange()
        except WireError:
            continue
    return exchange()


def read_under(bus: DynamixelBus, terminal: PseudoTerminal, fault: WireFault) -> bool:
    """Read once with ``fault`` on the wire; whether a (right) value came."""
    terminal.damage_next(fault)
    try:
        found = positions(bus)
    except WireError:
        return False
    assert found == list(POSITIONS.values())
    return True


class VendorLine:
    """The part of a port that the vendor's library needs to send."""

    is_using = False

    def clearPort(self) -> None:
        self.written: list[int] = []

    def writePort(self, data: list[int]) -> int:
        self.written = list(data)
        return len(data)


@given(
    st.integers(0, 252),
    st.lists(st.sampled_from([0xFF, 0xFD, 0x00, 0x7A]), min_size=1, max_size=30),
)
def test_sent_packets_are_stuffed_as_the_manual_says(servo_id: int, data: list[int]):
    line = VendorLine()
    PacketHandler().writeTxOnly(line, servo_id, 116, len(data), data)
    assert bytes(line.written) == packet(servo_id, 0x03, b"\x74\x00" + bytes(data))


def test_ping_on_the_line_is_the_published_packet():
    line = VendorLine()
    line.readPort = lambda length: b""
    line.setPacketTimeout = lambda length: None
    line.isPacketTimeout = lambda: True
    PacketHandler().ping(line, 1)
    assert bytes(line.written) == bytes.fromhex("FF FF FD 00 01 03 00 01 19 4E")


def test_intact_replies_are_read(bus):
    assert positions(bus) == list(POSITIONS.values())
    assert bus.read(1, POSITION, SIZE) == (-2).to_bytes(4, "little", signed=True)
    assert bus.ping(0) == 1240
    assert not bus.errors


@pytest.mark.parametrize("damage", [byte_flipped, byte_lost, byte_doubled, truncated])
def test_no_damaged_byte_of_a_reply_ever_gives_a_wrong_value(bus, terminal, damage):
    for index in range(REPLY_BYTES):
        before = bus.errors.total()
        right = read_under(bus, terminal, damage(index))
        assert right == (bus.errors.total() == before), f"byte {index}: the counter tells"
        if damage in (byte_flipped, truncated):
            assert not right, f"byte {index} cannot have been read"
    assert patiently(lambda: positions(bus)) == list(POSITIONS.values()), "the line recovers"


@pytest.mark.parametrize("index", range(1, REPLY_BYTES))
def test_reply_split_anywhere_is_put_together(bus, terminal, index):
    tries = (read_under(bus, terminal, split_at(index)) for _ in range(5))
    assert any(tries)  # the machine may be busy: the second half came too late


@pytest.mark.parametrize(
    "fault", [dropped, delayed(0.04), truncated(5)], ids=["dropped", "late", "cut"]
)
def test_lost_or_late_reply_is_counted_and_never_taken_for_the_next_one(bus, terminal, fault):
    assert not read_under(bus, terminal, fault)
    assert bus.errors.total() == 1
    assert patiently(lambda: bus.ping(1)) == 1240
    assert patiently(lambda: positions(bus)) == list(POSITIONS.values())


def test_second_copy_of_a_reply_is_ignored(bus, terminal):
    assert read_under(bus, terminal, duplicated)
    assert patiently(lambda: bus.read(0, 0, 2)) == (1240).to_bytes(2, "little")
    assert patiently(lambda: positions(bus)) == list(POSITIONS.values())


def test_joint_state_of_one_period_late_is_refused(tmp_path):
    chain = leap_chain()
    terminal = PseudoTerminal(tmp_path / "tty", chain.receive)
    terminal.open()
    bus = DynamixelBus(str(terminal.path), 4_000_000)
    bus.open()
    servos = LeapServos(bus, 16, 350, 100)
    late: list[bytes] = []
    terminal.damage_next(lambda reply: late.append(reply) or [(0.0, reply)])
    servos.sample()
    terminal.damage_next(lambda reply: [(0.0, late[0])])
    with pytest.raises(WireError, match="common packet"):
        servos.sample()
    bus.close()
    terminal.close()


def test_reply_of_another_shape_is_refused(bus, terminal):
    other = packet(1, 0x55, b"\x00" + bytes(2))
    terminal.damage_next(lambda reply: [(0.0, other)])
    with pytest.raises(WireError):
        bus.read(1, POSITION, SIZE)
    terminal.damage_next(lambda reply: [(0.0, other)])
    with pytest.raises(WireError):
        positions(bus)
    assert bus.errors["corrupt"] == 2


def test_refusal_of_a_servo_is_an_error_with_its_number(bus):
    with pytest.raises(WireError, match="error 7"):
        bus.write(0, POSITION, bytes(4))
    assert bus.errors["status"] == 1


def test_line_that_never_falls_silent_does_not_hang_the_reader(bus, terminal):
    enough = threading.Event()

    def babble(reply: bytes) -> Iterator[tuple[float, bytes]]:
        while not enough.is_set():
            yield 0.0005, bytes(256)

    terminal.damage_next(babble)
    try:
        with pytest.raises(WireError):
            positions(bus)
    finally:
        enough.set()
    assert patiently(lambda: positions(bus)) == list(POSITIONS.values())


def test_second_owner_is_refused_and_told_who_owns_the_port(bus, terminal):
    rival = DynamixelBus(str(terminal.path), 4_000_000)
    with pytest.raises(DeviceError, match=f"process {os.getpid()}"):
        rival.open()
    bus.close()
    rival.open()
    assert positions(rival) == list(POSITIONS.values())
    rival.close()


def test_missing_port_and_wrong_baud_are_one_clear_sentence(tmp_path, terminal):
    with pytest.raises(DeviceError, match="does not exist; plug the hand in"):
        DynamixelBus(str(tmp_path / "nothing"), 4_000_000).open()
    with pytest.raises(DeviceError, match="baud rate 12345"):
        DynamixelBus(str(terminal.path), 12345).open()


def test_unplugged_port_is_told_from_a_lost_reply(bus, terminal):
    terminal.unplug()
    with pytest.raises(PortGoneError):
        positions(bus)
    with pytest.raises(PortGoneError):
        bus.sync_write([0, 1], 116, np.zeros((2, 4), np.uint8))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_full_chain_survives_damage_of_every_byte(tmp_path, mask):
    chain = leap_chain()
    terminal = PseudoTerminal(tmp_path / "tty", chain.receive)
    terminal.open()
    bus = DynamixelBus(str(terminal.path), 4_000_000)
    bus.open()
    ids = list(range(16))
    wanted, _ = bus.fast_sync_read(ids, 126, 10)
    for index in range(8 + 16 * 14):
        for fault in (byte_flipped(index, mask), byte_lost(index), byte_doubled(index)):
            terminal.damage_next(fault)
            try:
                rows, _ = bus.fast_sync_read(ids, 126, 10)
            except WireError:
                continue
            assert np.array_equal(rows, wanted)
    bus.close()
    terminal.close()
