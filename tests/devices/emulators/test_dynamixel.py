"""The emulated servo chain: access rules, motion, its own safety, and the vendor as witness."""

from __future__ import annotations

from pathlib import Path

import pytest
from dynamixel_sdk import GroupSyncRead, GroupSyncWrite, PortHandler, Protocol2PacketHandler
from support.waiting import wait_until

from devices.clock import VirtualClock
from devices.emulators.dynamixel import DynamixelChain, leap_chain
from devices.emulators.dynamixel_packets import packet
from devices.emulators.dynamixel_servo import ACCESS_ERROR, OVERHEAT, OVERLOAD, RANGE_ERROR, Servo
from devices.emulators.pseudo_terminal import PseudoTerminal

TORQUE, WATCHDOG, GOAL_CURRENT, GOAL, PRESENT = 64, 98, 102, 116, 132


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def chain(clock: VirtualClock) -> DynamixelChain:
    return DynamixelChain([Servo(1), Servo(2), Servo(3)], clock)


def write(chain: DynamixelChain, servo_id: int, address: int, value: int, size: int) -> int:
    """Send a write instruction and return the error number of its reply."""
    data = address.to_bytes(2, "little") + value.to_bytes(size, "little", signed=value < 0)
    (reply,) = chain.receive(packet(servo_id, 0x03, data))
    return reply[8]


def run(chain: DynamixelChain, clock: VirtualClock, seconds: float, talk: bool = False) -> None:
    """Let time pass in 5 ms steps, with or without traffic on the bus."""
    for _ in range(round(seconds / 0.005)):
        clock.advance_ns(5_000_000)
        chain.receive(packet(3, 0x01) if talk else b"")


def start(chain: DynamixelChain, servo_id: int = 1) -> Servo:
    for address, value, size in ((11, 5, 1), (84, 600, 2), (GOAL_CURRENT, 350, 2), (TORQUE, 1, 1)):
        assert write(chain, servo_id, address, value, size) == 0
    return chain.servos[servo_id]


def test_joint_moves_to_its_goal_no_faster_than_it_can(chain, clock):
    servo = start(chain)
    write(chain, 1, GOAL, 3048, 4)
    run(chain, clock, 0.05)
    assert 2048 < servo.position < 2048 + 0.06 * 8.48 / 6.283 * 4096
    run(chain, clock, 1.0)
    assert servo.get(PRESENT) == 3048


def test_joint_without_torque_stays(chain, clock):
    write(chain, 1, GOAL, 3048, 4)
    run(chain, clock, 0.5)
    assert chain.servos[1].get(PRESENT) == 2048


def test_blocked_joint_draws_no_more_than_the_goal_current(chain, clock):
    servo = start(chain)
    servo.blocked = True
    write(chain, 1, GOAL, 1000, 4)
    run(chain, clock, 0.1)
    assert servo.get(126) == -350
    assert servo.temperature_c > 25.0


def test_eeprom_is_locked_while_torque_is_on(chain):
    start(chain)
    assert write(chain, 1, 9, 0, 1) == ACCESS_ERROR
    write(chain, 1, TORQUE, 0, 1)
    assert write(chain, 1, 9, 0, 1) == 0


@pytest.mark.parametrize(
    ("address", "value", "size", "error"),
    [
        (PRESENT, 0, 4, ACCESS_ERROR),
        (GOAL_CURRENT, 2400, 2, RANGE_ERROR),
        (WATCHDOG, 200, 1, RANGE_ERROR),
    ],
)
def test_forbidden_writes_are_refused(chain, address, value, size, error):
    assert write(chain, 1, address, value, size) == error


def test_bus_watchdog_stops_the_joint_and_refuses_goals_until_cleared(chain, clock):
    servo = start(chain)
    write(chain, 1, WATCHDOG, 5, 1)
    write(chain, 1, GOAL, 4000, 4)
    run(chain, clock, 0.09)
    assert not servo.watchdog_tripped
    run(chain, clock, 0.02)
    stopped_at = servo.get(PRESENT)
    assert servo.watchdog_tripped
    assert 2048 < stopped_at < 4000
    assert write(chain, 1, GOAL, 4000, 4) == RANGE_ERROR
    run(chain, clock, 0.5)
    assert servo.get(PRESENT) == stopped_at
    assert write(chain, 1, WATCHDOG, 0, 1) == 0
    assert write(chain, 1, GOAL, 4000, 4) == 0
    run(chain, clock, 1.0)
    assert servo.get(PRESENT) == 4000


def test_bus_watchdog_is_fed_by_traffic_to_anyone(chain, clock):
    servo = start(chain)
    write(chain, 1, WATCHDOG, 5, 1)
    run(chain, clock, 0.5, talk=True)
    assert not servo.watchdog_tripped


def test_hot_servo_drops_torque_and_raises_its_alert_until_rebooted(chain, clock):
    servo = start(chain)
    servo.temperature_c = 75.0
    run(chain, clock, 0.02)
    assert not servo.torque_on
    assert servo.get(70) == OVERHEAT
    (reply,) = chain.receive(packet(1, 0x01))
    assert reply[8] & 0x80
    assert write(chain, 1, TORQUE, 1, 1) & 0x7F == ACCESS_ERROR
    servo.temperature_c = 40.0
    chain.receive(packet(1, 0x08))
    assert chain.receive(packet(1, 0x01)) == [], "deaf while it boots"
    run(chain, clock, 0.2)
    (reply,) = chain.receive(packet(1, 0x01))
    assert reply[8] == 0


def test_long_stall_at_full_current_is_an_overload(chain, clock):
    servo = start(chain)
    servo.blocked = True
    write(chain, 1, GOAL, 1000, 4)
    run(chain, clock, 5.0)
    assert servo.get(70) == OVERLOAD
    assert not servo.torque_on


def test_sync_read_ends_at_the_first_silent_servo(chain):
    chain.servos[2].silent = True
    request = packet(0xFE, 0x82, bytes([132, 0, 4, 0, 1, 2, 3]))
    assert [reply[4] for reply in chain.receive(request)] == [1]


def test_fast_sync_read_is_cut_where_the_silent_servo_should_speak(chain):
    request = packet(0xFE, 0x8A, bytes([132, 0, 4, 0, 1, 2, 3]))
    (whole,) = chain.receive(request)
    chain.servos[3].silent = True
    (cut,) = chain.receive(request)
    assert len(whole) == 8 + 3 * 8
    assert cut == whole[: 8 + 2 * 8]


def test_vendor_library_reads_and_writes_the_whole_chain(tmp_path: Path):
    chain = leap_chain()
    terminal = PseudoTerminal(tmp_path / "tty", chain.receive)
    terminal.open()
    port, packets = PortHandler(str(tmp_path / "tty")), Protocol2PacketHandler()
    assert port.setBaudRate(4_000_000)
    try:
        assert packets.ping(port, 7)[:2] == (1240, 0)
        assert packets.write1ByteTxRx(port, 7, TORQUE, 1) == (0, 0)
        assert packets.write1ByteTxRx(port, 7, 9, 0) == (0, ACCESS_ERROR)
        writer = GroupSyncWrite(port, packets, GOAL_CURRENT, 2)
        for servo_id in range(16):
            writer.addParam(servo_id, [servo_id, 1])
        assert writer.txPacket() == 0
        wait_until(lambda: chain.servos[15].get(GOAL_CURRENT) == 256 + 15, what="the sync write")
        reader = GroupSyncRead(port, packets, GOAL_CURRENT, 2)
        for servo_id in range(16):
            reader.addParam(servo_id)
        for read in (reader.txRxPacket, reader.fastSyncRead):
            assert read() == 0
            values = [reader.getData(one, GOAL_CURRENT, 2) for one in range(16)]
            assert values == [256 + one for one in range(16)]
    finally:
        port.closePort()
        terminal.close()
