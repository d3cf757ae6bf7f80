"""A running take without the operator, picture by picture: a preview, not the cleaning.

It knows no future, so it is simpler than a cleaning: the scene is a robust running mean of what
stood still and was neither robot nor operator, the operator is what differs from it, reaches the
edge of the picture and is not the robot's silhouette; hidden robot is taken from the most similar
pose seen so far. Work is done at reduced size; only cameras that stand can be previewed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.cameras import camera_geometry
from recorder.cleaning.clip import CleanError
from recorder.cleaning.live_stream import work_size
from recorder.cleaning.masks.colour_model import ColourCounts, ColourModel, colour_bins
from recorder.cleaning.silhouette import RobotSilhouette

DIFFERS = 24.0  # grey levels between picture and scene
STILL = 10.0  # grey levels between a pixel now and its own mean: below, it stands still
STILL_PICTURES, HEALS_PICTURES = 8, 60  # unmasked, and masked, before a still pixel is the scene
RATE = 0.12  # share of a new picture in the running mean
MARGIN_PX = 4
ROBOT_MARGIN_PX = 2
UNSEEN_MARGIN_PX = 4
NEW_PICTURES = 2  # a pixel the robot has left is the scene after so many
SPECK_PX = 60  # smaller parts are noise
LEARN_EVERY = 4
FORGETS = 0.98  # of the colours, per time of learning
LEARNED_PX = 3000.0  # operator pixels before colours are trusted
SURE = 1.0  # log ratio from which a colour on the robot is the operator's
LOST_SHARE = 0.7  # of the picture: more than this is a moved camera or a new light
POSES = 24
NEW_POSE_RAD = 0.12

Joints = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class LivePicture:
    """One picture of the preview.

    Attributes
    ----------
    image : (height, width, 3) uint8 array
        RGB, at the size of the work.
    hole : (height, width) bool array
        What was filled.
    doubtful : bool
        Whether so much differs from the scene that the camera or the light must have moved; the
        picture is then as it came, and the scene begins anew.
    """

    image: NDArray[np.uint8]
    hole: NDArray[np.bool_]
    doubtful: bool = False


@dataclass
class _Pose:
    joints: NDArray[np.float64]
    image: NDArray[np.uint8]
    seen: NDArray[np.bool_]


class LiveCleaner:
    """Cleans the pictures of one camera as they come.

    Parameters
    ----------
    rig : mapping
        The rig's definition as JSON.
    camera : str
        Name of the camera or of its image stream.
    size : tuple of (int, int)
        Width and height of its pictures, pixels.

    Attributes
    ----------
    size : tuple of (int, int)
        Width and height of the preview.
    """

    def __init__(self, rig: Mapping[str, Any], camera: str, size: tuple[int, int]) -> None:
        self.size = work_size(size)
        self._silhouette = _silhouette(rig, camera, size, self.size)
        self._scene: NDArray[np.float32] | None = None
        self._steady: NDArray[np.float32] | None = None
        self._known = np.zeros((self.size[1], self.size[0]), np.bool_)  # seen without the robot
        self._still = np.zeros((self.size[1], self.size[0]), np.int32)
        self._mine, self._others = ColourCounts(), ColourCounts()
        self._colours: ColourModel | None = None
        self._poses: list[_Pose] = []
        self._count = 0

    def clean(self, image: NDArray[np.uint8], joints: Joints) -> LivePicture:
        """The next picture.

        Parameters
        ----------
        image : (height, width, 3) uint8 array
            RGB.
        joints : mapping of str to (J,) array
            Measured joints by side; empty when they are not known.
        """
        small = np.asarray(cv2.resize(image, self.size, interpolation=cv2.INTER_AREA), np.uint8)
        now = cv2.blur(small, (3, 3)).astype(np.float32)
        robot = self._robot(joints)
        if self._scene is None or self._steady is None:
            self._scene, self._steady = small.astype(np.float32), now.copy()
            self._known = ~_grown(robot, UNSEEN_MARGIN_PX)
            self._guess_unseen()
        soft = np.asarray(cv2.blur(self._scene, (3, 3)), np.float32)  # as ``now`` is
        light = _light(soft, now)
        lit = self._scene * light
        operator = self._operator(small, now, soft * light, robot)
        hole = _grown(operator, MARGIN_PX)
        if hole.mean() > LOST_SHARE:
            self._scene, self._steady = None, None
            self._poses.clear()
            self._still[:] = 0
            return LivePicture(small, np.zeros_like(hole), doubtful=True)
        out = small.copy()
        out[hole] = np.clip(np.rint(lit[hole]), 0, 255).astype(np.uint8)
        self._fill_robot(out, hole & robot, joints)
        self._learn(small, now, operator, hole, robot, joints)
        self._count += 1
        return LivePicture(out, hole)

    def _robot(self, joints: Joints) -> NDArray[np.bool_]:
        if self._silhouette is None or not joints:
            return np.zeros(self._still.shape, np.bool_)
        return _grown(self._silhouette.mask(dict(joints)), ROBOT_MARGIN_PX)

    def _operator(
        self,
        small: NDArray[np.uint8],
        now: NDArray[np.float32],
        lit: NDArray[np.float32],
        robot: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """What differs from the scene and hangs together with the edge of the picture."""
        differs = np.abs(now - lit).max(axis=2) > DIFFERS
        found = differs & ~robot & self._known
        doubtful = robot | ~self._known
        if self._colours is not None and doubtful.any():
            rows, columns = _box(doubtful)
            likely = self._colours.evidence(colour_bins(small[rows, columns])) > SURE
            found[rows, columns] |= likely & doubtful[rows, columns]
        found = cv2.morphologyEx(found.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        found = cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        return _at_edge(np.asarray(found, np.uint8))

    def _fill_robot(
        self, out: NDArray[np.uint8], hidden: NDArray[np.bool_], joints: Joints
    ) -> None:
        """Hidden robot from the most similar poses, the nearest first."""
        if not hidden.any() or not self._poses:
            return
        here = _vector(joints)
        todo = hidden.copy()
        for pose in sorted(self._poses, key=lambda one: _apart(one.joints, here))[:4]:
            taken = todo & pose.seen
            out[taken] = pose.image[taken]
            todo &= ~taken

    def _learn(
        self,
        small: NDArray[np.uint8],
        now: NDArray[np.float32],
        operator: NDArray[np.bool_],
        hole: NDArray[np.bool_],
        robot: NDArray[np.bool_],
        joints: Joints,
    ) -> None:
        assert self._scene is not None
        assert self._steady is not None
        still = np.abs(now - self._steady).max(axis=2) < STILL
        self._steady += 0.3 * (now - self._steady)
        self._still = np.where(still, self._still + 1, 0)
        scene = ~robot & (self._still > np.where(hole, HEALS_PICTURES, STILL_PICTURES))
        self._scene[scene] += RATE * (small[scene] - self._scene[scene])
        new = ~self._known & ~robot & ~hole & (self._still > NEW_PICTURES)
        if new.any():
            self._scene[new] = small[new]
            self._known |= new
            self._guess_unseen()
        if joints and robot.any():
            self._remember_pose(small, robot & ~hole, joints)
        if self._count % LEARN_EVERY == 0:
            self._learn_colours(small, operator & ~robot, ~hole)

    def _guess_unseen(self) -> None:
        """Continue the scene to where the robot has stood since the beginning."""
        assert self._scene is not None
        unseen = ~self._known
        if unseen.any():
            recorded = np.clip(np.rint(self._scene), 0, 255).astype(np.uint8)
            guessed = cv2.inpaint(recorded, unseen.view(np.uint8), 3, cv2.INPAINT_TELEA)
            self._scene[unseen] = guessed[unseen]

    def _remember_pose(
        self, small: NDArray[np.uint8], seen: NDArray[np.bool_], joints: Joints
    ) -> None:
        here = _vector(joints)
        nearest = min(self._poses, key=lambda one: _apart(one.joints, here), default=None)
        if nearest is not None and _apart(nearest.joints, here) < NEW_POSE_RAD:
            nearest.image[seen] = small[seen]
            nearest.seen |= seen
            return
        if len(self._poses) >= POSES:
            self._poses.pop(1)  # the first one saw the robot before anybody came
        self._poses.append(_Pose(here, small.copy(), seen))

    def _learn_colours(
        self, small: NDArray[np.uint8], mine: NDArray[np.bool_], others: NDArray[np.bool_]
    ) -> None:
        bins = colour_bins(small)
        for counts, where in ((self._mine, mine), (self._others, others)):
            counts.counts *= FORGETS
            counts.add(bins[where])
        if self._mine.total > LEARNED_PX:
            self._colours = ColourModel(self._mine, self._others)


def _silhouette(
    rig: Mapping[str, Any], camera: str, size: tuple[int, int], work: tuple[int, int]
) -> RobotSilhouette | None:
    geometry = camera_geometry(dict(rig), camera.split("/")[0])
    if geometry is None:
        return None
    matrix = geometry.matrix.copy()
    matrix[0] *= work[0] / size[0]
    matrix[1] *= work[1] / size[1]
    try:
        return RobotSilhouette(rig, replace(geometry, matrix=matrix), work)
    except CleanError:  # told by colour and difference only
        return None


def _light(scene: NDArray[np.float32], now: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gain of every colour between scene and picture, told by the middle of the ratios."""
    ratio = now[::8, ::8].reshape(-1, 3) / np.maximum(scene[::8, ::8].reshape(-1, 3), 8.0)
    return np.clip(np.median(ratio, axis=0), 0.7, 1.4).astype(np.float32)


def _grown(mask: NDArray[np.bool_], by_px: int) -> NDArray[np.bool_]:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by_px + 1, 2 * by_px + 1))
    return cv2.dilate(np.ascontiguousarray(mask).view(np.uint8), disc).view(np.bool_)


def _at_edge(found: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Parts that reach the edge of the picture and are no specks."""
    _, labelled, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=8)
    parts = np.asarray(labelled, np.int32)
    kept = np.zeros(len(stats), np.bool_)
    for edge in (parts[0], parts[-1], parts[:, 0], parts[:, -1]):
        kept[np.unique(edge)] = True
    kept &= stats[:, cv2.CC_STAT_AREA] >= SPECK_PX
    kept[0] = False
    return kept[parts]


def _box(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _vector(joints: Joints) -> NDArray[np.float64]:
    return np.concatenate([np.asarray(joints[side], np.float64) for side in sorted(joints)])


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.abs(one - other).max()) if one.shape == other.shape else np.inf
