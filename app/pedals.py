"""Pedals and gamepads of the window: found, read, lost and found again.

No thread: the event loop tells when a device has something to say. New devices are looked for every
two seconds. A pedal that is bound is grabbed, so that its key events do not arrive as text.

Ladder
------
no device of a bound kind    its kind is named in the status strip
device unplugged             its name is in the status strip until it is back
device cannot be grabbed     it is read all the same, and the log says so
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal

from app.actions import ActionId, action
from app.input_device import InputDevice, find_inputs, open_input

log = logging.getLogger(__name__)

RESCAN_MS = 2000


class Pedals(QObject):
    """Reads every pedal and gamepad.

    Parameters
    ----------
    bindings : mapping of ActionId to str
        From ``resolve_bindings``.
    pedal_name : str
        Pattern of a pedal's device name.
    find : callable
        Paths of input devices.
    open_device : callable
        Opens a path; None when it is neither pedal nor gamepad.
    """

    pressed = Signal(str)  # e.g. "pedal:KEY_B", bound or not
    lost_changed = Signal()

    def __init__(
        self,
        bindings: Mapping[ActionId, str],
        pedal_name: str = "foot|pedal",
        parent: QObject | None = None,
        *,
        find: Callable[[], list[str]] = find_inputs,
        open_device: Callable[[str, str], InputDevice | None] = open_input,
    ) -> None:
        super().__init__(parent)
        self._find, self._open_device = find, open_device
        self._pattern = _valid_pattern(pedal_name)
        self._bindings = dict(bindings)
        self._devices: dict[str, tuple[InputDevice, QSocketNotifier]] = {}
        self._others: set[str] = set()
        self._gone: list[str] = []
        self._grabbed: set[str] = set()
        self._told: tuple[str, ...] = ()
        self._timer = QTimer(self)
        self._timer.setInterval(RESCAN_MS)
        self._timer.timeout.connect(self.rescan)
        self._timer.start()
        QTimer.singleShot(0, self, self.rescan)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the devices that are here."""
        return tuple(device.name for device, _ in self._devices.values())

    @property
    def lost(self) -> tuple[str, ...]:
        """Devices that were here and are gone, and kinds that are bound and absent."""
        here = {device.kind for device, _ in self._devices.values()}
        wanted = {control.split(":")[0] for control in self._bindings.values()}
        absent = sorted(wanted - here)
        return (*self._gone, *(kind for kind in absent if not self._gone))

    def find(self, control: str, workspace: str) -> ActionId | None:
        """The action bound to ``control`` in ``workspace``, or None."""
        for action_id, bound in self._bindings.items():
            if bound == control and action(action_id).workspace in ("", workspace):
                return action_id
        return None

    def set_bindings(self, bindings: Mapping[ActionId, str]) -> None:
        """Put other bindings in force."""
        self._bindings = dict(bindings)
        for device, _ in self._devices.values():
            self._grab_if_bound(device)
        self._tell()

    def rescan(self) -> None:
        """Open what is new and forget what has left."""
        paths = set(self._find())
        self._others &= paths
        for path in sorted(paths - set(self._devices) - self._others):
            self._open(path)
        for path in set(self._devices) - paths:
            self._lose(path)
        self._tell()

    def close(self) -> None:
        """Close every device."""
        self._timer.stop()
        for device, notifier in self._devices.values():
            notifier.setEnabled(False)
            device.close()
        self._devices.clear()

    def _open(self, path: str) -> None:
        try:
            device = self._open_device(path, self._pattern)
        except OSError as problem:
            log.info("input device '%s' cannot be opened: %s", path, problem)
            device = None
        if device is None:
            self._others.add(path)
            return
        notifier = QSocketNotifier(device.descriptor, QSocketNotifier.Type.Read, self)
        notifier.activated.connect(lambda *_: self._read(path))
        self._devices[path] = (device, notifier)
        if device.name in self._gone:
            self._gone.remove(device.name)
        self._grab_if_bound(device)

    def _read(self, path: str) -> None:
        if path not in self._devices:
            return
        device, _ = self._devices[path]
        try:
            controls = list(device.presses())
        except OSError:
            self._lose(path)
            self._tell()
            return
        for control in controls:
            self.pressed.emit(control)

    def _lose(self, path: str) -> None:
        device, notifier = self._devices.pop(path)
        notifier.setEnabled(False)
        notifier.deleteLater()
        self._grabbed.discard(path)
        with contextlib.suppress(OSError):
            device.close()
        if any(control.startswith(device.kind) for control in self._bindings.values()):
            self._gone.append(device.name)

    def _grab_if_bound(self, device: InputDevice) -> None:
        bound = any(control.startswith("pedal:") for control in self._bindings.values())
        wanted = device.kind == "pedal" and bound
        if wanted == (device.path in self._grabbed):
            return
        try:
            device.grab(wanted)
        except OSError as problem:
            log.warning("'%s' cannot be kept from typing text: %s", device.name, problem)
            return
        (self._grabbed.add if wanted else self._grabbed.discard)(device.path)

    def _tell(self) -> None:
        if self.lost != self._told:
            self._told = self.lost
            self.lost_changed.emit()


def _valid_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as problem:
        log.warning("pedal name '%s' is no pattern (%s); taken literally", pattern, problem)
        return re.escape(pattern)
    return pattern
