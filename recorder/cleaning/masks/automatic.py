"""Masks without drawing, for cameras that stand: first learn from a few pictures, then find.

The second pass works on reduced pictures, one after the other, and keeps three of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError, Clip
from recorder.cleaning.masks.edges import guided
from recorder.cleaning.masks.keyframes import (
    KeyFrame,
    checked_keyframes,
    keyframe_mask,
    stroke_pixels,
)
from recorder.cleaning.masks.learning import Drawn, Learned, learn
from recorder.cleaning.masks.parts import (
    Parts,
    grey_levels,
    without_holes,
)
from recorder.cleaning.masks.samples import (
    Samples,
    Silhouette,
    light_of,
    lit_like,
    reduced,
    reduced_silhouette,
    take_samples,
    work_size,
)
from recorder.cleaning.masks.scoring import Seen, operator_score
from recorder.cleaning.masks.steadiness import first_moved
from recorder.cleaning.masks.tracks import PackedMaskTrack
from recorder.cleaning.parameters import CleanParameters
from recorder.progress import ProgressMeter, Report, quiet

__all__ = ["Silhouette", "automatic_masks"]

MOST_SAMPLES = 32
SAMPLE_WORK = 20.0  # frames of the second pass that learning is worth
NEIGHBOUR_WEIGHT = 0.5  # how much what holds before and after speaks for now
EDGE_PX = 4  # reduced pixels
STRONG = 0.8
SMALL_HOLE = 0.002  # share of the picture
PLAINLY_HIS, PLAIN_SHARE = 1.5, 0.5  # score, and share of an island that has it
SMALLEST_ISLAND, LARGE_ISLAND = 0.0003, 0.003  # share of the picture: a fingertip, a hand
HELD_PX = 3  # reduced pixels round the silhouette
DOUBTFUL = 0.5
UNSURE = 0.5  # confidence where nobody was found, or not on firm ground
DOUBTS = {
    "skin": "the operator of '{}' was told from the robot by skin alone, so gloves and sleeves may "
    "be missing",
    "always": "no picture of '{}' shows the scene without the operator, so what hardly moves may "
    "be missing",
    "few": "'{}' has too few pictures to tell the operator from the scene for sure",
}
_BOX = np.ones((3, 3), np.uint8)


@dataclass
class _Looked:
    """One picture of the second pass."""

    score: NDArray[np.float32]
    grey: NDArray[np.uint8]
    robot: NDArray[np.float32] | None


def automatic_masks(
    clip: Clip,
    params: CleanParameters,
    silhouette: Silhouette | None = None,
    scribbles: Sequence[KeyFrame] = (),
    report: Report = quiet,
) -> PackedMaskTrack:
    """Find the operator in every picture.

    Parameters
    ----------
    clip : Clip
        From a camera that stands.
    params : CleanParameters
    silhouette : callable, optional
        Index to the robot's pixels ``(height, width)``, or None where they are not known.
    scribbles : sequence of KeyFrame
        What a person drew; needed when nothing else tells robot and gloves apart.
    report : callable
        May raise ``Cancelled``.

    Returns
    -------
    PackedMaskTrack
        With a sentence in ``warnings`` when no operator was found or the camera moved.

    Raises
    ------
    CleanError
        The camera moves.
    """
    if (params.mode or clip.mode) != "static":
        raise CleanError(
            f"camera '{clip.name}' moves, so the operator cannot be told from the scene by "
            "comparing pictures; draw on a few pictures instead"
        )
    keys = checked_keyframes(scribbles, clip.count)
    meter = ProgressMeter(clip.count + SAMPLE_WORK, report)
    samples = take_samples(
        clip, silhouette, MOST_SAMPLES, lambda part: meter.advance(part * SAMPLE_WORK / 2, "scene")
    )
    reference = samples.stack[len(samples.stack) // 2]
    drawn = {key.index: keyframe_mask(clip.frame(key.index), key) for key in keys}
    shown = [_drawn(clip, index, mask, reference) for index, mask in drawn.items()]
    learned = learn(samples, shown)
    warnings = _moved_warning(clip, samples)
    telling = int(samples.indices[learned.telling])
    del samples
    meter.advance(SAMPLE_WORK / 2, "colours")
    if learned.colours is None:
        return _nobody(clip, drawn, telling, warnings)
    track = _SecondPass(clip, learned, silhouette).run(meter)
    for key in keys:
        mask = track.mask(key.index) | drawn[key.index]
        mask &= ~stroke_pixels(mask.shape, key.background, key.brush_px)
        track = track.with_replaced(key.index, drawn[key.index] if key.is_empty else mask)
    if learned.doubt:
        why = DOUBTS[learned.doubt].format(clip.name)
        warnings += (f"{why}; draw hands and sleeves on picture {telling}",)
    return track.with_warnings(warnings)


def _drawn(clip: Clip, index: int, mask: NDArray[np.bool_], reference: NDArray[np.uint8]) -> Drawn:
    size = work_size(clip.size)
    image = reduced(clip.frame(index), size)
    small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    return Drawn(lit_like(image, light_of(reference, image)), small)


def _moved_warning(clip: Clip, samples: Samples) -> tuple[str, ...]:
    at = first_moved(samples.stack)
    if at is None:
        return ()
    before, after = samples.indices[at - 1], samples.indices[at]
    return (
        f"the camera of '{clip.name}' moved between pictures {before} and {after}; split the "
        "episode there, or choose mode 'moving' and draw",
    )


def _nobody(
    clip: Clip, drawn: dict[int, NDArray[np.bool_]], telling: int, warnings: tuple[str, ...]
) -> PackedMaskTrack:
    empty = np.zeros((clip.size[1], clip.size[0]), np.bool_)
    masks = (drawn.get(index, empty) for index in range(clip.count))
    confidences = [1.0 if index in drawn else UNSURE for index in range(clip.count)]
    sentence = (
        f"no operator was found in '{clip.name}'; if one is there, draw hands and sleeves on "
        f"picture {telling}"
    )
    return PackedMaskTrack(clip.size, masks, confidences, (*warnings, sentence))


class _SecondPass:
    """Goes through the clip once, three pictures at a time."""

    def __init__(self, clip: Clip, learned: Learned, silhouette: Silhouette | None) -> None:
        assert learned.colours is not None
        self._clip, self._silhouette = clip, silhouette
        self._scene, self._colours = learned.scene, learned.colours
        self._surest = UNSURE if learned.doubt else 1.0
        self._size = work_size(clip.size)

    def run(self, meter: ProgressMeter) -> PackedMaskTrack:
        """Masks and confidences."""
        confidences: list[float] = []
        return PackedMaskTrack(self._clip.size, self._masks(meter, confidences), confidences)

    def _masks(self, meter: ProgressMeter, confidences: list[float]):
        count = self._clip.count
        before: _Looked | None = None
        now = self._look(0)
        region: NDArray[np.bool_] | None = None
        for index in range(count):
            after = self._look(index + 1) if index + 1 < count else None
            score = _steadied(now.score, before, after)
            score = guided(now.grey, score, EDGE_PX)
            region = _region(score, region, now.robot)
            score = np.where(region, np.maximum(score, 0.05), np.minimum(score, -0.05))
            confidences.append(min(self._surest, _confidence(score, region)))
            whole = cv2.resize(score.astype(np.float32), self._clip.size)
            yield whole > 0
            meter.advance(1, "masks")
            if after is not None:
                before, now = now, after

    def _look(self, index: int) -> _Looked:
        image = reduced(self._clip.frame(index), self._size)
        lit = lit_like(image, light_of(self._scene.grey_levels, image))
        robot = reduced_silhouette(self._silhouette, index, self._clip, self._size)
        score = operator_score(Seen(lit), self._scene, self._colours, robot)
        return _Looked(score, grey_levels(lit), robot)


def _steadied(
    score: NDArray[np.float32], before: _Looked | None, after: _Looked | None
) -> NDArray[np.float32]:
    """Score with support from pictures before and after, where both agree."""
    if before is None or after is None:
        return score
    return score + np.float32(NEIGHBOUR_WEIGHT) * np.clip(
        np.minimum(before.score, after.score), -1, 2
    )


def _region(
    score: NDArray[np.float32],
    previous: NDArray[np.bool_] | None,
    robot: NDArray[np.float32] | None,
) -> NDArray[np.bool_]:
    """Parts that reach the edge, what was the operator before, or the robot, without small holes.

    An arm behind the robot leaves fingers that hang together with nothing: they count when they
    are plainly his. Without silhouettes only large ones do.
    """
    mask = cv2.morphologyEx(np.asarray(score > 0, np.uint8), cv2.MORPH_CLOSE, _BOX)
    parts = Parts(mask.view(np.bool_))
    known = parts.at_edge()
    if previous is not None:
        known |= parts.with_any(previous)
    known &= parts.with_any(score > STRONG)
    islands = parts.alike(score > PLAINLY_HIS, PLAIN_SHARE, LARGE_ISLAND)
    if robot is not None:
        box = np.ones((2 * HELD_PX + 1,) * 2, np.uint8)
        islands = parts.alike(score > PLAINLY_HIS, PLAIN_SHARE, SMALLEST_ISLAND)
        islands &= parts.with_any(cv2.dilate(robot, box) > 0)
    known |= islands
    return without_holes(parts.pixels(known), SMALL_HOLE)


def _confidence(score: NDArray[np.float32], region: NDArray[np.bool_]) -> float:
    """Share of mask and surroundings that is not doubtful."""
    near = cv2.dilate(region.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    number = np.count_nonzero(near)
    if not number:
        return 1.0
    doubtful = np.count_nonzero(near & (np.abs(score) < DOUBTFUL))
    return 1.0 - doubtful / number
