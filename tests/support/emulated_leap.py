"""A LEAP hand whose servos are emulated behind a pseudo-terminal, for tests."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

import numpy as np

from devices.drivers.dynamixel_hand import DynamixelHand, emulated_port
from devices.emulators.dynamixel import DynamixelChain, leap_chain
from devices.emulators.pseudo_terminal import PseudoTerminal
from devices.hand_driver import DeviceError, HandFeedback
from devices.rig import Rig, load_rig
from devices.session_file import SessionFile
from devices.wire import HandMode
from support.waiting import wait_until

# so that a busy test machine is not taken for a dead driver or a silent supervisor
PATIENT = {"bus_watchdog_ms": 1500, "command_silence_ms": 2000}


def leap_rig(**options: float) -> Rig:
    """The rig ``leap`` with other driver options."""
    rig = load_rig("leap")
    hand = rig.hands[0]
    changed = hand.model_copy(update={"options": {**hand.options, **PATIENT, **options}})
    return rig.model_copy(update={"hands": (changed,)})


class EmulatedLeap:
    """Emulated servos, their terminal, and a driver that is not open yet."""

    def __init__(self, directory: Path, namespace: str = "none", **options: float) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.session = SessionFile(
            namespace=namespace,
            rig=leap_rig(**options),
            dataset_dir=directory / "dataset",
            runtime_dir=directory,
            parent_pid=os.getpid(),
            emulate=True,
        )
        self.chain: DynamixelChain = leap_chain()
        path = emulated_port(self.session, "right")
        self.terminal = PseudoTerminal(path, self.chain.receive)
        self.hand = self.another_driver()

    @property
    def servos(self):
        """The emulated servos by ID."""
        return self.chain.servos

    def another_driver(self) -> DynamixelHand:
        """A further driver for the same port."""
        return DynamixelHand(self.session.rig.hands[0], None, self.session)

    def __enter__(self) -> EmulatedLeap:
        self.terminal.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hand.close()
        self.terminal.close()

    def feedback(self, timeout_s: float = 3.0, goal: np.ndarray | None = None) -> HandFeedback:
        """Wait for the next feedback, alive as a supervisor: one ``write`` per attempt."""

        def attempt() -> HandFeedback | None:
            self.hand.write(np.zeros(16) if goal is None else goal)
            return self.hand.read()

        return wait_until(attempt, timeout_s, "feedback")

    def feedback_when(self, condition, what: str, goal: np.ndarray | None = None, timeout_s=5.0):
        """Wait for feedback that fulfils ``condition``; ``DeviceError`` counts as none."""

        def attempt() -> HandFeedback | None:
            if goal is not None:
                self.hand.write(goal)
            try:
                found = self.hand.read()
            except DeviceError:
                return None
            return found if found is not None and condition(found) else None

        return wait_until(attempt, timeout_s, what)

    def follow(self, goal: np.ndarray) -> None:
        """Enter POSITION and wait until the joints stand at ``goal``."""
        self.hand.set_mode(HandMode.POSITION)
        self.feedback_when(
            lambda found: np.allclose(found.position, goal, atol=0.01), "the goal", goal=goal
        )

    def powered(self) -> list[bool]:
        """Whether each servo has torque."""
        return [servo.torque_on for servo in self.servos.values()]
