"""Lighting between two pictures of the same things: one gain and offset per channel.

Auto-exposure, flicker of lamps and drift change a whole picture nearly linearly. Gain and offset
are fitted by least squares to pixels that show the same thing in both, twice: after the first fit
pixels that do not follow it (something moved there) are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

GAIN_LIMITS = (0.4, 2.5)
FEWEST = 64  # pixels; below, the pictures are taken as equally lit
MOST = 3_000  # pixels used for one fit
UNCHANGED = 14.0  # grey levels of difference that count as the same thing, after the first fit
FIRST_UNCHANGED = 40.0


@dataclass(frozen=True)
class Gain:
    """``target = gain * source + offset`` per channel.

    Attributes
    ----------
    gain, offset : (3,) float32 arrays
        Offset in grey levels.
    """

    gain: NDArray[np.float32]
    offset: NDArray[np.float32]

    def apply(self, picture: NDArray) -> NDArray[np.float32]:
        """``picture`` ``(..., 3)`` under the target's light, grey levels, not clipped."""
        lit = np.multiply(picture, self.gain, dtype=np.float32)
        lit += self.offset
        return lit

    def inverse(self) -> Gain:
        """From target to source."""
        inverse = (1 / self.gain).astype(np.float32)
        return Gain(inverse, (-self.offset * inverse).astype(np.float32))

    def then_back(self, other: Gain) -> Gain:
        """From the target of this one to the target of ``other``, which has the same source."""
        gain = (other.gain / self.gain).astype(np.float32)
        return Gain(gain, (other.offset - self.offset * gain).astype(np.float32))


SAME_LIGHT = Gain(np.ones(3, np.float32), np.zeros(3, np.float32))


def fit_gain(source: NDArray, target: NDArray, where: NDArray[np.bool_] | None = None) -> Gain:
    """Gain that brings ``source`` to the light of ``target``.

    Parameters
    ----------
    source, target : (..., 3) arrays
        Grey levels 0 to 255.
    where : (...) bool array, optional
        Pixels that may be compared.

    Notes
    -----
    Ordinary least squares of a straight line per channel, re-fitted without what lies more than
    ``UNCHANGED`` grey levels off. Clipped pixels (below 4 or above 250) are not used. Without
    spread of grey levels the offset is zero: gain and offset cannot be told apart.
    """
    chosen = np.flatnonzero(where) if where is not None else np.arange(source[..., 0].size)
    if len(chosen) > MOST:
        chosen = chosen[:: -(-len(chosen) // MOST)]
    if len(chosen) < FEWEST:
        return SAME_LIGHT
    x = source.reshape(-1, 3)[chosen].astype(np.float32).T.copy()
    y = target.reshape(-1, 3)[chosen].astype(np.float32).T.copy()
    low, high = np.minimum(x, y), np.maximum(x, y)
    usable = (np.minimum(np.minimum(low[0], low[1]), low[2]) > 4) & (
        np.maximum(np.maximum(high[0], high[1]), high[2]) < 250
    )
    if np.count_nonzero(usable) >= FEWEST:
        x, y = x[:, usable], y[:, usable]
    kept = largest(np.abs(x - y)) < FIRST_UNCHANGED
    fitted = SAME_LIGHT
    for _ in range(3):
        if np.count_nonzero(kept) < FEWEST:
            return fitted
        fitted = _line(x[:, kept], y[:, kept])
        kept = largest(np.abs(x * fitted.gain[:, None] + fitted.offset[:, None] - y)) < UNCHANGED
    return fitted


def largest(channels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest of three channels ``(3, ...)``."""
    return np.maximum(np.maximum(channels[0], channels[1]), channels[2])


def _line(x: NDArray[np.float32], y: NDArray[np.float32]) -> Gain:
    mean_x, mean_y = x.mean(axis=1), y.mean(axis=1)
    from_x, from_y = x - mean_x[:, None], y - mean_y[:, None]
    spread = (from_x * from_x).mean(axis=1)
    slope = (from_x * from_y).mean(axis=1) / np.maximum(spread, 1e-6)
    ratio = (x * y).mean(axis=1) / np.maximum((x * x).mean(axis=1), 1e-6)
    trust = np.clip(spread / 100.0, 0.0, 1.0)  # a spread of 10 grey levels tells gain from offset
    gain = np.clip(trust * slope + (1 - trust) * ratio, *GAIN_LIMITS).astype(np.float32)
    return Gain(gain, (mean_y - gain * mean_x).astype(np.float32))


def ring(hole: NDArray[np.bool_], width_px: int) -> NDArray[np.bool_]:
    """Pixels outside ``hole`` within about ``width_px`` of it."""
    box = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * width_px + 1, 2 * width_px + 1))
    return cv2.dilate(hole.view(np.uint8), box).view(np.bool_) & ~hole
