"""The contract between the supervisor and one hand, real or simulated.

A driver is opened, read and written by the supervisor's control thread only, and by nobody else.
Degradation ladder of every driver:

- one reply missing -> ``read`` returns None; the supervisor ages the last feedback;
- the hand says that something is wrong -> ``HandFeedback.fault`` names it;
- the wire itself is gone -> ``DeviceError``, which the supervisor takes for a fault;
- the supervisor falls silent -> the hand's own watchdog stops it, without any help from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from devices.hands.spec import HandSpec
from devices.wire import HandMode


class DeviceError(RuntimeError):
    """A device cannot be used; one sentence with its name, the value, the limit, the way out."""


@dataclass(frozen=True, slots=True)
class HandFeedback:
    """What the hand reports of itself.

    Attributes
    ----------
    stamp_ns : int
        Host monotonic clock when the feedback was received, ns.
    device_stamp_ns : int or None
        The hand's own clock, ns; None when it has none.
    position : (J,) float64 array
        Joint positions in ``HandSpec`` order and units (rad or m).
    velocity : (J,) float64 array
        Joint velocities, unit per second.
    effort : (J,) float64 array
        Joint efforts, N m or N.
    temperature_c : float or None
        Hottest motor, degrees Celsius; None when the hand does not measure it.
    fault : str
        Empty while the hand is well, otherwise one word that names the fault
        (``watchdog``, ``overload``, ``unplugged``, ...).
    detail : str
        One short human sentence about the hand's state.
    real_time_factor : float or None
        Simulated seconds per second; None for real hands.
    """

    stamp_ns: int
    device_stamp_ns: int | None
    position: NDArray[np.float64]
    velocity: NDArray[np.float64]
    effort: NDArray[np.float64]
    temperature_c: float | None = None
    fault: str = ""
    detail: str = ""
    real_time_factor: float | None = None


@runtime_checkable
class HandDriver(Protocol):
    """One hand on its wire. Constructed as ``Class(config, bus, session)``.

    The constructor touches no hardware; ``open`` does. All methods are called from one thread.
    """

    @property
    def spec(self) -> HandSpec:
        """Names, order, units and limits of the hand."""
        ...

    def open(self) -> None:
        """Connect and arm the hand's own watchdog; no joint moves.

        Raises
        ------
        DeviceError
            When the hand does not answer or is not the expected one.
        """
        ...

    def read(self) -> HandFeedback | None:
        """Return the newest feedback, or None when nothing new came; never blocks over 2 ms."""
        ...

    def set_mode(self, mode: HandMode) -> None:
        """Change what the motors do.

        Entering ``POSITION`` or ``HOLD`` starts at the measured pose and clears a firmware
        watchdog that has fired; only the supervisor decides when that is allowed.
        """
        ...

    def write(self, target: NDArray[np.float64]) -> None:
        """Send the joint goals ``(J,)`` float64, in ``HandSpec`` order and units.

        Called every control tick in every mode: it is also the hand's sign of life. Goals are
        obeyed in ``POSITION`` only.
        """
        ...

    def close(self) -> None:
        """Leave the hand safe (its documented safe action), free the wire; safe to call twice."""
        ...
