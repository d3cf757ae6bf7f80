"""A pseudo-terminal with an emulated device behind it, reached through a stable path.

``unplug`` closes the terminal as a pulled USB plug does: the host's reads and writes fail.
``plug`` opens a new one under the same path. ``thenar`` needs this on Linux and macOS only.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import tty
from collections.abc import Callable
from pathlib import Path

from devices.emulators.wire_faults import WireFault, intact

IDLE_S = 0.005  # how often the device lives on without input: motion and watchdogs


class PseudoTerminal:
    """Serves one emulated device from a thread of its own.

    Parameters
    ----------
    path : Path
        Symbolic link to the terminal; replaced if it exists.
    receive : callable
        Takes the bytes that came from the host, returns the replies. Called with ``b""`` at least
        every 5 ms while idle.
    """

    def __init__(self, path: Path, receive: Callable[[bytes], list[bytes]]) -> None:
        self.path = path
        self.fault: WireFault = intact
        self._once: list[WireFault] = []
        self._receive = receive
        self._master: int | None = None
        self._slave: int | None = None
        self._lock = threading.Lock()
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"pty {path.name}", daemon=True)
        self.replies_sent = 0

    def open(self) -> None:
        """Plug the device in and start to answer."""
        self.plug()
        self._thread.start()

    def plug(self) -> None:
        """Open the terminal and point ``path`` at it. Callable from any thread."""
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        fresh = self.path.with_suffix(".new")
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        fresh.symlink_to(os.ttyname(slave))
        os.replace(fresh, self.path)
        with self._lock:
            self._master, self._slave = master, slave

    def unplug(self) -> None:
        """Close the terminal and remove ``path``. Callable from any thread."""
        with self._lock:
            for descriptor in (self._master, self._slave):
                if descriptor is not None:
                    os.close(descriptor)
            self._master = self._slave = None
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    def damage_next(self, *faults: WireFault) -> None:
        """Damage the next replies, one fault each. Callable from any thread."""
        self._once.extend(faults)

    @property
    def damage_pending(self) -> int:
        """Number of one-off faults not yet used."""
        return len(self._once)

    def close(self) -> None:
        """Stop answering and unplug; safe to call twice."""
        self._leave.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)
        self.unplug()

    def _serve(self) -> None:
        while not self._leave.is_set():
            with self._lock:
                data = self._read_pending()
            if data is None:
                self._receive(b"")
                self._leave.wait(IDLE_S)
                continue
            for reply in self._receive(data):
                self._send(reply)

    def _read_pending(self) -> bytes | None:
        """Bytes from the host, ``b""`` after an idle while, None when unplugged."""
        if self._master is None:
            return None
        readable, _, _ = select.select([self._master], [], [], IDLE_S)
        if not readable:
            return b""
        try:
            return os.read(self._master, 4096)
        except OSError:
            return None

    def _send(self, reply: bytes) -> None:
        fault = self._once.pop(0) if self._once else self.fault
        for pause_s, piece in fault(reply):
            if pause_s:
                self._leave.wait(pause_s)
            with self._lock:
                if self._master is None or not piece:
                    continue
                with contextlib.suppress(OSError):
                    os.write(self._master, piece)
        self.replies_sent += 1
