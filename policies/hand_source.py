"""One hand's operator source: the exoskeleton device, teleoperation and its requests.

Per tick, in the order in which the data flows: whom to follow (a script's intent, else the live
intent once it moves) -> the wearer -> the exoskeleton's encoders, published -> calibrated angles,
published -> targets -> a request under the authority's epoch. While another source has authority,
the wearer keeps the exoskeleton aligned with the hand, and nothing is requested.

Ladder: no live intent -> the hand stays; no measured pose for 0.5 s -> no requests, teleoperation
begins anew when it is back; an exoskeleton that cannot be opened (``exo_problem`` says why) -> no
exoskeleton streams and no requests under the exoskeleton's authority, all else works.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from devices.bus import Bus
from devices.clock import NS_PER_S
from devices.exoskeleton import CalibrationError
from devices.hand_driver import DeviceError
from devices.kinematics import HandKinematics
from devices.registry import device_class
from devices.requests import Source
from devices.rig import ExoskeletonConfig, HandConfig
from devices.session_file import SessionFile
from devices.wire import INTENT_FIELDS
from policies.exo_map import ExoMap
from policies.operator_inputs import Authority, LiveIntent, MeasuredPose
from policies.request_client import RequestClient
from policies.teleoperation import Teleoperation

EARLY_NS = 2_000_000  # ticks jitter: a reading due within 2 ms is taken now, not a tick later
WORN = {
    "exoskeleton": Source.EXOSKELETON,  # through encoders, calibration and map
    "keyboard": Source.KEYBOARD,  # the intent goes straight to the map
    "scripted": Source.SCRIPTED,  # the script's intent goes straight to the map
}


class HandSource:
    """Moves one hand on behalf of an operator.

    Parameters
    ----------
    bus : Bus
        The session's bus.
    session : SessionFile
        The session; ``session.rig`` holds the hand and perhaps an exoskeleton for it.
    hand : HandConfig
        The hand to move.
    """

    def __init__(self, bus: Bus, session: SessionFile, hand: HandConfig) -> None:
        self.hand = hand
        self.exo_map = ExoMap.load(hand.spec)
        world = session.rig.world
        self.kinematics = HandKinematics(
            hand.spec,
            hand.base_pos_m,
            hand.base_rpy_rad,
            world.model_file if world is not None else None,
        )
        self._teleoperation = Teleoperation(self.exo_map)
        self._pose = MeasuredPose(bus, session.rig, hand)
        self._live = LiveIntent(bus, hand.side)
        self._requests = {
            source: RequestClient(bus, hand, source) for source in (*WORN.values(), Source.REPLAY)
        }
        self._worn: _WornExoskeleton | None = None
        self.exo_problem = ""
        try:
            self._worn = _WornExoskeleton.of(bus, session, hand.side)
        except (CalibrationError, DeviceError) as error:
            self.exo_problem = f"{hand.side} exoskeleton: {error}"
        self._begun: Authority | None = None

    def pose(self, at_ns: int) -> NDArray[np.float64] | None:
        """Return the measured pose ``(J,)``, or None when it is unknown or too old."""
        return self._pose.newest(at_ns)

    def rest(self) -> None:
        """Ignore the live intent until it moves again, e.g. after a script."""
        self._live.rest()

    def tick(
        self,
        authority: Authority,
        scripted: NDArray[np.float64] | None,
        at_ns: int,
        dt_s: float,
    ) -> None:
        """Advance by ``dt_s`` seconds.

        Parameters
        ----------
        authority : Authority
            Who may move the hand.
        scripted : (23,) float64 array or None
            Intent of a running script; it takes precedence over the live one.
        at_ns : int
            Host monotonic time of this tick, ns.
        """
        source = WORN.get(authority.source)
        measured = self.pose(at_ns)
        if source is None or measured is None:
            self._begun = None
        if self._begun is None and measured is not None:
            self._teleoperation.begin(measured)
        if source is not None and measured is not None and authority != self._begun:
            self._teleoperation.begin(measured)
            self._live.rest()
            self._begun = authority
        if self._begun is not None:
            wanted = self._live.wanted() if scripted is None else scripted
            self._teleoperation.follow(wanted, dt_s)
        angles_rad = self._teleoperation.intent[:INTENT_FIELDS]
        read_rad = self._worn.tick(angles_rad, at_ns) if self._worn is not None else None
        if source is Source.EXOSKELETON:
            angles_rad = read_rad
        if source is not None and self._begun is not None and angles_rad is not None:
            self._requests[source].send(
                authority.epoch, at_ns, self._teleoperation.targets(angles_rad)
            )

    def request_replay(
        self, epoch: int, due_ns: NDArray[np.int64], targets: NDArray[np.float64]
    ) -> None:
        """Send a chunk of a replay: ``due_ns (N,)``, ``targets (N, J)``."""
        self._requests[Source.REPLAY].send(epoch, due_ns, targets)

    def close(self) -> None:
        """Close the exoskeleton and the request streams; safe to call twice."""
        if self._worn is not None:
            self._worn.close()
        for client in self._requests.values():
            client.close()


class _WornExoskeleton:
    """An opened exoskeleton and the two streams it publishes, at its own rate."""

    def __init__(self, bus: Bus, session: SessionFile, config: ExoskeletonConfig) -> None:
        self._device = device_class("exoskeleton", config.driver)(config, bus, session)
        self._device.open()
        self._encoders = bus.publisher(session.rig.stream(f"{config.side}/exo_encoders"))
        self._joints = bus.publisher(session.rig.stream(f"{config.side}/exo_joints"))
        self._period_ns = int(NS_PER_S / config.rate_hz)
        self._next_ns = 0
        self._joints_rad: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, bus: Bus, session: SessionFile, side: str) -> _WornExoskeleton:
        """Open the exoskeleton of ``side``; raises ``DeviceError`` when the rig has none there."""
        for config in session.rig.exoskeletons:
            if config.side == side:
                return cls(bus, session, config)
        raise DeviceError(f"rig '{session.rig.name}' has none; add one under 'exoskeletons'")

    def tick(self, angles_rad: NDArray[np.float64], at_ns: int) -> NDArray[np.float64] | None:
        """Move a simulated device to ``angles_rad (17,)``; return the newest calibrated reading."""
        if hasattr(self._device, "set_intent"):
            self._device.set_intent(angles_rad)
        if at_ns + EARLY_NS < self._next_ns:
            return self._joints_rad
        self._next_ns = max(self._next_ns + self._period_ns, at_ns + self._period_ns // 2)
        reading = self._device.read()
        if reading is not None:
            joints_rad = self._device.calibration.joints_rad(reading.counts)
            self._encoders.send(reading.counts, reading.stamp_ns, reading.device_stamp_ns)
            self._joints.send(joints_rad, reading.stamp_ns, reading.device_stamp_ns)
            self._joints_rad = joints_rad
        return self._joints_rad

    def close(self) -> None:
        self._device.close()
        self._encoders.close()
        self._joints.close()
