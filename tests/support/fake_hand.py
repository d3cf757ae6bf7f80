"""A hand without physics: first-order joints behind the driver contract.

Run as a program it is a supervisor process with this hand in place of the rig's own driver:
``python tests/support/fake_hand.py --session FILE``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from devices.bus import Bus
from devices.clock import now_ns
from devices.hand_driver import HandFeedback
from devices.rig import HandConfig
from devices.session_file import SessionFile
from devices.wire import HandMode

TIME_CONSTANT_S = 0.03


class FakeHand:
    """Joints that follow their goal with a time constant; attributes inject faults.

    Attributes
    ----------
    blocked : (J,) bool array
        Joints that do not move.
    fault, temperature_c : str, float
        What the feedback says.
    silent : bool
        No feedback comes.
    modes : list of HandMode
        Every mode that was ordered.
    """

    def __init__(
        self, config: HandConfig, bus: Bus | None = None, session: SessionFile | None = None
    ):
        self.spec = config.spec
        self.position = np.clip(self.spec.home, self.spec.lower, self.spec.upper)
        self.blocked = np.zeros(self.spec.size, bool)
        self.fault = ""
        self.temperature_c = 30.0
        self.silent = False
        self.opened = False
        self.modes: list[HandMode] = []
        self.goal = self.position.copy()
        self._at_ns = 0

    @property
    def mode(self) -> HandMode:
        return self.modes[-1] if self.modes else HandMode.OFF

    def open(self) -> None:
        self.opened = True

    def close(self) -> None:
        self.opened = False

    def set_mode(self, mode: HandMode) -> None:
        self.modes.append(mode)
        if self.fault == "watchdog":
            self.fault = ""

    def write(self, target: np.ndarray) -> None:
        self.goal = target.copy()

    def advance(self, at_ns: int) -> None:
        """Move the joints to time ``at_ns``."""
        elapsed_s = (at_ns - self._at_ns) / 1e9 if self._at_ns else 0.0
        self._at_ns = at_ns
        if self.mode is HandMode.POSITION:
            step = (1.0 - np.exp(-elapsed_s / TIME_CONSTANT_S)) * (self.goal - self.position)
            self.position = self.position + np.where(self.blocked, 0.0, step)

    def feedback(self, at_ns: int) -> HandFeedback:
        """What the hand reports at ``at_ns``."""
        zeros = np.zeros(self.spec.size)
        return HandFeedback(
            at_ns, at_ns, self.position.copy(), zeros, zeros.copy(), self.temperature_c, self.fault
        )

    def read(self) -> HandFeedback | None:
        at_ns = now_ns()
        self.advance(at_ns)
        return None if self.silent else self.feedback(at_ns)


def main() -> int:
    """A supervisor process with fake hands."""
    from devices.process import ProcessContext
    from devices.supervision.process import run

    return run(ProcessContext.from_command_line("supervisor"), FakeHand)


if __name__ == "__main__":
    sys.exit(main())
