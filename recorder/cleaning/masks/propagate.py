"""Key frames carried through the clip by optical flow, from both sides.

Between two key frames a mask is carried forward from the one and backward from the other, one
picture at a time. Where forward and backward flow contradict each other, and along the edge, the
colours of what was drawn decide. Both results are blended by distance.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError, Clip
from recorder.cleaning.masks.colour_model import ColourCounts, ColourModel, colour_bins
from recorder.cleaning.masks.edges import guided
from recorder.cleaning.masks.keyframes import KeyFrame, checked_keyframes, keyframe_mask
from recorder.cleaning.masks.parts import Parts, grey_levels
from recorder.cleaning.masks.samples import reduced, work_size
from recorder.cleaning.masks.tracks import PackedMaskTrack
from recorder.cleaning.parameters import CleanParameters
from recorder.progress import ProgressMeter, Report, quiet

CONTRADICTION_PX = 1.5  # forward and backward flow must meet this near
BAND_PX = 4  # reduced pixels on both sides of a carried edge that colour may correct
RING_PX = 24  # surroundings whose colours count as not the operator
COLOUR_WEIGHT = 0.35
EDGE_PX = 3
PLAINLY_HIS = 2.0  # log ratio
SMALLEST_NEW = 0.0006  # share of the picture
FEW_STRAYS = 0.002  # share of a key frame's picture that may look like the operator by mistake
PLAIN = 0.5  # log ratio from which a colour agrees or disagrees with the mask


@dataclass
class _Carried:
    """A mask on its way through the clip.

    Attributes
    ----------
    soft : (height, width) float32 array
        0 to 1, reduced.
    trust : float
        Product of what the flow confirmed since the key frame.
    """

    soft: NDArray[np.float32]
    trust: float


def keyframe_masks(
    clip: Clip, keyframes: Sequence[KeyFrame], params: CleanParameters, report: Report = quiet
) -> PackedMaskTrack:
    """Masks of every picture from those a person drew.

    Parameters
    ----------
    clip : Clip
        Standing or moving camera.
    keyframes : sequence of KeyFrame
        One at least; before the first and after the last masks are carried from one side only.
    params : CleanParameters
        ``rekey_below`` decides what the warning calls doubtful.
    report : callable
        May raise ``Cancelled``.

    Returns
    -------
    PackedMaskTrack
        The confidence of a picture is the share of its mask's edge on which both directions and
        the colours agree.

    Raises
    ------
    CleanError
        No key frame, one outside the clip, or two on one picture.
    """
    keys = checked_keyframes(keyframes, clip.count)
    if not keys:
        raise CleanError(f"nothing was drawn on '{clip.name}'; draw the operator on a picture")
    meter = ProgressMeter(2 * clip.count, report)
    carrier = _Carrier(clip, keys, meter)
    confidences: list[float] = []
    track = PackedMaskTrack(clip.size, carrier.masks(confidences), confidences)
    doubtful = sum(track.confidence(index) < params.rekey_below for index in range(clip.count))
    if doubtful:
        first = rekey_suggestions(track, params.rekey_below)[0]
        return track.with_warnings(
            (f"{doubtful} masks of '{clip.name}' are doubtful; draw on picture {first} next",)
        )
    return track


def rekey_suggestions(track: PackedMaskTrack, below: float = 0.6, apart: int = 15) -> list[int]:
    """Pictures to draw on next, the worst first.

    Parameters
    ----------
    track : PackedMaskTrack
    below : float
        Confidence under which a picture is suggested (``CleanParameters.rekey_below``).
    apart : int
        Suggestions are at least so many pictures from each other.
    """
    confidence = np.array([track.confidence(index) for index in range(track.count)])
    chosen: list[int] = []
    for index in np.argsort(confidence, kind="stable"):
        if confidence[index] >= below:
            break
        if all(abs(int(index) - other) >= apart for other in chosen):
            chosen.append(int(index))
    return chosen


class _Carrier:
    """Carries the masks of key frames through a clip."""

    def __init__(self, clip: Clip, keys: list[KeyFrame], meter: ProgressMeter) -> None:
        self._clip, self._meter = clip, meter
        self._size = work_size(clip.size)
        self._keys = [key.index for key in keys]
        self._drawn = {key.index: keyframe_mask(clip.frame(key.index), key) for key in keys}
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._colours = self._learn()
        self._strays = max(self._strays_of(index) for index in self._keys)

    def masks(self, confidences: list[float]) -> Iterator[NDArray[np.bool_]]:
        """Every mask in order; appends its confidence."""
        starts = [0, *self._keys]
        ends = [*self._keys, self._clip.count]
        for start, end in zip(starts, ends, strict=True):
            if start == end:
                continue
            left = start if start in self._drawn else None
            right = end if end < self._clip.count else None
            for index, soft, confidence in self._between(start, end, left, right):
                drawn = self._drawn.get(index)
                confidences.append(1.0 if drawn is not None else confidence)
                yield drawn if drawn is not None else cv2.resize(soft, self._clip.size) > 0.5

    def _between(
        self, start: int, end: int, left: int | None, right: int | None
    ) -> Iterator[tuple[int, NDArray[np.float32], float]]:
        """Pictures ``start`` to ``end``, carried from the key frames on either side."""
        back: dict[int, tuple[bytes, float]] = {}
        if right is not None:
            state = self._at_key(right)
            image = self._image(right)
            for index in range(right - 1, start - 1, -1):
                state, image = self._step(state, image, index)
                back[index] = (_bytes(state.soft), state.trust)
        else:
            self._meter.advance(end - start, "masks")
        state = self._at_key(left) if left is not None else None
        image = self._image(left) if left is not None else None
        for index in range(start, end):
            if state is not None and image is not None and index != left:
                state, image = self._step(state, image, index)
            else:
                self._meter.advance(1, "masks")
            picture = image if image is not None else self._image(index)
            behind = self._unpacked(*back[index]) if index in back else None
            soft, agreed = self._blend(index, start, end, state, behind)
            evidence = cv2.blur(self._colours.evidence(colour_bins(picture)), (3, 3))
            evidence = evidence.astype(np.float32, copy=False)
            come = newcomers(soft > 0.5, evidence)
            missed = max(0.0, float(come.mean()) - self._strays)
            if self._strays <= FEW_STRAYS:
                soft, missed = np.where(come, np.float32(1), soft), 0.0
            confidence = self._confidence(soft, agreed, evidence, state, behind)
            yield index, soft, confidence * (1.0 - missed / max(missed + (soft > 0.5).mean(), 1e-9))

    def _blend(
        self,
        index: int,
        start: int,
        end: int,
        ahead: _Carried | None,
        behind: _Carried | None,
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
        """Both masks weighted by nearness to their key frames, and where they agree."""
        if ahead is None or behind is None:
            only = ahead or behind
            assert only is not None
            return only.soft, None
        share = (index - start) / (end - start)
        agreed = (ahead.soft > 0.5) == (behind.soft > 0.5)
        soft = np.float32(1 - share) * ahead.soft + np.float32(share) * behind.soft
        return soft.astype(np.float32, copy=False), np.asarray(agreed, np.bool_)

    def _step(
        self, state: _Carried, image: NDArray[np.uint8], index: int
    ) -> tuple[_Carried, NDArray[np.uint8]]:
        """Carry ``state`` from ``image`` to picture ``index``."""
        arrived = self._image(index)
        grey, before = grey_levels(arrived), grey_levels(image)
        back = self._flow.calc(grey, before, None)  # pyright: ignore
        forth = self._flow.calc(before, grey, None)  # pyright: ignore
        grid_x, grid_y = _grid(grey.shape)
        at_x, at_y = grid_x + back[..., 0], grid_y + back[..., 1]
        carried = cv2.remap(state.soft, at_x, at_y, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)
        returned = cv2.remap(forth, at_x, at_y, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)
        apart = np.hypot(*np.moveaxis(back + returned, -1, 0))
        broken = apart > CONTRADICTION_PX
        carried = carried.astype(np.float32, copy=False)
        soft = self._corrected(carried, broken, arrived, grey)
        edge = _band(carried > 0.5, 2)
        number = np.count_nonzero(edge)
        kept = 1.0 - np.count_nonzero(edge & broken) / number if number else 1.0
        self._meter.advance(1, "masks")
        return _Carried(soft, state.trust * (0.98 + 0.02 * kept)), arrived

    def _corrected(
        self,
        carried: NDArray[np.float32],
        broken: NDArray[np.bool_],
        image: NDArray[np.uint8],
        grey: NDArray[np.uint8],
    ) -> NDArray[np.float32]:
        """Let colour decide along the edge and where the flow is broken nearby."""
        whole = carried > 0.5
        if not whole.any():
            return carried
        evidence = self._colours.evidence(colour_bins(image))
        near = cv2.dilate(whole.view(np.uint8), np.ones((2 * RING_PX + 1,) * 2, np.uint8)) > 0
        open_to_colour = _band(whole, BAND_PX) | (broken & near)
        soft = np.where(
            open_to_colour,
            np.clip(carried + np.float32(COLOUR_WEIGHT) * np.tanh(evidence), 0, 1),
            carried,
        ).astype(np.float32)
        return np.clip(guided(grey, soft, EDGE_PX), np.float32(0), np.float32(1))

    def _confidence(
        self,
        soft: NDArray[np.float32],
        agreed: NDArray[np.bool_] | None,
        evidence: NDArray[np.float32],
        ahead: _Carried | None,
        behind: _Carried | None,
    ) -> float:
        """Share of the edge on which both directions and the colours agree, times trust."""
        trust = max(one.trust for one in (ahead, behind) if one is not None)
        mask = soft > 0.5
        if not mask.any():
            both_empty = agreed is None or bool(agreed.all())
            return trust if both_empty else 0.5 * trust
        inner = mask & _band(mask, 3)
        outer = ~mask & _band(mask, 3)
        wrong = np.count_nonzero(inner & (evidence < -PLAIN))
        wrong += np.count_nonzero(outer & (evidence > PLAIN))
        number = max(1, np.count_nonzero(inner | outer))
        share = 1.0 - wrong / number
        if agreed is not None:
            share *= 1.0 - np.count_nonzero((inner | outer) & ~agreed) / number
        return float(np.clip(share * trust, 0, 1))

    def _learn(self) -> ColourModel:
        """Colours of what was drawn against those around it."""
        mine, others = ColourCounts(), ColourCounts()
        for index in self._keys:
            bins = colour_bins(self._image(index))
            soft = self._at_key(index).soft
            mine.add(bins[soft > 0.9])
            ring = np.ones((2 * RING_PX + 1,) * 2, np.uint8)
            near = cv2.dilate(soft, ring) > 0.5
            others.add(bins[near & (soft < 0.1)])
            others.add(bins[soft < 0.1], 0.1)
        return ColourModel(mine, others)

    def _strays_of(self, index: int) -> float:
        """Share of a key frame's picture that looks like the operator and was not drawn."""
        evidence = cv2.blur(self._colours.evidence(colour_bins(self._image(index))), (3, 3))
        there = newcomers(self._at_key(index).soft > 0.5, evidence.astype(np.float32, copy=False))
        return float(there.mean())

    def _at_key(self, index: int) -> _Carried:
        drawn = self._drawn[index].astype(np.float32)
        soft = cv2.resize(drawn, self._size, interpolation=cv2.INTER_AREA)
        return _Carried(soft.astype(np.float32, copy=False), 1.0)

    def _image(self, index: int) -> NDArray[np.uint8]:
        return reduced(self._clip.frame(index), self._size)

    def _unpacked(self, packed: bytes, trust: float) -> _Carried:
        flat = np.frombuffer(zlib.decompress(packed), np.uint8).astype(np.float32) / np.float32(255)
        return _Carried(flat.reshape(self._size[1], self._size[0]), trust)


def newcomers(mask: NDArray[np.bool_], evidence: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Parts that are plainly the operator by colour and come in from the edge, or from the mask.

    Parameters
    ----------
    mask : (height, width) bool array
        The operator as carried on: what comes in after a key frame is in no flow.
    evidence : (height, width) float32 array
        Log ratio of his colours.
    """
    near = cv2.dilate(mask.view(np.uint8), np.ones((2 * BAND_PX + 1,) * 2, np.uint8)) > 0
    parts = Parts((evidence > PLAINLY_HIS) & ~near)
    beside = _band(near, 1) & ~mask
    known = parts.at_edge(SMALLEST_NEW)
    known |= parts.with_any(beside) & parts.alike(~mask, 1.0, SMALLEST_NEW)
    return parts.pixels(known)


def _bytes(soft: NDArray[np.float32]) -> bytes:
    return zlib.compress(np.rint(soft * 255).astype(np.uint8).tobytes(), 1)


def _band(mask: NDArray[np.bool_], by_px: int) -> NDArray[np.bool_]:
    box = np.ones((2 * by_px + 1,) * 2, np.uint8)
    whole = mask.view(np.uint8)
    return cv2.dilate(whole, box) != cv2.erode(whole, box)


def _grid(shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rows, columns = np.indices(shape[:2], np.float32)
    return columns, rows
