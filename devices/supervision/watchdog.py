"""What makes the supervisor stop by itself: feedback, temperature, deadman.

Ladder for one hand's feedback: one bad sample is dropped -> three in a row: HOLD -> nothing good
for ``feedback_age_s``: HOLD -> nothing good for ``FEEDBACK_LOST_S``: FAULT. A fault reported by the
hand: FAULT. Temperature: warn -> HOLD -> FAULT. Heartbeats of the client in charge older than
``heartbeat_age_s``: HOLD. Pure: time comes in as an argument.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.hand_driver import HandFeedback
from devices.supervision.gate import GateLimits

TEMPERATURE_WARN_C = 55.0  # RELIABILITY section 5, start values
TEMPERATURE_HOLD_C = 65.0
TEMPERATURE_FAULT_C = 72.0
BAD_SAMPLES_TO_HOLD = 3
SAMPLES_TO_REBASE = 20  # 0.1 s at 200 Hz at one possible pose: the hand really is there
FEEDBACK_LOST_S = 1.0
CLEARING_S = 0.5  # time a hand gets to clear its latched fault after it is told to go on
CLEARABLE_FAULTS = ("watchdog", "physics")  # the hand waits to be told to go on


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of a check: what to do and why. ``severity`` is ok, hold or fault."""

    severity: str = "ok"
    cause: str = ""


OK = Verdict()


class FeedbackWatch:
    """Decides which feedback of one hand to trust.

    Attributes
    ----------
    last : HandFeedback or None
        Newest trusted feedback.
    rebased : bool
        True for the tick in which an apparent jump was accepted as the new pose; only the
        caller that reacts to it sets it back.
    """

    def __init__(self, side: str, limits: GateLimits, feedback_age_s: float) -> None:
        self.last: HandFeedback | None = None
        self.rejected = 0
        self.rebased = False
        self._side = side
        self._limits = limits
        self._age_ns = int(feedback_age_s * 1e9)
        self._bad_in_row = 0
        self._bad_reason = ""
        self._settled = 0
        self._candidate: NDArray[np.float64] | None = None
        self._device_error = ""
        self._reported_fault = ""
        self._detail = ""
        self._clearing_until_ns = 0

    @property
    def temperature_c(self) -> float | None:
        """Last reported temperature."""
        return None if self.last is None else self.last.temperature_c

    def device_failed(self, message: str) -> None:
        """The driver raised ``DeviceError``; stays until ``device_reopened``."""
        self._device_error = message

    def device_reopened(self) -> None:
        """The driver was opened anew after a failure."""
        self._device_error = ""

    @property
    def device_error(self) -> str:
        """Message of the driver's failure, empty while it works."""
        return self._device_error

    def begin_clearing(self, now_ns: int) -> None:
        """The hand was told to clear its own latch; if it has one it gets ``CLEARING_S``."""
        if self._reported_fault in CLEARABLE_FAULTS:
            self._clearing_until_ns = now_ns + int(CLEARING_S * 1e9)

    def accept(self, feedback: HandFeedback) -> bool:
        """Take ``feedback`` over if it can be true; returns whether it was."""
        self._reported_fault = feedback.fault
        if not feedback.fault:
            self._clearing_until_ns = 0
        self._detail = feedback.detail
        reason = self.check(feedback)
        if reason == "jump" and self._settled_elsewhere(feedback):
            reason = ""
            self.rebased = True
        if reason:
            self.rejected += 1
            self._bad_in_row += 1
            self._bad_reason = reason
            return False
        self._bad_in_row = 0
        self._settled = 0
        self._candidate = None
        self.last = feedback
        return True

    def check(self, feedback: HandFeedback) -> str:
        """Reason to distrust ``feedback``: shape, finite, range, jump, or empty."""
        joints = self._limits.lower.shape
        values = (feedback.position, feedback.velocity, feedback.effort)
        if any(value.shape != joints for value in values):
            return "shape"
        if not all(np.isfinite(value).all() for value in values):
            return "finite"
        limits, pose = self._limits, feedback.position
        low, high = limits.lower - limits.gross_margin, limits.upper + limits.gross_margin
        if (pose < low).any() or (pose > high).any():
            return "range"
        if self.last is None:
            return ""
        elapsed_s = (feedback.stamp_ns - self.last.stamp_ns) / 1e9
        elapsed_s = min(max(0.0, elapsed_s), self._age_ns / 1e9)
        reach = limits.gross_margin + limits.velocity * elapsed_s
        jumped = (np.abs(pose - self.last.position) > reach).any()
        return "jump" if jumped else ""

    def _settled_elsewhere(self, feedback: HandFeedback) -> bool:
        """Whether the hand has stayed long enough at one new pose."""
        pose, margin = feedback.position, self._limits.gross_margin
        candidate, self._candidate = self._candidate, pose
        near = candidate is not None and (np.abs(pose - candidate) <= margin).all()
        self._settled = self._settled + 1 if near else 1
        return self._settled >= SAMPLES_TO_REBASE

    def age_s(self, now_ns: int) -> float:
        """Age of the newest trusted feedback in seconds; infinite when there was none."""
        return float("inf") if self.last is None else max(0.0, (now_ns - self.last.stamp_ns) / 1e9)

    def verdict(self, now_ns: int) -> Verdict:
        """What the feedback asks for at ``now_ns``, worst first."""
        side = self._side
        if self._device_error:
            return Verdict("fault", self._device_error)
        fault = self._reported_fault
        if fault and not (fault in CLEARABLE_FAULTS and now_ns < self._clearing_until_ns):
            detail = f": {self._detail}" if self._detail else ""
            return Verdict("fault", f"{side} hand reports '{fault}'{detail}")
        age_s = self.age_s(now_ns)
        if age_s > FEEDBACK_LOST_S:
            shown = "none ever came" if self.last is None else f"last one {age_s:.2f} s ago"
            return Verdict(
                "fault", f"{side} hand: no feedback, {shown} (limit {FEEDBACK_LOST_S} s)"
            )
        celsius = self.temperature_c
        if celsius is not None and celsius >= TEMPERATURE_FAULT_C:
            return Verdict(
                "fault", f"{side} hand: {celsius:.0f} °C (limit {TEMPERATURE_FAULT_C:.0f} °C)"
            )
        if self._bad_in_row >= BAD_SAMPLES_TO_HOLD:
            return Verdict(
                "hold", f"{side} hand: {self._bad_in_row} bad samples in a row ({self._bad_reason})"
            )
        if age_s * 1e9 > self._age_ns:
            return Verdict(
                "hold",
                f"{side} hand: feedback is {age_s * 1e3:.0f} ms old "
                f"(limit {self._age_ns / 1e6:.0f} ms)",
            )
        if celsius is not None and celsius >= TEMPERATURE_HOLD_C:
            return Verdict(
                "hold",
                f"{side} hand: {celsius:.0f} °C (limit {TEMPERATURE_HOLD_C:.0f} °C); let it cool",
            )
        return OK

    def problem(self, now_ns: int, clearing: bool = False) -> str:
        """Reason against leaving OFF or a latched state, empty when there is none.

        ``clearing`` says that the order itself will clear what the hand has latched.
        """
        fault = self._reported_fault
        if fault in CLEARABLE_FAULTS:
            if not clearing:
                return f"{self._side} hand reports '{fault}'; reset it first"
            self._reported_fault = ""
        verdict = self.verdict(now_ns)
        self._reported_fault = fault
        return verdict.cause


class Deadman:
    """Heartbeats of the clients (the window, the command line).

    Parameters
    ----------
    age_s : float
        Silence longer than this means that the client is gone or frozen.
    """

    def __init__(self, age_s: float) -> None:
        self._age_ns = int(age_s * 1e9)
        self._stamps_ns: dict[str, int] = {}
        self._client = ""

    def beat(self, client: str, stamp_ns: int, now_ns: int) -> None:
        """Note a heartbeat; a stamp from the future counts as now."""
        stamp_ns = min(stamp_ns, now_ns)
        self._stamps_ns[client] = max(stamp_ns, self._stamps_ns.get(client, stamp_ns))

    def take_charge(self, client: str) -> None:
        """``client`` armed the hand: from now on its heartbeats count.

        A client that sends none of its own is vouched for by any other.
        """
        self._client = client

    def problem(self, now_ns: int, client: str | None = None) -> str:
        """Why nobody is in charge, empty while somebody is."""
        name = self._client if client is None else client
        if not self._stamps_ns:
            return "no client sends heartbeats"
        if name in self._stamps_ns:
            stamp_ns = self._stamps_ns[name]
        else:
            name, stamp_ns = max(self._stamps_ns.items(), key=lambda item: item[1])
        age_ns = now_ns - stamp_ns
        if age_ns <= self._age_ns:
            return ""
        return (
            f"no heartbeat from '{name}' for {age_ns / 1e9:.2f} s (limit {self._age_ns / 1e9:g} s)"
        )
