"""A scripted operator teaches a simulated hand, by touch and through an exoskeleton."""

from __future__ import annotations

import numpy as np
import pytest
from support.processes import Desk, RunningProcesses

from devices.bus import Bus
from policies.exo_map import ExoMap

SECONDS = 4.0


class _Ears:
    """Everything heard on one stream since the start."""

    def __init__(self, bus: Bus, rig, name: str) -> None:
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


def _force_stream(rig_name: str) -> str:
    return "right/fingertip_force"


@pytest.mark.parametrize("rig_name", ["sim-xhand"])
def test_scripted_operator_moves_the_hand_and_touches_the_object(session_file, rig_name):
    session = session_file(rig_name)
    rig = session.rig
    bus = Bus(session.namespace)
    with RunningProcesses(session, "world", "supervisor", "operator") as running:
        desk = Desk(bus, running)
        measured = _Ears(bus, rig, "right/joints_measured")
        sent = _Ears(bus, rig, "right/joints_sent")
        exo = _Ears(bus, rig, "right/exo_joints")
        force = _Ears(bus, rig, _force_stream(rig_name))
        everything = (measured, sent, exo, force)

        def drained() -> bool:
            for ears in everything:
                ears.drain()
            return True

        for mode in ("kinesthetic", "exoskeleton"):
            desk.arm(mode)
            drained()
            for ears in everything:
                ears.samples.clear()
            desk.script(mode, SECONDS)
            desk.until(
                lambda: drained() and desk.operator.activity == "idle",
                SECONDS + 8,
                "the script's end",
            )
            assert desk.operator.error == ""
            assert desk.operator.progress == 1.0
            assert desk.supervisor.state == "ACTIVE"
            moved = np.ptp(measured.data, axis=0)
            assert moved[:3].max() > 0.05, "the wrist stayed where it was"
            assert moved[6:].max() > 0.5, "the fingers stayed where they were"
            newtons = np.linalg.norm(force.data, axis=2).max(axis=0)
            assert (newtons > 0.5).sum() >= 2, f"too few fingers touched: {newtons} N"

        targets = np.array(
            [
                ExoMap.load(rig.hands[0].spec).targets(np.concatenate([angles, np.zeros(6)]))
                for angles in exo.data
            ]
        )
        asked = np.interp(sent.stamps_ns, exo.stamps_ns, targets[:, 8])
        lag = np.abs(sent.data[:, 8] - asked)
        assert np.median(lag) < 0.15
