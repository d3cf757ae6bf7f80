"""The STOP listener: hears the STOP key and the STOP button without the window's help.

It is a process of its own that listens to raw X11 input, so it works while the window is busy
painting, hangs, or is stopped altogether. It knows the key from its command line and the place of
the STOP button from the window's ``stop/place`` mailbox. A press goes straight to the supervisor.

Ladder: no X display or no XInput2 (Wayland, other systems) -> it says so in its health message and
leaves the window's own STOP button and key as the only ways.
"""

from __future__ import annotations

import argparse
import select
import sys
from pathlib import Path

from Xlib import XK, display, error
from Xlib.ext import xinput

from app.actions import STOP_KEYS
from app.clients import SupervisorClient
from devices.clock import now_ns
from devices.process import ProcessContext
from devices.session_file import SessionFile

POLL_S = 0.1
KEYS = {key: XK.string_to_keysym(key) for key in STOP_KEYS}


class StopListener:
    """Listens to raw key and button presses on the X display.

    Parameters
    ----------
    context : ProcessContext
        Connection to the session.
    key : str
        Name of the STOP key, one of ``KEYS``; ``Pause`` always works too.
    """

    def __init__(self, context: ProcessContext, key: str) -> None:
        self._context = context
        self._supervisor = SupervisorClient(context.bus)
        self._places = context.bus.inbox("stop/place")
        self._display = display.Display()
        self._root = self._display.screen().root
        self._display.xinput_query_version()
        wanted = {KEYS.get(key, XK.XK_F12), XK.XK_Pause}
        self._keycodes = {self._display.keysym_to_keycode(symbol) for symbol in wanted} - {0}
        self._place: dict | None = None
        mask = xinput.RawKeyPressMask | xinput.RawButtonPressMask
        self._root.xinput_select_events([(xinput.AllMasterDevices, mask)])
        self._display.flush()
        self.presses = 0

    def run(self) -> None:
        """Listen until the session ends."""
        while not self._context.should_stop:
            self._context.report(presses=self.presses, listening=True)
            if not self._display.pending_events():
                select.select([self._display.fileno()], [], [], POLL_S)
            while self._display.pending_events():
                self._handle(self._display.next_event())

    def _handle(self, event) -> None:
        kind = getattr(event, "evtype", None)
        if kind == xinput.RawKeyPress and _detail(event) in self._keycodes:
            self._stop("key")
        elif kind == xinput.RawButtonPress and self._on_button():
            self._stop("button")

    def _stop(self, how: str) -> None:
        self._supervisor.stop(f"stop-{how}")
        self.presses += 1
        self._context.report(force=True, presses=self.presses, listening=True, at_ns=now_ns())

    def _on_button(self) -> bool:
        for place in self._places.drain():
            self._place = place
        if self._place is None:
            return False
        pointer = self._root.query_pointer()
        x, y, width, height = self._place["rect"]
        inside = x <= pointer.root_x < x + width and y <= pointer.root_y < y + height
        return inside and self._is_ours(pointer.child)

    def _is_ours(self, window) -> bool:
        """Whether the window under the pointer belongs to the STOP button's own top level."""
        wanted = self._place["window"] if self._place else 0
        if not window or not wanted:
            return True
        try:
            return wanted == window.id or any(
                child.id == wanted for child in window.query_tree().children
            )
        except error.BadWindow:
            return True


def _detail(event) -> int:
    """Key code of a raw event: the 32-bit field after device id and time (XI2 wire format)."""
    data = event.data
    if isinstance(data, (bytes, bytearray)):
        return int.from_bytes(data[6:10], sys.byteorder)
    return int(getattr(data, "detail", 0))


def main(argv: list[str] | None = None) -> int:
    """Entry point of ``python -m app.stop_process --session FILE --key F12``."""
    parser = argparse.ArgumentParser(prog="stop listener")
    parser.add_argument("--session", type=Path, required=True)
    parser.add_argument("--key", default="F12")
    arguments = parser.parse_args(argv)
    context = ProcessContext("stop", SessionFile.read(arguments.session))
    try:
        listener = StopListener(context, arguments.key)
    except (error.DisplayError, error.DisplayNameError, AttributeError, OSError) as problem:
        context.report(force=True, listening=False, reason=str(problem))
        return 0
    listener.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
