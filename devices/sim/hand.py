"""``SimHand``: the driver of a simulated hand, one end of the simulated wire.

Written like the driver of a real hand: it knows the wire (``devices.wire``) and nothing of the
physics. Its safe action on silence is the firmware watchdog at the other end: stiff at the pose of
that moment, goals refused until cleared.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from devices.bus import Bus, BusError, Publisher, Subscriber
from devices.clock import now_ns
from devices.hand_driver import DeviceError, HandFeedback
from devices.hands.spec import HandSpec
from devices.rig import HandConfig
from devices.session_file import SessionFile
from devices.stream import Sample
from devices.wire import Firmware, HandMode, feedback_spec, goal_spec

ANSWER_S = 5.0  # the physics process compiles its world before it answers
FEEDBACK_QUEUE = 16
_MODE_TEXT = {
    HandMode.OFF: "torque off",
    HandMode.COMPLIANT: "compliant, gravity compensated",
    HandMode.POSITION: "follows its goals",
    HandMode.HOLD: "holds its pose",
}


class SimHand:
    """Driver of one simulated hand.

    Parameters
    ----------
    config : HandConfig
        The hand.
    bus : Bus
        Bus of the session.
    session : SessionFile
        The session.
    """

    def __init__(self, config: HandConfig, bus: Bus, session: SessionFile) -> None:
        self._config, self._bus = config, bus
        self._spec = config.spec
        self._goals: Publisher | None = None
        self._feedback: Subscriber | None = None
        self._mode = HandMode.OFF
        self._clear = False
        self._last = self._spec.home.copy()
        self._firmware = Firmware.READY

    @property
    def spec(self) -> HandSpec:
        """Names, order, units and limits of the hand."""
        return self._spec

    def open(self) -> None:
        """Connect and wait for the first feedback; no joint moves.

        Raises
        ------
        DeviceError
            When another driver has the wire, or no feedback comes within ``ANSWER_S``.
        """
        try:
            self._goals = self._bus.publisher(goal_spec(self._config))
        except BusError as error:
            raise DeviceError(
                f"{self._config.side} hand '{self._spec.model.name}': its simulated wire is in use "
                f"({error})"
            ) from error
        self._feedback = self._bus.subscriber(feedback_spec(self._config), FEEDBACK_QUEUE)
        deadline_ns = now_ns() + int(ANSWER_S * 1e9)
        while self.read() is None:
            if now_ns() > deadline_ns:
                self._disconnect()
                raise DeviceError(
                    f"{self._config.side} hand '{self._spec.model.name}': no feedback from the "
                    f"physics for {ANSWER_S:g} s; start it with "
                    "'python -m devices.sim.world_process --session FILE'"
                )
            time.sleep(0.005)

    def read(self) -> HandFeedback | None:
        """Return the newest feedback, or None when nothing new came."""
        sample = None if self._feedback is None else self._feedback.newest()
        return None if sample is None else self._decode(sample)

    def set_mode(self, mode: HandMode) -> None:
        """Change what the motors do; entering ``POSITION`` or ``HOLD`` clears a fired watchdog."""
        self._mode = mode
        self._clear = True
        self._send(self._last)

    def write(self, target: NDArray[np.float64]) -> None:
        """Send the joint goals ``(J,)``; in every mode this is also the sign of life."""
        self._send(target)

    def close(self) -> None:
        """Hold where the hand is and leave the wire; the firmware's watchdog keeps it there."""
        if self._goals is not None and self._mode is not HandMode.OFF:
            self._mode = HandMode.HOLD
            self._send(self._last)
        self._disconnect()

    def _send(self, target: NDArray[np.float64]) -> None:
        if self._goals is None:
            raise DeviceError(
                f"{self._config.side} hand '{self._spec.model.name}' is not open; call open() first"
            )
        out = self._goals.lend()
        out[0], out[1] = self._mode, self._clear
        out[2:] = target
        self._goals.publish(now_ns())
        self._clear = False

    def _decode(self, sample: Sample) -> HandFeedback:
        position, velocity, effort, status = sample.data
        self._last = position.copy()
        firmware, mode = Firmware(int(status[0])), HandMode(int(status[1]))
        fault, detail = "", _MODE_TEXT[mode]
        if firmware is Firmware.WATCHDOG:
            fault, detail = "watchdog", "no goal in time: holds its pose until it is reset"
        elif firmware is Firmware.FAULT:
            fault, detail = "physics", "the simulation diverged and started anew: reset it"
        return HandFeedback(
            stamp_ns=sample.stamp_ns,
            device_stamp_ns=sample.device_stamp_ns,
            position=self._last,
            velocity=velocity.copy(),
            effort=effort.copy(),
            temperature_c=float(status[2]),
            fault=fault,
            detail=detail,
            real_time_factor=float(status[3]),
        )

    def _disconnect(self) -> None:
        if self._goals is not None:
            self._goals.close()
            self._goals = None
        if self._feedback is not None:
            self._feedback.close()
            self._feedback = None
