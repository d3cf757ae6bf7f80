"""Replay: the joints of an episode again, through the gate, at their recorded times.

A replay follows what was *sent* to the hand. In a kinesthetic take nothing was asked of the hand
(its motors were compliant and ``joints_sent`` only echoes the pose), so there the *measured* joints
are followed; without the operator's hand they reproduce the pose, not the force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from devices.requests import MAX_CHUNK
from devices.rig import HandConfig, Rig
from recorder.episode import Episode, EpisodeError

EASE_LEAST_S = 1.0  # from the measured pose to the first pose of the episode
EASE_SPEED_SHARE = 0.4  # mean speed of the ease-in as a share of each joint's limit
EASE_STEP_S = 0.02
GAP_MAX_S = 0.05  # longer gaps in the recording are bridged by straight lines


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
    """Timed targets of one hand: ease in from where it is, then the recording.

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
        self._targets = np.concatenate([measured + smooth * (first - measured), recording.joints])
        self._due_ns = begin_ns + np.rint(times_s * NS_PER_S).astype(np.int64)
        self._next = 0

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
        due, ahead = np.searchsorted(self._due_ns, (until_ns, at_ns))
        stop = min(int(due), int(ahead) + MAX_CHUNK, self._next + MAX_CHUNK)
        if stop <= self._next:
            return None
        part = slice(self._next, stop)
        self._next = stop
        return self._due_ns[part], self._targets[part]


def load_recordings(
    path: Path | str, rig: Rig, speed: float = 1.0, start_s: float = 0.0
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

    Raises
    ------
    ReplayError
        When the file is no episode or does not fit the rig.
    """
    try:
        with Episode(path) as episode:
            kinesthetic = episode.attributes.get("operator_source") == "kinesthetic"
            models = {hand["side"]: hand["model"] for hand in episode.rig["hands"]}
            quantity = "joints_measured" if kinesthetic else "joints_sent"
            _check_hands(path, rig, models)
            return {
                hand.side: _read(path, episode, hand, f"{hand.side}/{quantity}", speed, start_s)
                for hand in rig.hands
            }
    except (EpisodeError, KeyError, OSError) as error:
        raise ReplayError(f"episode '{path}' cannot be replayed: {error}") from None


def check_replay(path: Path | str, rig: Rig, start_s: float = 0.0) -> None:
    """Refuse what ``load_recordings`` would refuse; nothing needs to run for it.

    Parameters
    ----------
    path : Path
        The episode file.
    rig : Rig
        The rig it is meant for: hand models, joint names, order and units must agree.
    start_s : float
        Where in the episode to begin, seconds from its start.

    Raises
    ------
    ReplayError
        When the file is no episode or does not fit the rig.
    """
    load_recordings(path, rig, start_s=start_s)


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
    path: Path | str, episode: Episode, hand: HandConfig, name: str, speed: float, start_s: float
) -> Recording:
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
    return _bridge_gaps((time_s - time_s[0]) / speed, joints)


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
