"""A scripted operator teaches a simulated hand, by touch and through an exoskeleton."""

from __future__ import annotations

import numpy as np
import pytest
from support.processes import Desk, RunningProcesses

from devices.bus import Bus
from devices.rig import HandConfig, Rig
from policies.exo_map import ExoMap

SECONDS = 4.0
TRACKING_LAG_NS = 30_000_000  # low-pass of the encoders, one tick of each process


class _Ears:
    """Everything heard on one stream since the start."""

    def __init__(self, bus: Bus, rig: Rig, name: str) -> None:
        self._queue = bus.subscriber(rig.stream(name))
        self.samples = []

    def drain(self) -> None:
        self.samples += list(self._queue.drain())

    @property
    def data(self) -> np.ndarray:
        return np.array([sample.data for sample in self.samples])

    @property
    def stamps_ns(self) -> np.ndarray:
        return np.array([sample.stamp_ns for sample in self.samples])


class _HandEars:
    """What one hand of the rig does, feels and is told."""

    def __init__(self, bus: Bus, rig: Rig, hand: HandConfig) -> None:
        self._map = ExoMap.load(hand.spec)
        self.measured, self.sent, self.exo, self.force = self._all = [
            _Ears(bus, rig, f"{hand.side}/{quantity}")
            for quantity in ("joints_measured", "joints_sent", "exo_joints", "fingertip_force")
        ]

    def drain(self) -> None:
        for ears in self._all:
            ears.drain()

    def forget(self) -> None:
        self.drain()
        for ears in self._all:
            ears.samples.clear()

    def check_grasp(self) -> None:
        """Wrist and fingers moved far, and at least two fingertips felt a force."""
        moved = np.ptp(self.measured.data, axis=0)
        assert moved[:3].max() > 0.05, "the wrist stayed where it was"
        assert moved[6:].max() > 0.3, "the fingers stayed where they were"
        newtons = np.linalg.norm(self.force.data, axis=2).max(axis=0)
        assert (newtons > 0.5).sum() >= 2, f"too few fingers touched: {newtons} N"

    def check_tracking(self) -> None:
        """What was sent to the fingers is what the exoskeleton asked for, a little later."""
        wrist = np.zeros(6)
        asked = np.array(
            [self._map.targets(np.concatenate([angles, wrist])) for angles in self.exo.data]
        )[:, 6:]
        sent, late_ns = self.sent.data[:, 6:], self.sent.stamps_ns - TRACKING_LAG_NS
        nearest = np.clip(np.searchsorted(self.exo.stamps_ns, late_ns), 0, len(asked) - 1)
        assert np.median(np.abs(sent - asked[nearest]).max(axis=1)) < 0.1


@pytest.mark.parametrize(
    "rig_name",
    [
        "sim-xhand",
        pytest.param("sim-leap", marks=pytest.mark.slow),
        pytest.param("sim-allegro", marks=pytest.mark.slow),
        pytest.param("sim-bimanual", marks=pytest.mark.slow),
    ],
)
def test_scripted_operator_moves_the_hand_and_touches_the_object(session_file, rig_name):
    session = session_file(rig_name)
    rig, bus = session.rig, Bus(session.namespace)
    hands = [_HandEars(bus, rig, hand) for hand in rig.hands]

    def drained() -> bool:
        for hand in hands:
            hand.drain()
        return True

    with RunningProcesses(session, "world", "supervisor", "operator") as running:
        desk = Desk(bus, running)
        for mode in ("kinesthetic", "exoskeleton"):
            desk.arm(mode)
            for hand in hands:
                hand.forget()
            desk.script(mode, SECONDS)
            desk.until(
                lambda: drained() and desk.operator.activity == "idle",
                SECONDS + 10,
                "the script's end",
            )
            assert desk.operator.error == ""
            assert desk.operator.progress == 1.0
            assert desk.supervisor.state == "ACTIVE"
            for hand in hands:
                hand.check_grasp()
        for hand in hands:
            hand.check_tracking()
