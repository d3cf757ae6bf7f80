"""The robot behind the operator's hands, from frames in which it is seen.

Every hidden pixel of the robot is a point on one of its links. Forward kinematics tells where that
point is in another frame; where it is seen there its colour is taken over. Up to
``CleanParameters.robot_sources`` frames are mixed, those first in which the hidden links stand most
alike. Their light is matched and their position corrected on the robot that is seen around the
hole. What no frame shows is painted from shape: colours of the same part as a function of the
surface's direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import Clip
from recorder.cleaning.gain import fit_gain
from recorder.cleaning.layers import FillFacts
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.robot_colours import RobotColours
from recorder.cleaning.robot_frames import Hole, RobotFrame, RobotFrames
from recorder.cleaning.robot_points import RobotPoints, refine
from recorder.cleaning.robot_sources import (
    AGAIN,
    MOST_CANDIDATES,
    SourceBank,
    candidate,
    link_pixels,
)
from recorder.cleaning.silhouette import RobotSilhouette
from recorder.progress import ProgressMeter, Report, quiet

NO_SOURCE, FROM_FRAME, FROM_REPLAY, FROM_SHAPE = 0, 1, 2, 3
CONTEXT_PX = 24  # seen robot this near to the hole tells light and position
EDGE_PX = 0.5  # nearer to the edge of the silhouette nothing is painted
REGISTER_FRAMES = 12
FEW_CANDIDATES = 3
LEARN_STEP = 3
PAINTED_TRUST = 0.5  # of the painted colour against one source that stands alike
CONTEXT_POINTS = 2500
PLAUSIBLE = 90.0  # colour distance to the painted robot beyond which a source shows another thing


class RobotFill(NamedTuple):
    """What the layer knows of one frame.

    Attributes
    ----------
    image : (height, width, 3) uint8 array
        The picture with robot in the hole.
    filled : (height, width) bool array
        Pixels that were filled.
    kinds : (height, width) uint8 array
        ``NO_SOURCE``, ``FROM_FRAME``, ``FROM_REPLAY`` or ``FROM_SHAPE``.
    """

    image: NDArray[np.uint8]
    filled: NDArray[np.bool_]
    kinds: NDArray[np.uint8]


class RobotLayer:
    """Fills hidden robot pixels of a calibrated clip with joints.

    Parameters
    ----------
    clip : Clip
        With ``geometry`` and ``joints``.
    hole : callable
        Index to (height, width) bool array, True where the operator is, dilated.
    params : CleanParameters
    rig : mapping
        ``Episode.rig``: which hands there are.
    replay : Clip, optional
        The same motion filmed again by the same camera without the operator, with joints.

    Raises
    ------
    CleanError
        The rig cannot be used; ``RobotSilhouette``.
    ValueError
        The clip has no geometry.
    """

    silhouette_type: type[RobotSilhouette] = RobotSilhouette

    def __init__(
        self,
        clip: Clip,
        hole: Hole,
        params: CleanParameters,
        rig: Mapping[str, Any],
        replay: Clip | None = None,
    ) -> None:
        if clip.geometry is None:
            raise ValueError(f"'{clip.name}' has no calibration; use AppearanceRobotLayer")
        self.clip, self.params = clip, params
        self.silhouette = self.silhouette_type(rig, clip.geometry, clip.size)
        self.frames = RobotFrames(clip, self.silhouette, hole)
        self._hole = hole
        self._replay = None
        if replay is not None and replay.size == clip.size and replay.joints:
            nothing = np.zeros((clip.size[1], clip.size[0]), np.bool_)
            self._replay = RobotFrames(replay, self.silhouette, lambda _index: nothing)
        self._bank = SourceBank([])
        self._colours = RobotColours(self.silhouette.shapes)

    def prepare(self, report: Report = quiet) -> FillFacts:
        """Find where the robot is seen in the clip; may raise ``Cancelled``."""
        runs = [run for run in (self.frames, self._replay) if run is not None]
        chosen = [
            np.unique(np.linspace(0, run.clip.count - 1, MOST_CANDIDATES).astype(np.int64))
            for run in runs
        ]
        meter = ProgressMeter(float(sum(map(len, chosen))), report)
        found = []
        for number, (run, indices) in enumerate(zip(runs, chosen, strict=True)):
            run.register(indices[:: max(1, len(indices) // REGISTER_FRAMES)])
            for index in indices:
                frame = run.get(int(index))
                if frame is not None:
                    found.append(candidate(number, int(index), frame, self.silhouette.shapes))
                    self._learn(run.clip.frame(int(index)), frame)
                meter.advance(1, "robot")
        self._colours.settle()
        self._bank = SourceBank([one for one in found if one.visible.any()])
        shift = self.frames.common
        warnings = []
        if not found:
            warnings.append(
                "the robot hand is in no picture by its joints and the camera's calibration; "
                "check the calibration"
            )
        elif len(self._bank) < FEW_CANDIDATES:
            warnings.append(
                "the robot hand is covered nearly always, so its appearance is guessed from its "
                "shape; record a replay without the operator"
            )
        figures = {
            "robot_shift_px": float(np.hypot(shift.right, shift.down)),
            "robot_frames": float(len(self._bank)),
        }
        return FillFacts(tuple(warnings), figures)

    def _learn(self, picture: NDArray[np.uint8], frame: RobotFrame) -> None:
        """Take in the colours of what is seen, every ``LEARN_STEP``-th row and column."""
        seen = (frame.inside_px > 2 * EDGE_PX) & ~frame.hidden
        some = np.zeros_like(seen)
        some[::LEARN_STEP, ::LEARN_STEP] = seen[::LEARN_STEP, ::LEARN_STEP]
        points = RobotPoints(self.silhouette, frame, some)
        self._colours.learn(picture, frame, points.normals, points.at)

    def silhouette_mask(self, index: int) -> NDArray[np.bool_]:
        """The robot of frame ``index``, registered to the picture, ``(height, width)`` bool."""
        out = np.zeros((self.clip.size[1], self.clip.size[0]), np.bool_)
        frame = self.frames.get(index)
        if frame is not None:
            out[frame.part] = frame.surface.mask
        return out

    def fill(
        self, index: int, image: NDArray[np.uint8], hole: NDArray[np.bool_] | None = None
    ) -> RobotFill:
        """Put the robot into the hole of frame ``index``.

        Parameters
        ----------
        index : int
        image : (height, width, 3) uint8 array
            RGB; what is seen of the robot in it tells light and position.
        hole : (height, width) bool array, optional
            What to fill, by default the whole hole of the frame.
        """
        todo = self._hole(index) if hole is None else hole
        out = image.copy()
        filled = np.zeros(todo.shape, np.bool_)
        kinds = np.zeros(todo.shape, np.uint8)
        frame = self.frames.get(index)
        if frame is None:
            return RobotFill(out, filled, kinds)
        wanted = todo[frame.part] & (frame.inside_px > EDGE_PX)
        if not wanted.any():
            return RobotFill(out, filled, kinds)
        box = np.ones((2 * CONTEXT_PX + 1, 2 * CONTEXT_PX + 1), np.uint8)
        near = cv2.dilate(wanted.view(np.uint8), box).view(np.bool_)
        context = near & (frame.inside_px > EDGE_PX) & ~frame.hidden & ~todo[frame.part]
        rows, columns = np.nonzero(context)
        thin = slice(None, None, max(1, len(rows) // CONTEXT_POINTS))
        looked = wanted.copy()
        looked[rows[thin], columns[thin]] = True
        points = RobotPoints(self.silhouette, frame, looked)
        colours, source = self._colours_at(index, image, frame, points, wanted[points.at])
        rows, columns = np.nonzero(wanted)
        new = wanted[points.at]
        filled[frame.part][rows, columns] = True
        out[frame.part][rows, columns] = np.clip(np.rint(colours[new]), 0, 255).astype(np.uint8)
        kinds[frame.part][rows, columns] = source[new]
        return RobotFill(out, filled, kinds)

    def _colours_at(
        self,
        index: int,
        image: NDArray[np.uint8],
        frame: RobotFrame,
        points: RobotPoints,
        hidden: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Colours ``(N, 3)`` of points and where they are from ``(N,)``."""
        truth = image[frame.part][points.at].astype(np.float32)
        painted = self._colours.paint(points.shape, points.normals)
        seen = ~hidden
        painted = fit_gain(painted, truth, seen).apply(painted)
        total = np.zeros((len(hidden), 3), np.float32)
        weight = np.zeros(len(hidden), np.float32)
        best = np.zeros(len(hidden), np.float32)
        kinds = np.full(len(hidden), FROM_SHAPE, np.uint8)
        for row in self._chosen(index, frame, points, hidden, weight):
            one = self._bank.candidates[row]
            run = self.frames if one.clip == 0 or self._replay is None else self._replay
            source = run.get(one.index)
            if source is None:
                continue
            picture = run.clip.frame(one.index)
            where, trust = points.seen_in(source)
            where, colour = refine(picture, where, trust * seen, truth)
            colour = fit_gain(colour, truth, seen & (trust > 0.5)).apply(colour)
            likeness = self._likeness[row][points.link]
            off = colour - painted
            plain = np.exp(np.einsum("nc,nc->n", off, off) * (-1 / PLAUSIBLE**2))
            trust = trust * likeness * (0.02 + plain)
            total += colour * trust[:, None]
            weight += trust
            kinds[trust > best] = FROM_REPLAY if one.clip else FROM_FRAME
            best = np.maximum(best, trust)
        base = self._painted_trust(points)  # what no frame shows fades into the painted colour
        mixed = (total + base[:, None] * painted) / (weight + base)[:, None]
        return mixed.astype(np.float32), kinds

    def _painted_trust(self, points: RobotPoints) -> NDArray[np.float32]:
        """Weight of the painted colour ``(N,)``; sources are lit otherwise and a little off."""
        return np.full(len(points.shape), PAINTED_TRUST, np.float32)

    def _chosen(
        self,
        index: int,
        frame: RobotFrame,
        points: RobotPoints,
        hidden: NDArray[np.bool_],
        weight: NDArray[np.float32],
    ):
        """Rows of the bank, best first, given what ``weight`` says was found meanwhile."""
        if not len(self._bank):
            return
        shapes, links = self.silhouette.shapes, self.silhouette.link_count
        self._likeness = self._bank.likeness(frame.surface.links)
        whole = link_pixels(frame.surface.shape[frame.surface.mask], shapes, links)
        taken = {
            row
            for row, one in enumerate(self._bank.candidates)
            if one.clip == 0 and one.index == index
        }
        for _ in range(self.params.robot_sources):
            worth = np.where(hidden, np.where(weight > 0.05, AGAIN, 1.0), 0.0)
            needed = np.bincount(points.link, worth, links).astype(np.float32)
            row = self._bank.best(self._likeness, needed, whole, taken)
            if row is None:
                return
            taken.add(row)
            yield row
