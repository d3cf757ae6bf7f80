"""The recorded and the cleaned pictures of the shown episode, and a preview of its masks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError
from recorder.cleaning.clips import EpisodeClip, episode_clip
from recorder.cleaning.layers import Layer
from recorder.cleaning.masks.grow import grow
from recorder.cleaning.masks.keyframes import KeyFrame, stroke_pixels
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.result import CleanedVideo
from recorder.cleaning.seam import reseamed

APART = 15  # pictures between two suggestions


@dataclass(frozen=True)
class ShownPicture:
    """One picture before and after.

    Attributes
    ----------
    before : (height, width, 3) uint8 array
    after, layers : arrays or None
        None while it is not cleaned.
    """

    before: NDArray[np.uint8]
    after: NDArray[np.uint8] | None = None
    layers: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class MaskPreview:
    """What the present choices would fill in one picture.

    Attributes
    ----------
    mask, grown : (height, width) bool arrays
        Operator, and what would be filled.
    after : (height, width, 3) uint8 array or None
        The cleaned picture with these margins and this seam; None when it is as it is stored.
    took_ms : float
        Time it took to find, milliseconds.
    """

    mask: NDArray[np.bool_]
    grown: NDArray[np.bool_]
    after: NDArray[np.uint8] | None
    took_ms: float


class ShownClip:
    """Clip and, when there is one, its cleaned video; ``close`` it.

    Parameters
    ----------
    path : Path
        Episode file.
    camera : str
        Image stream.
    cleaned : Path
        Where its cleaned video is, if there is one.

    Attributes
    ----------
    problem : str
        Why the cleaned video cannot be shown; empty when it can, or there is none.

    Raises
    ------
    CleanError, EpisodeError
        The camera cannot be shown at all.
    """

    def __init__(self, path: Path, camera: str, cleaned: Path) -> None:
        self.clip: EpisodeClip = episode_clip(path, camera)
        self.video: CleanedVideo | None = None
        self.problem = ""
        self.open_cleaned(cleaned)

    def open_cleaned(self, cleaned: Path) -> None:
        """Open the cleaned video, again when it was made anew."""
        if self.video is not None:
            self.video.close()
        self.video, self.problem = None, ""
        if not cleaned.exists():
            return
        try:
            video = CleanedVideo(cleaned)
        except CleanError as error:
            self.problem = str(error)
            return
        if video.count != self.clip.count or video.size != self.clip.size:
            self.problem = (
                f"the cleaned video has {video.count} pictures of {video.size}, the recording "
                f"{self.clip.count} of {self.clip.size}; clean it again"
            )
            video.close()
            return
        self.video = video

    @property
    def count(self) -> int:
        """Pictures."""
        return self.clip.count

    def times_ns(self) -> NDArray[np.int64]:
        """Time of every picture after the first one."""
        return self.clip.time_ns - self.clip.time_ns[0]

    def picture(self, index: int, with_layers: bool) -> ShownPicture:
        """One picture; a damaged cleaned one is left out and named in ``problem``."""
        before = self.clip.frame(index)
        if self.video is None:
            return ShownPicture(before)
        try:
            layers = self.video.layers(index) if with_layers else None
            return ShownPicture(before, self.video.image(index), layers)
        except CleanError as error:
            self.problem = str(error)
            return ShownPicture(before)

    def preview(
        self,
        index: int,
        params: CleanParameters,
        key: KeyFrame | None = None,
        drawn: NDArray[np.bool_] | None = None,
    ) -> MaskPreview | None:
        """Mask of a picture with the present drawing, margin, shadow and seam.

        Parameters
        ----------
        index : int
        params : CleanParameters
        key : KeyFrame or None
            What is drawn on this picture.
        drawn : (height, width) bool array or None
            The operator as ``key`` tells it; None while that is not known, then the strokes alone
            count.

        Returns
        -------
        MaskPreview or None
            None when nothing is known of the operator here yet.

        Notes
        -----
        The cleaned picture stands in for the scene without the operator: the same light, so
        shadow is found in it as in the plate.
        """
        began = time.perf_counter()
        image = self.clip.frame(index)
        stored = self._stored(index)
        mask = None if stored is None else stored.mask
        if key is not None:
            strokes = stroke_pixels(image.shape[:2], key.foreground, key.brush_px)
            if drawn is None:
                mask = strokes if mask is None else mask | strokes
            elif mask is None or key.is_empty or not self._is_hint(params):
                mask = drawn | strokes
            else:  # as automatic masks take what a person drew
                mask = mask | drawn | strokes
            mask = mask & ~stroke_pixels(image.shape[:2], key.background, key.brush_px)
        if mask is None:
            return None
        plate = stored.image if stored is not None and params.shadow_px else None
        grown = grow(mask, image, plate, params)
        after = None if stored is None else self._with_choices(image, stored, grown, params)
        return MaskPreview(mask, grown, after, 1e3 * (time.perf_counter() - began))

    def _is_hint(self, params: CleanParameters) -> bool:
        """Whether a drawing adds to masks that are found without it."""
        return params.masks == "automatic" and (params.mode or self.clip.mode) == "static"

    def _stored(self, index: int) -> _Stored | None:
        if self.video is None:
            return None
        try:
            return _Stored(
                self.video.image(index), self.video.mask(index), self.video.layers(index) > 0
            )
        except CleanError as error:
            self.problem = str(error)
            return None

    def _with_choices(
        self,
        image: NDArray[np.uint8],
        stored: _Stored,
        grown: NDArray[np.bool_],
        params: CleanParameters,
    ) -> NDArray[np.uint8] | None:
        """The cleaned picture with another margin or seam; a wider margin shows as outline only."""
        assert self.video is not None
        was = self.video.facts.parameters
        margins = (params.dilation_px, params.shadow_px) != (was.dilation_px, was.shadow_px)
        if not margins and seam_px(params) == seam_px(was):
            return None
        kept = grown if margins else stored.hole
        return reseamed(image, stored.image, stored.hole, seam_px(was), kept, seam_px(params))

    def shares(self) -> dict[Layer, float]:
        """Share of the filled pixels by layer; empty while it is not cleaned."""
        if self.video is None:
            return {}
        figures = self.video.facts.figures
        names = {layer: f"share_{layer.name.lower()}" for layer in Layer if layer}
        return {layer: figures[name] for layer, name in names.items() if name in figures}

    def suggested(self, below: float) -> tuple[int, ...]:
        """Pictures worth drawing on: the least sure one of every stretch under ``below``."""
        if self.video is None:
            return ()
        sure = self.video.confidence
        chosen: list[int] = []
        for index in sorted(np.flatnonzero(sure < below), key=lambda at: float(sure[at])):
            if all(abs(int(index) - other) >= APART for other in chosen):
                chosen.append(int(index))
        return tuple(sorted(chosen))

    def close(self) -> None:
        """Close both files; safe to call twice."""
        if self.video is not None:
            self.video.close()
            self.video = None
        self.clip.close()


@dataclass(frozen=True)
class _Stored:
    """One picture of the cleaned video: what it became, the operator, what was filled."""

    image: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    hole: NDArray[np.bool_]


def seam_px(params: CleanParameters) -> int:
    """Width of the seam, which lies within the margin."""
    return min(params.feather_px, params.dilation_px)
