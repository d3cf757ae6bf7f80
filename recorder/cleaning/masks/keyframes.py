"""Masks drawn by a person: strokes, a polygon or a box on a picture, made exact by GrabCut."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recorder.cleaning.clip import CleanError
from recorder.cleaning.masks.colour_model import ColourCounts, ColourModel, colour_bins
from recorder.cleaning.masks.edges import refined
from recorder.cleaning.masks.parts import parts_with

Polyline = tuple[tuple[float, float], ...]

GRABCUT_SEED = 20
GRABCUT_ROUNDS = 2
AROUND_PX = 24  # reduced pixels round the first guess that GrabCut looks at
WORK_SIDE_PX = 320  # GrabCut runs on a picture of about this width
POLYGON_SLACK = 0.012  # of the width: how far outside a polygon the operator may still be
BAND_PX = 3  # an edge found at half resolution is off by at most this
FAR = 1.2  # log ratio above which a colour is taken for the operator before GrabCut


class KeyFrame(BaseModel):
    """What a person drew on one picture, in pixels of that picture (x right, y down).

    Attributes
    ----------
    index : int
        Picture.
    foreground, background : tuple of polylines
        Strokes on the operator, and on what is not the operator.
    polygon : polyline
        Outline of the operator; empty without one.
    box : tuple of (x0, y0, x1, y1) or None
        The operator is inside.
    brush_px : float
        Width of the strokes.

    Notes
    -----
    Nothing drawn on the operator, no polygon and no box means: the operator is not there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: int = Field(ge=0)
    foreground: tuple[Polyline, ...] = ()
    background: tuple[Polyline, ...] = ()
    polygon: Polyline = ()
    box: tuple[float, float, float, float] | None = None
    brush_px: float = Field(default=9.0, gt=0, le=200)

    @property
    def is_empty(self) -> bool:
        """Whether it says that the operator is not there."""
        return not any(self.foreground) and len(self.polygon) < 3 and self.box is None


def keyframe_mask(image: NDArray[np.uint8], key: KeyFrame) -> NDArray[np.bool_]:
    """The operator in one picture.

    Parameters
    ----------
    image : (height, width, 3) uint8 array
        RGB.
    key : KeyFrame

    Returns
    -------
    (height, width) bool array
        What was drawn is always inside, what was drawn as background never.

    Notes
    -----
    GrabCut (Rother, Kolmogorov, Blake, 2004) at reduced size, then the edge is laid on the edges
    of the full picture. The same strokes give the same mask.
    """
    height, width = image.shape[:2]
    if key.is_empty:
        return np.zeros((height, width), np.bool_)
    small_image, scale = _reduced(image)
    small = _cut(small_image, key, scale)
    whole = cv2.resize(small.view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    mask = refined(whole.view(np.bool_), np.ascontiguousarray(image), BAND_PX)
    mask[stroke_pixels((height, width), key.foreground, key.brush_px)] = True
    mask[stroke_pixels((height, width), key.background, key.brush_px)] = False
    return mask


def checked_keyframes(keyframes: Iterable[KeyFrame], count: int) -> list[KeyFrame]:
    """Key frames in order of time; raises ``CleanError`` for one outside the clip or two on one."""
    ordered = sorted(keyframes, key=lambda key: key.index)
    for key in ordered:
        if key.index >= count:
            raise CleanError(
                f"a key frame is at picture {key.index}, the clip has pictures 0 to {count - 1}"
            )
    for one, other in zip(ordered, ordered[1:], strict=False):
        if one.index == other.index:
            raise CleanError(f"picture {one.index} has two key frames; keep one of them")
    return ordered


def stroke_pixels(
    shape: tuple[int, int], lines: Iterable[Polyline], width_px: float, scale: float = 1.0
) -> NDArray[np.bool_]:
    """Pixels under strokes ``(height, width)``; a stroke of one point is a dot."""
    drawn = np.zeros(shape, np.uint8)
    thickness = max(1, round(width_px * scale))
    for line in lines:
        if not line:
            continue
        points = np.rint(np.array(line, np.float64) * scale).astype(np.int32)
        if len(points) == 1:
            points = np.repeat(points, 2, axis=0)
        cv2.polylines(drawn, [points.reshape(-1, 1, 2)], False, 255, thickness)
    return drawn > 0


def _reduced(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    height, width = image.shape[:2]
    scale = min(1.0, WORK_SIDE_PX / width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), scale


def _cut(image: NDArray[np.uint8], key: KeyFrame, scale: float) -> NDArray[np.bool_]:
    shape = image.shape[:2]
    drawn = stroke_pixels(shape, key.foreground, key.brush_px, scale)
    barred = stroke_pixels(shape, key.background, key.brush_px, scale)
    labels = _first_guess(image, key, scale, drawn, barred)
    labels[drawn] = cv2.GC_FGD
    labels[barred] = cv2.GC_BGD
    part = _part_to_cut(labels)
    inside = np.ascontiguousarray(labels[part])
    if len({bool(one & 1) for one in np.unique(inside)}) == 2:
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.setRNGSeed(GRABCUT_SEED)  # its mixtures start from random centres
        bgr = np.ascontiguousarray(image[part][..., ::-1])
        cv2.grabCut(bgr, inside, None, *models, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)  # pyright: ignore
    found = np.zeros(shape, np.bool_)
    found[part] = (inside == cv2.GC_FGD) | (inside == cv2.GC_PR_FGD)
    found &= ~barred
    return parts_with(found, drawn) if drawn.any() else found


def _part_to_cut(labels: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Rows and columns of what may be the operator, with surroundings to tell him from."""
    likely = (labels & 1) > 0  # GC_FGD and GC_PR_FGD are odd
    rows, columns = np.flatnonzero(likely.any(axis=1)), np.flatnonzero(likely.any(axis=0))
    if not len(rows):
        return slice(None), slice(None)
    return (
        slice(max(0, rows[0] - AROUND_PX), rows[-1] + AROUND_PX + 1),
        slice(max(0, columns[0] - AROUND_PX), columns[-1] + AROUND_PX + 1),
    )


def _first_guess(
    image: NDArray[np.uint8],
    key: KeyFrame,
    scale: float,
    drawn: NDArray[np.bool_],
    barred: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """GrabCut labels before the strokes are set."""
    shape = image.shape[:2]
    if len(key.polygon) >= 3:
        inside = np.zeros(shape, np.uint8)
        corners = np.rint(np.array(key.polygon, np.float64) * scale).astype(np.int32)
        cv2.fillPoly(inside, [corners.reshape(-1, 1, 2)], 1)
        slack = max(2, round(POLYGON_SLACK * shape[1]))
        box = np.ones((2 * slack + 1,) * 2, np.uint8)
        near, core = cv2.dilate(inside, box), cv2.erode(inside, box)
        labels = np.where(near > 0, cv2.GC_PR_BGD, cv2.GC_BGD).astype(np.uint8)
        labels[inside > 0] = cv2.GC_PR_FGD
        labels[core > 0] = cv2.GC_FGD
        return labels
    if key.box is not None:
        x0, y0, x1, y1 = (round(one * scale) for one in key.box)
        labels = np.full(shape, cv2.GC_BGD, np.uint8)
        labels[max(0, min(y0, y1)) : max(y0, y1) + 1, max(0, min(x0, x1)) : max(x0, x1) + 1] = (
            cv2.GC_PR_FGD
        )
        return labels
    bins = colour_bins(image)
    mine, others = ColourCounts(), ColourCounts()
    mine.add(bins[drawn])
    others.add(bins[~drawn])
    others.add(bins[barred], weight=8.0)
    likely = ColourModel(mine, others).evidence(bins) > FAR
    labels = np.full(shape, cv2.GC_PR_BGD, np.uint8)
    labels[parts_with(likely | drawn, drawn)] = cv2.GC_PR_FGD
    return labels
