"""Frames of a clip together with the robot as it was seen in them, a few at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import Clip
from recorder.cleaning.registration import Shift, best_shift, edge_scores
from recorder.cleaning.robot_shift import SeenShift, seen_shift
from recorder.cleaning.silhouette import RobotSilhouette, Surface

KEPT = 160  # frames; at 640x480 less than 0.5 MB each
HIDDEN_MARGIN_PX = 2
REDRAW_PX = 0.25  # smaller corrections are not worth drawing again
REFINE_PX = 2.0  # how far one frame's shift may lie from that of the whole clip
LEARNT_ALONG = 1.8  # colours learnt with a shift hide about half of it
ENOUGH = 3000.0  # squared slopes of grey that tell a shift better than edges do
FAR_M, STEP_M = 10.0, 0.006  # steps of depth; what lies behind the robot
SEEN_EDGE_PX = 1.5
SIDES = ("right", "left")
OFF_TIMES, OFF_MORE = 2.0, 4.0
UNLIKE = 12.0  # grey levels between painted and seen robot; 4 where calibration is right
UNCERTAIN = (
    0.35  # certainty of the shift by edges; 0.57 to 0.6 there, at most 0.2 where it is wrong
)
COMMON_WEIGHT = 0.2  # of the clip's edge scores against those of one frame

Hole = Callable[[int], NDArray[np.bool_]]
Painter = Callable[["RobotFrame", NDArray[np.bool_]], NDArray[np.float32]]
"""Grey levels (h, w) of the robot of a frame where the mask says so."""


@dataclass(frozen=True)
class RobotFrame:
    """The robot in one frame.

    Attributes
    ----------
    surface : Surface
        Registered to the picture.
    inside_px : (h, w) float32 array
        Distance to the silhouette's edge, pixels, on the rectangle of ``surface``; 0 outside.
    hidden : (h, w) bool array
        What the operator covers there, with a margin.
    shift : Shift
        Registration that was applied.
    off : float or None
        Mean grey levels between the seen and the painted robot; None where nothing was compared.
    """

    surface: Surface
    inside_px: NDArray[np.float32]
    hidden: NDArray[np.bool_]
    shift: Shift
    off: float | None = None

    @property
    def part(self) -> tuple[slice, slice]:
        """Rows and columns of the picture that the arrays cover."""
        h, w = self.surface.shape.shape
        top, left = self.surface.top, self.surface.left
        return slice(top, top + h), slice(left, left + w)


class RobotFrames:
    """The robot in every frame of a clip; frames used last are kept.

    Parameters
    ----------
    clip : Clip
        With joints.
    silhouette : RobotSilhouette
    hole : callable
        Index to (height, width) bool array, True where the operator is, dilated.
    """

    def __init__(self, clip: Clip, silhouette: RobotSilhouette, hole: Hole) -> None:
        self.clip, self.silhouette, self.hole = clip, silhouette, hole
        self._scores: NDArray[np.float32] | None = None
        self.common = Shift()
        self.painter: Painter | None = None
        self._offs: list[float] = []
        self._kept: OrderedDict[int, RobotFrame | None] = OrderedDict()

    def joints(self, index: int) -> dict[str, NDArray[np.float64]]:
        """Joints of frame ``index`` by side."""
        return {side: rows[index] for side, rows in self.clip.joints.items()}

    def register(self, indices: NDArray[np.int64]) -> Shift:
        """Find the shift all frames share, from those given; later frames start from it."""
        self._kept.clear()
        self.common, self._scores = Shift(), None
        for _ in range(2):  # the second time from where the first one led
            scores = self._mean_scores(indices)
            if scores is None:
                break
            more = best_shift(scores)
            self.common = Shift(
                self.common.right + more.right, self.common.down + more.down, more.certain
            )
            self._scores = scores
        return self.common

    def _mean_scores(self, indices: NDArray[np.int64]) -> NDArray[np.float32] | None:
        found = []
        for index in indices:
            surface = self.silhouette.surface(
                self.joints(int(index)), (self.common.right, self.common.down)
            )
            if surface is None:
                continue
            one = edge_scores(self.clip.frame(int(index)), surface, self.hole(int(index)))
            if one is not None:
                found.append(one)
        return np.mean(found, axis=0).astype(np.float32) if found else None

    def get(self, index: int) -> RobotFrame | None:
        """The robot in frame ``index``; None when it is not in the picture."""
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        made = self._make(index)
        self._kept[index] = made
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return made

    def drawn(self, index: int, shift: Shift | None = None) -> RobotFrame | None:
        """The robot in frame ``index`` with the shift all frames share, or another one."""
        shift = self.common if shift is None else shift
        surface = self.silhouette.surface(self.joints(index), (shift.right, shift.down))
        if surface is None:
            return None
        h, w = surface.shape.shape
        part = (slice(surface.top, surface.top + h), slice(surface.left, surface.left + w))
        box = np.ones((2 * HIDDEN_MARGIN_PX + 1, 2 * HIDDEN_MARGIN_PX + 1), np.uint8)
        hidden = cv2.dilate(self.hole(index)[part].astype(np.uint8), box).view(np.bool_)
        padded = cv2.copyMakeBorder(
            surface.mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0
        )
        inside = np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 3), np.float32)[1:-1, 1:-1]
        return RobotFrame(surface, inside, hidden, shift)

    def register_colours(self, indices: NDArray[np.int64], painter: Painter) -> NDArray[np.int64]:
        """Improve the shift all frames share, knowing what the robot looks like.

        Returns
        -------
        (M,) int64 array
            Those of ``indices`` that show the robot as it was drawn; all when none can tell.
        """
        seen: list[tuple[int, SeenShift]] = []
        for index in indices:
            frame = self.drawn(int(index))
            found = None if frame is None else self.seen_shift(int(index), frame, painter)
            if found is not None:
                seen.append((int(index), found))
        self._offs = [found.off for _, found in seen]
        limit = off_limit(self._offs)
        seen = [one for one in seen if one[1].off <= limit]
        total, weight = np.zeros(2), np.eye(2)
        for _, found in seen:
            total += found.certain @ found.right_down
            weight += found.certain
        right, down = LEARNT_ALONG * np.linalg.solve(weight, total)
        if np.hypot(right, down) < REFINE_PX:
            common = self.common
            self.common = Shift(
                common.right + float(right), common.down + float(down), common.certain
            )
        self._kept.clear()
        return np.array([index for index, _ in seen], np.int64) if seen else indices

    def fits(self) -> bool:
        """Whether the pictures show the robot where it was drawn, once registered.

        Only pictures that contradict it twice, by their edges and by their colours, say no.
        """
        offs = self._offs
        unlike = len(offs) > 0 and float(np.median(offs)) > UNLIKE
        return not (unlike and self.common.certain < UNCERTAIN)

    def seen_shift(self, index: int, frame: RobotFrame, painter: Painter) -> SeenShift | None:
        """Where the robot is seen in frame ``index`` against where ``frame`` has it."""
        seen = frame.surface.mask & ~frame.hidden
        return seen_shift(self.clip.frame(index)[frame.part], painter(frame, seen), seen)

    def _make(self, index: int) -> RobotFrame | None:
        frame = self.drawn(index)
        if frame is None or self._scores is None:
            return frame
        found = self.seen_shift(index, frame, self.painter) if self.painter else None
        if found is not None:
            frame = replace(frame, off=found.off)
        if found is not None and np.linalg.eigvalsh(found.certain)[0] > ENOUGH:
            right, down = (float(one) for one in found.right_down)
        else:
            scores = edge_scores(self.clip.frame(index), frame.surface, self.hole(index))
            if scores is None:
                return frame
            more = best_shift(scores + np.float32(COMMON_WEIGHT) * self._scores, Shift(), REFINE_PX)
            right, down = more.right, more.down
        if not REDRAW_PX < np.hypot(right, down) <= REFINE_PX + 1:
            return frame
        shift = frame.shift
        moved = self.drawn(index, Shift(shift.right + right, shift.down + down, shift.certain))
        return None if moved is None else replace(moved, off=frame.off)


def off_limit(offs: Sequence[float]) -> float:
    """Mean grey levels beyond which a picture does not show the robot as it was drawn.

    Joints that jumped, or came late, draw it where it was not.
    """
    return OFF_TIMES * float(np.median(offs)) + OFF_MORE if len(offs) else np.inf


def unknown_joints(clip: Clip) -> list[str]:
    """A sentence for every hand whose joints are not known all the time."""
    said = []
    for side, joints in clip.joints.items():
        lost = int(np.count_nonzero(~np.isfinite(joints).all(axis=1)))
        if lost and side in SIDES:
            said.append(
                f"the joints of the {side} hand are unknown in {lost} of {clip.count} pictures, in "
                "which the robot is not filled from its joints"
            )
    return said


def front(frame: RobotFrame) -> NDArray[np.bool_]:
    """Pixels ``(h, w)`` of what is seen of the robot, away from edges of depth."""
    far = np.where(frame.surface.mask, frame.surface.depth_m, np.float32(FAR_M))
    box = np.ones((3, 3), np.uint8)
    flat = cv2.dilate(far, box) - cv2.erode(far, box) < STEP_M
    return flat & (frame.inside_px > SEEN_EDGE_PX) & ~frame.hidden
