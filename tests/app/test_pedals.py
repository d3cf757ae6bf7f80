"""Pedals and gamepads at the wire: the kernel's input events through a socket pair."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

import pytest

from app.actions import ActionId
from app.input_device import EVENT, Axis, InputDevice, code_name
from app.pedals import Pedals

EV_SYN, EV_KEY, EV_ABS = 0, 1, 3
KEY_A, KEY_B, BTN_SOUTH, ABS_X, ABS_Z = 30, 48, 0x130, 0, 2
RECORD = {ActionId.RECORD: "pedal:KEY_A", ActionId.REVIEW_PLAY: "pedal:KEY_A"}


def packed(kind: int, code: int, value: int) -> bytes:
    return EVENT.pack(1, 2, kind, code, value)


class Plug:
    """A device file: what the driver writes at one end is read at the other."""

    def __init__(self, path: str, name: str, kind, axes=None) -> None:
        self.path, self.name, self.kind, self.axes = path, name, kind, axes or {}
        self.grabs: list[bool] = []
        self._ends: list[socket.socket] = []

    def open(self) -> InputDevice:
        self.driver, self.end = socket.socketpair()
        self._ends += [self.driver, self.end]
        self.end.setblocking(False)
        return InputDevice(
            self.path, self.name, self.kind, self.end.fileno(), code_name, self.axes,
            self.grabs.append, self.end.close,
        )  # fmt: skip

    def send(self, *events: tuple[int, int, int]) -> None:
        self.driver.sendall(b"".join(packed(*event) for event in (*events, (EV_SYN, 0, 0))))

    def close(self) -> None:
        for end in self._ends:
            end.close()


class Desk:
    """What is plugged in."""

    def __init__(self, *plugs: Plug) -> None:
        self.plugs = {plug.path: plug for plug in plugs}
        self.here = list(self.plugs)

    def open(self, path: str, pattern: str) -> InputDevice | None:
        return self.plugs[path].open()


@pytest.fixture
def pedal() -> Iterator[Plug]:
    made = Plug("/dev/input/event7", "PCsensor FootSwitch", "pedal")
    yield made
    made.close()


@pytest.fixture
def gamepad() -> Iterator[Plug]:
    axes = {ABS_X: Axis(-32768, 32767, 0), ABS_Z: Axis(0, 255, 0)}
    made = Plug("/dev/input/event8", "Pad", "gamepad", axes)
    yield made
    made.close()


@pytest.fixture
def read(qapp):
    """Build a reader of a desk; returns it and what was pressed."""
    made: list[Pedals] = []

    def build(desk: Desk, bindings=RECORD) -> tuple[Pedals, list[str]]:
        pedals = Pedals(bindings, find=lambda: list(desk.here), open_device=desk.open)
        made.append(pedals)
        heard: list[str] = []
        pedals.pressed.connect(heard.append)
        pedals.rescan()
        return pedals, heard

    yield build
    for pedals in made:
        pedals.close()


def test_the_wire_format_is_the_kernels():
    assert EVENT.size == struct.calcsize("llHHi") == 24


def test_a_press_is_heard_once_however_long_the_pedal_is_held(pedal, read, qtbot):
    _, heard = read(Desk(pedal))
    pedal.send((EV_KEY, KEY_A, 1), (EV_KEY, KEY_A, 2), (EV_KEY, KEY_A, 2), (EV_KEY, KEY_A, 0))
    pedal.send((EV_KEY, KEY_B, 1))
    qtbot.waitUntil(lambda: heard == ["pedal:KEY_A", "pedal:KEY_B"])


def test_an_event_that_arrives_in_two_pieces_is_put_together(pedal, read, qtbot):
    _, heard = read(Desk(pedal))
    data = packed(EV_KEY, KEY_A, 1)
    pedal.driver.sendall(data[:10])
    qtbot.wait(20)
    pedal.driver.sendall(data[10:])
    qtbot.waitUntil(lambda: heard == ["pedal:KEY_A"])


def test_a_pedal_means_what_the_shown_workspace_says(pedal, read):
    pedals, _ = read(Desk(pedal))
    assert pedals.find("pedal:KEY_A", "Record") is ActionId.RECORD
    assert pedals.find("pedal:KEY_A", "Review") is ActionId.REVIEW_PLAY
    assert pedals.find("pedal:KEY_B", "Review") is None


def test_a_stick_is_one_press_per_turn_and_a_trigger_has_one_direction(gamepad, read, qtbot):
    _, heard = read(Desk(gamepad), {})
    gamepad.send((EV_ABS, ABS_X, 30000), (EV_ABS, ABS_X, 25000), (EV_ABS, ABS_X, 31000))
    gamepad.send((EV_ABS, ABS_X, 0), (EV_ABS, ABS_X, -30000))
    gamepad.send((EV_ABS, ABS_Z, 5), (EV_ABS, ABS_Z, 250), (EV_KEY, BTN_SOUTH, 1))
    wanted = ["gamepad:ABS_X+", "gamepad:ABS_X-", "gamepad:ABS_Z+", "gamepad:BTN_SOUTH"]
    qtbot.waitUntil(lambda: heard == wanted)


def test_a_bound_pedal_is_grabbed_and_given_back(pedal, read):
    pedals, _ = read(Desk(pedal))
    assert pedal.grabs == [True]
    pedals.set_bindings({})
    assert pedal.grabs == [True, False]


def test_a_gamepad_and_an_unbound_pedal_are_not_grabbed(pedal, gamepad, read):
    read(Desk(pedal, gamepad), {ActionId.RECORD: "gamepad:BTN_SOUTH"})
    assert pedal.grabs == gamepad.grabs == []


def test_a_lost_pedal_is_named_until_it_is_back(pedal, read, qtbot):
    desk = Desk(pedal)
    pedals, heard = read(desk)
    assert pedals.lost == ()
    told: list[tuple[str, ...]] = []
    pedals.lost_changed.connect(lambda: told.append(pedals.lost))
    desk.here.clear()
    pedal.driver.close()
    qtbot.waitUntil(lambda: told == [("PCsensor FootSwitch",)])
    pedals.rescan()
    desk.here.append(pedal.path)
    pedals.rescan()
    assert told[-1] == pedals.lost == ()
    pedal.send((EV_KEY, KEY_A, 1))
    qtbot.waitUntil(lambda: heard == ["pedal:KEY_A"])


def test_a_bound_pedal_that_was_never_here_is_missed(read):
    pedals, _ = read(Desk())
    assert pedals.lost == ("pedal",)


def test_a_file_that_cannot_be_opened_costs_nothing(read, pedal):
    desk = Desk(pedal)

    def refuse(path: str, pattern: str) -> InputDevice:
        raise PermissionError(13, os.strerror(13), path)

    desk.open = refuse
    pedals, _ = read(desk)
    assert pedals.names == ()
