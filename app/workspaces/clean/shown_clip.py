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
from recorder.cleaning.masks.keyframes import KeyFrame, keyframe_mask, stroke_pixels
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.result import CleanedVideo

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
    took_ms : float
        Time it took to find, milliseconds.
    """

    mask: NDArray[np.bool_]
    grown: NDArray[np.bool_]
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
        self._drawn: tuple[KeyFrame, NDArray[np.bool_]] | None = None
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
        self, index: int, key: KeyFrame | None, params: CleanParameters
    ) -> MaskPreview | None:
        """Mask of a picture with the present drawing, margin and shadow.

        Parameters
        ----------
        index : int
        key : KeyFrame or None
            What is drawn on this picture.
        params : CleanParameters

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
        plate = None
        mask = None
        try:
            if self.video is not None:
                mask = self.video.mask(index)
                plate = self.video.image(index) if params.shadow_px else None
        except CleanError as error:
            self.problem = str(error)
        if key is not None:
            drawn = self._drawn_mask(image, key)
            if mask is None or key.is_empty or params.masks != "automatic":
                mask = drawn
            else:  # as automatic masks take what a person drew
                mask = (mask | drawn) & ~stroke_pixels(drawn.shape, key.background, key.brush_px)
        if mask is None:
            return None
        grown = grow(mask, image, plate, params)
        return MaskPreview(mask, grown, 1e3 * (time.perf_counter() - began))

    def _drawn_mask(self, image: NDArray[np.uint8], key: KeyFrame) -> NDArray[np.bool_]:
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = (key, keyframe_mask(image, key))
        return self._drawn[1]

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
