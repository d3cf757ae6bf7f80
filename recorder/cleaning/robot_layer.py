"""The robot behind the operator's hands, from frames in which it is seen.

Every hidden pixel of the robot is a point on one of its links. Forward kinematics tells where that
point is in other frames; where it is seen there its colour is learnt: painted from the direction of
the surface (``RobotColours``), plus what was seen at that very place besides (``RobotAtlas``). The
light is matched on the robot that is seen around the hole.

Parts of which the atlas tells badly what is seen (a shape that is not the true one), objects, and
everything once there is a replay are taken from single frames instead, up to
``CleanParameters.robot_sources`` of them, those first in which the hidden links stand most alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError, Clip
from recorder.cleaning.gain import fit_gain
from recorder.cleaning.layers import FillFacts
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.registration import REACH_PX
from recorder.cleaning.robot_atlas import FADE, RobotAtlas
from recorder.cleaning.robot_colours import RobotColours
from recorder.cleaning.robot_frames import (
    Hole,
    RobotFrame,
    RobotFrames,
    front,
    off_limit,
    unknown_joints,
)
from recorder.cleaning.robot_points import RobotPoints, refine
from recorder.cleaning.robot_replay import UNSEEN
from recorder.cleaning.robot_sources import (
    AGAIN,
    MOST_CANDIDATES,
    Candidate,
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
REGISTER_ROUNDS = 2
LEARN_STEP = 3
CELL_PX = 0.8
CHECK_STEP = 4
BADLY_TOLD = 20.0  # mean grey levels
TOLD_TRUST = 0.02  # of what the atlas tells of such a part against one frame that stands alike
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # grey of RGB, ITU-R BT.601
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
        The same motion filmed again by the same camera without the operator, with joints; by
        default ``clip.replay`` where the clip has one.

    Raises
    ------
    CleanError
        The rig cannot be used; ``RobotSilhouette``. From ``prepare``: the calibration or the joints
        do not fit the pictures.
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
        replay = getattr(clip, "replay", None) if replay is None else replay
        if replay is not None and replay.size == clip.size and replay.joints:
            nothing = np.zeros((clip.size[1], clip.size[0]), np.bool_)
            self._replay = RobotFrames(replay, self.silhouette, lambda _index: nothing)
        self._bank = SourceBank([])
        self._colours = RobotColours(self.silhouette.shapes)
        self._atlas = RobotAtlas(self.silhouette.shapes, 1e-3)
        self._singly = np.zeros(len(self.silhouette.shapes), np.bool_)

    def prepare(self, report: Report = quiet) -> FillFacts:
        """Find where the robot is seen in the clip; may raise ``Cancelled``."""
        runs = [run for run in (self.frames, self._replay) if run is not None]
        chosen = [
            np.unique(np.linspace(0, run.clip.count - 1, MOST_CANDIDATES).astype(np.int64))
            for run in runs
        ]
        meter = ProgressMeter(2.0 * sum(map(len, chosen)), report)
        self._register([(run, few(indices)) for run, indices in zip(runs, chosen, strict=True)])
        warnings = unknown_joints(self.clip)
        if not self.frames.fits():
            raise CleanError(
                f"camera '{self.clip.name}' does not show the robot where its calibration and the "
                f"joints put it, nor within {2 * REACH_PX} px of there; calibrate the camera again"
            )
        if self._replay is not None and not self._replay.fits():
            self._replay = None
            runs, chosen = runs[:1], chosen[:1]
            self._register([(self.frames, few(chosen[0]))])
            warnings.append(UNSEEN)
        colours = RobotColours(self.silhouette.shapes)
        found: list[Candidate] = []
        for number, (run, indices) in enumerate(zip(runs, chosen, strict=True)):
            seen: list[tuple[int, RobotFrame]] = []
            for index in indices:
                frame = run.get(int(index))
                if frame is not None:
                    seen.append((int(index), frame))
                meter.advance(1, "robot")
            limit = off_limit([frame.off for _, frame in seen if frame.off is not None])
            for index, frame in seen:
                if frame.off is None or frame.off <= limit:
                    found.append(candidate(number, index, frame, self.silhouette.shapes))
                    self._learn(colours, run.clip.frame(index), frame)
        colours.settle()
        self._colours = colours
        self._bank = SourceBank([one for one in found if one.visible.any()])
        self._gather(runs, meter)
        shift = self.frames.common
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

    def _register(self, runs: list[tuple[RobotFrames, NDArray[np.int64]]]) -> None:
        """Find the shift of every run, by edges first, then by the colours learnt with it."""
        for run, indices in runs:
            run.register(indices)
        for again in range(REGISTER_ROUNDS + 1):
            self._colours = RobotColours(self.silhouette.shapes)
            for run, indices in runs:
                for index in indices:
                    frame = run.drawn(int(index))
                    if frame is not None:
                        self._learn(self._colours, run.clip.frame(int(index)), frame)
            self._colours.settle()
            if again < REGISTER_ROUNDS:
                runs = [(run, run.register_colours(indices, self._grey)) for run, indices in runs]
        for run, _ in runs:
            run.painter = self._grey

    def _grey(self, frame: RobotFrame, where: NDArray[np.bool_]) -> NDArray[np.float32]:
        """The robot of a frame as it is painted, grey levels ``(h, w)``."""
        points = RobotPoints(self.silhouette, frame, where)
        out = np.zeros(where.shape, np.float32)
        out[points.at] = self._colours.paint(points.shape, points.normals) @ LUMA
        return out

    def _gather(self, runs: list[RobotFrames], meter: ProgressMeter) -> None:
        """Fill the atlas from the frames of the bank."""
        depths = [
            np.median(frame.surface.depth_m[frame.surface.mask])
            for one in self._bank.candidates
            if (frame := runs[one.clip].get(one.index)) is not None
        ]
        matrix = self.silhouette.geometry.matrix
        cell_m = CELL_PX * float(np.median(depths)) / matrix[0, 0] if depths else 1e-3
        self._atlas = RobotAtlas(self.silhouette.shapes, cell_m)
        count = max(1, len(self._bank))
        for number, one in enumerate(self._bank.candidates):
            run = runs[one.clip]
            frame = run.get(one.index)
            if frame is None:
                continue
            points = RobotPoints(self.silhouette, frame, front(frame))
            picture = run.clip.frame(one.index)
            seen = picture[frame.part][points.at].astype(np.float32)
            painted = self._colours.paint(points.shape, points.normals)
            everywhere = np.ones(len(seen), np.bool_)
            lit = fit_gain(painted, seen, everywhere).inverse().apply(seen)
            away = np.einsum("ni,ni->n", points.points_m, points.normals)
            squarely = (away / np.linalg.norm(points.points_m, axis=1)) ** 2
            weights = squarely.astype(np.float32)
            if number % CHECK_STEP == CHECK_STEP - 1:
                self._atlas.check(points, lit - painted, weights)
            self._atlas.add(points, lit - painted, weights, one.clip > 0)
            meter.advance(meter.total / 2 / count, "robot")
        replayed = any(one.clip for one in self._bank.candidates)  # it shows the very same poses
        self._singly = (self._atlas.misfit > BADLY_TOLD) | replayed

    def _learn(self, colours: RobotColours, picture: NDArray[np.uint8], frame: RobotFrame) -> None:
        """Take in the colours of what is seen, every ``LEARN_STEP``-th row and column."""
        seen = (frame.inside_px > 2 * EDGE_PX) & ~frame.hidden
        some = np.zeros_like(seen)
        some[::LEARN_STEP, ::LEARN_STEP] = seen[::LEARN_STEP, ::LEARN_STEP]
        points = RobotPoints(self.silhouette, frame, some)
        colours.learn(picture, frame, points.normals, points.at)

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
        single = wanted & self._singly[frame.surface.shape]
        for part, colours_at in ((wanted & ~single, self._told), (single, self._taken)):
            if not part.any():
                continue
            looked = part.copy()
            looked[rows[thin], columns[thin]] = True
            points = RobotPoints(self.silhouette, frame, looked)
            new = part[points.at]
            colours, source = colours_at(index, image, frame, points, new)
            at = points.at[0][new], points.at[1][new]
            filled[frame.part][at] = True
            out[frame.part][at] = np.clip(np.rint(colours[new]), 0, 255).astype(np.uint8)
            kinds[frame.part][at] = source[new]
        return RobotFill(out, filled, kinds)

    def _told(
        self,
        index: int,
        image: NDArray[np.uint8],
        frame: RobotFrame,
        points: RobotPoints,
        hidden: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Colours ``(N, 3)`` of points by paint and atlas, and where they are from ``(N,)``."""
        truth = image[frame.part][points.at].astype(np.float32)
        difference, seen, replayed = self._atlas.read(points)
        told = self._colours.paint(points.shape, points.normals) + difference
        told = fit_gain(told, truth, ~hidden).apply(told)
        kinds = np.where(2 * replayed > seen, FROM_REPLAY, FROM_FRAME)
        kinds[seen < FADE] = FROM_SHAPE
        return told, kinds.astype(np.uint8)

    def _taken(
        self,
        index: int,
        image: NDArray[np.uint8],
        frame: RobotFrame,
        points: RobotPoints,
        hidden: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """The same from single frames in which the links stand alike."""
        truth = image[frame.part][points.at].astype(np.float32)
        painted, kinds = self._told(index, image, frame, points, hidden)
        seen = ~hidden
        total = np.zeros((len(hidden), 3), np.float32)
        weight = np.zeros(len(hidden), np.float32)
        best = np.zeros(len(hidden), np.float32)
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
        mixed = (total + TOLD_TRUST * painted) / (weight + TOLD_TRUST)[:, None]
        return mixed.astype(np.float32), kinds

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


def few(indices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Some of the indices, evenly spread: enough for what all frames share."""
    return indices[:: max(1, len(indices) // REGISTER_FRAMES)]
