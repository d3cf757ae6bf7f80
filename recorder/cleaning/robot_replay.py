"""A replay without the operator: the same motion filmed again, from which the robot is taken.

``thenar replay EPISODE --record DATASET`` records one: its source is ``replay`` and its notes name
the episode (``replay_of``, the file; ``replay_of_uuid``). It is found by that, or named by the
parameter ``replay``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recorder.cleaning.clip import CameraGeometry, CleanError
from recorder.cleaning.clips import EpisodeClip, episode_clip
from recorder.dataset import Dataset
from recorder.episode import Episode, EpisodeError

log = logging.getLogger(__name__)

AUTOMATIC, NONE = "automatic", "none"
REPLAY_SOURCE = "replay"
UNSEEN = (
    "the replay does not show the robot where its joints put it, so nothing was taken from it; "
    "record it again with the same rig"
)
AWAY_M, AWAY_RAD, AWAY_PX = 0.005, 0.01, 4.0  # of the camera; registration finds what is less


@dataclass(frozen=True)
class ReplayEpisode:
    """An episode that repeats another one.

    Attributes
    ----------
    path : Path
    number : int
    uuid : str
    """

    path: Path
    number: int
    uuid: str


def find_replay(dataset: Dataset, episode: Episode, wanted: str) -> ReplayEpisode | None:
    """The replay of an episode.

    Parameters
    ----------
    dataset : Dataset
        Where to look.
    episode : Episode
    wanted : str
        ``automatic``: the newest that says it replays this episode; ``none``; else the number or
        identity of an episode.

    Raises
    ------
    CleanError
        There is no episode of this number or identity, or it is the episode itself.
    """
    if wanted == NONE:
        return None
    from recorder.catalogue import Catalogue

    uuid, path = str(episode.attributes["uuid"]), episode.path
    rows = [
        ReplayEpisode(dataset.root / row.path, row.number, row.uuid)
        for row in Catalogue(dataset).rows()
        if row.source == REPLAY_SOURCE or wanted != AUTOMATIC
    ]
    if wanted == AUTOMATIC:
        for row in sorted(rows, key=lambda row: -row.number):
            if row.uuid != uuid and _repeats(row.path, uuid, path.name):
                return row
        return None
    for row in rows:
        if wanted in (row.uuid, str(row.number)):
            if row.uuid == uuid:
                raise CleanError(
                    f"replay '{wanted}' of '{path.name}' is that episode itself; name the episode "
                    "that repeats it without the operator"
                )
            return row
    raise CleanError(
        f"dataset '{dataset.root}' has no published episode '{wanted}' to take the robot from; "
        f"name another replay, or choose {AUTOMATIC} or {NONE}"
    )


def attach_replay(clip: EpisodeClip, replay: ReplayEpisode) -> str:
    """Give a clip its replay, which is closed with it, if it fits.

    Returns
    -------
    str
        Why it does not fit, one sentence; empty when it does.
    """
    where = f"the replay in episode {replay.number}"
    try:
        found = episode_clip(replay.path, clip.name)
    except (CleanError, EpisodeError, OSError) as error:
        return f"{where} was not used: {error}"
    off = misfit(clip, found)
    if off:
        found.close()
        return f"{where} was not used: {off}; record the replay with the same rig"
    clip.replay = found
    return ""


def misfit(clip: EpisodeClip, replay: EpisodeClip) -> str:
    """What makes ``replay`` no picture of the same robot by the same camera; empty for nothing."""
    if replay.size != clip.size:
        width, height = replay.size
        return f"its pictures are {width}x{height}, not {clip.size[0]}x{clip.size[1]} pixels"
    if clip.geometry is None or replay.geometry is None:
        return f"camera '{clip.name}' has no calibration, without which poses cannot be compared"
    for side, joints in clip.joints.items():
        hand, other = _hand(clip.rig, side), _hand(replay.rig, side)
        if side not in replay.joints or other is None:
            return f"it has no joints of the {side} hand"
        if replay.joints[side].shape[1] != joints.shape[1] or (hand or {}).get(
            "model"
        ) != other.get("model"):
            return (
                f"its {side} hand is '{other.get('model')}' with {replay.joints[side].shape[1]} "
                f"joints, not '{(hand or {}).get('model')}' with {joints.shape[1]}"
            )
        if any(hand and hand.get(key) != other.get(key) for key in ("base_pos_m", "base_rpy_rad")):
            return f"its {side} hand is mounted elsewhere"
    return _moved(clip.name, clip.geometry, replay.geometry)


def _moved(camera: str, here: CameraGeometry, there: CameraGeometry) -> str:
    if here.mount != there.mount:
        return f"camera '{camera}' is mounted on '{there.mount}' there, here on '{here.mount}'"
    away_m = float(np.linalg.norm(here.pose[:3, 3] - there.pose[:3, 3]))
    cosine = (np.trace(here.pose[:3, :3].T @ there.pose[:3, :3]) - 1) / 2
    turned_rad = float(np.arccos(np.clip(cosine, -1, 1)))
    off_px = float(np.abs(here.matrix - there.matrix).max())
    if away_m > AWAY_M or turned_rad > AWAY_RAD or off_px > AWAY_PX:
        return (
            f"camera '{camera}' stands {1e3 * away_m:.0f} mm and {turned_rad:.3f} rad elsewhere "
            f"there (at most {1e3 * AWAY_M:g} mm and {AWAY_RAD:g} rad), its matrix differs by "
            f"{off_px:.1f} px (at most {AWAY_PX:g} px)"
        )
    return ""


def _hand(rig: Mapping[str, Any], side: str) -> Mapping[str, Any] | None:
    return next((hand for hand in rig.get("hands", ()) if hand.get("side") == side), None)


def _repeats(path: Path, uuid: str, name: str) -> bool:
    try:
        with Episode(path) as episode:
            notes = episode.configuration["header"].get("notes") or {}
    except (EpisodeError, OSError, KeyError) as error:
        log.debug("episode '%s' cannot be read as a replay: %s", path, error)
        return False
    if notes.get("replay_of_uuid"):
        return notes["replay_of_uuid"] == uuid
    return notes.get("replay_of") == name
