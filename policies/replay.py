"""Replay: the joints of an episode again, through the gate, at their recorded times.

A replay follows what was *sent* to the hand. In a kinesthetic take nothing was asked of the hand
(its motors were compliant and ``joints_sent`` only echoes the pose), so there the *measured* joints
are followed; without the operator's hand they reproduce the pose, not the force. A replay *with
forces* follows the measured joints of any take and pushes each pad into what it touched
(``policies.replay_forces``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_MS, NS_PER_S
from devices.kinematics import HandKinematics
from devices.requests import MAX_CHUNK
from devices.rig import HandConfig, Rig
from policies.replay_forces import shift_for_forces
from recorder.episode import Episode, EpisodeError, EpisodeStream

EASE_LEAST_S = 1.0  # from the measured pose to the first pose of the episode
EASE_SPEED_SHARE = 0.4  # mean speed of the ease-in as a share of each joint's limit
EASE_RAD_S = 0.6  # and never faster than this on average: a person must be able to step in
EASE_STEP_S = 0.02
GAP_MAX_S = 0.05  # longer gaps in the recording are bridged by straight lines
RESUME_NS = 20 * NS_PER_MS  # after a pause the next target is due this much later


class ReplayError(ValueError):
    """An episode cannot be replayed on this rig; the message is one clear sentence."""


@dataclass(frozen=True)
class Recording:
    """Joints of one hand as recorded.

    Attributes
    ----------
    time_s : (N,) float64 array
        Times from the start of the replay, increasing, already divided by the speed.
    joints : (N, J) float64 array
        Targets in ``HandSpec`` order.
    """

    time_s: NDArray[np.float64]
    joints: NDArray[np.float64]


class ReplayTimeline:
    """Timed targets of one hand: ease in from where it is, then the recording; it can pause.

    Parameters
    ----------
    recording : Recording
        What to repeat.
    measured : (J,) float64 array
        Where the hand is now.
    ease_s : float
        Length of the ease-in, see ``ease_seconds``; the same for every hand of a rig.
    begin_ns : int
        When the ease-in begins, host monotonic clock.
    """

    def __init__(
        self,
        recording: Recording,
        measured: NDArray[np.float64],
        ease_s: float,
        begin_ns: int,
    ) -> None:
        share = np.arange(0.0, 1.0, EASE_STEP_S / ease_s)
        smooth = (share * share * (3.0 - 2.0 * share))[:, None]
        first = recording.joints[0]
        times_s = np.concatenate([share * ease_s, ease_s + recording.time_s])
        self._marks_s = np.concatenate([np.zeros(len(share)), recording.time_s])
        self._targets = np.concatenate([measured + smooth * (first - measured), recording.joints])
        self._due_ns = begin_ns + np.rint(times_s * NS_PER_S).astype(np.int64)
        self._eased = len(share)
        self._next = 0
        self._paused = False

    @property
    def end_ns(self) -> int:
        """When the last target is due, host monotonic clock."""
        return int(self._due_ns[-1])

    def take(
        self, at_ns: int, until_ns: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
        """Return the targets not yet taken that are due before ``until_ns``; None when none is.

        Never more than ``MAX_CHUNK`` targets lie ahead of ``at_ns``: the supervisor keeps no more.
        The last target is returned again and again, because it takes silence for a dead source.
        """
        if self._next == len(self._due_ns):
            return self._due_ns[-1:], self._targets[-1:]
        if self._paused:
            return np.array([at_ns]), self._targets[max(0, self._next - 1)][None]
        due, ahead = np.searchsorted(self._due_ns, (until_ns, at_ns))
        stop = min(int(due), int(ahead) + MAX_CHUNK, self._next + MAX_CHUNK)
        if stop <= self._next:
            return None
        part = slice(self._next, stop)
        self._next = stop
        return self._due_ns[part], self._targets[part]

    def pause(self) -> None:
        """Stay at the last target that was taken; the supervisor hears of it until ``resume``."""
        self._paused = True

    def resume(self, at_ns: int) -> None:
        """Go on from there: every target still to come is due later by as long as it paused."""
        if self._paused and self._next < len(self._due_ns):
            late_ns = at_ns + RESUME_NS - int(self._due_ns[self._next])
            self._due_ns[self._next :] += max(0, late_ns)
        self._paused = False

    def recorded_s(self, at_ns: int) -> float | None:
        """Time within the recording (already divided by the speed); None while easing in."""
        begun_ns = int(self._due_ns[self._eased])
        if at_ns < begun_ns:
            return None
        if self._paused:
            at_ns = min(at_ns, int(self._due_ns[max(0, self._next - 1)]))
        after = min(int(np.searchsorted(self._due_ns, at_ns, "right")), len(self._due_ns) - 1)
        times_ns = self._due_ns[after - 1 : after + 1]
        marks_s = self._marks_s[after - 1 : after + 1]
        return float(np.interp(at_ns, times_ns, marks_s))


def load_recordings(
    path: Path | str,
    rig: Rig,
    speed: float = 1.0,
    start_s: float = 0.0,
    kinematics: Mapping[str, HandKinematics] | None = None,
) -> dict[str, Recording]:
    """Read the joints to replay for every hand of ``rig``, by side.

    Parameters
    ----------
    path : Path
        The episode file.
    rig : Rig
        The connected rig.
    speed : float
        Times the recorded pace.
    start_s : float
        Where in the episode to begin, seconds from its start.
    kinematics : mapping of str to HandKinematics, optional
        By side. Given, the replay is one with forces: the measured joints, each pad's target
        shifted along its normal by the recorded force.

    Raises
    ------
    ReplayError
        When the file is no episode, does not fit the rig, or has no forces to replay.
    """
    try:
        with Episode(path) as episode:
            kinesthetic = episode.attributes.get("operator_source") == "kinesthetic"
            models = {hand["side"]: hand["model"] for hand in episode.rig["hands"]}
            with_forces = kinematics is not None
            quantity = "joints_measured" if kinesthetic or with_forces else "joints_sent"
            _check_hands(path, rig, models)
            found = {}
            for hand in rig.hands:
                time_s, joints = _read(path, episode, hand, f"{hand.side}/{quantity}", start_s)
                if kinematics is not None:
                    chain = kinematics[hand.side]
                    joints = _pressed(path, episode, hand, chain, time_s, joints)
                found[hand.side] = _bridge_gaps((time_s - time_s[0]) / speed, joints)
            return found
    except (EpisodeError, KeyError, OSError) as error:
        raise ReplayError(f"episode '{path}' cannot be replayed: {error}") from None


def check_replay(
    path: Path | str, rig: Rig, start_s: float = 0.0, with_forces: bool = False
) -> None:
    """Refuse what ``load_recordings`` would refuse; nothing needs to run for it.

    Parameters
    ----------
    path : Path
        The episode file.
    rig : Rig
        The rig it is meant for: hand models, joint names, order and units must agree.
    start_s : float
        Where in the episode to begin, seconds from its start.
    with_forces : bool
        Whether forces are to be replayed too; they must be there.

    Raises
    ------
    ReplayError
        When the file is no episode, does not fit the rig, or lacks the forces.
    """
    load_recordings(path, rig, start_s=start_s)
    if with_forces:
        with Episode(path) as episode:
            for hand in rig.hands:
                normal_forces(path, episode, hand)


def ease_seconds(
    recordings: Mapping[str, Recording],
    rig: Rig,
    poses: Mapping[str, NDArray[np.float64]],
) -> float:
    """Return how long the ease-in from ``poses`` takes, so that no joint has to hurry."""
    slowest = EASE_LEAST_S
    for hand in rig.hands:
        distance = np.abs(recordings[hand.side].joints[0] - poses[hand.side])
        pace = EASE_SPEED_SHARE * hand.spec.velocity_max * hand.limits.velocity_scale
        turns = np.array([unit == "rad" for unit in hand.spec.units])
        pace[turns] = np.minimum(pace[turns], EASE_RAD_S)
        slowest = max(slowest, float((distance / pace).max()))
    return slowest


def _check_hands(path: Path | str, rig: Rig, models: Mapping[str, str]) -> None:
    wanted = {hand.side: hand.model for hand in rig.hands}
    if models != wanted:
        raise ReplayError(
            f"episode '{path}' was recorded with {_name(models)}, but rig '{rig.name}' has "
            f"{_name(wanted)}; open the rig it was recorded with"
        )


def _name(models: Mapping[str, str]) -> str:
    return " and ".join(f"a {side} {model}" for side, model in sorted(models.items()))


def _read(
    path: Path | str, episode: Episode, hand: HandConfig, name: str, start_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    stream, spec = episode.stream(name), hand.spec
    if stream.spec.labels != spec.names:
        differ = [a for a, b in zip(stream.spec.labels, spec.names, strict=False) if a != b]
        first = differ[0] if differ else f"{len(stream.spec.labels)} joints"
        raise ReplayError(
            f"episode '{path}': stream '{name}' has other joints than the {hand.side} "
            f"{hand.model} ({first}); it cannot be replayed on it"
        )
    units = "rad|m" if spec.wrist_size else "rad"
    if stream.spec.unit != units:
        raise ReplayError(
            f"episode '{path}': stream '{name}' is in {stream.spec.unit}, the hand in {units}; "
            "it cannot be replayed on it"
        )
    time_s, joints = stream.time_s, stream.rows(slice(None)).astype(np.float64)
    first = int(np.searchsorted(time_s, start_s))
    time_s, joints = time_s[first:], joints[first:]
    keep = np.isfinite(joints).all(axis=1) & (np.diff(time_s, prepend=-np.inf) > 0)
    time_s, joints = time_s[keep], joints[keep]
    if not len(time_s):
        raise ReplayError(
            f"episode '{path}': stream '{name}' has no samples after {start_s:g} s to replay"
        )
    return time_s, joints


def _pressed(
    path: Path | str,
    episode: Episode,
    hand: HandConfig,
    kinematics: HandKinematics,
    time_s: NDArray[np.float64],
    joints: NDArray[np.float64],
) -> NDArray[np.float64]:
    force_time_s, normal_n = normal_forces(path, episode, hand)
    gain = hand.spec.model.force_gain_m_per_n
    return shift_for_forces(time_s, joints, force_time_s, normal_n, kinematics, gain)


def normal_forces(
    path: Path | str, episode: Episode, hand: HandConfig
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times (M,) s and normal force of every pad (M, P), N, as recorded.

    Raises
    ------
    ReplayError
        When the episode has neither fingertip forces nor taxels of this hand.
    """
    stream: EpisodeStream | None = episode.streams.get(f"{hand.side}/fingertip_force")
    if stream is not None and len(stream):
        return stream.time_s, stream.rows(slice(None))[..., 2].astype(np.float64)
    stream = episode.streams.get(f"{hand.side}/taxels")
    if stream is not None and len(stream):
        return stream.time_s, stream.rows(slice(None))[..., 2].sum(axis=2, dtype=np.float64)
    raise ReplayError(
        f"episode '{path}' has no forces of the {hand.side} hand; replay it by position"
    )


def _bridge_gaps(time_s: NDArray[np.float64], joints: NDArray[np.float64]) -> Recording:
    extra = [
        np.linspace(before, after, int(np.ceil((after - before) / GAP_MAX_S)) + 1)[1:-1]
        for before, after in zip(time_s[:-1], time_s[1:], strict=True)
        if after - before > GAP_MAX_S
    ]
    if not extra:
        return Recording(time_s, joints)
    full = np.sort(np.concatenate([time_s, *extra]))
    columns = [np.interp(full, time_s, column) for column in joints.T]
    return Recording(full, np.stack(columns, axis=1))
