"""The command gate of one hand: nothing reaches the driver that has not passed here.

A *request* (chunk of timed targets) is admitted or rejected as a whole, in this order::

    state -> authority and epoch -> shape -> finite -> sequence -> age -> gross range

Every tick the admitted target then becomes one *sent* goal, in this order::

    ease-in -> fine clip -> tracking window around the measured pose -> braking distance
            -> velocity -> acceleration -> range

What is promised of the sent goals ``x[k]`` (J,) at tick ``k``, with the nominal period ``dt``:

- always: finite, and ``lower <= x[k] <= upper``;
- within a *segment*: ``|x[k] - x[k-1]| <= velocity_max * dt`` and
  ``|x[k] - 2 x[k-1] + x[k-2]| <= acceleration_max * dt**2`` (relative rounding 1e-6), where the
  segment's first goal counts as having stood still before;
- a segment begins at the measured pose, clipped into the range, and only there: when the gate
  opens, and when the hand goes to HOLD. A change of source while open continues the segment.

Pure: no I/O, time comes in as an argument. Each stage is one method, so that the mutation tests
can take it away. Joints differ in unit (m, rad); every limit is a vector over joints.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.hands.spec import HandSpec
from devices.requests import MAX_CHUNK, Source
from devices.rig import LimitsConfig
from devices.supervision.trajectory import Ramp, Trajectory

FUTURE_STAMP_NS = 5_000_000  # a request stamped further ahead than this was not made by our clock
HORIZON_NS = 10_000_000_000  # a chunk of 32 targets at 5 Hz reaches 6.4 s; beyond 10 s is an error

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Command:
    """A request as it arrived, not yet believed.

    Attributes
    ----------
    source : Source
        Stream it came from.
    seq, stamp_ns : int
        Sequence number and host monotonic stamp of its sample.
    epoch : int
        Authority epoch it claims.
    due_ns : (N,) int64 array
        Host monotonic due times.
    targets : (N, J) float64 array
        Joint targets in ``HandSpec`` order and units.
    """

    source: Source
    seq: int
    stamp_ns: int
    epoch: int
    due_ns: NDArray[np.int64]
    targets: NDArray[np.float64]


@dataclass(frozen=True)
class GateLimits:
    """All limits of one hand as vectors ``(J,)``, from ``HandSpec`` and ``LimitsConfig``."""

    lower: Vector
    upper: Vector
    velocity: Vector
    acceleration: Vector
    gross_margin: Vector
    window: Vector
    start_window: Vector
    ramp_s: float
    command_age_ns: int
    period_s: float

    @classmethod
    def of(cls, spec: HandSpec, limits: LimitsConfig, rate_hz: float) -> GateLimits:
        """Combine the hand's own limits with the rig's, for a loop of ``rate_hz``."""
        linear = np.array([unit == "m" for unit in spec.units])
        return cls(
            lower=spec.lower.copy(),
            upper=spec.upper.copy(),
            velocity=spec.velocity_max * limits.velocity_scale,
            acceleration=spec.acceleration_max * limits.acceleration_scale,
            gross_margin=np.where(linear, limits.gross_margin_m, limits.gross_margin_rad),
            window=np.where(linear, limits.tracking_window_m, limits.tracking_window_rad),
            start_window=np.where(linear, limits.start_window_m, limits.start_window_rad),
            ramp_s=limits.ramp_s,
            command_age_ns=int(limits.command_age_s * 1e9),
            period_s=1.0 / rate_hz,
        )


class CommandGate:
    """Admits requests and shapes the sent goal of one hand.

    Attributes
    ----------
    sent : (J,) array
        The goal of the last tick.
    requested : (J,) array
        The raw target evaluated in the last tick; valid when ``step`` returned True.
    rejects, clamps : Counter
        Counts by reason since start.
    consecutive_rejects : int
        Rejected requests of the source in authority since its last admitted one.
    clamped_now : tuple of str
        Reasons that changed the goal in the last tick.
    """

    def __init__(self, limits: GateLimits) -> None:
        joints = len(limits.lower)
        self.limits = limits
        self.sent = np.clip(np.zeros(joints), limits.lower, limits.upper)
        self.requested = np.zeros(joints)
        self.rejects: Counter[str] = Counter()
        self.clamps: Counter[str] = Counter()
        self.consecutive_rejects = 0
        self.clamped_now: tuple[str, ...] = ()
        self.admitted_ns: int | None = None
        self._velocity = np.zeros(joints)
        self._trajectory = Trajectory(joints, limits.command_age_ns)
        self._ramp = Ramp(limits.ramp_s, limits.start_window)
        self._source = Source.NONE
        self._epoch = -1
        self._last_seq: dict[Source, int] = {}
        self._gross_lower = limits.lower - limits.gross_margin
        self._gross_upper = limits.upper + limits.gross_margin
        self._velocity_step = limits.acceleration * limits.period_s
        self._brake_unit = self._velocity_step * limits.period_s

    # --- authority -------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether requests can pass."""
        return self._source is not Source.NONE

    @property
    def ramp(self) -> float:
        """Progress of the ease-in, 0..1; 1 once the requests are followed in full."""
        return self._ramp.progress

    def grant(self, source: Source, epoch: int) -> None:
        """Listen to ``source`` under ``epoch``; targets of earlier epochs are forgotten."""
        self._source = source
        self._epoch = epoch
        self._forget()

    def revoke(self) -> None:
        """Listen to nobody."""
        self._source = Source.NONE
        self._forget()

    def begin_segment(self, measured: Vector) -> None:
        """Start at rest at ``measured`` (J,), clipped into the range."""
        np.minimum(np.maximum(measured, self.limits.lower), self.limits.upper, out=self.sent)
        self._velocity[:] = 0.0
        self._ramp.restart()

    def forget_sequence(self, source: Source) -> None:
        """The process behind ``source`` was restarted: its sequence begins again."""
        self._last_seq.pop(source, None)

    def _forget(self) -> None:
        self._trajectory.clear()
        self._ramp.restart()
        self.consecutive_rejects = 0
        self.admitted_ns = None
        self.clamped_now = ()

    # --- requests --------------------------------------------------------------------------

    def admit(self, command: Command, now_ns: int) -> str:
        """Check ``command`` in the documented order and take it over.

        Returns
        -------
        str
            Empty when admitted, otherwise the reason of the reject: ``state``, ``authority``,
            ``epoch``, ``shape``, ``finite``, ``sequence``, ``age`` or ``gross_range``.
        """
        reason = (
            self.check_state()
            or self.check_authority(command)
            or self.check_epoch(command)
            or self.check_shape(command)
            or self.check_finite(command)
            or self.check_sequence(command)
            or self.check_age(command, now_ns)
            or self.check_gross_range(command)
        )
        self._last_seq[command.source] = max(
            command.seq, self._last_seq.get(command.source, command.seq)
        )
        if reason:
            self.reject(reason)
            return reason
        self._trajectory.merge(command.due_ns, command.targets, now_ns)
        self.admitted_ns = now_ns
        self.consecutive_rejects = 0
        return ""

    def reject(self, reason: str) -> None:
        """Count a rejected request.

        Strangers and late requests of an ended epoch are counted, but only what the source in
        authority does wrong now can add up to a HOLD.
        """
        self.rejects[reason] += 1
        if reason not in ("state", "authority", "epoch"):
            self.consecutive_rejects += 1

    def check_state(self) -> str:
        """``state`` while nobody has the authority, else empty."""
        return "" if self.is_open else "state"

    def check_authority(self, command: Command) -> str:
        """``authority`` when another source has it, else empty."""
        return "" if command.source is self._source else "authority"

    def check_epoch(self, command: Command) -> str:
        """``epoch`` when the request was made for another arming, else empty."""
        return "" if command.epoch == self._epoch else "epoch"

    def check_shape(self, command: Command) -> str:
        """``shape`` unless targets are (1..32, J) float64 and due times (1..32,) int64."""
        due_ns, targets = command.due_ns, command.targets
        good = (
            isinstance(targets, np.ndarray)
            and isinstance(due_ns, np.ndarray)
            and targets.dtype == np.float64
            and due_ns.dtype == np.int64
            and 1 <= len(due_ns) <= MAX_CHUNK
            and due_ns.ndim == 1
            and targets.shape == (len(due_ns), len(self.sent))
        )
        return "" if good else "shape"

    def check_finite(self, command: Command) -> str:
        """``finite`` when a target is NaN or infinite, else empty."""
        return "" if np.isfinite(command.targets).all() else "finite"

    def check_sequence(self, command: Command) -> str:
        """``sequence`` unless the number and the due times (ns) strictly rise."""
        if command.seq <= self._last_seq.get(command.source, -1):
            return "sequence"
        due_ns = command.due_ns
        rising = len(due_ns) == 1 or bool((due_ns[1:] > due_ns[:-1]).all())
        return "" if rising else "sequence"

    def check_age(self, command: Command, now_ns: int) -> str:
        """``age`` when stamp or last due time (host ns) is too old or too far ahead."""
        limit_ns = self.limits.command_age_ns
        fresh = -FUTURE_STAMP_NS <= now_ns - command.stamp_ns <= limit_ns
        last_due_ns = int(command.due_ns[-1])
        due = now_ns - limit_ns <= last_due_ns <= now_ns + HORIZON_NS
        return "" if fresh and due else "age"

    def check_gross_range(self, command: Command) -> str:
        """``gross_range`` when a target (rad or m) is beyond range and gross margin."""
        targets = command.targets
        inside = (targets >= self._gross_lower).all() and (targets <= self._gross_upper).all()
        return "" if inside else "gross_range"

    # --- one tick --------------------------------------------------------------------------

    def step(self, measured: Vector, now_ns: int) -> bool:
        """Advance the sent goal by one period.

        Parameters
        ----------
        measured : (J,) array
            Newest trusted measured pose.
        now_ns : int
            Host monotonic time of the tick.

        Returns
        -------
        bool
            Whether a request is being followed; if not, the goal brakes to rest and stays.
        """
        if not self.is_open:
            return False
        followed = self._trajectory.evaluate(now_ns, self.requested)
        clamped: list[str] = []
        if followed:
            goal = self._ramp.apply(self.requested, self.sent, now_ns)
            goal = self.clip_fine(goal, clamped)
            goal = self.clip_window(goal, measured, clamped)
            wanted = self.brake(goal)
        else:
            wanted = np.zeros_like(self.sent)
        wanted = self.limit_velocity(wanted, clamped)
        wanted = self.limit_acceleration(wanted, clamped)
        self.advance(wanted)
        self.clamps.update(clamped)
        self.clamped_now = tuple(clamped)
        return followed

    def clip_fine(self, goal: Vector, clamped: list[str]) -> Vector:
        """Clip ``goal`` (J,) in rad or m into the joint limits."""
        clipped = np.minimum(np.maximum(goal, self.limits.lower), self.limits.upper)
        if (clipped != goal).any():
            clamped.append("range")
        return clipped

    def clip_window(self, goal: Vector, measured: Vector, clamped: list[str]) -> Vector:
        """Keep the goal near the measured pose, so that a blocked finger is not wound up.

        The window is centred on the nearest pose inside the range, so a goal in range stays there.
        """
        window = self.limits.window
        centre = np.minimum(np.maximum(measured, self.limits.lower), self.limits.upper)
        clipped = np.minimum(np.maximum(goal, centre - window), centre + window)
        if (clipped != goal).any():
            clamped.append("tracking_window")
        return clipped

    def brake(self, goal: Vector) -> Vector:
        """Highest velocity towards ``goal`` from which one can still stop there.

        In ticks: from ``v = (n + f) a dt`` the goal moves ``(n + 1)(n / 2 + f) a dt**2`` until it
        rests when every tick takes ``a dt`` off; this is solved for ``v``.
        """
        gap = goal - self.sent
        distance = np.abs(gap) / self._brake_unit
        n = np.floor((np.sqrt(1.0 + 8.0 * distance) - 1.0) / 2.0)
        speed = (n / 2.0 + distance / (n + 1.0)) * self._velocity_step
        return np.copysign(speed, gap)

    def limit_velocity(self, wanted: Vector, clamped: list[str]) -> Vector:
        """Clip ``wanted`` (J,) in rad/s or m/s to the joints' limits."""
        limit = self.limits.velocity
        if (np.abs(wanted) > limit).any():
            clamped.append("velocity")
            return np.minimum(np.maximum(wanted, -limit), limit)
        return wanted

    def limit_acceleration(self, wanted: Vector, clamped: list[str]) -> Vector:
        """Clip ``wanted`` (J,) in rad/s or m/s to what one period of acceleration reaches."""
        low, high = self._velocity - self._velocity_step, self._velocity + self._velocity_step
        limited = np.minimum(np.maximum(wanted, low), high)
        if (np.abs(limited - wanted) > 1e-9).any():
            clamped.append("acceleration")
        return limited

    def advance(self, velocity: Vector) -> None:
        """Move by one period; the range has the last word."""
        before = self.sent
        after = before + velocity * self.limits.period_s
        after = np.minimum(np.maximum(after, self.limits.lower), self.limits.upper)
        np.subtract(after, before, out=self._velocity)
        self._velocity /= self.limits.period_s
        self.sent = after
