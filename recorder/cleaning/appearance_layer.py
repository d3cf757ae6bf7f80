"""The robot behind the operator's hands without a calibration: by looks alone.

Frames in which the place is not covered are ranked by how alike the joints are, where they are
known, and how alike the pictures are around the hole; the best are brought into register with the
foreground seen around the hole and lend their foreground. What is foreground is told by the plate:
without one, everything in register is taken. It cannot know what it does not see, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import Clip
from recorder.cleaning.gain import fit_gain
from recorder.cleaning.layers import FillFacts
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.robot_frames import Hole
from recorder.cleaning.robot_layer import FROM_FRAME, FROM_REPLAY, RobotFill
from recorder.progress import ProgressMeter, Report, quiet

WARNING = (
    "the robot is told by its appearance only, because the camera's calibration or the joints are "
    "missing; check the result, or add a calibration"
)
MOST_CANDIDATES = 90
SMALL = (80, 60)  # pictures are compared at this size
RING_PX = 32  # what is seen this near to the hole is brought into register
FOREGROUND = 24.0  # grey levels from the plate
COVERED_WORTH = 60.0  # grey levels a candidate may differ more when it shows all of the hole
JOINT_WORTH = 40.0  # grey levels that one radian (or 0.1 m) counts as
TRIED = 1  # candidates tried for every one that is used
MOST_BYTES = 96 << 20  # pictures kept, as reading a film out of order is slow
ALIKE_LEAST = 0.85  # correlation after registration (ECC)
SEARCH_STEP = 4  # pixels between those compared in the coarse search
FAR_PX = 160.0  # a match this far off must be twice as good
ECC_STEPS, ECC_EPSILON = 8, 1e-3
ECC_MARGIN_PX = 16
FEWEST_RING_PX = 200
AGREEING, AGREES = 75, 25.0  # this share of the ring within so many grey levels


@dataclass(frozen=True)
class _Look:
    """A candidate: picture and hole in small, joints."""

    clip: int
    index: int
    time_ns: int
    small: NDArray[np.float32]
    covered: NDArray[np.bool_]
    joints: NDArray[np.float64]


class AppearanceRobotLayer:
    """Fills hidden foreground from other frames that look alike.

    Parameters
    ----------
    clip : Clip
        Joints are used where they are known.
    hole : callable
        Index to (height, width) bool array, True where the operator is, dilated.
    params : CleanParameters
    replay : Clip, optional
        The same motion filmed again without the operator; without joints the frame of the same
        time is taken.
    """

    def __init__(
        self, clip: Clip, hole: Hole, params: CleanParameters, replay: Clip | None = None
    ) -> None:
        self.clip, self.params, self._hole = clip, params, hole
        self._replay = replay if replay is not None and replay.size == clip.size else None
        self._looks: list[_Look] = []
        self._pictures: dict[tuple[int, int], NDArray[np.uint8]] = {}

    def prepare(self, report: Report = quiet) -> FillFacts:
        """Look through the clip once; may raise ``Cancelled``."""
        runs = [self.clip] if self._replay is None else [self.clip, self._replay]
        chosen = [_spread(run.count, MOST_CANDIDATES) for run in runs]
        meter = ProgressMeter(float(sum(map(len, chosen))), report)
        self._looks = []
        for number, (run, indices) in enumerate(zip(runs, chosen, strict=True)):
            for index in indices:
                covered = self._hole(index) if number == 0 else None
                picture = run.frame(index)
                self._looks.append(_look(run, number, index, picture, covered))
                if (len(self._pictures) + 1) * picture.nbytes <= MOST_BYTES:
                    self._pictures[number, index] = picture
                meter.advance(1, "robot")
        return FillFacts((WARNING,), {"robot_frames": float(len(self._looks))})

    def fill(
        self,
        index: int,
        image: NDArray[np.uint8],
        hole: NDArray[np.bool_] | None = None,
        plate: NDArray[np.uint8] | None = None,
    ) -> RobotFill:
        """Put foreground into the hole of frame ``index``; prepares, if that was not done.

        Parameters
        ----------
        index : int
        image : (height, width, 3) uint8 array
            RGB.
        hole : (height, width) bool array, optional
            What to fill, by default the whole hole of the frame.
        plate : (height, width, 3) uint8 array, optional
            The scene without robot and operator, in the light of ``image``.
        """
        todo = self._hole(index).copy() if hole is None else hole.copy()
        out = image.copy()
        kinds = np.zeros(todo.shape, np.uint8)
        wanted = todo.copy()
        if not todo.any():
            return RobotFill(out, wanted & ~todo, kinds)
        if not self._looks:
            self.prepare()
        used = 0
        for look in self._ranked(index, image, todo)[: TRIED * self.params.robot_sources]:
            if used == self.params.robot_sources or not todo.any():
                break
            lent = self._lend(look, image, todo, self._hole(index) | wanted, plate)
            if lent is None:
                continue
            used += 1
            picture, valid = lent
            np.copyto(out, picture, where=valid[..., None])
            kinds[valid] = FROM_REPLAY if look.clip else FROM_FRAME
            todo &= ~valid
        return RobotFill(out, kinds > 0, kinds)

    def _ranked(self, index: int, image: NDArray[np.uint8], todo: NDArray[np.bool_]) -> list[_Look]:
        now = _look(self.clip, 0, index, image, self._hole(index))
        wanted = _shrunk(todo)
        near = cv2.dilate(wanted.astype(np.uint8), np.ones((15, 15), np.uint8)).view(np.bool_)
        costs = []
        for look in self._looks:
            seen = near & ~look.covered & ~now.covered
            apart = np.abs(look.small - now.small)[seen].mean() if seen.any() else 64.0
            covered = float(np.mean(look.covered[wanted])) if wanted.any() else 0.0
            cost = float(apart) + COVERED_WORTH * covered
            if len(look.joints) and len(look.joints) == len(now.joints):
                cost += JOINT_WORTH * float(np.abs(look.joints - now.joints).mean())
            elif look.clip:
                cost += abs(look.time_ns - now.time_ns) * 1e-9 * JOINT_WORTH
            same = look.clip == 0 and look.index == index
            costs.append(np.inf if same or covered > 0.98 else cost)
        order = np.argsort(np.array(costs), kind="stable")
        return [self._looks[int(row)] for row in order if np.isfinite(costs[int(row)])]

    def _lend(
        self,
        look: _Look,
        image: NDArray[np.uint8],
        todo: NDArray[np.bool_],
        hidden: NDArray[np.bool_],
        plate: NDArray[np.uint8] | None,
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]] | None:
        """A candidate in register, and where it may be used; None when it does not fit."""
        run = self.clip if look.clip == 0 or self._replay is None else self._replay
        source = self._pictures.get((look.clip, look.index))
        if source is None:
            source = run.frame(look.index)
        covered = self._hole(look.index) if look.clip == 0 else np.zeros_like(todo)
        box = np.ones((2 * RING_PX + 1, 2 * RING_PX + 1), np.uint8)
        ring = cv2.dilate(todo.astype(np.uint8), box).view(np.bool_) & ~hidden
        if plate is not None:
            ring &= _differs(image, plate)
        if np.count_nonzero(ring & ~covered) < FEWEST_RING_PX:
            return None
        rows, columns = np.flatnonzero(ring.any(axis=1)), np.flatnonzero(ring.any(axis=0))
        part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        start = _found_at(source, image[part], ring[part], part)
        move = _registered(source, image, ring, start)
        if move is None:
            return None
        size, flags = (todo.shape[1], todo.shape[0]), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        picture = cv2.warpAffine(source, move, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        usable = ~covered if plate is None else ~covered & _differs(source, plate)
        known = cv2.warpAffine(usable.astype(np.uint8) * 255, move, size, flags=flags) > 128
        both = ring & known
        if np.count_nonzero(both) < FEWEST_RING_PX:
            return None
        lit = fit_gain(picture, image, both).apply(picture)
        off = float(np.percentile(np.abs(lit[both] - image[both]).max(axis=1), AGREEING))
        if off > AGREES:
            return None
        return np.clip(np.rint(lit), 0, 255).astype(np.uint8), known & todo


def _found_at(
    source: NDArray[np.uint8],
    piece: NDArray[np.uint8],
    where: NDArray[np.bool_],
    part: tuple[slice, slice],
) -> tuple[float, float]:
    """How far right and down the ``piece`` of a picture is found in ``source``, pixels."""
    step = SEARCH_STEP
    template = np.ascontiguousarray(piece[::step, ::step])
    mask = np.ascontiguousarray(where[::step, ::step]).astype(np.uint8)
    if min(template.shape[:2]) < 4 or not mask.any():
        return 0.0, 0.0
    mask = np.repeat(mask[..., None], 3, axis=2)
    apart = cv2.matchTemplate(
        np.ascontiguousarray(source[::step, ::step]), template, cv2.TM_SQDIFF, mask=mask
    )
    row, column = part[0].start // step, part[1].start // step
    rows, columns = np.mgrid[: apart.shape[0], : apart.shape[1]]
    way = np.hypot(rows - row, columns - column) * step
    cost = apart / max(1, int(mask.sum())) * (1 + (way / FAR_PX) ** 2)
    at = np.unravel_index(int(np.argmin(cost)), cost.shape)
    return float((int(at[1]) - column) * step), float((int(at[0]) - row) * step)


def _registered(
    source: NDArray[np.uint8],
    image: NDArray[np.uint8],
    where: NDArray[np.bool_],
    start_px: tuple[float, float],
) -> NDArray[np.float64] | None:
    """Rigid motion ``(2, 3)`` from ``image`` to ``source`` (enhanced correlation coefficient)."""
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    height, width = where.shape
    right, down = start_px
    top, bottom = int(max(0, rows[0] + down)), int(min(height, rows[-1] + 1 + down))
    left, end = int(max(0, columns[0] + right)), int(min(width, columns[-1] + 1 + right))
    if bottom - top < 8 or end - left < 8:
        return None
    near = (  # what of the image the motion may reach
        max(0, int(rows[0]) - ECC_MARGIN_PX) // 2 * 2, int(rows[-1]) + 1 + ECC_MARGIN_PX,
        max(0, int(columns[0]) - ECC_MARGIN_PX) // 2 * 2, int(columns[-1]) + 1 + ECC_MARGIN_PX,
    )  # fmt: skip
    part = (slice(near[0], near[1]), slice(near[2], near[3]))
    piece, whole = (
        cv2.cvtColor(_halved(one), cv2.COLOR_RGB2GRAY)
        for one in (source[top:bottom, left:end], image[part])
    )
    seen = _halved(where[part].view(np.uint8) * np.uint8(255)) > 127
    motion = np.array(
        [[1, 0, (left - right - near[2]) / 2], [0, 1, (top - down - near[0]) / 2]], np.float32
    )
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ECC_STEPS, ECC_EPSILON)
    try:  # the mask belongs to the second picture, so the motion is looked for backwards
        alike, back = cv2.findTransformECC(
            piece, whole, motion, cv2.MOTION_EUCLIDEAN, criteria, seen.astype(np.uint8), 1
        )
    except cv2.error:  # it did not converge: nothing there to hold on to
        return None
    if alike < ALIKE_LEAST:
        return None
    back = np.asarray(back, np.float64)  # between centres of pixels twice as large
    back[:, 2] = 2 * back[:, 2] + 0.5 - back[:, :2] @ (0.5, 0.5) + (near[2], near[0])
    forth = np.asarray(cv2.invertAffineTransform(back), np.float64)
    forth[:, 2] += (left, top)
    return forth


def _halved(picture: NDArray) -> NDArray:
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    even = picture[: 2 * height, : 2 * width]
    return cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)


def _look(
    run: Clip, clip: int, index: int, image: NDArray[np.uint8], covered: NDArray[np.bool_] | None
) -> _Look:
    small = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), SMALL, interpolation=cv2.INTER_AREA)
    hidden = np.zeros(small.shape, np.bool_) if covered is None else _shrunk(covered)
    joints = [np.asarray(run.joints[side][index]) for side in sorted(run.joints)]
    together = np.concatenate(joints) if joints else np.empty(0)
    if not np.isfinite(together).all():
        together = np.empty(0)
    time_ns = int(run.time_ns[index])
    return _Look(clip, index, time_ns, small.astype(np.float32), hidden, together)


def _shrunk(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return cv2.resize(mask.astype(np.float32), SMALL, interpolation=cv2.INTER_AREA) > 0.1


def _differs(image: NDArray[np.uint8], plate: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where ``image`` shows something else than ``plate``, without specks."""
    apart = cv2.absdiff(image, plate)
    apart = np.maximum(np.maximum(apart[..., 0], apart[..., 1]), apart[..., 2])
    seen = (apart > FOREGROUND).view(np.uint8)
    closed = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).view(np.bool_)


def _spread(count: int, most: int) -> list[int]:
    return [int(i) for i in np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))]
