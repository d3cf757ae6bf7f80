"""Clips: an episode's camera stream, a video file, or pictures in memory.

Every clip answers any index with the same picture, whatever was asked before, and keeps a bounded
number of decoded pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CameraGeometry, CleanError, Mode
from recorder.cleaning.clocks import at_pictures
from recorder.cleaning.object_track import ObjectTrack
from recorder.cleaning.picture_cache import PictureCache, checked_index
from recorder.cleaning.video_clip import VideoClip
from recorder.episode import Episode

__all__ = ["ArrayClip", "EpisodeClip", "VideoClip", "episode_clip"]

OBJECTS = "world/objects"
JOINTS_SUFFIX = "/joints_measured"


class ArrayClip:
    """Pictures in memory.

    Parameters
    ----------
    frames : (N, height, width, 3) uint8 array or sequence of pictures
        RGB.
    mode : str
        ``static`` or ``moving``.
    geometry, joints : as in ``recorder.cleaning.clip.Clip``
    rate_hz : float
        Sets ``time_ns``.
    """

    def __init__(
        self,
        frames: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
        mode: Mode = "static",
        geometry: CameraGeometry | None = None,
        joints: Mapping[str, NDArray[np.float64]] | None = None,
        name: str = "pictures",
        rate_hz: float = 30.0,
    ) -> None:
        if not len(frames):
            raise CleanError(f"'{name}' has no pictures, so there is nothing to clean")
        self._frames = frames
        self.name = name
        self.size = (int(frames[0].shape[1]), int(frames[0].shape[0]))
        self.count = len(frames)
        self.mode: Mode = mode
        self.time_ns = np.rint(np.arange(self.count) * 1e9 / rate_hz).astype(np.int64)
        self.geometry = geometry
        self.joints: Mapping[str, NDArray[np.float64]] = dict(joints or {})

    def frame(self, index: int) -> NDArray[np.uint8]:
        """RGB picture; raises ``IndexError`` outside the clip."""
        return self._frames[checked_index(index, self.count, self.name)]


class EpisodeClip:
    """One camera of an open episode. Use it in a ``with`` block, or ``close`` it.

    Parameters
    ----------
    episode : Episode
        Stays open as long as the clip is used.
    camera : str
        Image stream, e.g. ``front/rgb``.
    owned : bool
        Whether ``close`` closes the episode.
    mode : str, optional
        By default ``moving`` for a camera on a hand, else ``static``.

    Attributes
    ----------
    episode : Episode
    rig : dict
        The rig definition the episode was recorded with.
    objects : ObjectTrack or None
        Poses of the world's objects at the pictures, when they were recorded.
    replay : EpisodeClip or None
        The same motion filmed again without the operator, once it is attached
        (``recorder.cleaning.robot_replay``); closed with this clip.

    Raises
    ------
    CleanError
        No such image stream, or it is empty.
    """

    def __init__(
        self, episode: Episode, camera: str, owned: bool = False, mode: Mode | None = None
    ) -> None:
        images = [name for name, one in episode.streams.items() if one.spec.is_image]
        if camera not in episode.streams:
            raise CleanError(
                f"camera '{camera}' is not in '{episode.path.name}'; it has {', '.join(images)}"
            )
        self.episode = episode
        self.rig: dict[str, Any] = episode.rig
        self._owned = owned
        self._stream = episode.stream(camera)
        shape = self._stream.spec.shape
        if len(shape) != 3 or shape[2] != 3 or self._stream.spec.dtype not in ("u1", "|u1"):
            raise CleanError(
                f"stream '{camera}' holds {self._stream.spec.kind} of shape {shape}, not RGB "
                f"pictures; choose one of {', '.join(images)}"
            )
        if not len(self._stream):
            raise CleanError(
                f"camera '{camera}' of '{episode.path.name}' recorded no pictures; leave the "
                "episode out with --episodes"
            )
        self.name = camera
        self.size = (int(shape[1]), int(shape[0]))
        self.count = len(self._stream)
        self.time_ns = self._stream.stamp_ns - episode.start_stamp_ns
        self.geometry = _geometry(episode, camera.split("/")[0])
        self.mode: Mode = mode or ("static" if _mount(episode.rig, camera) == "world" else "moving")
        self.joints: Mapping[str, NDArray[np.float64]] = _joints_at_frames(episode, camera)
        self.objects = _objects_at_frames(episode, camera)
        self.replay: EpisodeClip | None = None
        self._cache = PictureCache(int(np.prod(shape)))

    def frame(self, index: int) -> NDArray[np.uint8]:
        """RGB picture; raises ``IndexError`` outside the clip."""
        return self._cache.get(checked_index(index, self.count, self.name), self._decode)

    def _decode(self, index: int) -> NDArray[np.uint8]:
        try:
            return np.ascontiguousarray(self._stream.frame(index))
        except (ValueError, OSError) as error:
            raise CleanError(
                f"picture {index} of '{self.name}' cannot be decoded ({error}); see what else is "
                f"damaged with: thenar verify {self.episode.path.name}"
            ) from error

    def close(self) -> None:
        """Close the replay, and the episode when this clip opened it."""
        if self.replay is not None:
            self.replay.close()
        if self._owned:
            self.episode.close()

    def __enter__(self) -> EpisodeClip:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def episode_clip(
    episode: Episode | Path | str, camera: str, mode: Mode | None = None
) -> EpisodeClip:
    """Clip of one camera of an episode, with its joints at the frames and its calibration.

    Parameters
    ----------
    episode : Episode, Path or str
        An open episode, which stays open, or a file, which ``close`` of the clip closes.
    camera : str
        Image stream, e.g. ``front/rgb``.
    mode : str, optional
        Overrides what the camera's mount says.

    Raises
    ------
    CleanError
        No such camera, or it recorded nothing.
    EpisodeError
        The file is no episode.
    """
    if isinstance(episode, Episode):
        return EpisodeClip(episode, camera, mode=mode)
    opened = Episode(episode)
    try:
        return EpisodeClip(opened, camera, owned=True, mode=mode)
    except Exception:
        opened.close()
        raise


def _geometry(episode: Episode, camera: str) -> CameraGeometry | None:
    from recorder.cleaning.cameras import camera_geometry  # it brings the hand models

    return camera_geometry(episode.rig, camera, episode.calibration)


def _mount(rig: Mapping[str, Any], camera: str) -> str:
    for one in rig.get("cameras", ()):
        if one.get("name") == camera.split("/")[0]:
            return str(one.get("mount", "world"))
    return "world"


def _objects_at_frames(episode: Episode, camera: str) -> ObjectTrack | None:
    stream = episode.streams.get(OBJECTS)
    if stream is None or not len(stream) or not stream.spec.labels:
        return None
    poses = at_pictures(episode.stream(camera), stream)
    if poses is None:
        poses = np.asarray(episode.aligned(camera, [OBJECTS])[OBJECTS].data, np.float64)
    return ObjectTrack(stream.spec.labels, poses)


def _joints_at_frames(episode: Episode, camera: str) -> dict[str, NDArray[np.float64]]:
    names = [
        name
        for name, stream in episode.streams.items()
        if name.endswith(JOINTS_SUFFIX) and len(stream)
    ]
    if not names:
        return {}
    aligned = episode.aligned(camera, names)
    pictures = episode.stream(camera)
    found = {}
    for name in names:
        stamped = at_pictures(pictures, episode.stream(name))
        data = aligned[name].data if stamped is None else stamped
        found[name.removesuffix(JOINTS_SUFFIX)] = np.asarray(data, np.float64)
    return found
