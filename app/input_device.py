"""Pedals and gamepads as Linux shows them: files of ``struct input_event``.

Times of the events are not used; a press counts when it is read. A pedal calls itself a keyboard
and is known by its name; a gamepad is known by its buttons (``BTN_SOUTH`` or ``BTN_TRIGGER``).
"""

from __future__ import annotations

import os
import re
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["pedal", "gamepad"]
EVENT = struct.Struct("llHHi")  # struct input_event of linux/input.h: time, type, code, value
READ_BYTES = 64 * EVENT.size
EV_SYN, EV_KEY, EV_ABS = 0, 1, 3
SYN_DROPPED = 3
BTN_TRIGGER, BTN_SOUTH = 0x120, 0x130
PRESSED = 1
PRESS_AT, RELEASE_AT = 0.6, 0.4  # share of the way; apart, so that a shaking thumb is one press
REST_SHARE = 0.15  # an axis that rests this low is a trigger and has one direction


@dataclass(frozen=True)
class Axis:
    """Range of an axis and its value at rest, in the device's units."""

    low: int
    high: int
    rest: int

    def shares(self, value: int) -> dict[str, float]:
        """How far each direction is pressed, 0 to 1."""
        span = max(1, self.high - self.low)
        at = (value - self.low) / span
        if (self.rest - self.low) / span < REST_SHARE:
            return {"+": at}
        return {"+": 2 * at - 1, "-": 1 - 2 * at}


@dataclass
class InputDevice:
    """An open pedal or gamepad.

    Attributes
    ----------
    path, name : str
        File and the device's own name.
    kind : str
        ``pedal`` or ``gamepad``.
    descriptor : int
        Open, non-blocking file descriptor.
    names : callable
        Name of an event's code, from its type and code.
    axes : dict of int to Axis
        Axes by code.
    grab : callable
        Keeps the events from everybody else (True), or shares them again (False).
    close : callable
        Closes the descriptor.
    """

    path: str
    name: str
    kind: Kind
    descriptor: int
    names: Callable[[int, int], str]
    axes: dict[int, Axis] = field(default_factory=dict)
    grab: Callable[[bool], None] = lambda wanted: None
    close: Callable[[], None] = lambda: None
    _pending: bytes = b""
    _held: set[str] = field(default_factory=set)

    def presses(self) -> Iterator[str]:
        """Controls pressed since the last call, e.g. ``pedal:KEY_B``.

        Raises
        ------
        OSError
            When the device is gone.
        """
        try:
            read = os.read(self.descriptor, READ_BYTES)
        except BlockingIOError:
            return
        if not read:
            raise OSError(f"'{self.name}' is gone")
        data = self._pending + read
        whole = len(data) - len(data) % EVENT.size
        self._pending = data[whole:]
        for _, _, kind, code, value in EVENT.iter_unpack(data[:whole]):
            if kind == EV_SYN and code == SYN_DROPPED:
                self._held.clear()
            elif kind == EV_KEY and value == PRESSED:
                yield f"{self.kind}:{self.names(kind, code)}"
            elif kind == EV_ABS and code in self.axes:
                yield from self._turned(code, value)

    def _turned(self, code: int, value: int) -> Iterator[str]:
        for sign, share in self.axes[code].shares(value).items():
            control = f"{self.kind}:{self.names(EV_ABS, code)}{sign}"
            if share > PRESS_AT and control not in self._held:
                self._held.add(control)
                yield control
            elif share < RELEASE_AT:
                self._held.discard(control)


def find_inputs() -> list[str]:
    """Input files this user may read; empty elsewhere than on Linux."""
    if sys.platform != "linux":
        return []
    import evdev

    return evdev.list_devices()


def open_input(path: str, pedal_name: str) -> InputDevice | None:
    """Open ``path`` if it is a gamepad, or a pedal by its name; None for everything else.

    Raises
    ------
    OSError
        When the file cannot be opened.
    """
    import evdev
    from evdev import ecodes

    device = evdev.InputDevice(path)
    keys = set(device.capabilities(absinfo=False).get(ecodes.EV_KEY, []))
    kind: Kind | None = None
    if keys & {BTN_SOUTH, BTN_TRIGGER}:
        kind = "gamepad"
    elif keys and re.search(pedal_name, device.name, re.IGNORECASE):
        kind = "pedal"
    if kind is None:
        device.close()
        return None
    axes = {}
    if kind == "gamepad":
        for code, about in device.capabilities(absinfo=True).get(ecodes.EV_ABS, []):
            axes[code] = Axis(about.min, about.max, about.value)
    return InputDevice(
        path=path,
        name=device.name,
        kind=kind,
        descriptor=device.fd,
        names=code_name,
        axes=axes,
        grab=lambda wanted: device.grab() if wanted else device.ungrab(),
        close=device.close,
    )


def code_name(kind: int, code: int) -> str:
    """The kernel's name of an event code; the first one where there are several."""
    from evdev import ecodes

    found = ecodes.bytype[kind].get(code)
    if found is None:
        return f"{'ABS' if kind == EV_ABS else 'KEY'}_{code}"
    if isinstance(found, str):
        return found
    return "BTN_SOUTH" if "BTN_SOUTH" in found else sorted(found)[0]
