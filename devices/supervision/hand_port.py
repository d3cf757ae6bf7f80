"""One hand's connections: its driver on one side, its streams on the bus on the other."""

from __future__ import annotations

import contextlib

import numpy as np

from devices.bus import Bus
from devices.hand_driver import DeviceError, HandDriver
from devices.requests import REQUESTING_SOURCES, decode_request, request_spec
from devices.rig import Rig
from devices.stream import FLAG_FIRST
from devices.supervision.gate import Command
from devices.supervision.supervisor import HandControl, Supervisor


class HandPort:
    """Moves feedback, requests and goals between bus, supervisor and driver.

    Parameters
    ----------
    rig : Rig
        The rig, for stream specifications.
    hand : HandControl
        The supervisor's view of the hand.
    driver : HandDriver
        The hand; opened and closed here.
    bus : Bus
        The session's bus.
    """

    def __init__(self, rig: Rig, hand: HandControl, driver: HandDriver, bus: Bus) -> None:
        side = hand.side
        self.hand = hand
        self.driver = driver
        self.detail = ""
        self.real_time_factor: float | None = None
        self._mode_serial = -1
        self._measured = bus.publisher(rig.stream(f"{side}/joints_measured"))
        self._velocity = bus.publisher(rig.stream(f"{side}/joints_velocity_measured"))
        self._effort = bus.publisher(rig.stream(f"{side}/joints_effort_measured"))
        self._requested = bus.publisher(rig.stream(f"{side}/joints_requested"))
        self._sent = bus.publisher(rig.stream(f"{side}/joints_sent"))
        self._requests = {
            source: bus.subscriber(request_spec(side, source, rig.hand(side).spec.size))
            for source in REQUESTING_SOURCES
        }

    def open(self, supervisor: Supervisor) -> None:
        """Open the driver; a failure is kept as the hand's device error."""
        try:
            self.driver.open()
        except (DeviceError, OSError) as error:
            supervisor.device_failed(self.hand.side, str(error))
        else:
            self.hand.watch.device_reopened()
            self._mode_serial = -1

    def reopen_if_failed(self, supervisor: Supervisor) -> None:
        """Open a failed driver anew; may block as long as the driver's ``open``."""
        if self.hand.watch.device_error:
            self.close()
            self.open(supervisor)

    def close(self) -> None:
        """Close the driver, which leaves the hand safe; a wire that is gone stays gone."""
        with contextlib.suppress(DeviceError, OSError):
            self.driver.close()

    def receive_feedback(self, supervisor: Supervisor) -> None:
        """Read the newest feedback, judge it, publish what is trusted."""
        if self.hand.watch.device_error:
            return
        try:
            feedback = self.driver.read()
        except (DeviceError, OSError) as error:
            supervisor.device_failed(self.hand.side, str(error))
            return
        if feedback is None:
            return
        self.detail = feedback.detail
        self.real_time_factor = feedback.real_time_factor
        if supervisor.feedback(self.hand.side, feedback):
            stamps = (feedback.stamp_ns, feedback.device_stamp_ns)
            self._measured.send(feedback.position, *stamps)
            self._velocity.send(feedback.velocity, *stamps)
            self._effort.send(feedback.effort, *stamps)

    def receive_requests(self, supervisor: Supervisor, now_ns: int, everybody: bool) -> None:
        """Offer queued requests to the gate.

        ``everybody`` also hears the sources without authority, whose requests are only counted.
        """
        for source, subscriber in self._requests.items():
            if not everybody and source is not supervisor.machine.authority:
                continue
            for sample in subscriber.drain():
                if sample.flags & FLAG_FIRST:
                    supervisor.source_restarted(self.hand.side, source)
                try:
                    request = decode_request(sample.data)
                except ValueError:
                    supervisor.malformed_request(self.hand.side, source, now_ns)
                    continue
                command = Command(
                    source, sample.seq, sample.stamp_ns, request.epoch, request.due_ns,
                    request.targets,
                )  # fmt: skip
                supervisor.request(self.hand.side, command, now_ns)

    def drive(self, supervisor: Supervisor) -> None:
        """Send mode and goal to the hand: its sign of life in every tick."""
        if self.hand.watch.device_error:
            return
        sent = self.hand.sent
        if not np.isfinite(sent).all():
            supervisor.device_failed(self.hand.side, "internal error: goal not finite")
            return
        try:
            if self.hand.mode_serial != self._mode_serial:
                self.driver.set_mode(self.hand.mode)
                self._mode_serial = self.hand.mode_serial
            self.driver.write(sent)
        except (DeviceError, OSError) as error:
            supervisor.device_failed(self.hand.side, str(error))

    def publish(self, now_ns: int) -> None:
        """Publish what was requested and what was sent in this tick."""
        if self.hand.requesting:
            self._requested.send(self.hand.gate.requested, now_ns)
        if self.hand.watch.last is not None:
            self._sent.send(self.hand.sent, now_ns)
